package transport

import (
	"runtime"
	"time"

	"weft/transport/internal/pool"
)

// readAll is the life of the goroutine that reads: each read is a turn. It
// reports whether it only ends to be gone on with by another one.
func (p *pump) readAll() (handOver bool) {
	var err error
	for p.kept || p.waitUnpaused() {
		var in []byte
		kept := p.kept
		if !kept {
			if !p.awaited && p.sparing() {
				p.impatient()
				return true
			}
			p.awaited = false
			p.beforeRead()
			in, err = p.wire.Next()
			p.noteRead(len(in))
		} else if !p.mustPause() {
			in, err = p.polls.TryNext()
		}
		if err != nil {
			break
		}
		more := len(in) == pool.InputSize
		switch {
		case in == nil:
			if p.seat != nil && !kept {
				p.seat.alone = time.Time{} // the endpoint rests
			}
		case p.discard.Load():
			p.wire.Release()
		default:
			p.receive(p.opts.Now(), in)
		}
		if kept {
			p.goOn()
		}
		if more {
			// Who sends faster than we read shall not have the processor for
			// itself.
			runtime.Gosched()
		}
	}
	if p.kept {
		p.kept = false
		p.passOn()
	}
	p.inputEnded(p.opts.Now(), err)
	return false
}

// goOn writes more of what the reader kept the output for.
func (p *pump) goOn() {
	p.kept = false
	p.refill(p.opts.Now())
	now := p.opts.Now()
	p.drain(now, reader)
	p.settle(now)
}

// mustPause reports whether the endpoint wants no input for now.
func (p *pump) mustPause() bool { return !p.discard.Load() && p.ep.ReadPaused() }

// waitUnpaused waits until input may be read. It reports false if that will
// never be.
func (p *pump) waitUnpaused() bool {
	for p.mustPause() {
		p.mu.Lock()
		never := p.stage >= lingering
		p.mu.Unlock()
		if never {
			return false
		}
		p.paused.Store(true)
		if p.mustPause() {
			p.waitNudge()
		}
		p.paused.Store(false)
	}
	return true
}

// unpause lets the reader go on if it waits for no reason.
func (p *pump) unpause() {
	if p.paused.Load() && !p.mustPause() {
		p.nudge()
	}
}

// nudge makes a reader that waits look again.
func (p *pump) nudge() {
	p.mu.Lock()
	p.nudged = true
	p.rouse()
	p.mu.Unlock()
}

func (p *pump) waitNudge() {
	p.mu.Lock()
	for !p.nudged {
		p.wait()
	}
	p.nudged = false
	p.mu.Unlock()
}

// inputEnded tells the endpoint so, and sees the last output off if there is
// still somebody to take it.
func (p *pump) inputEnded(now time.Time, err error) {
	p.mu.Lock()
	var told *CloseError
	if p.cause == nil {
		told = readError(err)
		if told.Kind != CloseEOF || p.stage == running {
			p.cause = told
		}
	} else {
		told = p.cause
	}
	p.held = false
	if p.stage == running {
		p.stage = finishing
	}
	if !p.busy {
		p.progress = now
	}
	p.mu.Unlock()
	switch {
	case told.Orderly():
		p.receiveEOF(now, nil)
		p.waitFlushed()
	case told.Kind == CloseRead:
		// RFC 9113 §5.4.1: an endpoint "SHOULD first send a GOAWAY frame".
		// What could not be read may still be written to.
		p.receiveEOF(now, told)
		p.waitFlushed()
	default:
		p.receiveEOF(now, told)
	}
}

// waitFlushed waits until there is no more output.
func (p *pump) waitFlushed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.stage < lingering {
		p.wait()
	}
}
