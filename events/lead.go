package events

// To run a request's handler where the request is announced, in the turn that
// brings it, costs next to nothing; but a handler that may block must not hold up
// the connection. So such a turn is passed to a goroutine that nobody waits for, a
// hand of the staff, at its first handler, while the one that reads waits for its
// end. A handler that blocks loses the turn: by yield, when it waits for its peer,
// or else by the clock. Another hand goes on with it, and what is left of the
// handler runs beside the session, as it would have in a goroutine of its own.
//
// That is for sessions whose driver may wait, whose handlers have returned in time
// for a while, and for requests that are complete, so that what most handlers wait
// for is there. Others have the crew.

// promptFor is how many handlers have to have returned in time.
const promptFor = 32

// fewHandlers is how many have to return between two looks of the clock, or else
// they take their time, and had better run side by side.
const fewHandlers = 8

// mayWait says that whoever drives the session does nothing else.
func (s *Session) mayWait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patient = true
}

// mayLead reports whether a handler for the stream may run in this turn.
func (c *crew) mayLead(st *ServerStream) bool {
	s := c.s
	return s.mayLead && c.prompt >= promptFor && s.announcing == &st.Stream && st.is(gotEnd) && !c.running && c.pending == nil
}

// passTurn has a hand go on with the turn, and waits for its end. It lets go of
// the session's lock.
func (s *Session) passTurn() {
	c := s.crew
	s.passing = false
	c.leading, c.seen = true, -1
	s.mu.Unlock()
	c.staff.give(order{c: c, turn: true})
	<-c.over
}

// lead goes on with a turn.
func (c *crew) lead() {
	c.s.lock()
	c.s.endTurn()
}

// turnLed reports whether the turn that ends is a hand's.
func (c *crew) turnLed() bool {
	if !c.leading {
		return false
	}
	c.leading = false
	c.staff.ledOne(c)
	return true
}

// begin returns the handler that is to run now.
func (c *crew) begin() handler {
	f := c.pending
	if c.s.announcing.is(isAborted) {
		f = func(*Request, *Response) {} // the exchange is over already: see job.run
	}
	c.pending = nil
	c.ran++
	c.running = true
	return f
}

// done is called when it has returned, and the turn is still ours.
func (c *crew) done(x *exchange) {
	c.running = false
	if !x.res.is(resEnded) || !x.stream.isPlain() {
		x.tidy(nil)
	}
	x.stream.announced()
}

// relieve takes the turn from the handler that runs.
func (c *crew) relieve() {
	s := c.s
	st := s.announcing.server()
	c.running, c.seen = false, -1
	s.reliefs++
	st.addHold()
	st.announced()
	c.staff.give(order{c: c, turn: true})
}

// broken deals with a handler that has panicked, or ended its goroutine
// (runtime.Goexit), in a turn that was that of a goroutine. It is deferred.
func (s *Session) broken(x *exchange, mine uint32, failed any) {
	s.lock()
	if failed == nil && s.reliefs == mine {
		s.crew.relieve()
	}
	if s.reliefs != mine {
		s.mu.Unlock()
		x.handled(failed)
		if failed != nil {
			s.mu.Lock() // for endTurn
		}
		return
	}
	s.crew.running = false
	x.tidy(failed)
	x.stream.announced()
}

// lookAtTurn is what the clock does about a turn in which handlers run.
func (c *crew) lookAtTurn() {
	c.s.lock()
	defer c.s.mu.Unlock()
	switch {
	case !c.leading || !c.running:
	case c.seen >= 0 && c.ran-c.seen < fewHandlers:
		c.slow()
		c.relieve()
		return
	}
	c.seen = c.ran
}

// leads puts a crew among those whose turn is a hand's. The staff is locked.
func (f *staff) leads(c *crew) {
	f.turns++
	if c.rank == 0 {
		f.leaders = append(f.leaders, c)
		c.rank = len(f.leaders)
	}
	f.startClock()
}

// ledOne takes it off again.
func (f *staff) ledOne(c *crew) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := len(f.leaders)
	f.leaders[last-1].rank = c.rank
	f.leaders[c.rank-1] = f.leaders[last-1]
	f.leaders[last-1] = nil
	f.leaders, c.rank = f.leaders[:last-1], 0
}
