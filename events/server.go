package events

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/tcp"
)

// ServerOptions say how a server behaves. The zero ServerOptions work.
type ServerOptions struct {
	SessionOptions

	// ListenConfig makes the listener of Listen: control of the socket,
	// keep-alive; nil stands for one with keep-alive.
	ListenConfig *net.ListenConfig
}

// Server accepts connections and makes a session of each. It emits the events
// of all its sessions; a callback of one session may run at the same time as
// one of another.
type Server struct {
	opts    ServerOptions
	carrier core.Transport
	clock   func() time.Time // as it was given
	shake   func(ctx context.Context, conn net.Conn) (net.Conn, error)

	origins []string // named to each client

	onStream       shared[func(*ServerStream, Headers, Flags)]
	onSession      shared[func(*ServerSession)]
	onSessionError shared[func(error, *ServerSession)]
	onConnection   shared[func(net.Conn)]
	onClose        shared[func()]
	onTimeout      shared[func(*ServerSession)]
	onError        shared[func(error)]

	mu        sync.Mutex
	updated   *SessionOptions // those of sessions to come, if not those of opts
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

// CreateServer makes a server for cleartext HTTP/2 with prior knowledge.
func CreateServer(opts ServerOptions) (*Server, error) {
	return newServer(opts, core.TransportUnknown)
}

func newServer(opts ServerOptions, carrier core.Transport) (*Server, error) {
	if err := opts.checkTransport(carrier); err != nil {
		return nil, err
	}
	cfg, err := opts.config(false)
	if err != nil {
		return nil, err
	}
	cfg.Settings = sendable(cfg.Settings, false)
	if _, err := core.NewServer(time.Now(), cfg); err != nil {
		return nil, misuse(err)
	}
	srv := &Server{
		opts:      opts,
		carrier:   carrier,
		clock:     opts.Now,
		listeners: make(map[net.Listener]bool),
		sessions:  make(map[*ServerSession]bool),
		changed:   make(chan struct{}),
	}
	if srv.opts.Now == nil {
		srv.opts.Now = time.Now
	}
	srv.ctx, srv.cancel = context.WithCancel(context.Background())
	return srv, nil
}

// OnStream registers f for each request of each session.
func (srv *Server) OnStream(f func(stream *ServerStream, headers Headers, flags Flags)) Listener {
	return srv.onStream.on(f)
}

// OnSession registers f for each new session, in its first turn.
func (srv *Server) OnSession(f func(session *ServerSession)) Listener { return srv.onSession.on(f) }

// OnSessionError registers f for each error of a session.
func (srv *Server) OnSessionError(f func(err error, session *ServerSession)) Listener {
	return srv.onSessionError.on(f)
}

// OnConnection registers f for each connection, before it has a session.
func (srv *Server) OnConnection(f func(conn net.Conn)) Listener { return srv.onConnection.on(f) }

// OnClose registers f for when the server was closed and its last session has
// ended.
func (srv *Server) OnClose(f func()) Listener { return srv.onClose.on(f) }

// Listen listens on a TCP address such as "localhost:8080" and serves there
// until Close. It does not wait.
func (srv *Server) Listen(addr string) (net.Addr, error) {
	l, err := srv.listen(addr)
	if err != nil {
		return nil, err
	}
	go srv.Serve(l)
	return l.Addr(), nil
}

func (srv *Server) listen(addr string) (net.Listener, error) {
	if c := srv.opts.ListenConfig; c != nil {
		return c.Listen(srv.ctx, "tcp", addr)
	}
	return tcp.Listen(srv.ctx, addr, tcp.Options{})
}

// OnError registers f for failures of the server itself: a listener that
// accepts no more.
func (srv *Server) OnError(f func(err error)) Listener { return srv.onError.on(f) }

// Serve accepts connections from l until Close, and then returns
// ErrServerClosed; or until l fails. It blocks.
func (srv *Server) Serve(l net.Listener) error {
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		l.Close()
		return ErrServerClosed
	}
	srv.listeners[l] = true
	srv.mu.Unlock()
	defer l.Close()
	var wait time.Duration
	for {
		conn, err := l.Accept()
		if err != nil {
			srv.mu.Lock()
			closed := srv.closed
			delete(srv.listeners, l)
			if temporary, ok := err.(interface{ Temporary() bool }); !closed && ok && temporary.Temporary() {
				srv.listeners[l] = true
				srv.mu.Unlock()
				// Too many open files, say: that passes.
				wait = min(max(2*wait, 5*time.Millisecond), time.Second)
				srv.opts.logger().Warn("weft: accept failed, trying again", "error", err, "in", wait)
				select {
				case <-time.After(wait):
				case <-srv.ctx.Done():
				}
				continue
			}
			srv.mu.Unlock()
			if closed {
				return ErrServerClosed
			}
			for _, f := range srv.onError.take() {
				f(err)
			}
			return err
		}
		wait = 0
		go func() {
			if err := srv.serve(conn, nil, nil); err != nil && !errors.Is(err, ErrServerClosed) {
				srv.opts.logger().Debug("weft: connection refused", "remote", conn.RemoteAddr(), "error", err)
			}
		}()
	}
}

// ServeConn makes a session of a connection that was accepted elsewhere, or of
// anything like one, and returns it. head is what was read from it already, if
// anything. It does not wait for the session's end; on a secure server it waits
// for the handshake. The connection is closed when the session ends.
//
// Errors: ErrServerClosed, ErrSocketBound, and those of the handshake.
func (srv *Server) ServeConn(conn net.Conn, head ...[]byte) (*ServerSession, error) {
	made := make(chan *ServerSession, 1)
	failed := make(chan error, 1)
	go func() {
		if err := srv.serve(conn, bytes.Join(head, nil), made); err != nil {
			failed <- err
		}
	}()
	select {
	case ss := <-made:
		return ss, nil
	case err := <-failed:
		return nil, err
	}
}

// serve runs a connection to its end. The session is put into made as soon as
// it exists; an error means that none was made.
func (srv *Server) serve(conn net.Conn, head []byte, made chan<- *ServerSession) error {
	if !bind(conn) {
		return ErrSocketBound
	}
	defer unbind(conn)
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		conn.Close()
		return ErrServerClosed
	}
	srv.pumps++
	srv.mu.Unlock()
	var ss *ServerSession
	defer func() { srv.pumpEnded(ss) }()
	for _, f := range srv.onConnection.take() {
		f(conn)
	}
	if srv.shake != nil {
		if len(head) > 0 {
			conn, head = &headConn{conn, head}, nil
		}
		carrier, err := srv.shake(srv.ctx, conn)
		if carrier == nil {
			return err
		}
		conn = carrier
	}
	ss, err := srv.newSession(srv.opts.Now(), conn)
	if err != nil {
		conn.Close()
		return err
	}
	if made != nil {
		made <- ss
	}
	opts := transport.Options{Now: srv.opts.Now}
	if srv.carrier != core.TransportEncrypted && len(head) == 0 {
		opts.HoldFirstWrite = transport.DefaultHold
	}
	if len(head) > 0 {
		ss.Receive(srv.opts.Now(), head)
	}
	transport.Run(srv.ctx, conn, ss, opts)
	return nil
}

// NewSession makes a session of the server's that is driven by whoever calls
// its transport.Endpoint methods: a mem.Link, or a loop of the caller's. In all
// else it is like those of accepted connections. now is when it begins.
//
// Errors: ErrServerClosed.
func (srv *Server) NewSession(now time.Time) (*ServerSession, error) {
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		return nil, ErrServerClosed
	}
	srv.pumps++
	srv.mu.Unlock()
	ss, err := srv.newSession(now, nil)
	if err != nil {
		srv.pumpEnded(nil)
		return nil, err
	}
	ss.unpumped = true
	return ss, nil
}

// newSession makes a session and takes it among those of the server.
func (srv *Server) newSession(now time.Time, conn net.Conn) (*ServerSession, error) {
	ss, err := newServerSession(now, srv.sessionOptions(), srv.carrier, srv)
	if err != nil {
		return nil, err
	}
	if conn == nil {
		ss.clock = srv.clock // its time is that of its loop
	}
	ss.carriedBy(conn, srv.carrier)
	if srv.opts.Trace != nil {
		ss.trace = srv.opts.Trace(conn)
	}
	srv.mu.Lock()
	srv.sessions[ss] = true
	closed, timeout := srv.closed, srv.timeout
	srv.mu.Unlock()
	if len(srv.origins) > 0 {
		ss.sendOrigin(srv.origins)
	}
	if timeout > 0 {
		ss.byServer = true
		ss.SetTimeout(timeout, nil)
	}
	if closed {
		ss.Close()
	}
	return ss, nil
}

func (srv *Server) sessionEnded(ss *ServerSession) {
	srv.mu.Lock()
	delete(srv.sessions, ss)
	srv.mu.Unlock()
	if ss.unpumped {
		srv.pumpEnded(ss)
	}
}

func (srv *Server) pumpEnded(ss *ServerSession) {
	srv.mu.Lock()
	srv.pumps--
	if ss != nil && ss.uncounted {
		ss.uncounted = false
		srv.unrefs--
	}
	close(srv.changed)
	srv.changed = make(chan struct{})
	srv.mu.Unlock()
	srv.maybeClosed()
}

func (srv *Server) maybeClosed() {
	srv.mu.Lock()
	say := srv.closed && srv.pumps == 0 && !srv.said
	srv.said = srv.said || say
	srv.mu.Unlock()
	if say {
		for _, f := range srv.onClose.take() {
			f()
		}
	}
}

// Close stops accepting connections. Sessions go on; the close event follows
// when the last one has ended.
func (srv *Server) Close() error {
	srv.mu.Lock()
	if srv.closed {
		srv.mu.Unlock()
		return ErrServerClosed
	}
	srv.closed = true
	for l := range srv.listeners {
		l.Close()
	}
	srv.mu.Unlock()
	go srv.maybeClosed() // no callback runs inside a method call
	return nil
}

// Shutdown closes the server and every session gracefully, and waits until the
// last connection has ended. When ctx is done before, the sessions that are
// left are destroyed and the context's error is returned. It blocks, and must
// not be called from a callback.
func (srv *Server) Shutdown(ctx context.Context) error {
	srv.Close()
	for _, ss := range srv.all() {
		ss.Close()
	}
	err := srv.wait(ctx, true)
	if err == nil {
		return nil
	}
	srv.DestroyAll()
	srv.wait(context.Background(), true)
	return err
}

// Wait waits until the server was closed and the last connection has ended,
// those of sessions after Unref aside. It blocks, and must not be called from a
// callback.
func (srv *Server) Wait() { srv.wait(context.Background(), false) }

func (srv *Server) wait(ctx context.Context, all bool) error {
	for {
		srv.mu.Lock()
		left, changed := srv.pumps, srv.changed
		if !all {
			left -= srv.unrefs
		}
		over := srv.closed && left == 0
		srv.mu.Unlock()
		if over {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// DestroyAll closes the server and ends every connection at once.
func (srv *Server) DestroyAll() {
	srv.Close()
	for _, ss := range srv.all() {
		ss.Destroy(nil, core.NoError)
	}
	srv.cancel()
}

// all returns the sessions there are.
func (srv *Server) all() []*ServerSession {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	list := make([]*ServerSession, 0, len(srv.sessions))
	for ss := range srv.sessions {
		list = append(list, ss)
	}
	return list
}
