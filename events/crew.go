package events

import (
	"runtime"
	"time"
)

// A goroutine, its wake-ups and a write for each request cost many times what
// the request does. So the handlers of one session that may block (InGoroutine)
// are run by a crew: a goroutine that takes one request after another, with one
// write for all that they end, as long as they return at once. A clock looks
// after it. Who blocks keeps the goroutine and loses the place in the crew, and
// the next requests get a goroutine each, until handlers return at once again;
// and work that only takes its time is shared by as many as there are
// processors.

const (
	// crewPatience is how often the clock looks: a handler that blocks delays
	// others, and the end of responses before it, by this up to twice.
	crewPatience = 200 * time.Microsecond
	// spreadFor is how many requests get a goroutine each after one blocked.
	spreadFor = 64
)

// job is a request whose handler may block.
type job struct {
	handler handler
	req     *Request
	res     *Response
}

// crew is what runs the jobs of one session. The session's lock guards it.
type crew struct {
	s       *Session
	staff   *staff
	jobs    []job
	head    int // jobs before it are taken
	workers []*worker
	spread  int // how many jobs get a goroutine each before the next is shared
	prompt  int // how many shared ones have returned in time, in a row

	watched bool
	looks   int  // how often the clock has looked
	began   bool // and work began since

	// Of a turn in which handlers run (lead.go).
	pending handler // of the request that is being announced
	leading bool    // the turn is a hand's
	running bool    // a handler runs
	ran     int     // how many did
	seen    int     // by the clock; -1: it has not looked at this turn
	rank    int     // its place among the staff's leaders, which guards it; 0: none
	over    chan bool
}

// worker is one place in the crew.
type worker struct {
	st    *Stream // of the job it is at
	since int     // the crew's looks when it began that
	lost  bool    // the place is another's
}

// hire gives the request to the session's crew.
func (s *Session) hire(j job) {
	s.lock()
	defer s.unlock()
	c := s.engage()
	if c.spread == 0 && c.mayLead(j.req.st) {
		c.pending = j.handler
		return
	}
	j.req.st.addHold()
	if c.spread > 0 {
		c.spread--
		c.staff.give(order{c: c, j: j})
		return
	}
	if c.put(j); !s.inTurn {
		c.haveWork() // no turn may end for long
	}
}

// engage returns the session's crew.
func (s *Session) engage() *crew {
	if s.crew == nil {
		s.crew = &crew{s: s, over: make(chan bool, 1)}
		if srv := s.server.owner; srv != nil {
			s.crew.staff = &srv.staff
		} else {
			s.crew.staff = new(staff)
		}
		s.crew.staff.engaged()
	}
	return s.crew
}

// put queues a job. A queue that never gets empty must not grow, either.
func (c *crew) put(j job) {
	if c.head > len(c.jobs)/2 && len(c.jobs) == cap(c.jobs) {
		n := copy(c.jobs, c.jobs[c.head:])
		clear(c.jobs[n:])
		c.jobs, c.head = c.jobs[:n], 0
	}
	c.jobs = append(c.jobs, j)
}

// haveWork has the work begin: at the end of a turn, when all its jobs are there.
// Who is still at work from before may block: another begins all the same.
func (c *crew) haveWork() {
	if len(c.jobs) == c.head || len(c.workers) >= max(2, runtime.GOMAXPROCS(0)) {
		return
	}
	c.s.corked = true
	c.began = true
	if !c.watched {
		c.watched = true
		c.staff.watch(c)
	}
	c.add()
}

func (c *crew) add() {
	c.workers = append(c.workers, new(worker))
	c.staff.give(order{c: c})
}

// work takes a place that was made by add, and jobs until there are none or the
// place is lost.
func (c *crew) work() {
	var w *worker
	returned := false
	defer func() {
		if !returned { // the handler ended the goroutine: runtime.Goexit
			c.s.lock()
			c.leave(w)
			c.s.unlock()
		}
	}()
	for {
		c.s.lock()
		if w == nil {
			w = c.place()
		}
		j, ok := c.next(w)
		if !ok {
			c.leave(w)
			returned = true
			c.s.unlock()
			return
		}
		over := j.req.st.is(isAborted)
		if over {
			c.prompt = 0 // nothing is known of what did not run
		}
		c.s.mu.Unlock()
		j.run(over)
	}
}

// place returns a place that nobody has taken yet.
func (c *crew) place() *worker {
	for _, w := range c.workers {
		if w.st == nil {
			return w
		}
	}
	return &worker{lost: true}
}

func (c *crew) next(w *worker) (job, bool) {
	if w.st != nil && !w.lost {
		c.prompt++
	}
	if w.lost || c.head == len(c.jobs) {
		return job{}, false
	}
	j := c.jobs[c.head]
	c.jobs[c.head] = job{}
	if c.head++; c.head == len(c.jobs) {
		c.jobs, c.head = c.jobs[:0], 0
	}
	w.st, w.since = &j.req.st.Stream, c.looks
	return j, true
}

// leave gives up a place. With the last one, what was held back is said, and
// jobs that are left are for others.
func (c *crew) leave(w *worker) {
	if w.lost {
		return
	}
	w.lost = true
	for i, other := range c.workers {
		if other == w {
			c.drop(i)
			break
		}
	}
	switch {
	case len(c.workers) > 0:
	case c.head < len(c.jobs):
		c.add()
	default:
		c.uncork()
	}
}

func (c *crew) drop(i int) {
	last := len(c.workers) - 1
	c.workers[i] = c.workers[last]
	c.workers[last] = nil
	c.workers = c.workers[:last]
}

// unlockEnd is unlock where a response has ended: while the crew works, that is
// said together with the others.
func (s *Session) unlockEnd() {
	if s.corked && s.driven && s.touched && !s.inTurn {
		s.touched, s.owed = false, true
		s.mu.Unlock()
		return
	}
	s.unlock()
}

// uncork has what was held back said when the lock is let go.
func (c *crew) uncork() {
	s := c.s
	s.corked = false
	s.touched = s.touched || s.owed
	s.owed = false
}

// say has what was held back said. It lets go of the session's lock meanwhile.
func (c *crew) say() {
	c.uncork()
	c.s.unlock()
	c.s.lock()
	c.s.corked = len(c.workers) > 0
}

// yield gives up the place in the crew of a handler that is about to wait for
// its peer. It reports whether there was one; then the session's lock, which the
// caller has, was let go meanwhile.
func (st *Stream) yield() bool {
	c := st.s.crew
	if c == nil {
		return false
	}
	if c.running && st.s.announcing == st {
		c.relieve()
		return true
	}
	for _, w := range c.workers {
		if w.st == st {
			c.leave(w)
			c.say()
			return true
		}
	}
	return false
}

// look is what the clock has done. It reports whether to go on looking.
func (c *crew) look() bool {
	c.s.lock()
	defer c.s.unlock()
	if len(c.workers) == 0 {
		c.watched, c.began = c.began, false
		return c.watched
	}
	stuck := false
	for i := len(c.workers) - 1; i >= 0; i-- {
		if w := c.workers[i]; w.st != nil && w.since < c.looks {
			stuck = true
			w.lost = true
			c.drop(i)
		}
	}
	c.looks++
	if stuck {
		c.slow()
		for _, j := range c.jobs[c.head:] {
			c.staff.give(order{c: c, j: j})
		}
		clear(c.jobs)
		c.jobs, c.head = c.jobs[:0], 0
	} else if len(c.jobs)-c.head > 1 && len(c.workers) < runtime.GOMAXPROCS(0) {
		c.add()
	}
	c.say()
	c.began = false
	return true
}

// slow notes that a handler blocked, or took its time.
func (c *crew) slow() { c.spread, c.prompt = spreadFor, 0 }

// alone runs a job that has a goroutine to itself.
func (c *crew) alone(j job) {
	began := time.Now()
	defer func() {
		if time.Since(began) >= crewPatience {
			c.s.lock()
			c.slow()
			c.s.unlock()
		}
	}()
	j.run(j.req.st.asks(isAborted))
}

// run runs the handler, unless the exchange is over before that has begun: a
// client that resets its requests at once must not have the work done.
func (j *job) run(over bool) {
	defer func() { j.req.st.exchange().handled(recover()) }()
	if !over {
		j.handler(j.req, j.res)
	}
}
