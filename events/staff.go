package events

import (
	"slices"
	"sync"
	"time"
)

// staff is the goroutines of a server that run handlers which may block: kept
// for a while when they have nothing to do, since a new one grows its stack
// anew, which costs more than most requests.
type staff struct {
	mu     sync.Mutex
	crews  int // of sessions that are not closed: without any, nobody waits
	idle   []*hand
	unused int // the fewest that were idle since the last thinning
	timer  *time.Timer
	timing bool

	// Crews that the clock looks after (crew.go).
	watched, looked []*crew
	clock           *time.Timer
	ticking         bool
	// And those whose turns are run by hands (lead.go).
	leaders, led []*crew
	turns        int // how many there were since the clock looked
}

const (
	mostIdle  = 64
	thinAfter = time.Second // hands that nobody needed for so long go
)

// hand is one goroutine.
type hand struct{ orders chan order }

// order is a job to be run alone; a turn; or else a place in the crew.
type order struct {
	c    *crew
	j    job
	turn bool
}

// give has a goroutine carry out the order.
func (f *staff) give(o order) {
	f.mu.Lock()
	if o.turn {
		f.leads(o.c)
	}
	n := len(f.idle) - 1
	if n < 0 {
		f.mu.Unlock()
		go f.serve(o)
		return
	}
	h := f.idle[n]
	f.idle[n] = nil
	f.idle = f.idle[:n]
	f.unused = min(f.unused, n)
	f.mu.Unlock()
	h.orders <- o
}

// serve is the life of a hand.
func (f *staff) serve(o order) {
	h := &hand{orders: make(chan order, 1)}
	for {
		o.carryOut()
		if !f.rest(h) {
			return
		}
		var ok bool
		if o, ok = <-h.orders; !ok {
			return
		}
	}
}

func (o *order) carryOut() {
	switch {
	case o.turn:
		o.c.lead()
	case o.j.handler != nil:
		o.c.alone(o.j)
	default:
		o.c.work()
	}
}

// rest reports whether the hand is to wait for orders.
func (f *staff) rest(h *hand) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crews == 0 || len(f.idle) == mostIdle {
		return false
	}
	f.idle = append(f.idle, h)
	if !f.timing {
		f.timing = true
		f.unused = 0
		if f.timer == nil {
			f.timer = time.AfterFunc(thinAfter, f.thin)
		} else {
			f.timer.Reset(thinAfter)
		}
	}
	return true
}

// engaged counts a crew.
func (f *staff) engaged() {
	f.mu.Lock()
	f.crews++
	f.mu.Unlock()
}

// dismissed takes it off again.
func (f *staff) dismissed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.crews--; f.crews == 0 {
		f.unused = len(f.idle)
		f.let()
	}
}

// thin lets those go that were not needed.
func (f *staff) thin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.let()
	if f.timing = len(f.idle) > 0; f.timing {
		f.timer.Reset(thinAfter)
	}
}

// let lets the unused hands go.
func (f *staff) let() {
	for _, h := range f.idle[:f.unused] {
		close(h.orders)
	}
	f.idle = slices.Delete(f.idle, 0, f.unused)
	f.unused = len(f.idle)
}

// watch has the clock look after the crew.
func (f *staff) watch(c *crew) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched = append(f.watched, c)
	f.startClock()
}

func (f *staff) startClock() {
	if f.ticking {
		return
	}
	f.ticking = true
	if f.clock == nil {
		f.clock = time.AfterFunc(crewPatience, f.tick)
	} else {
		f.clock.Reset(crewPatience)
	}
}

// tick is what the clock does. Nobody else touches looked.
func (f *staff) tick() {
	f.mu.Lock()
	f.watched, f.looked = f.looked[:0], f.watched
	f.led = append(f.led[:0], f.leaders...)
	f.mu.Unlock()
	for _, c := range f.led {
		c.lookAtTurn()
	}
	clear(f.led)
	kept := f.looked[:0]
	for _, c := range f.looked {
		if c.look() {
			kept = append(kept, c)
		}
	}
	clear(f.looked[len(kept):])
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watched = append(f.watched, kept...)
	f.ticking = len(f.watched) > 0 || len(f.leaders) > 0 || f.turns > 0
	if f.turns = 0; f.ticking {
		f.clock.Reset(crewPatience)
	}
}
