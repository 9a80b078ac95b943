package transport

import "time"

// finishOutput is called by the owner of the output when its last byte has
// left: it says so to the peer, and waits for it to have read it.
func (p *pump) finishOutput(now time.Time) {
	why := &CloseError{CloseDone, nil}
	p.mu.Lock()
	if p.cause == nil {
		p.cause = why // before the peer can react to it
	}
	p.mu.Unlock()
	p.wire.CloseWrite() // an error of it shows in the read that follows
	p.noMoreOutput(now, why)
}

// writeFailed is called by the owner of the output when it cannot be written.
func (p *pump) writeFailed(now time.Time, err error) { p.noMoreOutput(now, writeError(err)) }

// noMoreOutput gives up the output for good.
func (p *pump) noMoreOutput(now time.Time, why *CloseError) {
	p.mu.Lock()
	if p.cause == nil {
		p.cause = why
	}
	if p.stage < lingering {
		p.stage = lingering
		p.until, p.held = now.Add(p.opts.Linger), false
		p.rouse()
		p.arm(now, p.until)
	}
	p.busy, p.again = false, false
	p.signal()
	p.mu.Unlock()
	p.nudge()
	if p.opts.Linger < 0 {
		p.close(why)
	}
}

// close ends the connection now. The first cause counts.
func (p *pump) close(why *CloseError) {
	p.mu.Lock()
	if p.cause == nil {
		p.cause = why
	}
	if p.stage == closed {
		p.mu.Unlock()
		return
	}
	p.stage = closed
	p.rouse()
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.nudge()
	if p.seat != nil {
		p.seat.leave()
	}
	p.wire.Close() // what was lost by it is known already
	if p.seat != nil && p.seat.standUp() {
		p.goRead()
	}
}

// end closes the connection after the reader is done, and waits until nobody
// else is in the pump.
func (p *pump) end() error {
	p.unwatch()
	p.close(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.busy || p.inside > 0 {
		p.wait()
	}
	return p.cause
}
