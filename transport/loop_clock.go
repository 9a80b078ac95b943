package transport

import "time"

const (
	// tick is how often the clock looks at a loop in which turns run. A turn that
	// it sees twice loses the loop.
	tick = time.Millisecond
	// carefulFor is how long a loop leaves turns to goroutines after that: where
	// one endpoint blocks, the others are likely to as well.
	carefulFor = 100 * time.Millisecond
)

// startClock sees to it that turns are looked at.
func (l *loop) startClock() {
	if l.ticking.Load() || !l.ticking.CompareAndSwap(false, true) {
		return
	}
	l.clock.Reset(tick)
}

// look takes the loop from a turn that lasts. It runs on a goroutine of the
// timer's.
func (l *loop) look() {
	n := l.turn.Load()
	switch {
	case n != l.seen:
		l.seen = n
	case n&1 == 1:
		if l.turn.CompareAndSwap(n, n+1) {
			l.until = time.Now().Add(carefulFor)
			l.careful = true
			go l.run()
		}
	default: // nothing has run since the last look
		l.ticking.Store(false)
		if l.turn.Load() == n || !l.ticking.CompareAndSwap(false, true) {
			return
		}
	}
	l.clock.Reset(tick)
}
