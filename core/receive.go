package core

import (
	"time"

	"weft/core/frame"
)

// Receive takes bytes from the peer. p is borrowed until Next returns nil, and
// calling Receive before that panics: it is the one documented panic, since
// going on would lose bytes.
func (c *Conn) Receive(now time.Time, p []byte) {
	if c.needDrain {
		panic("weft/core: Receive called before Next returned nil")
	}
	c.tick(now)
	if c.closed() || c.ended {
		return // after the end nothing is parsed any more
	}
	c.lastInput = c.now
	if c.aliveSent {
		c.aliveSent = false
		c.disarm(TimerKeepAliveReply)
	}
	c.armKeepAlive()
	c.needDrain = true
	if len(c.stash) > 0 {
		// Reading should have paused; what came all the same is kept in order.
		c.stash = append(c.stash, p...)
		if len(c.stash) > maxStash {
			c.fail(FaultOutputBacklog)
		}
		return
	}
	c.input = p
}

// maxStash bounds the input that piles up when a loop does not honour
// ReadPaused.
const maxStash = 1 << 20

// ReceiveEOF says that no more bytes will come. A connection that was not
// shut down before ends here, with its streams.
func (c *Conn) ReceiveEOF(now time.Time) {
	c.tick(now)
	c.ended = true
}

// Advance says that time has passed. It has to be called when NextDeadline is
// reached, and may be called at any time.
func (c *Conn) Advance(now time.Time) {
	c.tick(now)
	c.expire()
}

// Next returns the next event, or nil when nothing more happens until a method
// of another kind is called. The event is valid until the next call.
func (c *Conn) Next() Event {
	if c.busy == nil {
		if !c.Pending() && len(c.input) == 0 {
			c.needDrain = false
			return nil
		}
		c.busy = new(busy)
	}
	for {
		if c.reportHead != nil {
			return c.nextReset()
		}
		if c.stage != stageOpen {
			return c.nextEnd()
		}
		if c.shutdownEvent {
			c.shutdownEvent = false
			ev := &c.rare().shutdown
			*ev = ShutdownStarted{c.shutdownFault}
			return ev
		}
		if len(c.input) == 0 && len(c.stash) == 0 {
			if c.ended {
				c.endOfInput()
				continue
			}
			break
		}
		if c.ReadPaused() && !c.ended { // the last input is bounded, and so is what it makes us say
			c.pause()
			break
		}
		if len(c.stash) > 0 {
			c.input, c.stash = c.stash, nil
		}
		if c.preface > 0 {
			c.recvPreface()
			continue
		}
		h, p, ok := c.nextFrame()
		if !ok {
			continue
		}
		c.frames++
		if ev := c.recvFrame(h, p); ev != nil {
			return ev
		}
	}
	if ev := c.nextTurn(); ev != nil {
		return ev
	}
	c.needDrain = false
	return nil
}

// slim gives back what only a busy connection needs, once it has had no stream
// for slimDelay.
func (c *Conn) slim() {
	if len(c.partial) == 0 {
		c.partial = nil
	}
	if !c.needDrain && c.reportHead == nil && c.stage == stageOpen {
		// Nobody looks at an event any more.
		c.encodeCache, c.sightings = encodeCache{}, nil
		c.rares = nil
		c.sched = schedule{}
		if c.busy != nil && !c.block.open {
			c.busy = nil
		}
	}
	if len(c.out) == 0 && !c.swapped { // else whoever lent it takes it back
		c.out = nil
	}
	c.streams.trim()
	c.resting, c.begun = true, 0
}

// Resting reports whether the connection has had no stream for a second, and has
// given back what only a busy one needs. Layers above may then do so as well.
func (c *Conn) Resting() bool { return c.resting }

const slimDelay = time.Second

// Pending reports whether Next has something to report, or input to parse, as
// things stand: after a command, or after output was taken or written.
func (c *Conn) Pending() bool {
	switch {
	case c.reportHead != nil:
		return true
	case c.stage != stageOpen:
		return c.stage != stageDone
	case c.shutdownEvent:
		return true
	case c.ended, (len(c.input) > 0 || len(c.stash) > 0) && !c.ReadPaused():
		return true
	}
	return c.turnReady() || c.openReady()
}

// Events iterates over Next, for use with range.
func (c *Conn) Events(yield func(Event) bool) {
	for ev := c.Next(); ev != nil; ev = c.Next() {
		if !yield(ev) {
			return
		}
	}
}

// pause keeps the unparsed input, which is the caller's, for when there is
// room for replies again.
func (c *Conn) pause() {
	if len(c.input) > 0 {
		c.stash = append([]byte(nil), c.input...)
		c.input = nil
	}
}

// nextFrame cuts the next frame from the input. A frame that was received in
// pieces is put together in partial, so that every frame is seen whole and at
// once, however it was cut. What follows the connection's limits is checked
// as soon as the frame's header is there, before its payload is stored.
func (c *Conn) nextFrame() (h frame.Header, p []byte, ok bool) {
	if len(c.partial) == 0 {
		in := c.input
		if len(in) >= frame.HeaderLen {
			h = frame.ParseHeader(in)
			if int(h.Length) > int(c.local.maxFrameSize) {
				c.fail(FaultFrameTooLarge)
				return h, nil, false
			}
			if total := frame.HeaderLen + int(h.Length); len(in) >= total {
				c.input = in[total:]
				return h, in[frame.HeaderLen:total:total], true
			}
		}
		c.partial = append(c.partial, in...)
		c.input = nil
		c.timePartial()
		return h, nil, false
	}
	if !c.fill(frame.HeaderLen) {
		c.timePartial()
		return h, nil, false
	}
	h = frame.ParseHeader(c.partial)
	if int(h.Length) > int(c.local.maxFrameSize) {
		c.fail(FaultFrameTooLarge)
		return h, nil, false
	}
	if !c.fill(frame.HeaderLen + int(h.Length)) {
		c.timePartial()
		return h, nil, false
	}
	p = c.partial[frame.HeaderLen:]
	// The storage stays put until the next partial frame, which cannot begin
	// before the caller is done with this one.
	if len(c.input) == 0 || cap(c.partial) > keepPartial {
		c.partial = nil
	} else {
		c.partial = c.partial[:0]
	}
	return h, p, true
}

// timePartial has the time for a header block run as soon as the beginning of one
// is there, even if its frame is not: its bytes might come one by one.
func (c *Conn) timePartial() {
	const typeAt = 3
	if len(c.partial) <= typeAt || c.deadlines[TimerHeaderBlock] != unarmed {
		return
	}
	switch frame.Type(c.partial[typeAt]) {
	case frame.TypeHeaders, frame.TypePushPromise:
		c.arm(TimerHeaderBlock, c.cfg.HeaderBlock)
	}
}

// keepPartial is how large a buffer is kept for the next frame that comes in
// pieces.
const keepPartial = frame.HeaderLen + frame.DefaultMaxFrameSize

// fill completes partial to n bytes, as far as the input goes.
func (c *Conn) fill(n int) bool {
	missing := n - len(c.partial)
	if missing <= 0 {
		return true
	}
	if cap(c.partial) < n {
		grown := make([]byte, len(c.partial), n)
		copy(grown, c.partial)
		c.partial = grown
	}
	take := min(missing, len(c.input))
	c.partial = append(c.partial, c.input[:take]...)
	c.input = c.input[take:]
	return take == missing
}

// recvFrame dispatches one frame.
func (c *Conn) recvFrame(h frame.Header, p []byte) Event {
	if c.block.open && h.Type != frame.TypeContinuation {
		c.fail(FaultInterleaved)
		return nil
	}
	if !c.gotFirst && (h.Type != frame.TypeSettings || h.Flags.Has(frame.FlagAck)) {
		c.fail(FaultFirstFrameNotSettings)
		return nil
	}
	switch h.Type {
	case frame.TypeData:
		return c.recvData(h, p)
	case frame.TypeHeaders:
		return c.recvHeaders(h, p)
	case frame.TypePriority:
		c.recvPriority(h, p)
	case frame.TypeRSTStream:
		c.recvReset(h, p)
	case frame.TypeSettings:
		return c.recvSettings(h, p)
	case frame.TypePushPromise:
		return c.recvPushPromise(h, p)
	case frame.TypePing:
		return c.recvPing(h, p)
	case frame.TypeGoAway:
		return c.recvGoAway(h, p)
	case frame.TypeWindowUpdate:
		c.recvWindowUpdate(h, p)
	case frame.TypeContinuation:
		return c.recvContinuation(h, p)
	case frame.TypeAltSvc:
		return c.recvAltSvc(h, p)
	case frame.TypeOrigin:
		return c.recvOrigin(h, p)
	case frame.TypePriorityUpdate:
		return c.recvPriorityUpdate(h, p)
	default:
		return c.recvUnknown(h, p)
	}
	return nil
}

// knownFrame reports whether the core handles a frame type itself.
func knownFrame(t uint8) bool {
	switch frame.Type(t) {
	case frame.TypeAltSvc, frame.TypeOrigin, frame.TypePriorityUpdate:
		return true
	}
	return frame.Type(t) <= frame.TypeContinuation
}

// recvUnknown ignores a frame of unknown type (RFC 9113 §5.5), unless the
// caller asked for it.
func (c *Conn) recvUnknown(h frame.Header, p []byte) Event {
	for _, t := range c.cfg.frameTypes {
		if t == uint8(h.Type) {
			ev := &c.rare().frame
			*ev = FrameReceived{uint8(h.Type), uint8(h.Flags), h.Stream, p}
			return ev
		}
	}
	c.charge(causeIgnored)
	return nil
}

// streamFor finds the stream a frame is about, if the frame is permitted on
// it. Otherwise the frame has been dealt with.
func (c *Conn) streamFor(id StreamID, in input) (*stream, bool) {
	s := c.streams.find(id)
	if s == nil || s.state.closed() {
		c.strayFrame(id, in)
		return nil, false
	}
	st := steps[s.state][in]
	switch {
	case st.legal():
		return s, true
	case st.fault.Conn():
		c.fail(st.fault)
	default:
		c.streamFault(s, st.fault)
	}
	return nil, false
}

// chargeStray charges for a frame on a closed stream. Credit for what was sent
// comes later than the end, and is free as far as that allows.
func (c *Conn) chargeStray(in input) {
	if in == recvWindow && c.windowUpdates < c.updatesAllowed {
		c.windowUpdates++
	} else {
		c.charge(causeClosedStream)
	}
}

// strayFrame judges a frame on a stream that is not on the wire: idle, closed
// or never used (RFC 9113 §5.1).
func (c *Conn) strayFrame(id StreamID, in input) {
	if c.isIdle(id) {
		c.fail(steps[StateIdle][in].orElse(FaultIdleStream))
		return
	}
	how, used := c.closedIDs.find(id)
	carriesMessage := in <= recvDataEnd
	switch {
	case c.afterGoAway(id):
		c.charge(causeClosedStream)
		return
	case !used && carriesMessage:
		c.fail(FaultSkippedStream)
		return
	case how == nil && (in == recvHeaders || in == recvHeadersEnd) && !c.closedIDs.forgives(id):
		c.fail(FaultClosedStream)
		return
	case how == nil: // too long ago to tell a race from an error
		c.chargeStray(in)
		return
	}
	st := steps[how.state][in]
	switch {
	case st.verdict == ignored && in == recvReset && c.cutShort(how):
		c.chargeCutShort(causeReset)
	case st.verdict == ignored:
		c.chargeStray(in)
	case st.fault == FaultClosedStream && !c.client && !c.isOurs(id) && c.cutShort(how):
		// To the peer the stream is half-closed: it can't have seen the answer.
		how.state = StateClosedByUs
		c.lastFault = FaultHalfClosed
		c.replyReset(id, FaultHalfClosed.Code())
		c.chargeCutShort(causeStreamError)
	case st.fault.Conn():
		c.fail(st.fault)
	default:
		// Say so once; after that the peer has been told.
		how.state = StateClosedByUs
		c.lastFault = st.fault
		c.replyReset(id, st.fault.Code())
		c.charge(causeStreamError)
	}
}

func (s step) orElse(f Fault) Fault {
	if s.verdict == faulty {
		return s.fault
	}
	return f
}
