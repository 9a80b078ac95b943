package mem

import "time"

// clock runs one link or several on one virtual time.
type clock struct {
	start, now time.Time
	links      []*Link
	timers     []timer // by time, and by age among equals
	spins      int     // Advances since time or bytes last moved
}

type timer struct {
	at time.Time
	f  func()
}

func (c *clock) after(d time.Duration, f func()) {
	at := c.now.Add(max(0, d))
	i := len(c.timers)
	for i > 0 && at.Before(c.timers[i-1].at) {
		i--
	}
	c.timers = append(c.timers, timer{})
	copy(c.timers[i+1:], c.timers[i:])
	c.timers[i] = timer{at, f}
}

// Step does the next thing, and moves the time to it if there is nothing to do
// now. It reports false if nothing will ever happen by itself.
func (l *Link) Step() bool { return l.clock.step(time.Time{}) }

// Run goes on until cond is true, and reports false if nothing happens any more
// before that. cond is called after each step; nil is never true. A connection
// with an idle timeout ends when nobody does anything, so that Run(nil) ends as
// well.
func (l *Link) Run(cond func() bool) bool {
	for cond == nil || !cond() {
		if !l.Step() {
			return false
		}
	}
	return true
}

// RunFor goes on until d has passed, and does everything that is due by then. A
// negative d counts as 0: time does not go back.
func (l *Link) RunFor(d time.Duration) {
	until := l.clock.now.Add(max(0, d))
	for l.clock.step(until) {
	}
	l.clock.now = until
}

// Settle goes on until the link is idle, without waiting for any deadline of
// an endpoint.
func (l *Link) Settle() {
	for {
		if l.clock.stepNow() {
			continue
		}
		if l.Idle() {
			return
		}
		next := l.clock.nextMove()
		if next.IsZero() {
			return // a side pauses, and only a deadline would change that
		}
		l.clock.now = next
	}
}

// Idle reports whether nothing is under way on any link of this clock and no
// endpoint has anything to say.
func (l *Link) Idle() bool {
	for _, l := range l.clock.links {
		for side := range l.ends {
			if l.ends[side].busy() || l.dirs[side].busy() {
				return false
			}
		}
	}
	return true
}

// step does one thing, moving the time at most to limit, if that is not zero.
func (c *clock) step(limit time.Time) bool {
	for !c.stepNow() {
		next := c.nextMove()
		for _, l := range c.links {
			for _, e := range l.ends {
				next = earlier(next, e.deadline())
			}
		}
		if next.IsZero() || !limit.IsZero() && next.After(limit) {
			return false
		}
		if next.After(c.now) {
			c.now = next
			c.spins = 0
		}
	}
	return true
}

// nextMove returns when bytes move next or a timer of After is due.
func (c *clock) nextMove() time.Time {
	var next time.Time
	if len(c.timers) > 0 {
		next = c.timers[0].at
	}
	for _, l := range c.links {
		for side := range l.ends {
			next = earlier(next, l.ends[side].writeAgain())
			next = earlier(next, l.dirs[side].arrival())
		}
	}
	return next
}

// stepNow does one thing that is due now, in an order that depends on nothing
// but the state of the links.
func (c *clock) stepNow() bool {
	for _, l := range c.links {
		for _, e := range l.ends {
			if e.work() {
				return true
			}
		}
	}
	var first *direction
	for _, l := range c.links {
		for _, d := range l.dirs {
			at := d.arrival()
			if !at.IsZero() && !at.After(c.now) && (first == nil || at.Before(first.arrival())) {
				first = d
			}
		}
	}
	if first != nil {
		c.spins = 0
		first.deliver()
		return true
	}
	for _, l := range c.links {
		for _, e := range l.ends {
			if at := e.deadline(); !at.IsZero() && !at.After(c.now) {
				e.expire()
				return true
			}
		}
	}
	if len(c.timers) > 0 && !c.timers[0].at.After(c.now) {
		f := c.timers[0].f
		c.timers = c.timers[1:]
		f()
		return true
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
