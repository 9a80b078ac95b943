package events

import (
	"crypto/tls"
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

	// AllowHTTP1 has clients without HTTP/2 served on the same port. This
	// package speaks HTTP/2 only: without weft/adapters/http1, true is
	// ErrInvalidArg.
	AllowHTTP1 bool

	// Origins are named to each client by an ORIGIN frame when its session
	// begins; see ServerSession.Origin.
	Origins []string

	// HandshakeTimeout bounds the handshake; default 120 s, absolute.
	HandshakeTimeout time.Duration
}

// SecureServer is a Server on connections with TLS.
type SecureServer struct {
	Server
}

// CreateSecureServer makes a server for HTTP/2 over TLS. A client that offers
// protocols, but not h2, fails the handshake; one that offers none is unknown,
// see OnUnknownProtocol.
func CreateSecureServer(opts SecureServerOptions) (*SecureServer, error) {
	switch {
	case opts.HandshakeTimeout < 0:
		return nil, ErrOutOfRange.with("HandshakeTimeout is %v, must be 0 for the default or positive", opts.HandshakeTimeout)
	case opts.AllowHTTP1:
		return nil, ErrInvalidArg.with(`The option AllowHTTP1 needs somebody who speaks HTTP/1.1: import "weft/adapters/http1"`)
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
	srv := new(SecureServer)
	srv.Server.adopt(inner)
	srv.origins = origins
	if opts.HandshakeTimeout > 0 {
		srv.handshake = opts.HandshakeTimeout
	}
	srv.wrap = func(conn net.Conn) net.Conn {
		if _, ok := conn.(secured); ok {
			return conn
		}
		return wefttls.Server(conn, cfg)
	}
	return srv, nil
}

// adopt takes over the fields of a server nobody has used.
func (srv *Server) adopt(from *Server) {
	srv.opts, srv.carrier, srv.handshake = from.opts, from.carrier, from.handshake
	srv.listeners, srv.sessions, srv.changed = from.listeners, from.sessions, from.changed
	srv.ctx, srv.cancel = from.ctx, from.cancel
}
