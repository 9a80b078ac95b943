package core

import "math/bits"

// A stream whose Send fell short waits. While its own window is shut it waits
// apart; otherwise it queues for its turn, in the order this file keeps:
//
//   - RFC 9218 urgency first, 0 before 7;
//   - within an urgency, streams whose peer asked for one after the other, by
//     id, take turns with those that share, first-come first-served;
//   - streams for which only RFC 7540 priorities were given queue in the tree
//     (tree.go), which takes turns with the others of the default urgency.
//
// A stream without any signal shares: that is fair among equals and starves
// nobody.
//
// A small body does not queue behind those who share, so that it need not wait
// for a frame of each large one; overtaken bounds what goes ahead in this way
// between two turns of those who wait.
type schedule struct {
	levels    *[urgencies]level // made when the first stream waits
	mask      uint8             // levels that have someone
	lively    uint8             // outputs to come that are kept small (outputLimit)
	overtaken int32             // bytes sent ahead since the last turn
}

const (
	maxOvertaken = 16 << 10

	// A small body that went ahead is unlikely to be the last: some outputs are
	// then kept small, so that the next one finds less before it on its way.
	livelyOutput  = 32 << 10
	livelyOutputs = 16
)

type level struct {
	lanes [numLanes]queue
	turn  uint8 // the lane whose turn it is
}

// lane is one of the queues of an urgency level.
type lane uint8

const (
	laneOrdered lane = iota // one after the other, by id
	laneShared              // turn by turn
	laneTree                // in the RFC 7540 tree; only at the default urgency
	numLanes
)

const (
	urgencies      = 8
	defaultUrgency = 3
)

// waitState says where a stream waits.
type waitState uint8

const (
	notWaiting waitState = iota
	waitsForWindow
	waitsForTurn
)

// queue is an intrusive list of streams. The tree's lane only counts.
type queue struct {
	head, tail *stream
	n          int
}

// ahead reports whether someone waits who goes before, or level with, st.
func (s *schedule) ahead(st *stream) bool {
	return s.mask != 0 && uint8(bits.TrailingZeros8(s.mask)) <= st.urgency
}

// mustQueue reports whether the stream, which has size bytes to send as far as
// is known, may send none now because of those who wait.
func (c *Conn) mustQueue(s *stream, size int) bool {
	if s.granted || !c.sched.ahead(s) {
		return false
	}
	if s.sendLength >= 0 {
		size = int(min(int64(size), s.sendLength))
	}
	shares := s.node == nil && (s.incremental || !s.signalled)
	first := uint8(bits.TrailingZeros8(c.sched.mask)) == s.urgency
	return s.begun || !shares || !first || size > maxOvertaken-int(c.sched.overtaken)
}

// noteSent takes note of n bytes of body.
func (c *Conn) noteSent(s *stream, n int) {
	if !s.granted && c.sched.mask != 0 {
		c.sched.overtaken = int32(min(int(c.sched.overtaken)+n, maxOvertaken+1))
		c.sched.lively = livelyOutputs
	}
	s.granted, s.begun = false, true
}

// outputLimit is how much output may wait before bodies have to.
func (c *Conn) outputLimit() int {
	if c.sched.lively > 0 {
		return min(livelyOutput, c.cfg.MaxOutput)
	}
	return c.cfg.MaxOutput
}

// push queues a stream.
func (c *Conn) push(s *stream) {
	if c.sched.levels == nil {
		c.sched.levels = new([urgencies]level)
	}
	l := &c.sched.levels[s.urgency]
	s.lane = laneShared
	switch {
	case s.signalled && !s.incremental:
		s.lane = laneOrdered
	case !s.signalled && s.node != nil:
		s.lane = laneTree
	}
	q := &l.lanes[s.lane]
	q.n++
	c.sched.mask |= 1 << s.urgency
	s.waiting = waitsForTurn
	switch s.lane {
	case laneTree:
		c.tree.ready(s.node)
	case laneOrdered:
		after := q.tail
		for after != nil && after.id > s.id {
			after = after.queuePrev
		}
		q.insert(s, after)
	default:
		q.insert(s, q.tail)
	}
}

func (q *queue) insert(s, after *stream) {
	s.queuePrev = after
	if after == nil {
		s.queueNext = q.head
		q.head = s
	} else {
		s.queueNext = after.queueNext
		after.queueNext = s
	}
	if s.queueNext == nil {
		q.tail = s
	} else {
		s.queueNext.queuePrev = s
	}
}

func (q *queue) remove(s *stream) {
	if s.queuePrev == nil {
		q.head = s.queueNext
	} else {
		s.queuePrev.queueNext = s.queueNext
	}
	if s.queueNext == nil {
		q.tail = s.queuePrev
	} else {
		s.queueNext.queuePrev = s.queuePrev
	}
	s.queuePrev, s.queueNext = nil, nil
}

// pull takes a stream out of its queue.
func (c *Conn) pull(s *stream) {
	l := &c.sched.levels[s.urgency]
	q := &l.lanes[s.lane]
	q.n--
	if s.lane == laneTree {
		c.tree.unready(s.node)
	} else {
		q.remove(s)
	}
	s.waiting = notWaiting
	for i := range l.lanes {
		if l.lanes[i].n > 0 {
			return
		}
	}
	c.sched.mask &^= 1 << s.urgency
}

// pick returns the stream whose turn it is. Somebody must be waiting.
func (c *Conn) pick() *stream {
	l := &c.sched.levels[bits.TrailingZeros8(c.sched.mask)]
	for {
		q := &l.lanes[l.turn]
		turn := lane(l.turn)
		l.turn = (l.turn + 1) % uint8(numLanes)
		if q.n == 0 {
			continue
		}
		if turn == laneTree {
			return c.tree.pick()
		}
		return q.head
	}
}

// wait makes a stream wait after a Send that fell short.
func (c *Conn) wait(s *stream) {
	s.granted = false
	if s.waiting != notWaiting {
		return
	}
	s.waiting = waitsForWindow
	if !c.timed[listStall].armed(s) {
		c.armStall(s)
	}
	c.wake(s)
}

// wake queues a waiting stream once its window has opened.
func (c *Conn) wake(s *stream) {
	if s.waiting != waitsForWindow || s.sendWindow <= 0 {
		return
	}
	if c.timed[listTrickle].armed(s) {
		if s.sendWindow < trickleWindow {
			return
		}
		c.timed[listTrickle].remove(s)
	}
	c.push(s)
}

// unschedule takes a stream that closed out of everything that waits.
func (c *Conn) unschedule(s *stream) {
	if s.waiting == waitsForTurn {
		c.pull(s)
	}
	s.waiting = notWaiting
	s.granted = false
}

// reschedule runs change on a stream and puts it where it then belongs.
func (c *Conn) reschedule(s *stream, change func()) {
	queued := s.waiting == waitsForTurn
	if queued {
		c.pull(s)
	}
	change()
	if queued {
		c.push(s)
	}
}

// turnRoom is how much room for output there has to be before a turn is given:
// small frames cost more than they bring.
const turnRoom = 4 << 10

// turnReady reports whether somebody waits and could send.
func (c *Conn) turnReady() bool {
	return c.sched.mask != 0 && c.sendWindow > 0 && c.outputLimit()-c.OutputPending() >= min(turnRoom, c.cfg.MaxOutput)
}

// openReady reports whether a caller who was refused may open streams again.
func (c *Conn) openReady() bool {
	return c.wantOpen && uint32(c.openLocal) < c.peer.maxStreams && !c.goneAway && !c.shuttingDown()
}

// nextTurn gives the next waiting stream its turn, or tells the caller that
// streams may be opened again.
func (c *Conn) nextTurn() Event {
	for c.turnReady() {
		s := c.pick()
		lane := s.lane
		c.pull(s)
		if s.sendWindow <= 0 { // shut again by SETTINGS while it queued
			s.waiting = waitsForWindow
			continue
		}
		n := c.room(s)
		if lane == laneTree {
			c.tree.charge(s.node, n)
		}
		s.granted = true
		c.sched.overtaken = 0
		c.ev.writable = Writable{s.id, n}
		return &c.ev.writable
	}
	if c.openReady() {
		c.wantOpen = false
		ev := &c.rare().allowed
		*ev = StreamsAllowed{int(min(c.peer.maxStreams-uint32(c.openLocal), 1<<30))}
		return ev
	}
	return nil
}
