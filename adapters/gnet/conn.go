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

	ep    transport.Endpoint
	now   func() time.Time
	ended func(error)

	linger, stall time.Duration

	group      *group // of those that have its context
	prev, next *conn  // in the group, guarded by Loops.mu

	out []byte // taken from ep and not yet written,
	off int    // apart from so many bytes

	// until is when the output stops being held back, when output last moved
	// while finishing, or when lingering ends.
	until moment
	cause *transport.CloseError // the first there was

	at    moment // its deadline
	place int32  // in the loop's heap, from 1; 0: not in it

	fd    int32 // sock's, or else our own; -1 when closed
	flags atomic.Uint32

	stage   stage
	held    bool // the first output is held back
	eof     bool // input is over
	discard bool // input is not looked at any more
	owed    bool // an Advance is owed for output that was written
	within  bool // gnet is calling, and will be told what to do by what we return

	watching  bool // the socket is full: the watcher will tell
	parking   bool // gnet is about to let go of the connection
	attaching bool // gnet is about to take it back
}

// What conn.flags says, to any goroutine.
const (
	inTurn   = 1 << iota // whatever ep says is seen to when the turn ends
	posted               // waits for attend
	canceled             // the context is done
	writable             // the watcher has told
)

func (c *conn) raise(flag uint32)       { c.flags.Or(flag) }
func (c *conn) lower(flag uint32) bool  { return c.flags.And(^flag)&flag != 0 } // whether it was raised
func (c *conn) raised(flag uint32) bool { return c.flags.Load()&flag != 0 }

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

func newConn(ep transport.Endpoint, opts transport.Options, ended func(error)) *conn {
	opts = withDefaults(opts)
	return &conn{
		fd: -1, ep: ep, ended: ended, now: opts.Now, linger: opts.Linger, stall: opts.Stall,
		held: opts.HoldFirstWrite > 0, until: momentOf(opts.Now()).after(opts.HoldFirstWrite),
	}
}

// open begins.
func (c *conn) open(sock engine.Conn) {
	c.sock, c.fd = sock, int32(sock.Fd())
	boundUnsent(sock.Fd())
	c.ep.OnWake(c.wake)
	if c.raised(canceled) { // before there was a loop to tell
		c.loop.post(c)
	}
	now := c.now()
	c.flush(now)
	c.settle(now)
}

// wake is what ep calls when it was told something outside a turn.
func (c *conn) wake() {
	if !c.raised(inTurn) {
		c.loop.post(c)
	}
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
	now := c.now()
	// Output that is held back stays where it is during the first turn: the
	// endpoint may want to unsay it.
	c.begin(true)
	c.held = false
	c.ep.Receive(now, p)
	c.lower(inTurn)
	c.flush(now)
	c.settle(now)
}

// advance is a turn without input. Between two writes it is one that has much
// to say; one for a deadline mostly says nothing.
func (c *conn) advance(now time.Time, writing bool) {
	c.begin(writing)
	c.owed = false
	c.ep.Advance(now)
	c.lower(inTurn)
}

// begin begins a turn, for which the endpoint may be lent a buffer, so that it
// holds none while it has nothing to say.
func (c *conn) begin(lend bool) {
	c.raise(inTurn)
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
	if c.lower(writable) {
		c.watching = false
	}
	if why := c.mustEnd(now); why != nil {
		c.close(now, why)
		return
	}
	if c.stage == closed {
		return
	}
	if c.held && momentOf(now) >= c.until {
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
	case c.raised(canceled):
		return &transport.CloseError{Kind: transport.CloseCanceled, Err: context.Cause(c.group.ctx)}
	case c.stage == lingering && momentOf(now) >= c.until:
		return c.cause
	case c.stalls() && momentOf(now) >= c.until.after(c.stall):
		return &transport.CloseError{Kind: transport.CloseStalled, Err: transport.ErrStalled}
	}
	return nil
}

// stalls reports whether there is output to finish and the peer does not take
// it, and may not for ever.
func (c *conn) stalls() bool { return c.stage == finishing && c.watching && c.stall > 0 }

// due reports whether the endpoint says that it is to be called.
func (c *conn) due() bool {
	w, ok := c.ep.(transport.Waiter)
	return ok && w.Due()
}

func (c *conn) isDue(now time.Time) bool {
	if c.owed || c.due() {
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
	next := never
	switch {
	case c.ep.Done():
		c.discard = true
		c.finish(now)
	case c.eof: // there are no more turns
	case c.owed || c.due():
		c.loop.again(c)
	default:
		next = momentOf(c.ep.NextDeadline())
	}
	switch {
	case c.held, c.stage == lingering:
		next = min(next, c.until)
	case c.stalls():
		next = min(next, c.until.after(c.stall))
	}
	c.loop.arm(c, momentOf(now), next)
	c.pauseOrRead(now)
}

// finish says that there is nothing more to come than what output there is.
func (c *conn) finish(now time.Time) {
	if c.stage == running {
		c.stage = finishing
		if !c.held {
			c.until = momentOf(now)
		}
	}
}
