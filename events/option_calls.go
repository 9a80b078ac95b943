package events

import (
	"context"
	"net"
	"runtime/debug"
	"time"
)

// What options have called is somebody else's, and may meet what a peer made up:
// a panic there costs the connection at most.

// traceOf asks the option Trace, if it is set.
func (o *SessionOptions) traceOf(conn net.Conn) (t Trace) {
	if o.Trace != nil {
		defer o.survive("Trace")
		t = o.Trace(conn)
	}
	return t
}

func (s *Session) traceReceived(now time.Time, p []byte) {
	defer s.opts.survive("Trace")
	s.trace.Received(now, p)
}

func (s *Session) traceSent(now time.Time, p []byte) {
	defer s.opts.survive("Trace")
	s.trace.Sent(now, p)
}

func (o *SessionOptions) survive(option string) {
	if r := recover(); r != nil {
		o.logger().Error("weft: panic in an option", "option", option, "panic", r, "stack", string(debug.Stack()))
	}
}

// shakeHands does the handshake of TLS, which calls ALPNCallback and whatever a
// tls.Config has to be called.
func (srv *Server) shakeHands(ctx context.Context, c secured) (err error) {
	if !srv.guard(func() { err = c.HandshakeContext(ctx) }) {
		err = errCallPanicked("the handshake")
	}
	return err
}

// connection makes the connection, which may call CreateConnection and whatever a
// tls.Config and a Dialer have to be called.
func (opts *ConnectOptions) connection(dial func() (net.Conn, error)) (conn net.Conn, err error) {
	defer func() {
		if r := recover(); r != nil {
			opts.logger().Error("weft: panic in an option", "option", "CreateConnection, Dialer or TLS", "panic", r, "stack", string(debug.Stack()))
			conn, err = nil, errCallPanicked("making the connection")
		}
	}()
	return dial()
}

func errCallPanicked(what string) error {
	return ErrInvalidSession.with("A callback of %s panicked", what)
}
