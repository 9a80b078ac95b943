package transport

import (
	"time"

	"weft/transport/internal/pool"
)

const (
	// maxRounds is how often the goroutine that reads writes full output and
	// asks for more before it leaves that to the writer goroutine: a peer that
	// takes everything at once must not keep it from reading.
	maxRounds = 8
	// bulkOutput is the size from which an endpoint that is told what to do
	// outside of turns is lent a buffer in advance.
	bulkOutput = 4 << 10
)

// role says what the owner of the output may do.
type role uint8

const (
	inTurns role = iota // run turns, but not block: the timer
	reader              // the same, and it comes back: see kept
	outside             // neither: somebody who told the endpoint something
	writer              // both: the writer goroutine
)

// canWrite reports, with mu held, whether the output may be taken.
func (p *pump) canWrite() bool { return !p.busy && !p.held && p.stage < lingering }

// flush writes what there is, unless the owner of the output will.
func (p *pump) flush(now time.Time, by role) {
	p.mu.Lock()
	if !p.canWrite() {
		p.again = p.busy
		p.mu.Unlock()
		return
	}
	p.busy, p.progress = true, now // it has just begun to wait
	p.mu.Unlock()
	p.drain(now, by)
}

// release lets go of the output, unless somebody asked for another look.
func (p *pump) release() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again {
		p.again = false
		return false
	}
	p.busy = false
	p.signal()
	return true
}

// drain writes until there is nothing more to write, and lets go of the
// output; or passes it on. The caller owns it.
func (p *pump) drain(now time.Time, by role) {
	over := false // before output was taken
	for round := 1; ; round++ {
		if round > 1 {
			now = p.opts.Now()
		}
		stashed := p.stashed()
		n, ok := p.writeNext(now, by)
		if !ok {
			return
		}
		if stashed {
			continue
		}
		if p.isOver() {
			if n == 0 && over {
				p.finishOutput(now)
				return
			}
			over = true
			continue
		}
		if p.wantsTurn(n) {
			switch {
			case by == outside:
				p.mu.Lock()
				p.owed = true // settle sees to it
				p.mu.Unlock()
			case by == reader && p.polls != nil:
				// Input that came meanwhile goes first: it may be about what is
				// more urgent.
				p.kept = true
				return
			case (by == inTurns || by == reader) && round >= maxRounds:
				p.passOn()
				return
			default:
				p.refill(p.opts.Now())
				continue
			}
		}
		if p.release() {
			return
		}
	}
}

// wantsTurn reports whether an Advance should follow after n bytes were
// written.
func (p *pump) wantsTurn(n int) bool {
	if p.waiter != nil {
		return p.waiter.Due()
	}
	return n > 0
}

// isOver reports whether what the endpoint has pending is the last of it.
func (p *pump) isOver() bool {
	if p.ep.Done() {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.eof
}

// lend gives the endpoint a buffer for what it is about to say, so that it
// holds none while it has nothing to say. It keeps one that it was lent, and not
// yet asked for again.
func (p *pump) lend() {
	if p.stashed() {
		return
	}
	if prev := p.swap(pool.GetOutput()); len(prev.buf) > 0 {
		p.makeBacklog().stash = prev
	} else {
		spend(prev)
	}
}

// refill is an Advance by the owner of the output, which has room again.
func (p *pump) refill(now time.Time) {
	p.turn.Lock()
	p.inTurn.Store(true)
	if !p.over {
		p.lend()
		p.ep.Advance(now)
	}
	p.inTurn.Store(false)
	p.turn.Unlock()
}

// take returns the next output.
func (p *pump) take(by role) output {
	if p.stashed() {
		out := p.stash
		p.stash = output{}
		return out
	}
	if (by == outside || by == writer) && p.bulk {
		return p.swap(pool.GetOutput())
	}
	return p.swap(nil)
}

// writeNext writes the next output, n bytes. It is not ok if that cannot
// be finished here: then the output is no longer the caller's.
func (p *pump) writeNext(now time.Time, by role) (n int, ok bool) {
	if p.unwritten() { // only ever for the writer goroutine
		n = p.left
		return n, p.writeOn()
	}
	out := p.take(by)
	size := out.size()
	p.bulk = size >= bulkOutput
	if size == 0 {
		spend(out)
		return 0, true
	}
	n, err := p.startWrite(out)
	if n > 0 {
		p.ep.Wrote(now, n)
		p.unpause()
	}
	if err != nil {
		p.writeFailed(now, err)
		return n, false
	}
	if n == size {
		spend(out)
		return n, true
	}
	w := p.makeBacklog()
	w.cur, w.left = out, size-n
	p.mu.Lock()
	p.progress = now
	p.mu.Unlock()
	if by == writer {
		return size, p.writeOn()
	}
	p.passOn()
	return n, false
}

// stashed reports whether there is output that was taken and not begun.
func (p *pump) stashed() bool { return p.backlog != nil && len(p.stash.buf) > 0 }

// unwritten reports whether some of what was taken is left.
func (p *pump) unwritten() bool { return p.backlog != nil && p.left > 0 }

// writeOn finishes writing cur, however long it takes.
func (p *pump) writeOn() bool {
	for p.left > 0 {
		n, err := p.wire.ContinueWrite()
		now := p.opts.Now()
		if n > 0 {
			p.left -= n
			p.ep.Wrote(now, n)
			p.mu.Lock()
			p.progress = now
			p.mu.Unlock()
			p.unpause()
		}
		if err != nil {
			p.cur, p.left = output{}, 0
			p.writeFailed(now, err)
			return false
		}
	}
	spend(p.cur)
	p.cur = output{}
	return true
}

// passOn gives the output to a goroutine that ends when nothing is left.
func (p *pump) passOn() {
	if p.seat != nil {
		p.seat.bulk.Store(true)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stage == closed {
		p.busy = false
		p.signal()
		return
	}
	p.inside++
	if p.writerFn == nil {
		p.writerFn = p.finishWrites
	}
	go p.writerFn()
}

// finishWrites is the writer goroutine.
func (p *pump) finishWrites() {
	defer p.leave()
	if !p.unwritten() { // everything was written, and there is more to ask for
		p.refill(p.opts.Now())
	}
	p.drain(p.opts.Now(), writer)
	p.settle(p.opts.Now())
}
