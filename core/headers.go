package core

import "math"

// dispatchHeaders takes a complete block that came in HEADERS: it opens a
// stream, answers a request, or ends a message with trailers.
func (c *Conn) dispatchHeaders(raw []byte) Event {
	b := &c.block
	if c.isIdle(b.stream) {
		return c.recvOpening(raw)
	}
	s := c.streams.find(b.stream)
	if s == nil || s.state.closed() {
		// The table of the decoder has to follow, whatever becomes of it.
		c.decodeBlock(raw, KindTrailers)
		if !c.closed() {
			c.strayFrame(b.stream, recvHeaders.with(b.endStream))
		}
		return nil
	}
	kind := KindTrailers
	if s.recv == phaseHeaders {
		kind = KindResponse
	}
	fault := c.decodeBlock(raw, kind)
	if c.closed() {
		return nil
	}
	st := steps[s.state][recvHeaders.with(b.endStream)]
	if st.verdict == faulty {
		if st.fault.Conn() {
			c.fail(st.fault)
			return nil
		}
		fault = st.fault
	}
	if fault == FaultNone {
		fault = c.applyPriorityPart(s)
	}
	if fault == FaultNone {
		switch {
		case s.recv == phaseTunnel:
			fault = FaultTunnelFrame
		case kind == KindResponse:
			return c.recvResponse(s, st.next)
		default:
			return c.recvTrailers(s, st.next)
		}
	}
	c.streamFault(s, fault)
	return nil
}

// recvOpening takes the HEADERS that open a stream.
func (c *Conn) recvOpening(raw []byte) Event {
	b := &c.block
	id := b.stream
	switch {
	case c.client || c.isOurs(id):
		// A server opens streams only by PUSH_PROMISE, and nobody opens the
		// other side's (RFC 9113 §5.1.1).
		if c.client {
			c.fail(FaultIdleStream)
		} else {
			c.fail(FaultStreamID)
		}
		return nil
	}
	fault := c.decodeBlock(raw, KindRequest)
	if c.closed() {
		return nil
	}
	late := c.afterGoAway(id)
	c.lastPeerID = id // and every idle stream below is closed
	if id == MaxStreamID {
		c.beginShutdown(FaultStreamsExhausted)
	}
	if late {
		c.charge(causeClosedStream)
		return nil
	}
	if c.overLimit() {
		c.refuse(id, FaultRefused, causeRefused)
		return nil
	}
	if fault == FaultNone && b.hasPriority && b.priority.Parent == id {
		fault = FaultSelfDependency
	}
	m := &c.got.msg
	if fault == FaultNone && b.endStream && m.contentLength > 0 {
		fault = FaultBodyLength
	}
	if fault != FaultNone {
		c.refuse(id, fault, causeStreamError)
		return nil
	}
	s := c.born(id)
	s.state = steps[StateIdle][recvHeaders.with(b.endStream)].next
	c.count(s)
	s.recv = phaseBody
	s.recvLength = m.contentLength
	switch m.pseudo.Method {
	case "HEAD":
		s.headOnly = true
	case "CONNECT":
		s.connect = true
		s.recv = phaseTunnel
		s.recvLength = -1
	}
	c.applyPriorityPart(s)
	if m.priority != "" {
		s.applySignal(parsePriorityField(m.priority))
	}
	if len(c.idleHints) > 0 {
		c.takeHint(s)
	}
	if !b.endStream {
		c.timed[listWait].set(s, c.in(c.cfg.BodyIdle))
	}
	return c.headersEvent(s.id, KindRequest)
}

// overLimit reports whether one more stream of the peer's is too many: those
// on the wire by what we announced, and with those still held by whoever
// serves them by twice that (AC-011).
func (c *Conn) overLimit() bool {
	limit := int64(c.local.maxStreams)
	return int64(c.openPeer-c.lingering) >= limit || int64(c.openPeer) >= 2*limit
}

// refuse answers a stream that is not going to exist.
func (c *Conn) refuse(id StreamID, f Fault, why cause) {
	c.lastFault = f
	c.replyReset(id, f.Code())
	c.rememberClosed(id, StateClosedByUs)
	if why == causeRefused && c.refusedEarly < defaultStreams && len(c.pending) > 0 {
		// The peer does not know our limit yet.
		c.refusedEarly++
		return
	}
	c.charge(why)
}

// recvResponse takes a response's header section, interim or final.
func (c *Conn) recvResponse(s *stream, next State) Event {
	b, m := &c.block, &c.got.msg
	if s.state == StateReservedRemote && c.overLimit() {
		// RFC 9113 §8.4.2: a promise counts once it is kept.
		c.streamFault(s, FaultRefused)
		return nil
	}
	status := m.pseudo.Status
	if status < 200 {
		s.interims++
		s.interimBytes = uint32(min(uint64(s.interimBytes)+uint64(c.got.size), math.MaxUint32))
		switch {
		case b.endStream:
			c.streamFault(s, FaultInterimEndStream)
			return nil
		case int64(s.interims) > int64(c.cfg.MaxInterim) || int64(s.interimBytes) > int64(c.cfg.MaxHeaderList):
			c.streamFault(s, FaultTooManyInterim)
			return nil
		}
		if s.push && s.state == StateReservedRemote {
			c.beginPush(s)
			c.settle(s, next)
		}
		return c.headersEvent(s.id, KindInterim)
	}
	s.recvLength = m.contentLength
	s.recv = phaseBody
	switch {
	case s.connect && status < 300:
		// RFC 9110 §9.3.6: content-length means nothing here.
		s.recv, s.recvLength = phaseTunnel, -1
	case s.headOnly || status == 204 || status == 304:
		s.recvLength = noBody
	case b.endStream && s.recvLength > 0:
		c.streamFault(s, FaultBodyLength)
		return nil
	}
	if s.push && s.state == StateReservedRemote {
		c.beginPush(s)
	}
	ev := c.headersEvent(s.id, KindResponse)
	c.settle(s, next) // may be the end of the connection
	return ev
}

// noBody, as an expected body length, permits none and asks for none.
const noBody = -2

// recvTrailers takes a trailer section.
func (c *Conn) recvTrailers(s *stream, next State) Event {
	switch {
	case !c.block.endStream:
		c.streamFault(s, FaultHeadersNotLast)
		return nil
	case s.recvLength > 0:
		c.streamFault(s, FaultBodyLength)
		return nil
	}
	c.timed[listWait].remove(s)
	ev := c.headersEvent(s.id, KindTrailers)
	c.settle(s, next)
	return ev
}

func (c *Conn) headersEvent(id StreamID, kind HeadersKind) Event {
	ev := &c.ev.headers
	ev.Stream = id
	ev.Kind = kind
	if n := c.got.number; n == 0 || n != c.shown { // else it is there already
		c.shown = n
		ev.Fields = c.got.fields
		ev.Pseudo = c.got.msg.pseudo
		ev.ContentLength = c.got.msg.contentLength
	}
	ev.EndStream = c.block.endStream
	return ev
}
