package events

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"

	"weft/core"
	wefttls "weft/transport/tls"
)

// SecureServerOptions say how a server with TLS behaves.
type SecureServerOptions struct {
	ServerOptions

	// TLS is the certificate and everything else about it; see
	// transport/tls.ServerConfig, which makes one for HTTP/2. Any other works
	// as well: what HTTP/2 prohibits is taken out. Nil means the self-signed
	// development certificate.
	TLS *tls.Config

	// Origins are named to each client by an ORIGIN frame when its session
	// begins; see ServerSession.Origin.
	Origins []string

	// HandshakeTimeout bounds the handshake; default 120 s, absolute.
	HandshakeTimeout time.Duration

	// UnknownProtocolTimeout is how long a connection given to a listener of
	// the unknownProtocol event may live; default 10 s.
	UnknownProtocolTimeout time.Duration
}

const (
	defaultHandshake       = 120 * time.Second
	defaultUnknownProtocol = 10 * time.Second
)

// SecureServer is a Server on connections with TLS.
type SecureServer struct {
	Server
	tls               *tls.Config
	secure            SecureServerOptions
	onUnknownProtocol shared[func(net.Conn)]
}

// CreateSecureServer makes a server for HTTP/2 over TLS.
func CreateSecureServer(opts SecureServerOptions) (*SecureServer, error) {
	if opts.HandshakeTimeout < 0 || opts.UnknownProtocolTimeout < 0 {
		return nil, ErrOutOfRange.with("A timeout is negative, must be 0 for the default or positive")
	}
	cfg, err := wefttls.ServerConfig(wefttls.ServerOptions{Base: opts.TLS})
	if err != nil {
		return nil, err
	}
	origins, err := originList(opts.Origins)
	if err != nil {
		return nil, err
	}
	inner, err := newServer(opts.ServerOptions, core.TransportEncrypted)
	if err != nil {
		return nil, err
	}
	srv := &SecureServer{tls: cfg, secure: opts}
	srv.Server.adopt(inner)
	srv.shake, srv.origins = srv.handshake, origins
	return srv, nil
}

// adopt takes over the fields of a server nobody has used.
func (srv *Server) adopt(from *Server) {
	srv.opts, srv.carrier = from.opts, from.carrier
	srv.listeners, srv.sessions, srv.changed = from.listeners, from.sessions, from.changed
	srv.ctx, srv.cancel = from.ctx, from.cancel
}

// OnUnknownProtocol registers f for connections whose client did not negotiate
// a protocol. f takes the connection over; without a listener it is answered
// with a line of explanation and closed.
func (srv *SecureServer) OnUnknownProtocol(f func(conn net.Conn)) Listener {
	return srv.onUnknownProtocol.on(f)
}

const missingALPN = "HTTP/1.0 403 Forbidden\r\nContent-Type: text/plain\r\n\r\n" +
	"Missing ALPN Protocol, expected `h2` to be available.\n"

// handshake returns the connection if it speaks HTTP/2, or nil.
func (srv *SecureServer) handshake(ctx context.Context, raw net.Conn) (net.Conn, error) {
	limit := srv.secure.HandshakeTimeout
	if limit == 0 {
		limit = defaultHandshake
	}
	conn, ok := raw.(*wefttls.Conn)
	if !ok {
		conn = wefttls.Server(raw, srv.tls)
	}
	shaking, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := conn.HandshakeContext(shaking); err != nil {
		conn.Close()
		return nil, err
	}
	if conn.Protocol() == wefttls.H2 {
		return conn, nil
	}
	limit = srv.secure.UnknownProtocolTimeout
	if limit == 0 {
		limit = defaultUnknownProtocol
	}
	list := srv.onUnknownProtocol.take()
	if len(list) == 0 {
		conn.SetDeadline(time.Now().Add(limit))
		io.WriteString(conn, missingALPN)
		conn.Close()
		return nil, ErrInvalidProtocol.with("The client negotiated no protocol")
	}
	time.AfterFunc(limit, func() { conn.Close() })
	for _, f := range list {
		f(conn)
	}
	return nil, nil
}
