package tls

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"weft/transport"
	"weft/transport/tcp"
)

// Conn is an encrypted connection: a *tls.Conn that transport.Run knows how to
// pump. Once Run has it, Read, Write and the deadlines are no longer for others.
type Conn struct {
	*tls.Conn
	sock *socket // nil if what is underneath can only block
}

// implicitHandshake bounds a handshake that nobody did before Run. Absolute.
const implicitHandshake = 10 * time.Second

// Server wraps a connection that was accepted. cfg is one of ServerConfig.
func Server(conn net.Conn, cfg *tls.Config) *Conn { return wrap(conn, cfg, tls.Server) }

// Client wraps a connection that was dialled. cfg is one of ClientConfig, with
// ServerName set.
func Client(conn net.Conn, cfg *tls.Config) *Conn { return wrap(conn, cfg, tls.Client) }

func wrap(conn net.Conn, cfg *tls.Config, role func(net.Conn, *tls.Config) *tls.Conn) *Conn {
	if s := newSocket(conn); s != nil {
		return &Conn{role(s, cfg), s}
	}
	return &Conn{role(conn, cfg), nil}
}

// HandshakeContext does the handshake, if it was not done yet. A connection
// that chose h2 and is not fit for it is a *SecurityError. When ctx is done
// before the handshake, the connection is closed.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	if err := c.Conn.HandshakeContext(ctx); err != nil {
		return err
	}
	if c.Protocol() == H2 {
		return Check(c.ConnectionState())
	}
	return nil
}

// Handshake is HandshakeContext without a context.
func (c *Conn) Handshake() error { return c.HandshakeContext(context.Background()) }

// Protocol returns what ALPN chose, after the handshake: H2, HTTP11, or "" if
// the client offered nothing, so that the protocol is unknown.
func (c *Conn) Protocol() string { return c.ConnectionState().NegotiatedProtocol }

// Wire is part of transport.Wired. It does the handshake if that was not done,
// in at most 10 s.
func (c *Conn) Wire() transport.Wire {
	ctx, cancel := context.WithTimeout(context.Background(), implicitHandshake)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		return &wire{conn: c, err: err}
	}
	if c.sock == nil {
		return nil
	}
	c.sock.pumped = true
	return &wire{conn: c, sock: c.sock}
}

// listener wraps what another one accepts.
type listener struct {
	net.Listener
	cfg *tls.Config
}

// NewListener returns a listener whose connections are *Conns on top of those
// of inner. The handshake is left to whoever gets them, for it takes time.
func NewListener(inner net.Listener, cfg *tls.Config) net.Listener { return &listener{inner, cfg} }

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Server(conn, l.cfg), nil
}

// ProtocolError reports a server that did not choose any protocol the client
// offered.
type ProtocolError struct {
	Addr    string
	Offered []string
	Chosen  string // "" if the server chose none
	Err     error  // the server's alert, if it refused
}

// Error returns what is wrong.
func (e *ProtocolError) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("weft/tls: %s refuses %q: %v", e.Addr, e.Offered, e.Err)
	case e.Chosen == "":
		return fmt.Sprintf("weft/tls: %s did not choose any of %q; it may speak HTTP/1.1 only", e.Addr, e.Offered)
	}
	return fmt.Sprintf("weft/tls: %s chose %q, not one of %q", e.Addr, e.Chosen, e.Offered)
}

// Unwrap returns Err.
func (e *ProtocolError) Unwrap() error { return e.Err }

// Dial connects to an address such as "example.org:443" and does the
// handshake. The server's name is the address's host, unless cfg, which is one
// of ClientConfig, has a ServerName. If only h2 was offered, the connection
// speaks h2, or the error is a *ProtocolError that says what the server chose
// instead; with a fallback, look at Protocol.
func Dial(ctx context.Context, addr string, cfg *tls.Config) (*Conn, error) {
	if cfg.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("weft/tls: %w", err)
		}
		cfg = cfg.Clone()
		cfg.ServerName = ServerName(host)
	}
	raw, err := tcp.Dial(ctx, addr, tcp.Options{})
	if err != nil {
		return nil, err
	}
	return Handshake(ctx, raw, addr, cfg)
}

// ServerName returns the name by which the certificate of a host is judged: the
// host, an address of IPv6 without its zone, which means something on this machine
// only (RFC 6874 §4).
func ServerName(host string) string {
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut(host, "%")
	}
	return host
}

// Handshake is Dial on a connection that was made by other means. cfg has a
// ServerName; addr is for error messages. If it fails, raw is closed.
func Handshake(ctx context.Context, raw net.Conn, addr string, cfg *tls.Config) (*Conn, error) {
	conn := Client(raw, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		var remote *net.OpError
		if errors.As(err, &remote) && remote.Op == "remote error" && remote.Err.Error() == noApplicationProtocol.Error() {
			err = &ProtocolError{addr, cfg.NextProtos, "", err}
		}
		return nil, err
	}
	fallback := slices.Contains(cfg.NextProtos, HTTP11)
	if p := conn.Protocol(); !slices.Contains(cfg.NextProtos, p) && !(p == "" && fallback) {
		conn.Close()
		return nil, &ProtocolError{addr, cfg.NextProtos, p, nil}
	}
	return conn, nil
}

// noApplicationProtocol is an alert (RFC 7301 §3.2). The type that crypto/tls
// reports a received one in is not exported; its text is.
const noApplicationProtocol tls.AlertError = 120
