//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"context"
	"sync/atomic"
	"time"

	engine "github.com/panjf2000/gnet/v2"

	"weft/transport"
)

// conn is one connection. Its loop's goroutine alone uses it, apart from the
// words that say otherwise. It holds no buffer while nothing waits to be
// written.
type conn struct {
	loop *loop       // from OnOpen on
	sock engine.Conn // nil while gnet does not have the connection
	fd   int         // sock's, or else our own; -1 when closed

	ep    transport.Endpoint
	due   func() bool // ep's Due; nil if it has none
	opts  transport.Options
	ctx   context.Context
	group *group // watches ctx
	ended func(error)

	stage   stage
	held    bool // the first output is held back
	eof     bool // input is over
	discard bool // input is not looked at any more
	owed    bool // an Advance is owed for output that was written
	within  bool // gnet is calling, and will be told what to do by what we return

	watching  bool // the socket is full: the watcher will tell
	parking   bool // gnet is about to let go of the connection
	attaching bool // gnet is about to take it back

	out []byte // taken from ep and not yet written,
	off int    // apart from so many bytes

	// until is when the output stops being held back, when output last moved
	// while finishing, or when lingering ends.
	until time.Time
	cause *transport.CloseError // the first there was

	at    time.Time // its deadline
	place int       // in the loop's heap, from 1; 0: not in it

	// Any goroutine's.
	inTurn   atomic.Bool // whatever ep says is seen to when the turn ends
	posted   atomic.Bool // waits for attend
	canceled atomic.Bool // ctx is done
	writable atomic.Bool // the watcher has told
	failed   atomic.Pointer[transport.CloseError]
}

// stage is how far the end of a connection has come, as in package transport.
// It only increases.
type stage uint8

const (
	// running: bytes go both ways.
	running stage = iota
	// finishing: the endpoint or the input is over; what output there is goes
	// out, as long as the peer takes it.
	finishing
	// lingering: there is nothing more to write, or no way to. Input is read
	// for a while, until it ends: closing with input unread would reset the
	// connection and destroy what the peer has not read.
	lingering
	closed
)

func newConn(ctx context.Context, ep transport.Endpoint, opts transport.Options, ended func(error)) *conn {
	c := &conn{fd: -1, ep: ep, opts: withDefaults(opts), ctx: ctx, ended: ended}
	if w, ok := ep.(transport.Waiter); ok {
		c.due = w.Due
	}
	c.held = opts.HoldFirstWrite > 0
	return c
}

// open begins.
func (c *conn) open(sock engine.Conn) {
	c.sock, c.fd = sock, sock.Fd()
	now := c.opts.Now()
	c.until = now.Add(c.opts.HoldFirstWrite)
	c.ep.OnWake(c.wake)
	c.loop.loops.join(c, c.ctx)
	c.flush(now)
	c.settle(now)
}

// wake is what ep calls when it was told something outside a turn.
func (c *conn) wake() {
	if !c.inTurn.Load() {
		c.loop.post(c)
	}
}

func (c *conn) cancel() {
	c.canceled.Store(true)
	c.loop.post(c)
}

// leave is called when a call of gnet's returns.
func (c *conn) leave() engine.Action {
	c.within = false
	if c.stage == closed || c.parking {
		return engine.Close
	}
	return engine.None
}

// receive is a turn that takes input.
func (c *conn) receive(p []byte) {
	if c.discard || c.stage == closed {
		return
	}
	now := c.opts.Now()
	// Output that is held back stays where it is during the first turn: the
	// endpoint may want to unsay it.
	c.begin(true)
	c.held = false
	c.ep.Receive(now, p)
	c.inTurn.Store(false)
	c.flush(now)
	c.settle(now)
}

// advance is a turn without input. Between two writes it is one that has much
// to say; one for a deadline mostly says nothing.
func (c *conn) advance(now time.Time, writing bool) {
	c.begin(writing)
	c.owed = false
	c.ep.Advance(now)
	c.inTurn.Store(false)
}

// begin begins a turn, for which the endpoint may be lent a buffer, so that it
// holds none while it has nothing to say.
func (c *conn) begin(lend bool) {
	c.inTurn.Store(true)
	if !lend || !c.canWrite() || c.off < len(c.out) {
		return
	}
	if prev := c.ep.SwapOutput(c.loop.buffer()); len(prev) > 0 {
		c.out, c.off = prev, 0 // goes first
	}
}

// attend does what is due. The loop calls it when the deadline has come or
// after somebody posted the connection.
func (c *conn) attend(now time.Time) {
	if c.writable.Swap(false) {
		c.watching = false
	}
	if why := c.mustEnd(now); why != nil {
		c.close(now, why)
		return
	}
	if c.stage == closed {
		return
	}
	if c.held && !now.Before(c.until) {
		c.held = false
	}
	if !c.eof && !c.ep.Done() && c.isDue(now) {
		c.advance(now, c.owed)
	}
	c.flush(now)
	c.settle(now)
}

// mustEnd returns why the connection has to be closed now, nil if it has not.
func (c *conn) mustEnd(now time.Time) *transport.CloseError {
	switch {
	case c.stage == closed:
		return nil
	case c.canceled.Load():
		return &transport.CloseError{Kind: transport.CloseCanceled, Err: context.Cause(c.ctx)}
	case c.stage == lingering && !now.Before(c.until):
		return c.cause
	case c.stage == finishing && c.watching && c.opts.Stall > 0 && now.Sub(c.until) >= c.opts.Stall:
		return &transport.CloseError{Kind: transport.CloseStalled, Err: transport.ErrStalled}
	}
	return c.failed.Load()
}

func (c *conn) isDue(now time.Time) bool {
	if c.owed || c.due != nil && c.due() {
		return true
	}
	next := c.ep.NextDeadline()
	return !next.IsZero() && !next.After(now)
}

// settle looks at what the endpoint says after it was told something: whether
// it is over, when it wants to be called, whether reading may go on.
func (c *conn) settle(now time.Time) {
	if c.stage == closed {
		return
	}
	var next time.Time
	switch {
	case c.ep.Done():
		c.discard = true
		c.finish(now)
	case c.eof: // there are no more turns
	case c.owed || c.due != nil && c.due():
		c.loop.post(c)
	default:
		next = c.ep.NextDeadline()
	}
	switch {
	case c.held:
		next = earlier(next, c.until)
	case c.stage == lingering:
		next = earlier(next, c.until)
	case c.stage == finishing && c.watching && c.opts.Stall > 0:
		next = earlier(next, c.until.Add(c.opts.Stall))
	}
	c.loop.arm(c, now, next)
	c.pauseOrRead(now)
}

// finish says that there is nothing more to come than what output there is.
func (c *conn) finish(now time.Time) {
	if c.stage == running {
		c.stage = finishing
		if !c.held {
			c.until = now
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
