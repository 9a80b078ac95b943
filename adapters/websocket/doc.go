// Package websocket is WebSockets over the streams of package events, for
// servers and clients: on a stream of HTTP/2 by extended CONNECT (RFC 8441),
// beside the requests of the same connection, and on one of HTTP/1.1 by its
// upgrade (RFC 6455), if the server has the option HTTP1.
//
//	websocket.Handle(server, func(c *websocket.Conn, req *events.Request) {
//		for {
//			kind, message, err := c.Read(ctx)
//			if err != nil {
//				return
//			}
//			c.Write(ctx, kind, message)
//		}
//	})
//
// and on the other side
//
//	c, err := websocket.Dial(ctx, session, "/chat")
//
// The frames are made and checked by github.com/gobwas/ws. Only programs that
// import this package depend on it.
//
// # Who may open one
//
// A client may only use extended CONNECT if the server announces
// SETTINGS_ENABLE_CONNECT_PROTOCOL. A server does so, in sessions that begin
// later, once Handle or Announce was called, or from the beginning if
// events.Settings.EnableConnectProtocol is set among its options. Pages of other
// origins are refused unless ServerOptions.CheckOrigin says otherwise.
//
// # Blocking, and how it ends
//
// A Conn is for goroutines: Read and Write block, with a context each, and any
// number of goroutines may call them. Back-pressure is that of the stream: what
// is not read uses up its window, and a Write waits for the peer's. One stalled
// WebSocket leaves the other streams of its connection alone.
//
// Every wait ends. A silent peer is pinged and given up (Options.PingInterval),
// so is one that takes nothing (WriteTimeout) or does not close (CloseTimeout);
// a stream that is reset and a connection that is lost are errors of whatever
// waits. Read tells how it ended: a *CloseError has the peer's code and reason,
// a *ProtocolError what the peer did wrong and the code it was told.
//
// # Bounds
//
// What a peer can make a Conn hold: one message, up to MaxMessageSize, for which
// no more is allocated than about twice what has come of it and 4 KiB; 4 KiB of
// what follows; one pong. While a compressed message is decompressed it is there in
// both forms, neither of which is larger than MaxMessageSize by more than a
// thousandth, plus some 40 KiB. A ping that comes while a pong is on its way replaces
// the one that would be answered next (RFC 6455 §5.5.3). Frames are sent with at
// most 64 KiB each.
//
// A Reader and a Writer have a message pass piece by piece, of any size, and hold
// none of it.
//
// # Compression
//
// With Options.Compression on both sides, messages are compressed, each by
// itself (RFC 7692, with no_context_takeover both ways): no memory stays behind a
// message, but small ones hardly shrink. A peer that limits the window to less than 32 KiB
// is not compressed for. What a Writer sends is not compressed either: that would
// hold the better part of a megabyte for as long as the message takes.
package websocket
