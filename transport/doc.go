// Package transport moves bytes between a connection and an endpoint: Run is
// the one pump for sockets, TLS, pipes and transports of one's own.
//
//	conn, _ := core.NewServer(time.Now(), core.Config{ReportedWrites: true})
//	ep := transport.Drive(conn, func(now time.Time, ev core.Event) {
//		… // answer: conn.Headers, conn.Send, …
//	})
//	err := transport.Run(ctx, socket, ep, transport.Options{})
//
// The loop is the one the core asks for. A read is a turn: the endpoint parses
// all the read brought, runs what callbacks there are, and then its output is
// written at once. One timer per connection stands for all its deadlines.
//
// What it costs:
//
//   - One goroutine, which reads. A write that does not finish at once goes on
//     in a second one, which ends with it. So two peers that send to each
//     other in bulk never both wait for the other to read.
//   - With Start, where most connections are idle, the smallest stack there is
//     for one that waits. With Loops, on Linux, none: sockets on which little is
//     said at a time share a goroutine.
//   - No read buffer while nothing arrives, on TCP and Unix sockets and on TLS
//     over them: the goroutine waits for readiness first. A connection that
//     can only be read by waiting in Read holds 512 bytes; for as long as its
//     reads come back full, 64 KiB.
//   - No output beyond what the endpoint lets pend: while a write is under way
//     no more output is taken, and the endpoint bounds its own.
//   - No allocation per turn.
//
// How it ends: Run returns exactly one *CloseError, and the endpoint gets
// exactly one ReceiveEOF, as its last turn. After that no goroutine, timer or
// descriptor of the connection is left.
//
// Other than Run, a loop of one's own may drive an endpoint, or a core.Conn
// without any: see the example of a loop of one's own.
package transport
