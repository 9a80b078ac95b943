package verb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"weft/events"
)

// StreamPool hands out places for requests on connections. A stream of HTTP/2
// can't be used again when it has ended, and costs nothing to make; what there
// is a limited number of is places under the server's limit of concurrent
// streams, and those are what is pooled. Who finds none waits in a queue of
// bounded length, in which the flows of work take turns.
//
//	place, err := pool.AcquireStream(ctx, client)
//	if err != nil {
//		return err
//	}
//	defer place.Release()
//	stream, err := place.CreateStream(ctx, events.H(":path", "/"))
//
// Its methods may be called from any goroutine.
type StreamPool struct {
	opts  StreamPoolOptions
	mu    sync.Mutex // of everything in the pools, too
	pools map[*events.ClientSession]*ConnectionPool
}

// StreamPoolOptions bound a StreamPool. The zero StreamPoolOptions work.
type StreamPoolOptions struct {
	// MaxStreams is how many places of a connection may be taken at once,
	// should the server allow more; default 100, negative is a panic.
	MaxStreams int
	// MaxWaiting is how many may wait for a place of a connection; default
	// 1000. One more is ErrMaxStreams; with 0 nobody waits. Negative is a panic.
	MaxWaiting events.Opt[int]
}

// ErrMaxStreams: all places are taken, and as many wait as may.
var ErrMaxStreams = errors.New("verb: Max streams exceeded")

// ErrPlaceTaken: the place has a stream that has not ended, or was released.
var ErrPlaceTaken = errors.New("verb: a place has one stream at a time, until it is released")

// NewStreamPool makes an empty pool.
func NewStreamPool(opts ...StreamPoolOptions) *StreamPool {
	var o StreamPoolOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	if o.MaxStreams < 0 || o.MaxWaiting.Or(0) < 0 {
		panic(fmt.Sprintf("verb: %d streams at once, %d waiting: must be 0 or more", o.MaxStreams, o.MaxWaiting.Or(0)))
	}
	if o.MaxStreams == 0 {
		o.MaxStreams = defaultMaxStreams
	}
	o.MaxWaiting = events.Set(o.MaxWaiting.Or(defaultMaxWaiting))
	return &StreamPool{opts: o, pools: make(map[*events.ClientSession]*ConnectionPool)}
}

const (
	defaultMaxStreams = 100
	defaultMaxWaiting = 1000
)

// ConnectionPool is what a StreamPool has of one connection.
type ConnectionPool struct {
	all    *StreamPool
	conn   *events.ClientSession
	active map[*PooledStream]bool
	over   error

	flows   []*flow // that wait, in the order of their turns
	waiting int     // in all of them
}

// flow is work of one kind that waits, first come first served.
type flow struct {
	name string
	wait []chan *PooledStream
}

// GetPool returns what there is of a connection, and makes it at the first
// call. It is forgotten when the connection has ended.
func (p *StreamPool) GetPool(conn *events.ClientSession) *ConnectionPool {
	p.mu.Lock()
	pool := p.pools[conn]
	if pool != nil {
		p.mu.Unlock()
		return pool
	}
	pool = &ConnectionPool{all: p, conn: conn, active: make(map[*PooledStream]bool)}
	p.pools[conn] = pool
	p.mu.Unlock()
	conn.OnRemoteSettings(func(events.Settings) { pool.serve() }) // the limit may have risen
	conn.OnGoaway(func(events.ErrCode, events.StreamID, []byte) { pool.end(events.ErrGoAwaySession) })
	conn.OnClose(func() { pool.end(events.ErrInvalidSession) })
	if conn.Destroyed() {
		pool.end(events.ErrInvalidSession)
	}
	return pool
}

// MaxStreams returns how many places there are now: those of the options, or
// fewer if the server allows fewer.
func (c *ConnectionPool) MaxStreams() int {
	limit, ok := c.conn.RemoteSettings().MaxConcurrentStreams.Get()
	if !ok {
		return c.all.opts.MaxStreams
	}
	return int(min(uint32(c.all.opts.MaxStreams), limit))
}

// Active returns how many places are taken.
func (c *ConnectionPool) Active() int {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	return len(c.active)
}

// Available returns how many places are free.
func (c *ConnectionPool) Available() int { return max(0, c.MaxStreams()-c.Active()) }

// Waiting returns how many wait for a place.
func (c *ConnectionPool) Waiting() int {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	return c.waiting
}

// AcquireStream returns a place on a connection, which has to be released. If
// there is none it waits; it must not be called from a callback of package
// events then. Those that wait for the same flow, "" unless one is named, are
// served in order, and of several flows each in turn: one with a thousand
// requests holds up one with a single request by a single request.
//
// Errors: ErrMaxStreams; that of ctx, when it is done; events.ErrGoAwaySession
// and events.ErrInvalidSession when the connection takes no more streams.
func (p *StreamPool) AcquireStream(ctx context.Context, conn *events.ClientSession, flow ...string) (*PooledStream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := ""
	if len(flow) > 0 {
		name = flow[0]
	}
	c := p.GetPool(conn)
	limit := c.MaxStreams()
	p.mu.Lock()
	switch {
	case c.over != nil || conn.Closed():
		defer p.mu.Unlock()
		if c.over == nil {
			return nil, events.ErrInvalidSession
		}
		return nil, c.over
	case c.waiting == 0 && len(c.active) < limit:
		defer p.mu.Unlock()
		return c.take(), nil
	case c.waiting >= p.opts.MaxWaiting.Or(0):
		defer p.mu.Unlock()
		return nil, ErrMaxStreams
	}
	w := c.enqueue(name)
	p.mu.Unlock()
	c.serve() // what has risen meanwhile
	select {
	case place := <-w:
		return c.got(place)
	case <-ctx.Done():
		if place, served := c.leave(name, w); served {
			return c.got(place)
		}
		return nil, ctx.Err()
	}
}

func (c *ConnectionPool) got(place *PooledStream) (*PooledStream, error) {
	if place != nil {
		return place, nil
	}
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	return nil, c.over
}

// take takes a place, with the lock.
func (c *ConnectionPool) take() *PooledStream {
	place := &PooledStream{pool: c}
	c.active[place] = true
	return place
}

func (c *ConnectionPool) enqueue(name string) chan *PooledStream {
	i := slices.IndexFunc(c.flows, func(f *flow) bool { return f.name == name })
	if i < 0 {
		i = len(c.flows)
		c.flows = append(c.flows, &flow{name: name})
	}
	w := make(chan *PooledStream, 1)
	c.flows[i].wait = append(c.flows[i].wait, w)
	c.waiting++
	return w
}

// leave is for who waits no more. It may have been served meanwhile.
func (c *ConnectionPool) leave(name string, w chan *PooledStream) (place *PooledStream, served bool) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	for i, f := range c.flows {
		if f.name != name {
			continue
		}
		if at := slices.Index(f.wait, w); at >= 0 {
			f.wait = slices.Delete(f.wait, at, at+1)
			c.waiting--
			if len(f.wait) == 0 {
				c.flows = slices.Delete(c.flows, i, i+1)
			}
			return nil, false
		}
	}
	return <-w, true
}

// serve gives places to those who wait, as long as there are any.
func (c *ConnectionPool) serve() {
	limit := c.MaxStreams()
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	for c.waiting > 0 && len(c.active) < limit && c.over == nil {
		f := c.flows[0]
		c.flows = c.flows[1:]
		w := f.wait[0]
		if f.wait = f.wait[1:]; len(f.wait) > 0 {
			c.flows = append(c.flows, f)
		}
		c.waiting--
		w <- c.take()
	}
}

// end lets everybody go.
func (c *ConnectionPool) end(err error) {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if c.over == nil {
		c.over = err
		for _, f := range c.flows {
			for _, w := range f.wait {
				close(w)
			}
		}
		c.flows, c.waiting = nil, 0
	}
	if c.conn.Destroyed() && c.all.pools[c.conn] == c {
		delete(c.all.pools, c.conn)
	}
}

// ReleaseStream gives a place back: see PooledStream.Release.
func (p *StreamPool) ReleaseStream(place *PooledStream) { place.Release() }

// PooledStream is a place for a stream.
type PooledStream struct {
	pool     *ConnectionPool
	released bool
	stream   *events.ClientStream // that has not ended
}

// CreateStream makes a request in the place; see events.ClientSession.Request.
// When its stream has ended, the place may be used for another.
//
// Errors: ErrPlaceTaken, and those of Request.
func (p *PooledStream) CreateStream(ctx context.Context, h events.Headers, opts ...events.RequestOptions) (*events.ClientStream, error) {
	all := p.pool.all
	all.mu.Lock()
	defer all.mu.Unlock()
	if p.released || !p.idle() {
		return nil, ErrPlaceTaken
	}
	st, err := p.pool.conn.Request(ctx, h, opts...)
	if err != nil {
		return nil, err
	}
	p.stream = st
	// A listener would be the first, and the events would not wait for another.
	context.AfterFunc(st.Context(), func() { p.closed(st) })
	return st, nil
}

// idle reports whether the place has no stream that goes on.
func (p *PooledStream) idle() bool { return p.stream == nil || p.stream.Context().Err() != nil }

// closed notes that the stream has ended.
func (p *PooledStream) closed(st *events.ClientStream) {
	all := p.pool.all
	all.mu.Lock()
	if p.stream == st {
		p.stream = nil
	}
	free := p.released && p.stream == nil
	if free {
		delete(p.pool.active, p)
	}
	all.mu.Unlock()
	if free {
		p.pool.serve()
	}
}

// Release gives the place back: at once, or when its stream has ended, for
// until then it counts with the server. Releasing again does nothing.
func (p *PooledStream) Release() {
	all := p.pool.all
	all.mu.Lock()
	p.released = true
	free := p.idle()
	if free {
		delete(p.pool.active, p)
	}
	all.mu.Unlock()
	if free {
		p.pool.serve()
	}
}
