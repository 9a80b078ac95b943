package transport

import "weft/internal/warm"

// Warmer is an Endpoint that can have the processor fetch what its next turn looks
// at.
type Warmer interface {
	Endpoint
	// Warm asks for what is step pointers away from the endpoint: step 0 is the
	// endpoint itself, the last is WarmSteps-1. It is called between turns, for all connections that
	// are ready, step by step: so the lines of many are under way at a time, and
	// those that a step has to look at have arrived. It changes nothing. It may be
	// called while other goroutines use the endpoint, and then does what it can
	// without waiting for them.
	Warm(step int)
}

// WarmSteps is how many times Loops call Warm for a turn, with 0, 1 and so on: an
// endpoint that has less to fetch leaves the later steps out.
const WarmSteps = 5

// warmFrom is how many connections a loop has before it does so: fewer are in the
// cache.
const warmFrom = 200

// warmPumps is for the pumps of what Wait has returned. The loop is locked.
func (l *loop) warmPumps() {
	for _, ev := range l.events {
		at := &l.places[ev.Slot]
		warm.Up(at.p)
		warm.Up(at.s)
	}
}

// warmBatch is for what their turns look at.
func (l *loop) warmBatch() {
	for step := range WarmSteps {
		for i := range l.batch {
			s := l.batch[i].p.seat
			switch step {
			case 0:
				if w, ok := s.wire.(*rawWire); ok {
					warm.Up(w)
				}
			case 1:
				s.wire.Warm()
			}
			if s.warmer != nil {
				s.warmer.Warm(step)
			}
		}
	}
}
