package transport

import (
	"context"
	"io"
)

// Start is Run for who has many connections, most of them idle: it does not
// keep the calling goroutine, and where conn is a socket, or TLS over one, what
// waits while nothing happens is a goroutine with the smallest of stacks. The
// first turns after a rest are run by another goroutine, which ends with them;
// a connection that goes on keeps one, until its endpoint rests (Rester).
//
// Start returns when the connection is under way, which with TLS may take the
// handshake. ended is called once, with what Run would return, when all that
// Run's return stands for is true; nil if nobody wants to know.
//
// A read deadline that was set on conn is lost when the connection comes to
// rest, or a body that came fast stops.
func Start(ctx context.Context, conn io.ReadWriteCloser, ep Endpoint, opts Options, ended func(error)) {
	p := newPump(wireOf(conn), ep, opts.withDefaults())
	p.ended = ended
	p.start(ctx)
}

// start begins a pump that keeps no goroutine of its caller's.
func (p *pump) start(ctx context.Context) {
	if p.seat == nil {
		_, p.lean = p.wire.(leanWire)
		p.waits = p.lean
	}
	p.watch(ctx)
	p.begin()
	if p.seat == nil || !p.takeSeat() {
		p.goRead()
	}
}

// leanWire is a Wire that can be waited on with a small stack.
type leanWire interface {
	Wire
	// Await waits until Next does not wait.
	Await()
	// Interrupt has a Next that waits, or the next one that would, return
	// nothing, without an error. It may be called from any goroutine.
	Interrupt()
}

// loopWire is a Wire that a loop can wait for.
type loopWire interface {
	leanWire
	// Control calls f with the descriptor, which stays open until f returns; or
	// returns an error if there is none any more.
	Control(f func(fd uintptr)) error
	// Poll is an Await that does not wait. It says how many bytes Next will return,
	// or with what error; or neither, if Next would wait.
	Poll() (n int, err error)
	// More reports whether there may be something to read, after a Poll and the Next
	// that followed, or before the first, that the loop is not told of.
	More() bool
	// Warm has the processor fetch what a Poll will look at.
	Warm()
}

// leanReads is how many reads after a rest are waited for with a small stack: as
// many as an exchange or two take. Each costs a goroutine that begins and grows
// its stack, about a microsecond.
const leanReads = 8

// goRead begins the reader's next goroutine.
func (p *pump) goRead() {
	if p.readFn == nil {
		p.readFn = p.read
	}
	go p.readFn()
}

// read is one goroutine of a reader that is not Run's caller. Waiting or
// working, it hands over to the next, with a stack that has not grown.
func (p *pump) read() {
	if p.waits {
		p.wire.(leanWire).Await()
		p.waits, p.awaited = false, true
		p.goRead()
		return
	}
	for p.readAll() {
		if p.seat == nil {
			p.waits = true
			p.goRead()
			return
		}
		if p.seat.comeBack() {
			return
		}
		p.seat.alone = p.opts.Now().Add(aloneFor)
	}
	err := p.end()
	if p.ended != nil {
		p.ended(err)
	}
}

// sparing reports whether the next read is to be waited for with a small stack, or
// none. An endpoint that rests already, and has only answered a PING, will not come
// to rest again and be interrupted: so always then.
func (p *pump) sparing() bool {
	if s := p.seat; s != nil {
		if s.shut.Load() || s.wire.More() || s.blocker != nil && s.blocker.MayBlock() {
			return false
		}
		return !p.opts.Now().Before(s.alone) || p.resting()
	}
	if !p.lean {
		return false
	}
	n := p.reads.Load()
	if n < leanReads {
		p.reads.Store(n + 1)
	}
	return n < leanReads || p.resting()
}

// rest is called when the endpoint may have come to rest: a reader that waits
// with a large stack makes way for one with a small one.
func (p *pump) rest() {
	if p.seat == nil && !p.lean || p.seat != nil && p.seat.waiting.Load() {
		return
	}
	if p.resting() && (p.seat != nil || p.reads.Swap(0) >= leanReads) {
		p.wire.(leanWire).Interrupt()
	}
}

func (p *pump) resting() bool {
	ep, ok := p.ep.(Rester)
	return ok && ep.Resting()
}
