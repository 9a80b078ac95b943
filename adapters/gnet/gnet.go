//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"runtime"
	"slices"
	"sync"
	"time"

	engine "github.com/panjf2000/gnet/v2"

	"weft/transport"
)

// maxLoops is what gnet's numbering of loops has room for.
const maxLoops = 255

// Loops are the event loops that carry connections. Its methods may be called
// from any goroutine.
type Loops struct {
	client *engine.Client
	writes *watcher

	// gnet's loops must not end while something is handed to them. The gates are
	// held for reading meanwhile: arrivals by whoever waits for a loop to take a
	// connection, tasks by whoever hands it something to do, which loops do, too.
	arrivals, tasks sync.RWMutex
	closed          bool // guarded by arrivals
	over            bool // guarded by tasks

	mu     sync.Mutex
	each   map[engine.EventLoop]*loop
	groups map[context.Context]*group
}

// Start starts event loops.
//
// Errors: an option out of its range; what the system has against a poller.
func Start(opts Options) (*Loops, error) {
	n := opts.Loops
	switch {
	case n == 0:
		n = min(runtime.GOMAXPROCS(0), maxLoops)
	case n < 0 || n > maxLoops:
		return nil, fmt.Errorf("weft/gnet: Options.Loops is %d, must be 0 for the default or 1 to %d", n, maxLoops)
	}
	l := &Loops{each: make(map[engine.EventLoop]*loop), groups: make(map[context.Context]*group)}
	l.writes = &watcher{conns: make(map[int32]*conn), ended: make(chan struct{})}
	var err error
	l.client, err = engine.NewClient(&handler{loops: l}, engine.WithOptions(engine.Options{
		NumEventLoop: n,
		TCPNoDelay:   engine.TCPDelay, // which is: leave the socket's option as it is
		// gnet reads so much, has it received, and goes on to the next connection.
		ReadBufferCap: maxRead,
		Logger:        gnetLogger{opts.logger()},
	}))
	if err == nil {
		err = l.client.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("weft/gnet: %w", err)
	}
	for range n {
		if err := l.addLoop(); err != nil {
			l.Close()
			return nil, fmt.Errorf("weft/gnet: %w", err)
		}
	}
	return l, nil
}

// Pump is a transport.Pump: what events.ServerOptions.Pump takes. It may be
// called with any endpoint; both roles will do. conn must be a *net.TCPConn. It
// is closed when Pump returns, the descriptor having gone to an event loop: only
// its addresses can be asked for from then on.
//
// Errors: ErrNotTCP, net.ErrClosed after Close, and what the system has against
// another descriptor.
func (l *Loops) Pump(ctx context.Context, nc net.Conn, ep transport.Endpoint, opts transport.Options, ended func(error)) error {
	if _, ok := nc.(*net.TCPConn); !ok {
		return fmt.Errorf("%w, and not a %T", ErrNotTCP, nc)
	}
	c := newConn(ep, opts, ended)
	l.arrivals.RLock()
	defer l.arrivals.RUnlock()
	if l.closed {
		return net.ErrClosed
	}
	l.join(c, ctx)
	_, err := l.client.EnrollContext(nc, c)
	if err == nil && c.loop != nil {
		return nil
	}
	c.group.leave(c)
	if err == nil {
		err = errNotTaken
	}
	return fmt.Errorf("weft/gnet: %w", err)
}

// Close ends the loops, and at once and without a flush all connections that are
// left: shut their server down before. It waits until that is done, and so must
// not be called from a callback. Closing again does nothing.
func (l *Loops) Close() error {
	l.arrivals.Lock()
	was := l.closed
	l.closed = true
	l.arrivals.Unlock()
	if was {
		return nil
	}
	l.tasks.Lock()
	l.over = true
	l.tasks.Unlock()
	err := l.client.Stop()
	l.writes.stop()
	// No loop runs any more, so what they had is ours.
	l.mu.Lock()
	own := slices.Collect(maps.Values(l.each))
	l.mu.Unlock()
	for _, each := range own {
		each.stop()
	}
	return err
}

var errNotTaken = errors.New("the poller does not take the connection")

// on returns what goes with a loop of gnet's.
func (l *Loops) on(el engine.EventLoop) *loop {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.each[el]
}

// execute has r run on a loop, unless the loops have ended.
func (l *Loops) execute(el engine.EventLoop, r engine.Runnable) {
	l.tasks.RLock()
	defer l.tasks.RUnlock()
	if !l.over {
		el.Execute(context.Background(), r)
	}
}

func withDefaults(o transport.Options) transport.Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Linger == 0 {
		o.Linger = time.Second
	}
	if o.Stall == 0 {
		o.Stall = 30 * time.Second
	}
	return o
}
