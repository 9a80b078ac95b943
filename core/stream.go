package core

import "weft/internal/byid"

// stream is what the connection knows of one stream that is not idle and not
// gone. Records are recycled inside the connection.
type stream struct {
	id    StreamID
	state State
	recv  phase // where the peer's message stands (message.go)
	send  phase // where ours stands

	push      bool // opened by a promise
	headOnly  bool // the request's method is HEAD: its response has no body
	connect   bool // the request's method is CONNECT
	held      bool // Hold: keeps its place after the wire is done
	counted   bool // is among the concurrent streams of its opener
	responded bool // server: the final response's HEADERS were sent
	report    bool // its reset is to be reported (report.go)

	// Sending order (schedule.go); more of it below.
	urgency     uint8
	incremental bool
	signalled   bool // RFC 9218 parameters were given
	waiting     waitState
	granted     bool // was told Writable and has its turn
	begun       bool // some of its body was sent
	lane        lane // where it waits

	interims     uint32 // 1xx responses received
	interimBytes uint32 // as far as they matter
	recvLength   int64  // announced and not yet received body bytes, -1 unknown
	sendLength   int64  // announced and not yet sent body bytes, -1 unknown
	authority    string // client: of the request, for its pushes

	// Flow control (flow.go).
	sendWindow int64 // what the peer lets us send; may be negative
	recvWindow int64 // what we let the peer send
	recvSize   int64 // the size recvWindow is kept at
	grown      int64 // by how much recvSize exceeds what was announced
	unread     int64 // delivered and not yet consumed
	owed       int64 // consumed and not yet returned to the peer

	queuePrev *stream
	queueNext *stream
	node      *node // its place in the RFC 7540 tree, if any

	lastTrickle instant

	timers [numLists]timerLink

	// Reporting a reset (report.go).
	reset      StreamReset
	progress   int32 // bytes accepted since the stall deadline was set, as far as they matter
	reportNext *stream

	allPrev, allNext *stream // every stream of the connection, oldest first
}

// streamTable holds the open streams by id and in the order they were opened. The
// newest few are found without a table, for most streams end before they are among
// the older: what such a one costs does not depend on how many others are open.
type streamTable struct {
	older          *olderStreams // nil as long as all are among the newest few
	size, freeSize int32         // of the list, and of free
	last           *stream       // the stream touched last: most lookups want it again

	head, tail *stream

	free *stream // recycled records, linked by allNext
}

// olderStreams are those at the head of the list. Ids of either parity rise: one
// above highest is that of a stream among the newest, or of none.
type olderStreams struct {
	byID    byid.Table[stream]
	highest [2]StreamID // by parity, that ever was in byID
	newest  *stream     // where the others begin in the list; nil: there are none
}

// maxFree bounds the recycled records a busy connection keeps. An idle one keeps
// none.
const maxFree = 1000

// fewStreams are found without a table: it would be larger than they are, and for
// a single one slower.
const fewStreams = 4

func (t *streamTable) find(id StreamID) *stream {
	if s := t.last; s != nil && s.id == id {
		return s
	}
	s := t.head
	if o := t.older; o != nil {
		s = o.newest
		if id <= o.highest[id&1] {
			s = o.byID.Get(uint32(id))
		}
	}
	for s != nil && s.id != id {
		s = s.allNext
	}
	if s != nil {
		t.last = s
	}
	return s
}

// add adds a stream, whose id is the highest of its parity so far.
func (t *streamTable) add(id StreamID) *stream {
	s := t.free
	if s != nil {
		t.free = s.allNext
		t.freeSize--
		s.allNext = nil
	} else {
		s = new(stream)
		for i := range s.timers {
			s.timers[i].at = unarmed
		}
	}
	s.id = id
	s.urgency = defaultUrgency
	s.recvLength, s.sendLength = -1, -1
	s.lastTrickle = never
	t.last = s
	s.allPrev = t.tail
	if t.tail == nil {
		t.head = s
	} else {
		t.tail.allNext = s
	}
	t.tail = s
	t.size++
	o := t.older
	if o == nil {
		if t.size <= fewStreams {
			return s
		}
		o = &olderStreams{newest: t.head}
		t.older = o
	}
	if o.newest == nil {
		o.newest = s
	}
	if int(t.size)-o.byID.Len() > fewStreams {
		o.age()
	}
	return s
}

// age moves the oldest of the newest streams to the older ones.
func (o *olderStreams) age() {
	s := o.newest
	o.byID.Put(uint32(s.id), s)
	o.highest[s.id&1] = s.id
	o.newest = s.allNext
}

// remove forgets the stream. The record may be reused at once: nothing may
// keep it.
func (t *streamTable) remove(s *stream) {
	t.size--
	if o := t.older; o != nil {
		switch {
		case s.id <= o.highest[s.id&1]:
			o.byID.Delete(uint32(s.id))
		case o.newest == s:
			o.newest = s.allNext
		}
	}
	if t.last == s {
		t.last = nil
	}
	if s.allPrev == nil {
		t.head = s.allNext
	} else {
		s.allPrev.allNext = s.allNext
	}
	if s.allNext == nil {
		t.tail = s.allPrev
	} else {
		s.allNext.allPrev = s.allPrev
	}
	if t.freeSize >= maxFree {
		return
	}
	*s = stream{allNext: t.free}
	for i := range s.timers {
		s.timers[i].at = unarmed
	}
	t.free = s
	t.freeSize++
}

// trim gives recycled records back, and the table of a connection that had many
// streams.
func (t *streamTable) trim() {
	t.free, t.freeSize = nil, 0
	if t.size <= fewStreams {
		t.older = nil
	}
}

// never is an instant before all others.
const never instant = -1 << 62

// closedStreams remembers the streams that closed last, and how. An id that
// was forgotten counts as used: forgotten is the highest of each parity.
type closedStreams struct {
	ring      []closedStream
	next      int
	forgotten [2]StreamID // by parity
	forgiven  [2]StreamID // likewise, of those we reset
}

type closedStream struct {
	id    StreamID
	state State
	batch uint16 // of the output in which it ended (low bits)
}

func (r *closedStreams) add(id StreamID, how State, batch uint16, limit int) {
	if len(r.ring) < limit {
		r.ring = append(r.ring, closedStream{id, how, batch})
		return
	}
	if r.next >= len(r.ring) {
		r.next = 0
	}
	old := &r.ring[r.next]
	r.forgotten[old.id&1] = max(r.forgotten[old.id&1], old.id)
	if old.state == StateClosedByUs {
		r.forgiven[old.id&1] = max(r.forgiven[old.id&1], old.id)
	}
	*old = closedStream{id, how, batch}
	r.next++
}

// find returns how the stream closed. ok is false for one that was never used.
// A stream too old to be remembered has no record.
func (r *closedStreams) find(id StreamID) (how *closedStream, ok bool) {
	for i := range r.ring {
		if r.ring[i].id == id {
			return &r.ring[i], true
		}
	}
	return nil, id <= r.forgotten[id&1]
}

// forgives reports whether a stream that is forgotten may be one we reset, on
// which frames may have been on their way (RFC 9113 §5.1).
func (r *closedStreams) forgives(id StreamID) bool { return id <= r.forgiven[id&1] }

// rememberClosed notes how a stream ended.
func (c *Conn) rememberClosed(id StreamID, how State) {
	c.closedIDs.add(id, how, c.batch, c.cfg.MaxClosedStreams)
}

// isOurs reports whether this side opens streams with such an id.
func (c *Conn) isOurs(id StreamID) bool { return id&1 == 1 == c.client }

// isIdle reports whether the id was never used nor skipped.
func (c *Conn) isIdle(id StreamID) bool {
	if c.isOurs(id) {
		return id >= c.nextID
	}
	return id > c.lastPeerID
}

// settle puts the stream into the state a step led to, and lets go of it once
// it is closed.
func (c *Conn) settle(s *stream, next State) {
	if s.state == next {
		return
	}
	if s.state == StateReservedRemote {
		c.reserved--
	}
	s.state = next
	if next == StateHalfClosedLocal {
		// We have said all: there is nothing to wait for any more.
		c.unschedule(s)
		c.timed[listStall].remove(s)
		c.timed[listTrickle].remove(s)
	}
	if !next.closed() {
		return
	}
	if next == StateClosed {
		c.reward()
	}
	c.leave(s)
}

// leave takes a closed stream out of everything that is about streams on the
// wire. It stays in the table while it is held or has still to be reported. It is
// called from deep within handlers, often deeper than a processor foresees returns:
// so it does itself what it can.
func (c *Conn) leave(s *stream) {
	c.rememberClosed(s.id, s.state)
	c.growth.grown -= s.grown
	c.unschedule(s)
	for i := range c.timed {
		c.timed[i].remove(s)
	}
	if s.node != nil {
		c.tree.orphan(s, c.cfg.MaxIdlePriorities)
	}
	if s.counted {
		if s.held && !c.isOurs(s.id) {
			c.lingering++ // keeps its place until Release
		} else {
			c.uncount(s)
		}
	}
	c.wireStreams--
	if !s.held && !s.report {
		c.streams.remove(s) // as forget does; it is not counted any more
	}
	if c.wireStreams == 0 {
		c.becameIdle()
	}
}

// forget drops the record of a stream that nobody needs any more.
func (c *Conn) forget(s *stream) {
	if s.counted {
		c.lingering--
		c.uncount(s)
	}
	c.streams.remove(s)
}

func (c *Conn) uncount(s *stream) {
	s.counted = false
	if c.isOurs(s.id) {
		c.openLocal--
	} else {
		c.openPeer--
	}
}

func (c *Conn) count(s *stream) {
	s.counted = true
	if c.isOurs(s.id) {
		c.openLocal++
	} else {
		c.openPeer++
	}
}

// becameIdle runs when the last stream has left the wire.
func (c *Conn) becameIdle() {
	if c.closed() {
		return
	}
	c.arm(TimerSlim, slimDelay)
	if c.handshaken() {
		c.arm(TimerIdle, c.cfg.Idle)
	}
	c.disarm(TimerKeepAlive)
	c.maybeFinish()
}

// born adds a stream that left the idle state.
func (c *Conn) born(id StreamID) *stream {
	s := c.streams.add(id)
	s.sendWindow = int64(c.peer.initialWindow)
	s.recvWindow = int64(c.local.initialWindow)
	s.recvSize = s.recvWindow
	c.wireStreams++
	c.streamsSeen++ // there are no more than ids
	if c.wireStreams == 1 {
		c.armKeepAlive()
	}
	c.disarm(TimerIdle)
	c.disarm(TimerSlim)
	c.resting, c.begun = false, min(c.begun+1, 2)
	return s
}
