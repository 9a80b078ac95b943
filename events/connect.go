package events

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/tcp"
	wefttls "weft/transport/tls"
)

// ConnectOptions say how a client connects. The zero ConnectOptions work.
type ConnectOptions struct {
	SessionOptions

	// TLS is for https; see transport/tls.ClientConfig. What HTTP/2 prohibits
	// is taken out. Nil trusts the system's roots. A ServerName names the server
	// in place of the URL's host, in the handshake and in :authority; where the
	// connection goes, it does not change. For http, and beside CreateConnection,
	// which would not use it, it is ErrInvalidArg.
	TLS *tls.Config

	// Protocol is the scheme of an authority that names none: "https:", the
	// default, or "http:".
	Protocol string

	// Dialer makes TCP connections: local address, keep-alive, control of the
	// socket; nil stands for one with keep-alive. Beside CreateConnection, which
	// would not use it, it is ErrInvalidArg.
	Dialer *net.Dialer

	// CreateConnection makes the connection instead of TCP and TLS: a Unix
	// socket, a pipe, a proxy's tunnel. It returns what carries HTTP/2; one
	// that carries a session already is ErrSocketBound, which ends this one.
	CreateConnection func(ctx context.Context) (net.Conn, error)

	// Setup, if not nil, is called with the session before anything can happen
	// on it: listeners set there miss nothing.
	Setup func(s *ClientSession)

	// MaxPending bounds the requests that wait for the connection or for the
	// server's limit of concurrent streams; default 1000.
	MaxPending int

	// PendingTimeout is how long a request may wait for the server's limit of
	// concurrent streams, from when the connection stands; default 30 s,
	// core.Never for as long as it takes. Then its stream ends with
	// ErrPendingTimeout: nothing of it was sent, so that it may be made again
	// (Error.Retryable). For a time of a request's own there is its context.
	PendingTimeout time.Duration
}

// Connect returns a session with the server of a URL, of which scheme (https
// unless given), host and port count. http means HTTP/2 with prior knowledge. A
// host beyond ASCII is written in Punycode, and ":8443" alone is one of localhost.
//
// It does not wait for the connection: requests may be made at once, and the
// connect event, or an error and close, tells how it went; see Setup for
// listeners that miss neither. Ready waits for it. When ctx is done, the session
// is destroyed with ErrAbort.
//
// Errors: ErrInvalidArgType if ctx is nil, ErrInvalidURL, ErrInvalidProtocol, and
// those of options: ErrInvalidArg, ErrOutOfRange, ErrInvalidSettingValue and
// ErrTooManyCustom.
func Connect(ctx context.Context, authority string, opts ConnectOptions) (*ClientSession, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	u, err := parseAuthority(authority, opts.Protocol)
	if err != nil {
		return nil, err
	}
	secure, err := opts.checkCarrier(u)
	if err != nil {
		return nil, err
	}
	if opts.TLS != nil && opts.TLS.ServerName != "" {
		u = u.named(opts.TLS.ServerName)
	}
	if opts.MaxPending < 0 {
		return nil, ErrOutOfRange.with("MaxPending is %d, must be 0 for the default or positive", opts.MaxPending)
	}
	if opts.PendingTimeout < 0 {
		return nil, ErrOutOfRange.with("PendingTimeout is %v, must be 0 for the default, positive or Never", opts.PendingTimeout)
	}
	cfg, err := opts.config(true)
	if err != nil {
		return nil, err
	}
	cfg.Transport = core.TransportUnknown // requests may name any scheme
	if opts.CreateConnection == nil && opts.Transport != core.TransportAny && u.scheme == "http" {
		cfg.Transport = core.TransportCleartext // but https does not go over TCP in the clear
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if _, err := core.NewClient(opts.Now(), cfg); err != nil {
		return nil, misuse(err)
	}
	cs, err := newClientSession(opts.Now(), u, &opts.SessionOptions)
	if err != nil {
		return nil, err
	}
	if opts.PendingTimeout > 0 {
		cs.pendingTime = opts.PendingTimeout
	}
	if opts.MaxPending > 0 {
		cs.maxPending = opts.MaxPending
	}
	dial, cancel := context.WithCancel(ctx)
	cs.dialing = cancel
	if opts.Setup != nil {
		opts.Setup(cs)
	}
	go cs.run(ctx, dial, u, cfg, secure, &opts)
	return cs, nil
}

// checkCarrier judges the options about the connection, and returns the
// configuration of TLS if that is used.
func (opts *ConnectOptions) checkCarrier(u *base) (*tls.Config, error) {
	switch {
	case opts.CreateConnection == nil:
		if err := opts.checkTransport(u.transport()); err != nil {
			return nil, err
		}
	case opts.Dialer != nil:
		return nil, ErrInvalidArg.with("The option Dialer has no use beside CreateConnection")
	case opts.TLS != nil:
		return nil, ErrInvalidArg.with("The option TLS has no use beside CreateConnection, which makes the connection as a whole")
	default:
		return nil, nil
	}
	if u.scheme == "http" {
		if opts.TLS != nil {
			return nil, ErrInvalidArg.with("The option TLS has no use for %s: TLS is for https", u.origin())
		}
		return nil, nil
	}
	cfg, err := wefttls.ClientConfig(wefttls.ClientOptions{Base: opts.TLS})
	if err != nil {
		return nil, badTLS(err)
	}
	return cfg, nil
}

// run dials, and then pumps the connection to its end.
func (cs *ClientSession) run(ctx, dial context.Context, u *base, cfg core.Config, secure *tls.Config, opts *ConnectOptions) {
	defer cs.dialing()
	conn, err := opts.connection(func() (net.Conn, error) { return opts.dial(dial, u, secure) })
	switch {
	case err != nil && ctx.Err() != nil:
		err = abortError(ctx)
	case err != nil:
		e := ErrConnect.caused(err)
		e.Message = "Could not connect to " + u.address()
		err = e
	case conn == nil:
		err = ErrInvalidArgType.with("CreateConnection returned no connection")
	case !bind(conn):
		err = ErrSocketBound
	default:
		if err = opts.checkConn(conn); err != nil {
			unbind(conn)
			conn.Close()
		}
	}
	if err != nil {
		cs.lock()
		defer cs.unlock()
		cs.destroy(err, core.InternalError)
		return
	}
	defer unbind(conn)
	cs.mu.Lock()
	if cs.destroyed { // while it was dialling
		cs.mu.Unlock()
		conn.Close()
		return
	}
	cs.carriedBy(conn, core.TransportUnknown)
	cs.rarely().origins, cs.pumping = []string{u.origin()}, true
	cs.trace = opts.traceOf(conn)
	if err := cs.start(opts.Now(), cfg, true); err != nil {
		cs.pumping = false
		cs.destroy(err, core.InternalError)
		cs.unlock()
		conn.Close()
		return
	}
	cs.connected()
	cs.mu.Unlock()
	cs.ownTurn()
	cs.mu.Lock()
	cs.driven = !cs.conn.Closed()
	cs.mu.Unlock()
	transport.Run(ctx, conn, cs, transport.Options{Now: opts.Now})
	cs.mu.Lock()
	cs.pumping = false
	cs.maybeDone()
	cs.mu.Unlock()
}

func (opts *ConnectOptions) dial(ctx context.Context, u *base, cfg *tls.Config) (net.Conn, error) {
	switch {
	case opts.CreateConnection != nil:
		return opts.CreateConnection(ctx)
	case u.scheme == "http":
		return opts.dialTCP(ctx, u.address())
	}
	if opts.Dialer == nil {
		return wefttls.Dial(ctx, u.address(), cfg)
	}
	if cfg.ServerName == "" {
		cfg = cfg.Clone()
		cfg.ServerName = wefttls.ServerName(u.host)
	}
	raw, err := opts.dialTCP(ctx, u.address())
	if err != nil {
		return nil, err
	}
	return wefttls.Handshake(ctx, raw, u.address(), cfg)
}

func (opts *ConnectOptions) dialTCP(ctx context.Context, address string) (net.Conn, error) {
	if opts.Dialer != nil {
		return opts.Dialer.DialContext(ctx, "tcp", address)
	}
	return tcp.Dial(ctx, address, tcp.Options{})
}
