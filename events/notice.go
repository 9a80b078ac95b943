package events

import (
	"os"
	"sync"
	"time"
)

// notice is what a goroutine waits for, with a deadline. The session's lock
// guards it.
type notice struct {
	cond   sync.Cond
	passed bool
	timer  *time.Timer
}

func (n *notice) signal() { n.cond.Broadcast() }

// await waits for the notice. It lets go of the session's lock meanwhile, and
// takes it again as lock does.
func (s *Session) await(n *notice) error {
	if n.passed {
		return os.ErrDeadlineExceeded
	}
	if n.cond.Wait(); s.deferred != nil {
		s.undefer()
	}
	return nil
}

// set moves the deadline.
func (n *notice) set(t time.Time) {
	if n.timer != nil {
		n.timer.Stop()
		n.timer = nil
	}
	left := time.Until(t)
	n.passed = !t.IsZero() && left <= 0
	if !t.IsZero() && left > 0 {
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			n.cond.L.Lock()
			defer n.cond.L.Unlock()
			if n.timer == timer { // it was not moved meanwhile
				n.passed = true
				n.cond.Broadcast()
			}
		})
		n.timer = timer
	}
	n.cond.Broadcast()
}
