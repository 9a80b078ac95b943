package events

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"weft/core"
	"weft/transport"
)

// ServerOptions say how a server behaves. The zero ServerOptions work.
type ServerOptions struct {
	SessionOptions

	// ListenConfig makes the listener of Listen: control of the socket,
	// keep-alive; nil stands for one with keep-alive.
	ListenConfig *net.ListenConfig

	// Pump moves the bytes of connections by HTTP/2; nil stands for transport.Loops
	// where nobody else has had the connection, and transport.Start elsewhere.
	// With it callbacks run wherever the pump runs turns, which it may do for many
	// sessions in one goroutine: one that blocks may hold up all of those. A
	// SecureServer does not take one (ErrInvalidArg).
	Pump transport.Pump

	// AllowHTTP1 has clients that speak HTTP/1.1 served on the same port, by
	// HTTP1: with TLS those that did not negotiate h2, without those that do not
	// begin with the preface of HTTP/2. Their requests are events of the
	// Compatibility API only. True without HTTP1 is ErrInvalidArg.
	AllowHTTP1 bool

	// HTTP1 speaks HTTP/1.1, for AllowHTTP1: http1.New of the package
	// weft/adapters/http1. Without AllowHTTP1 it is ErrInvalidArg.
	HTTP1 HTTP1Handler

	// ShouldUpgrade reports whether a request by HTTP/1.1 that wants another
	// protocol is given to OnUpgrade; one that is not is a request like any
	// other. It is called by several goroutines. Default: all are. Without
	// AllowHTTP1 it is ErrInvalidArg. Node's name: shouldUpgradeCallback.
	ShouldUpgrade func(r HTTP1Request) bool

	// Attach gives each request a value of somebody's who stands on the
	// Compatibility API, at hardly any cost: see AttachmentOf. Default none.
	Attach Attachment

	// UnknownProtocolTimeout is how long a connection given to a listener of
	// the unknownProtocol event may live; default 10 s. Negative is
	// ErrOutOfRange.
	UnknownProtocolTimeout time.Duration
}

// Server accepts connections and makes a session of each. It emits the events
// of all its sessions; a callback of one session may run at the same time as
// one of another. CreateServer and CreateSecureServer make one; the zero Server
// is not one. Its methods may be called from any goroutine.
type Server struct {
	opts    ServerOptions
	carrier core.Transport
	clock   func() time.Time // as it was given

	wrap      func(net.Conn) net.Conn // nil: connections are used as they are
	handshake time.Duration           // how long one with TLS may take to begin
	explicit  bool                    // whatever was negotiated, if anything, it is HTTP/2
	origins   []string                // named to each client

	http1  HTTP1Server // nil: HTTP/2 only
	peeked peeked

	compat   compat
	isCompat atomic.Bool // somebody listens for requests

	onStream       shared[func(*ServerStream, Headers, Flags)]
	onSession      shared[func(*ServerSession)]
	onSessionError shared[func(error, *ServerSession)]
	onConnection   shared[func(net.Conn)]
	onClose        shared[func()]
	onTimeout      shared[func(*ServerSession)]
	onError        shared[func(error)]

	onUnknownProtocol shared[func(net.Conn)]
	onUpgrade         shared[func(*Request, net.Conn, []byte)]

	staff staff
	loops transport.Loops

	mu      sync.Mutex
	updated *SessionOptions // those of sessions to come, if not those of opts
	shared  struct {        // what they come to (config)
		opts *SessionOptions
		cfg  core.Config
	}
	listeners map[net.Listener]bool
	sessions  map[*ServerSession]bool
	timeout   time.Duration // of new sessions
	pumps     int           // connections that are not closed
	unrefs    int           // of those, sessions that Wait does not wait for
	closed    bool
	said      bool
	changed   chan struct{} // closed and replaced when pumps drops
	ctx       context.Context
	cancel    context.CancelFunc
}

// CreateServer makes a server for cleartext HTTP/2 with prior knowledge, and with
// AllowHTTP1 for HTTP/1.1 beside it. A request by HTTP/1.1 to upgrade to HTTP/2
// is served by HTTP/1.1.
//
// Errors: those of options: ErrInvalidArg, ErrOutOfRange, ErrInvalidSettingValue
// and ErrTooManyCustom.
func CreateServer(opts ServerOptions) (*Server, error) {
	return newServer(opts, core.TransportUnknown)
}

func newServer(opts ServerOptions, carrier core.Transport) (*Server, error) {
	if err := opts.checkTransport(carrier); err != nil {
		return nil, err
	}
	if opts.UnknownProtocolTimeout < 0 {
		return nil, ErrOutOfRange.with("UnknownProtocolTimeout is %v, must be 0 for the default or positive", opts.UnknownProtocolTimeout)
	}
	if opts.AllowHTTP1 && opts.HTTP1 == nil {
		return nil, ErrInvalidArg.with(`The option AllowHTTP1 needs somebody who speaks HTTP/1.1: import "weft/adapters/http1"`)
	}
	if !opts.AllowHTTP1 && opts.HTTP1 != nil {
		return nil, ErrInvalidArg.with("The option HTTP1 needs AllowHTTP1")
	}
	if !opts.AllowHTTP1 && opts.ShouldUpgrade != nil {
		return nil, ErrInvalidArg.with("The option ShouldUpgrade is about HTTP/1.1, which AllowHTTP1 allows")
	}
	if err := opts.checkServer(); err != nil {
		return nil, err
	}
	srv := &Server{
		opts:      opts,
		carrier:   carrier,
		clock:     opts.Now,
		handshake: defaultHandshake,
		listeners: make(map[net.Listener]bool),
		sessions:  make(map[*ServerSession]bool),
		changed:   make(chan struct{}),
	}
	if srv.opts.Now == nil {
		srv.opts.Now = time.Now
	}
	if opts.AllowHTTP1 {
		var err error
		if srv.http1, err = opts.HTTP1.NewHTTP1Server(opts.logger()); err != nil {
			return nil, err
		}
	}
	srv.ctx, srv.cancel = context.WithCancel(context.Background())
	return srv, nil
}

// OnStream registers f for each request of each session.
func (srv *Server) OnStream(f func(stream *ServerStream, headers Headers, flags Flags)) Listener {
	mustListen("Server.OnStream", f == nil)
	return srv.onStream.on(f)
}

// OnSession registers f for each new session, in its first turn.
func (srv *Server) OnSession(f func(session *ServerSession)) Listener {
	mustListen("Server.OnSession", f == nil)
	return srv.onSession.on(f)
}

// OnSessionError registers f for each error of a session.
func (srv *Server) OnSessionError(f func(err error, session *ServerSession)) Listener {
	mustListen("Server.OnSessionError", f == nil)
	return srv.onSessionError.on(f)
}

// OnConnection registers f for each connection, before it has a session. Since f may
// close what it is given at any time, such connections have a goroutine each: they
// are not left to event loops (transport.Loops).
func (srv *Server) OnConnection(f func(conn net.Conn)) Listener {
	mustListen("Server.OnConnection", f == nil)
	return srv.onConnection.on(f)
}

// OnClose registers f for when the server was closed and its last session has
// ended.
func (srv *Server) OnClose(f func()) Listener {
	mustListen("Server.OnClose", f == nil)
	return srv.onClose.on(f)
}

// OnError registers f for failures of the server itself: a listener that
// accepts no more.
func (srv *Server) OnError(f func(err error)) Listener {
	mustListen("Server.OnError", f == nil)
	return srv.onError.on(f)
}
