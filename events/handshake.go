package events

import "net"

// PerformServerHandshake makes a session of a connection that stands already,
// without a server. What TLS negotiated, if it has any, does not matter. setup,
// if not nil, is called with the session before anything can happen on it:
// listeners set there miss nothing. It is called on a goroutine of the
// session's. head is what was read from the connection already, if anything.
//
// Errors: ErrSocketBound if a session has the connection already, and those of
// options.
func PerformServerHandshake(conn net.Conn, opts ServerOptions, setup func(*ServerSession), head ...[]byte) (*ServerSession, error) {
	if opts.AllowHTTP1 {
		return nil, ErrInvalidArg.with("The option AllowHTTP1 is for servers: what is spoken here is HTTP/2")
	}
	srv, err := CreateServer(opts)
	if err != nil {
		return nil, err
	}
	srv.explicit = true
	if setup != nil {
		srv.OnSession(setup)
	}
	return srv.ServeConn(conn, head...)
}
