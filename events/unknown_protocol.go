package events

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"

	wefttls "weft/transport/tls"
)

const (
	defaultHandshake       = 120 * time.Second
	defaultUnknownProtocol = 10 * time.Second
)

// secured is a connection with TLS, of crypto/tls or of transport/tls.
type secured interface {
	net.Conn
	HandshakeContext(context.Context) error
	ConnectionState() tls.ConnectionState
}

// OnUnknownProtocol registers f for connections with TLS whose client did not
// negotiate HTTP/2: on a SecureServer it offered no protocol at all; to another
// server such a connection may be given by ServeConn. f takes the connection
// over, and has UnknownProtocolTimeout for it. Without a listener it is answered
// with a line of explanation and closed.
func (srv *Server) OnUnknownProtocol(f func(conn net.Conn)) Listener {
	mustListen("Server.OnUnknownProtocol", f == nil)
	return srv.onUnknownProtocol.on(f)
}

// spoken is the protocol of a connection.
type spoken uint8

const (
	http2   spoken = iota
	http1          // with AllowHTTP1
	unsaid         // the first bytes will tell
	nothing        // that we speak
)

// negotiate does the handshake of a connection with TLS, if it was not done yet,
// and says what was agreed on.
func (srv *Server) negotiate(conn net.Conn) (spoken, error) {
	c, ok := conn.(secured)
	if !ok {
		if srv.http1 != nil {
			return unsaid, nil
		}
		return http2, nil
	}
	ctx, cancel := context.WithTimeout(srv.ctx, srv.handshake)
	defer cancel()
	if err := srv.shakeHands(ctx, c); err != nil {
		return nothing, err
	}
	state := c.ConnectionState()
	switch p := state.NegotiatedProtocol; {
	case srv.explicit, p != "" && p != wefttls.HTTP11: // h2, or what the options have instead
		return http2, wefttls.Check(state)
	case srv.http1 != nil:
		return http1, nil
	}
	return nothing, nil
}

const missingALPN = "HTTP/1.0 403 Forbidden\r\nContent-Type: text/plain\r\n\r\n" +
	"Missing ALPN Protocol, expected `h2` to be available.\n" +
	"This server has neither the option AllowHTTP1 nor a listener of the unknownProtocol event.\n"

// unknown deals with a connection on which something else than HTTP/2 is spoken.
func (srv *Server) unknown(conn net.Conn) error {
	limit := srv.opts.UnknownProtocolTimeout
	if limit == 0 {
		limit = defaultUnknownProtocol
	}
	list := srv.onUnknownProtocol.take()
	if len(list) == 0 {
		conn.SetDeadline(time.Now().Add(limit))
		io.WriteString(conn, missingALPN)
		conn.Close()
	} else {
		time.AfterFunc(limit, func() { conn.Close() })
	}
	for _, f := range list {
		if !srv.guard(func() { f(conn) }) {
			conn.Close()
		}
	}
	return ErrInvalidProtocol.with("The client negotiated no protocol")
}
