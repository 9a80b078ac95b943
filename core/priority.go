package core

import (
	"slices"
	"time"

	"weft/core/frame"
)

// recvPriority handles PRIORITY (RFC 9113 §6.3). It is legal on any stream in
// any state and changes no state.
func (c *Conn) recvPriority(h frame.Header, p []byte) {
	if h.Stream == 0 {
		c.fail(FaultStreamZero)
		return
	}
	prio, err := frame.ParsePriority(h, p)
	fault := FaultNone
	switch {
	case err != nil:
		fault = FaultPrioritySize
	case prio.Parent == h.Stream:
		fault = FaultSelfDependency
	}
	s := c.streams.find(h.Stream)
	live := s != nil && !s.state.closed()
	if fault != FaultNone {
		switch {
		case live:
			c.streamFault(s, fault)
		case c.isIdle(h.Stream):
			// RST_STREAM is not permitted on an idle stream (RFC 9113 §6.4).
			c.fail(fault)
		case !c.lateFault(h.Stream, fault):
			c.charge(causeStreamError)
		}
		return
	}
	c.charge(causePriority)
	if c.closed() || c.client || c.peer.noPriorities {
		return
	}
	switch {
	case live:
		c.reprioritise(s, prio)
	case c.isIdle(h.Stream) || c.tree != nil && c.tree.nodes[h.Stream] != nil:
		c.seat(prio.Parent)
		c.plant().hint(h.Stream, prio, c.cfg.MaxIdlePriorities)
	}
}

// reprioritise moves a stream in the tree.
func (c *Conn) reprioritise(s *stream, p Priority) {
	c.seat(p.Parent)
	c.reschedule(s, func() { c.plant().place(s, p, c.cfg.MaxIdlePriorities) })
}

// seat gives an open stream that others are to depend on its place in the tree,
// by default: it had none as long as nothing was said about it.
func (c *Conn) seat(id StreamID) {
	if s := c.streams.find(id); s != nil && s.node == nil && !s.state.closed() {
		c.reschedule(s, func() {
			c.plant().place(s, Priority{Weight: defaultWeight}, c.cfg.MaxIdlePriorities)
		})
	}
}

// applyPriorityPart applies the priority of the HEADERS frame just received.
func (c *Conn) applyPriorityPart(s *stream) Fault {
	b := &c.block
	if !b.hasPriority {
		if c.tree != nil {
			c.tree.adopt(s)
		}
		return FaultNone
	}
	if b.priority.Parent == s.id {
		return FaultSelfDependency
	}
	if c.client || c.peer.noPriorities {
		return FaultNone
	}
	if c.tree == nil && b.priority == (Priority{Weight: defaultWeight}) {
		return FaultNone // says nothing
	}
	c.reprioritise(s, b.priority)
	return FaultNone
}

// Prioritize changes a stream's place in our sending order by RFC 7540, and
// unless silent tells the peer with PRIORITY; Node's stream.priority. The
// weight is clamped to 1..256. A stream cannot depend on itself.
//
// Errors: ErrNoStream for stream 0 and for one that is over, a *ConfigError for a
// parent that is the stream itself or no stream id, ErrClosed.
func (c *Conn) Prioritize(id StreamID, p Priority, silent bool) error {
	switch {
	case c.closed():
		return ErrClosed
	case id == 0 || id > MaxStreamID:
		return ErrNoStream
	}
	if err := checkParent(id, p); err != nil {
		return err
	}
	p.Weight = clampWeight(p.Weight)
	if s := c.streams.find(id); s != nil && !s.state.closed() {
		c.reprioritise(s, p)
	} else if !c.isIdle(id) {
		return ErrNoStream
	}
	if !silent && !c.peer.noPriorities {
		c.out = frame.AppendPriority(c.out, id, p)
	}
	return nil
}

// checkParent judges what a stream is to depend on.
func checkParent(id StreamID, p Priority) error {
	switch {
	case p.Parent == id:
		return &ConfigError{"Priority.Parent", "the stream itself", "another stream"}
	case p.Parent > MaxStreamID:
		return &ConfigError{"Priority.Parent", formatInt(int(p.Parent)), "a stream id"}
	}
	return nil
}

// signal is a priority of RFC 9218 §4.
type signal struct {
	urgency     uint8
	incremental bool
	hasUrgency  bool
	hasMode     bool
	ok          bool // the field could be parsed
}

func (s *stream) applySignal(g signal) {
	if !g.ok {
		return
	}
	s.signalled, s.urgency, s.incremental = true, g.urgency, g.incremental
}

// over takes what the signal leaves out from the stream, as a response's
// priority field does (RFC 9218 §8).
func (g signal) over(s *stream) signal {
	if !g.hasUrgency {
		g.urgency = s.urgency
	}
	if !g.hasMode {
		g.incremental = s.incremental
	}
	return g
}

// parsePriorityField reads the parameters u and i from a Structured Fields
// dictionary (RFC 9218 §4, RFC 8941 §3.2). Unknown members, and values of the
// wrong type or range, are passed over.
func parsePriorityField(v string) signal {
	g := signal{urgency: defaultUrgency, ok: true}
	for len(v) > 0 {
		var member string
		member, v = cutMember(v)
		key, value := member, ""
		for i := 0; i < len(member); i++ {
			if member[i] == '=' {
				key, value = member[:i], member[i+1:]
				break
			}
			if member[i] == ';' {
				key = member[:i]
				break
			}
		}
		if key == "" || key[0] < 'a' && key[0] != '*' || key[0] > 'z' {
			return signal{} // not a dictionary
		}
		for i := 0; i < len(value); i++ {
			if value[i] == ';' {
				value = value[:i] // parameters of the member
				break
			}
		}
		switch { // the last of a key counts, also if it says nothing
		case key == "u" && len(value) == 1 && value[0] >= '0' && value[0] <= '7':
			g.urgency, g.hasUrgency = value[0]-'0', true
		case key == "u":
			g.urgency, g.hasUrgency = defaultUrgency, false
		case key == "i" && (len(member) == 1 || value == "?1" || value == "" && member[1] == ';'):
			g.incremental, g.hasMode = true, true
		case key == "i":
			g.incremental, g.hasMode = false, value == "?0"
		}
	}
	return g
}

// cutMember takes the first member off a dictionary, without the white space
// around it. Commas inside strings do not count.
func cutMember(v string) (member, rest string) {
	quoted, end := false, len(v)
	for i := 0; i < len(v); i++ {
		switch {
		case v[i] == '"':
			quoted = !quoted
		case v[i] == '\\' && quoted:
			i++
		case v[i] == ',' && !quoted:
			end = i
		}
		if end != len(v) {
			break
		}
	}
	member = v[:end]
	if end < len(v) {
		rest = v[end+1:]
	}
	for len(member) > 0 && (member[0] == ' ' || member[0] == '\t') {
		member = member[1:]
	}
	for len(member) > 0 && (member[len(member)-1] == ' ' || member[len(member)-1] == '\t') {
		member = member[:len(member)-1]
	}
	return member, rest
}

// idleHint is a PRIORITY_UPDATE for a request that has not come yet
// (RFC 9218 §7). The list is bounded by MAX_CONCURRENT_STREAMS.
type idleHint struct {
	id StreamID
	signal
}

// maxPriorityValue bounds the field value of a PRIORITY_UPDATE.
const maxPriorityValue = 128

// recvPriorityUpdate handles PRIORITY_UPDATE (RFC 9218 §7.1).
func (c *Conn) recvPriorityUpdate(h frame.Header, p []byte) Event {
	f, err := frame.ParsePriorityUpdate(h, p)
	switch {
	case c.client:
		c.fail(FaultPriorityUpdateFromServer)
		return nil
	case h.Stream != 0:
		c.fail(FaultStreamNotZero)
		return nil
	case err != nil:
		c.fail(FaultFrameSize)
		return nil
	case f.Stream == 0, c.isOurs(f.Stream) && c.isIdle(f.Stream):
		c.fail(FaultPriorityUpdateStream)
		return nil
	}
	c.charge(causePriority)
	if c.closed() || len(f.Value) > maxPriorityValue {
		return nil
	}
	g := parsePriorityField(string(f.Value))
	if !g.ok {
		return nil
	}
	if s := c.streams.find(f.Stream); s != nil && !s.state.closed() {
		c.reschedule(s, func() { s.applySignal(g) })
	} else if c.isIdle(f.Stream) {
		if !c.keepHint(idleHint{f.Stream, g}) {
			if c.settingsKnown {
				c.fail(FaultTooManyPriorities)
			}
			return nil // the client could not know our limit yet
		}
	} else {
		return nil // done: nothing left to order
	}
	ev := &c.rare().priority
	*ev = PriorityUpdateReceived{f.Stream, int(g.urgency), g.incremental}
	return ev
}

func (c *Conn) keepHint(n idleHint) bool {
	limit, open := int64(c.local.maxStreams), c.openPeer-c.lingering
	if c.client {
		limit, open = int64(c.peer.maxStreams), c.openLocal
	}
	if limit == unlimitedSetting {
		limit = defaultStreams
	}
	// Streams that were refused have no further use for theirs.
	c.idleHints = slices.DeleteFunc(c.idleHints, func(n idleHint) bool { return !c.isIdle(n.id) })
	room := limit - int64(len(c.idleHints)+open)
	for i := range c.idleHints {
		if c.idleHints[i].id == n.id {
			if c.client && room < 0 {
				return false // the server may have dropped what it got before we knew its limit
			}
			c.idleHints[i] = n
			return true
		}
	}
	if room <= 0 {
		return false
	}
	c.idleHints = append(c.idleHints, n)
	return true
}

// takeHint applies what was said of a stream before it opened. The frame beats
// the field (RFC 9218 §7). Hints for ids that were skipped are dropped.
func (c *Conn) takeHint(s *stream) {
	kept := c.idleHints[:0]
	for _, n := range c.idleHints {
		switch {
		case n.id == s.id:
			s.applySignal(n.signal)
		case n.id > s.id:
			kept = append(kept, n)
		}
	}
	c.idleHints = kept
}

// UpdatePriority sends PRIORITY_UPDATE with a priority field value such as
// "u=2, i" for a request (RFC 9218 §7); client only. It may name a stream that
// is not open yet.
//
// Errors: a *ConfigError for a value that is no such dictionary or is too long,
// ErrNoStream for a stream that is over or the server's, ErrStreamLimit for one
// more stream that is not open than may be, ErrGoingAway, ErrRole, ErrClosed.
func (c *Conn) UpdatePriority(now time.Time, id StreamID, value string) error {
	c.tick(now)
	g := parsePriorityField(value)
	switch {
	case c.closed():
		return ErrClosed
	case !c.client:
		return ErrRole
	case !c.isOurs(id) || id == 0 || id > MaxStreamID:
		return ErrNoStream
	case !g.ok || !isFieldValue(value) || len(value) > maxPriorityValue:
		return &ConfigError{"priority", quoteIfNeeded(value), `a dictionary such as "u=2, i"`}
	}
	switch s := c.streams.find(id); {
	case s != nil && !s.state.closed():
		c.reschedule(s, func() { s.applySignal(g) })
	case !c.isIdle(id):
		return ErrNoStream
	case c.goneAway || c.shuttingDown():
		return ErrGoingAway
	case !c.keepHint(idleHint{id, g}):
		return ErrStreamLimit
	}
	c.out = frame.AppendPriorityUpdate(c.out, id, value)
	return nil
}
