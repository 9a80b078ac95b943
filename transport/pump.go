package transport

import (
	"sync"
	"sync/atomic"
	"time"
)

// A pump is one running connection. Two things in it are owned, by one
// goroutine at a time:
//
//   - The turn: the right to call Receive, ReceiveEOF and Advance. It is a
//     lock, and waiting for it is short, since callbacks do not block.
//   - The output: the right to call SwapOutput, Wrote and the wire's write
//     side. Nobody ever waits for it: who finds it taken leaves a note (again)
//     and goes, and the owner looks once more before it lets go. A turn takes
//     the output if it can, so that nothing is written before the turn's end.
//     A write that does not finish passes it on to the writer goroutine.
//
// Whoever owns the output may wait for the turn; whoever has the turn never
// waits for the output. mu guards the pump's own few words and is never held
// while the endpoint or the wire is called.
type pump struct {
	ep       Endpoint
	waiter   Waiter   // ep, if it is one
	gatherer Gatherer // ep, if it has pieces and the wire takes them
	wire     Wire
	polls    pollingWire // the wire, if it is one
	opts     Options

	turn   sync.Mutex
	over   bool        // guarded by turn: ReceiveEOF was called
	inTurn atomic.Bool // somebody has the turn

	// Of whoever owns the output (output.go).
	*backlog      // nil until there is any
	kept     bool // the reader keeps the output from one turn to the next
	bulk     bool // the last output was large

	// The goroutines' functions are made once, so that a go statement allocates
	// nothing.
	writerFn, readFn func()

	// Of the reader (input.go).
	discard atomic.Bool // input is not looked at any more
	paused  atomic.Bool // the reader waits to be nudged

	// Of the reader, if Start began it (start.go).
	lean    bool         // what waits is not what reads; the wire is a leanWire
	waits   bool         // the next goroutine is the one that waits
	awaited bool         // the next read does not wait
	reads   atomic.Int32 // since a rest, as far as that matters
	ended   func(error)
	seat    *seat // nil unless a loop waits for input (seat.go)

	patience *patience // of the reader, nil until much comes (patience.go)

	// Guarded by watched.mu (watch.go).
	watched              *watch
	watchPrev, watchNext *pump

	mu     sync.Mutex
	stage  stage
	cause  *CloseError // the first there was
	busy   bool        // the output is owned
	again  bool        // and somebody wanted to flush meanwhile
	held   bool        // the first output is held back
	eof    bool        // the last turn is over
	owed   bool        // an Advance is owed for output written by an outsider
	nudged bool        // the reader is to look again
	inside int         // goroutines that are in the pump, the reader apart
	quiet  *sync.Cond  // stage has reached lingering, or busy and inside have come to rest, or nudged; nil: nobody waits

	// The timer (deadline.go), guarded by mu.
	timer    *time.Timer
	armed    time.Time // when it fires; zero: not armed
	progress time.Time // when output last moved or began to wait
	until    time.Time // when lingering ends; before, how long the first output is held back
}

// backlog is output that was not written when it was taken.
type backlog struct {
	stash output // nothing of it is written yet
	cur   output // being written by the writer goroutine
	left  int    // bytes of cur that are not written
}

func (p *pump) makeBacklog() *backlog {
	if p.backlog == nil {
		p.backlog = new(backlog)
	}
	return p.backlog
}

// stage is how far the end of a connection has come. It only increases.
type stage uint8

const (
	// running: bytes go both ways.
	running stage = iota
	// finishing: the endpoint or the input is over; what output there is goes
	// out, as long as the peer takes it.
	finishing
	// lingering: there is nothing more to write, or no way to. Input is read
	// for a while, until it ends: closing with input unread would reset the
	// connection and destroy what the peer has not read. After a failed write
	// the endpoint still gets it, for it may say why the peer left.
	lingering
	// closed: the wire is closed, or about to be.
	closed
)

func newPump(w Wire, ep Endpoint, opts Options) *pump {
	p := &pump{
		ep:   ep,
		wire: w,
		opts: opts,
		held: opts.HoldFirstWrite > 0,
	}
	p.waiter, _ = ep.(Waiter)
	if _, ok := w.(gatheringWire); ok {
		if g, ok := ep.(Gatherer); ok && g.Gather() {
			p.gatherer = g
		}
	}
	p.polls, _ = w.(pollingWire)
	return p
}

// begin writes what the endpoint has to say unasked.
func (p *pump) begin() {
	now := p.opts.Now()
	p.until = now.Add(p.opts.HoldFirstWrite)
	p.ep.OnWake(p.wake)
	p.flush(now, inTurns)
	p.settle(now)
}

// receive is a turn that takes input, and then writes what came of it.
func (p *pump) receive(now time.Time, input []byte) {
	mine := p.startTurn(now, true)
	if !p.over && !p.discard.Load() {
		p.ep.Receive(now, input)
	}
	p.wire.Release()
	p.endTurn(now, mine, reader)
}

// advance is a turn without input.
func (p *pump) advance(now time.Time) {
	mine := p.startTurn(now, false)
	if !p.over {
		p.ep.Advance(now)
	}
	p.endTurn(now, mine, inTurns)
	p.rest()
}

// receiveEOF is the last turn.
func (p *pump) receiveEOF(now time.Time, cause error) {
	mine := p.startTurn(now, false)
	p.ep.ReceiveEOF(now, cause)
	p.over = true
	p.discard.Store(true)
	// Not before: who finds nothing to write takes it that nothing follows.
	p.mu.Lock()
	p.eof = true
	p.mu.Unlock()
	p.endTurn(now, mine, inTurns)
}

// startTurn begins a turn, which owns the output if nobody else does.
func (p *pump) startTurn(now time.Time, input bool) (mine bool) {
	p.turn.Lock()
	p.inTurn.Store(true)
	p.mu.Lock()
	// Output that was held back stays where it is during the first turn: the
	// endpoint may want to unsay it.
	lend := !p.held
	if input {
		p.held = false
	}
	if mine = p.canWrite(); mine {
		p.busy, p.progress = true, now // it has just begun to wait
	}
	p.mu.Unlock()
	if mine && lend || input && p.kept { // the reader has the output all the while
		p.lend()
	}
	return mine
}

func (p *pump) endTurn(now time.Time, mine bool, by role) {
	p.inTurn.Store(false)
	p.turn.Unlock()
	if mine {
		p.drain(now, by)
	} else {
		p.flush(now, by)
	}
	p.settle(now)
}

// wake is what the endpoint calls when it was told something outside a turn.
func (p *pump) wake() {
	// Within a turn it is the turn's end that sees to it all.
	if p.inTurn.Load() || !p.enter() {
		return
	}
	defer p.leave()
	now := p.opts.Now()
	p.flush(now, outside)
	p.settle(now)
}

// enter counts a goroutine in, unless the connection is closed.
func (p *pump) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stage == closed {
		return false
	}
	p.inside++
	return true
}

func (p *pump) leave() {
	p.mu.Lock()
	p.inside--
	p.signal()
	p.mu.Unlock()
}

// signal tells end, with mu held, that nobody is left.
func (p *pump) signal() {
	if p.stage == closed && !p.busy && p.inside == 0 {
		p.rouse()
	}
}

// wait waits, with mu held, for what rouse is called for, and perhaps less.
func (p *pump) wait() {
	if p.quiet == nil {
		p.quiet = sync.NewCond(&p.mu)
	}
	p.quiet.Wait()
}

// rouse is called with mu held when something has come that may be waited for.
func (p *pump) rouse() {
	if p.quiet != nil {
		p.quiet.Broadcast()
	}
}
