package mem

import (
	"sync/atomic"
	"time"

	"weft/transport"
)

// linger is how long an endpoint that is done waits for the peer's end of
// input before it has its last turn.
const linger = time.Second

// end is one endpoint of a link.
type end struct {
	link   *Link
	side   Side
	ep     transport.Endpoint
	waiter transport.Waiter // ep, if it is one
	// survives says that ep has turns after its last input, too.
	survives bool

	dirty    atomic.Bool // it may have output; endpoints are woken from anywhere
	out      []byte      // taken from it, out[:off] is on the link
	off      int
	retry    time.Time // when the next write may be tried, if it is not now
	done     bool      // ep was Done, and all of its output written
	over     bool      // ep had its last turn
	lingers  time.Time
	breakOff error // the last turn is due, with this cause
	eof      bool  // the last turn is due, the input having ended
}

func (e *end) outgoing() *direction { return e.link.dirs[e.side] }
func (e *end) incoming() *direction { return e.link.dirs[1-e.side] }

// busy reports whether there is something to do or to write.
func (e *end) busy() bool { return e.mayHaveOutput() || e.off < len(e.out) || e.due() }

func (e *end) due() bool {
	switch {
	case !e.over && (e.breakOff != nil || e.eof):
		return true
	case e.waiter == nil:
		return false
	}
	return (e.survives || !e.over && !e.ep.Done()) && e.waiter.Due()
}

// mayHaveOutput reports whether the endpoint may have some that can be written.
func (e *end) mayHaveOutput() bool { return e.dirty.Load() && !(e.over && e.breakOff != nil) }

// work does what is due now, other than by a deadline.
func (e *end) work() bool {
	switch {
	case e.breakOff != nil && !e.over:
		e.finish(e.breakOff)
	case e.eof && !e.over:
		e.finish(nil)
	case e.canWrite():
		e.write()
	case e.due():
		e.advance()
	default:
		return false
	}
	return true
}

// canWrite reports whether a write would do anything.
func (e *end) canWrite() bool {
	if e.off == len(e.out) {
		return e.mayHaveOutput()
	}
	return !e.link.clock.now.Before(e.retry) && e.outgoing().room() > 0
}

// writeAgain returns when a write that was short goes on; zero if not by
// itself.
func (e *end) writeAgain() time.Time {
	if e.off == len(e.out) || e.outgoing().room() == 0 {
		return time.Time{}
	}
	return e.retry
}

// write takes the next output, if the last one is written, and writes what
// the link takes of it.
func (e *end) write() {
	now := e.link.clock.now
	if e.off == len(e.out) {
		e.dirty.Store(false)
		e.out, e.off = e.ep.SwapOutput(e.out[:0]), 0
		if len(e.out) == 0 {
			e.checkDone()
			return
		}
	}
	rest := e.out[e.off:]
	n := min(len(rest), e.outgoing().room())
	if w := e.link.opts.MaxWrite; w > 0 && n > 0 {
		n = min(n, 1+e.link.rnd.IntN(w))
		e.retry = now.Add(time.Duration(e.link.rnd.IntN(int(time.Millisecond))))
	}
	if n == 0 {
		return
	}
	e.outgoing().accept(rest[:n])
	e.off += n
	e.ep.Wrote(now, n)
	if e.off < len(e.out) {
		return
	}
	e.dirty.Store(true) // for a look at what is left to do
	if e.waiter == nil && !e.over && !e.ep.Done() {
		e.ep.Advance(now)
	}
}

// checkDone is called when there is nothing more to write.
func (e *end) checkDone() {
	if e.done || !e.over && !e.ep.Done() {
		return
	}
	e.done = true
	e.lingers = e.link.clock.now.Add(linger)
	e.outgoing().endOutput()
}

// receive is a turn.
func (e *end) receive(p []byte) {
	if e.over || e.ep.Done() {
		return
	}
	e.ep.Receive(e.link.clock.now, p)
	e.dirty.Store(true)
}

// paused reports whether the end takes no input.
func (e *end) paused() bool { return !e.over && !e.ep.Done() && e.ep.ReadPaused() }

// deadline returns when expire has to be called; zero if never.
func (e *end) deadline() time.Time {
	switch {
	case e.over:
		return time.Time{}
	case e.done:
		return e.lingers
	case e.ep.Done():
		return time.Time{}
	}
	return e.ep.NextDeadline()
}

func (e *end) expire() {
	if e.done {
		e.finish(nil)
		return
	}
	e.advance()
}

// maxSpins is how often an endpoint may want to be called again at once.
const maxSpins = 10000

func (e *end) advance() {
	c := e.link.clock
	if c.spins++; c.spins > maxSpins {
		panic("weft/mem: endpoint " + e.side.String() + " is still due after each Advance")
	}
	e.ep.Advance(c.now)
	e.dirty.Store(true)
}

// finish is the last turn.
func (e *end) finish(cause error) {
	e.over = true
	e.link.logf("%v ends", e.side)
	e.ep.ReceiveEOF(e.link.clock.now, cause)
	e.dirty.Store(true)
	if cause != nil {
		e.outgoing().drop()
		e.out, e.off, e.done = nil, 0, true
	}
	e.incoming().drop() // nobody will read it
}
