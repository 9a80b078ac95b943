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

	// ALPNProtocols are offered instead of h2 (and, with AllowHTTP1, http/1.1).
	// Whatever is agreed on, except for http/1.1, is HTTP/2. A list without any,
	// or with a name that is not of 1 to 255 bytes, is ErrInvalidArg.
	ALPNProtocols []string

	// ALPNCallback chooses the protocol instead: it gets the name the client
	// asks for, "" if none, and the protocols it offers, and returns one of
	// those, or "" to fail the handshake. It is called by several goroutines,
	// and not for clients that offer none. With ALPNProtocols it is
	// ErrALPNCallbackWithProtocols.
	ALPNCallback func(serverName string, offered []string) string

	// Origins are named to each client by an ORIGIN frame when its session
	// begins; see ServerSession.Origin.
	Origins []string

	// HandshakeTimeout bounds the handshake; default 120 s, absolute. Negative is
	// ErrOutOfRange.
	HandshakeTimeout time.Duration
}

// SecureServer is a Server on connections with TLS.
type SecureServer struct {
	Server
}

// CreateSecureServer makes a server for HTTP/2 over TLS, and with AllowHTTP1 for
// HTTP/1.1 beside it. A client that offers protocols, but none that is spoken,
// fails the handshake; one that offers none speaks HTTP/1.1 or is unknown, see
// OnUnknownProtocol.
//
// Errors: those of options, as of CreateServer, ErrALPNCallbackWithProtocols, and
// ErrInvalidURL and ErrInvalidOrigin for Origins.
func CreateSecureServer(opts SecureServerOptions) (*SecureServer, error) {
	switch {
	case opts.HandshakeTimeout < 0:
		return nil, ErrOutOfRange.with("HandshakeTimeout is %v, must be 0 for the default or positive", opts.HandshakeTimeout)
	case opts.Pump != nil:
		return nil, ErrInvalidArg.with("The option Pump is for servers without TLS, whose records it could not read")
	case opts.ALPNCallback != nil && opts.ALPNProtocols != nil:
		return nil, ErrALPNCallbackWithProtocols
	}
	cfg, err := wefttls.ServerConfig(wefttls.ServerOptions{Base: opts.TLS, Fallback: opts.AllowHTTP1,
		Protocols: opts.ALPNProtocols, Choose: opts.ALPNCallback})
	switch {
	case err == nil:
	case opts.TLS == nil && opts.ALPNProtocols == nil:
		return nil, err // of the development certificate
	default:
		return nil, badTLS(err)
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

// badTLS is the error for options about TLS that transport/tls does not take.
func badTLS(err error) *Error {
	e := ErrInvalidArg.with("The options about TLS: %v", err)
	e.Cause, e.told = err, true
	return e
}

// adopt takes over the fields of a server nobody has used.
func (srv *Server) adopt(from *Server) {
	srv.opts, srv.carrier, srv.handshake = from.opts, from.carrier, from.handshake
	srv.http1, srv.clock = from.http1, from.clock
	srv.listeners, srv.sessions, srv.changed = from.listeners, from.sessions, from.changed
	srv.ctx, srv.cancel = from.ctx, from.cancel
}
