package http1

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"weft/core"
	"weft/events"
)

// Options change how HTTP/1.1 is spoken. The zero Options work. What is negative
// is events.ErrOutOfRange, when a server is made.
type Options struct {
	// HeaderTimeout is how long the head of a request may take, from the first
	// byte or, on a new connection, from its beginning; default 60 s, Never for
	// no bound.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a connection is kept for another request;
	// default 5 s, Never for no bound.
	IdleTimeout time.Duration
	// MaxHeaderBytes bounds the head of a request; default 16 KiB. A larger
	// one is answered with status 431.
	MaxHeaderBytes int
	// MaxUpgraded bounds the connections of a server that speak something else
	// at the same time: those that were upgraded, and CONNECT. Such a connection
	// has no idle time of HTTP's any more, and whatever speaks there keeps a
	// goroutine and its buffers for it, so that a client could open them until
	// memory is short. Default 10000, NoLimit for none. One more is answered
	// with status 503.
	MaxUpgraded int
}

// Never as one of the times of Options turns off what happens after it.
const Never = core.Never

// NoLimit as Options.MaxUpgraded lets any number of connections be upgraded.
const NoLimit = math.MaxInt

// New returns the option HTTP1 of servers. It may be given to several. Options out
// of range, or given twice, are an error of CreateServer: events.ErrOutOfRange and
// events.ErrInvalidArg.
func New(opts ...Options) events.HTTP1Handler {
	h := handler{times: len(opts)}
	if len(opts) > 0 {
		h.opts = opts[0]
	}
	return h
}

// withDefaults returns the options with their defaults.
func (o Options) withDefaults() (Options, error) {
	for _, x := range []struct {
		name  string
		value *time.Duration
		by    time.Duration
	}{
		{"HeaderTimeout", &o.HeaderTimeout, 60 * time.Second},
		{"IdleTimeout", &o.IdleTimeout, 5 * time.Second},
	} {
		switch {
		case *x.value < 0:
			return o, fmt.Errorf("%w: http1: %s is %v, must be 0 for the default, positive or Never", events.ErrOutOfRange, x.name, *x.value)
		case *x.value == 0:
			*x.value = x.by
		case *x.value == Never:
			*x.value = -1 // as net/http says it
		}
	}
	for _, x := range []struct {
		name  string
		value *int
		by    int
	}{
		{"MaxHeaderBytes", &o.MaxHeaderBytes, 16 << 10},
		{"MaxUpgraded", &o.MaxUpgraded, 10000},
	} {
		switch {
		case *x.value < 0:
			return o, fmt.Errorf("%w: http1: %s is %d, must be 0 for the default or positive", events.ErrOutOfRange, x.name, *x.value)
		case *x.value == 0:
			*x.value = x.by
		}
	}
	return o, nil
}

type handler struct {
	opts  Options
	times int // that options were given
}

// NewHTTP1Server is part of events.HTTP1Handler.
func (h handler) NewHTTP1Server(log *slog.Logger) (events.HTTP1Server, error) {
	if h.times > 1 {
		return nil, fmt.Errorf("%w: http1: %d times Options, must be once at most", events.ErrInvalidArg, h.times)
	}
	o, err := h.opts.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{ctx: ctx, cancel: cancel, conns: make(chan *conn), closed: make(chan struct{}),
		tunnels: make(map[*conn]bool), maxTunnels: o.MaxUpgraded, maxHead: o.MaxHeaderBytes}
	only := new(http.Protocols)
	only.SetHTTP1(true)
	s.http = http.Server{
		Handler:                      http.HandlerFunc(serve),
		ReadHeaderTimeout:            o.HeaderTimeout,
		IdleTimeout:                  o.IdleTimeout,
		MaxHeaderBytes:               o.MaxHeaderBytes,
		Protocols:                    only,
		DisableGeneralOptionsHandler: true,
		// A client must not be able to fill a log.
		ErrorLog:    slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		ConnState: func(c net.Conn, state http.ConnState) {
			k := c.(*conn)
			if k.rest != nil && state != http.StateActive {
				k.rest.Stop()
			}
			if state == http.StateClosed {
				k.finish()
			}
		},
	}
	return s, nil
}

// server is an http.Server that accepts what it is given.
type server struct {
	http   http.Server
	start  sync.Once
	conns  chan *conn
	close  sync.Once
	closed chan struct{}
	ctx    context.Context // of closing gracefully
	cancel context.CancelFunc

	maxHead int // bytes

	mu         sync.Mutex
	tunnels    map[*conn]bool // and connections that were upgraded
	maxTunnels int
	over       bool // Destroy was called
}

// ServeHTTP1 is part of events.HTTP1Server.
func (s *server) ServeHTTP1(c *events.HTTP1Conn) {
	s.start.Do(func() { go s.http.Serve(listener{s}) })
	k := &conn{Conn: c.Conn(), server: s, events: c, done: make(chan struct{})}
	select {
	case s.conns <- k:
		<-k.done
	case <-s.closed:
		k.Close()
	}
}

// Close is part of events.HTTP1Server.
func (s *server) Close() { go s.http.Shutdown(s.ctx) }

// Destroy is part of events.HTTP1Server.
func (s *server) Destroy() {
	s.http.Close()
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for c := range s.tunnels {
		c.Close()
	}
}

// listener gives the connections to net/http.
type listener struct{ s *server }

func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.s.conns:
		return c, nil
	case <-l.s.closed:
		return nil, net.ErrClosed
	}
}

func (l listener) Close() error {
	l.s.close.Do(func() { close(l.s.closed) })
	return nil
}

func (l listener) Addr() net.Addr { return noAddr{} }

type noAddr struct{}

func (noAddr) Network() string { return "http1" }
func (noAddr) String() string  { return "given" }

// conn is a connection as net/http gets it.
type conn struct {
	net.Conn
	server  *server
	events  *events.HTTP1Conn
	rest    *time.Timer // bounds the wait for the rest of a body, when there was one
	lengths lengths
	begun   bool // something other than empty lines was read
	once    sync.Once
	done    chan struct{} // closed when nothing is served on it any more
}

// Read reads, without empty lines ahead of the first request (RFC 9112 §2.2).
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.lengths.read(p[:max(n, 0)])
	for !c.begun && n > 0 {
		n = copy(p, bytes.TrimLeft(p[:n], "\r\n"))
		if c.begun = n > 0; c.begun || err != nil {
			break
		}
		n, err = c.Conn.Read(p)
		c.lengths.read(p[:max(n, 0)])
	}
	return n, err
}

type connKey struct{}

func (c *conn) finish() { c.once.Do(func() { close(c.done) }) }

// CloseWrite ends the output. Without it net/http could not tell a client to
// stop sending before it closes the connection.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return http.ErrNotSupported
}
