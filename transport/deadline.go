package transport

import "time"

// settle looks at what the endpoint says after it was told something: whether
// it is over, when it wants to be called, whether reading may go on.
//
// There is one timer. It is moved only to an earlier time; where the endpoint
// wants to be called later than it fires, it fires in vain and is set again.
func (p *pump) settle(now time.Time) {
	done := p.ep.Done()
	var next time.Time
	if done {
		p.discard.Store(true)
	} else if next = p.ep.NextDeadline(); p.waiter != nil && p.waiter.Due() {
		next = now
	}
	p.mu.Lock()
	if done && p.stage == running {
		p.stage = finishing
	}
	if p.owed {
		next = now
	}
	if p.eof {
		next = time.Time{} // there are no more turns
	}
	if !p.held && p.stage < lingering && p.armed.Equal(p.until) {
		p.armed = time.Time{} // nothing is held any more: a timer less that fires in vain
	}
	p.arm(now, p.ownDeadline(next))
	p.mu.Unlock()
	if done {
		p.nudge()
	} else {
		p.unpause()
	}
}

// ownDeadline returns the earliest of next and what the pump itself waits for.
func (p *pump) ownDeadline(next time.Time) time.Time {
	if p.held {
		next = earlier(next, p.until)
	}
	switch {
	case p.stage == lingering:
		next = earlier(next, p.until)
	case p.stage == finishing && p.busy && p.opts.Stall > 0:
		next = earlier(next, p.progress.Add(p.opts.Stall))
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// arm sees to it that the timer fires at the given time or before. mu is held.
func (p *pump) arm(now, at time.Time) {
	if at.IsZero() || p.stage == closed || !p.armed.IsZero() && !at.Before(p.armed) {
		return
	}
	p.armed = at
	if p.timer == nil {
		p.timer = time.AfterFunc(at.Sub(now), p.tick)
	} else {
		p.timer.Reset(at.Sub(now))
	}
}

// tick does what is due. It runs on a goroutine of the timer's.
func (p *pump) tick() {
	if !p.enter() {
		return
	}
	defer p.leave()
	now := p.opts.Now()
	p.mu.Lock()
	p.armed = time.Time{}
	if p.held && !now.Before(p.until) {
		p.held = false
	}
	var end *CloseError
	switch {
	case p.stage == lingering && !now.Before(p.until):
		end = p.cause
	case p.stage == finishing && p.busy && p.opts.Stall > 0 && now.Sub(p.progress) >= p.opts.Stall:
		end = &CloseError{CloseStalled, ErrStalled}
	}
	owed, eof := p.owed, p.eof
	p.owed = false
	p.mu.Unlock()
	switch {
	case end != nil:
		p.close(end)
		return
	case !eof && !p.ep.Done() && (owed || p.isDue(now)):
		if !p.leaveToTurn() {
			p.advance(now)
		}
		return
	}
	p.flush(now, inTurns)
	p.settle(now)
}

// leaveToTurn has the turn that is going on, if one is, see to an Advance in the
// end, rather than wait for it.
func (p *pump) leaveToTurn() bool {
	if !p.inTurn.Load() {
		return false
	}
	p.mu.Lock()
	p.owed = true
	p.mu.Unlock()
	return p.inTurn.Load() // or else settle may have been too early
}

// isDue reports whether the endpoint wants to be called now.
func (p *pump) isDue(now time.Time) bool {
	next := p.ep.NextDeadline()
	return !next.IsZero() && !next.After(now) || p.waiter != nil && p.waiter.Due()
}
