package core

import (
	"time"

	"weft/core/frame"
)

// recvPushPromise handles PUSH_PROMISE (RFC 9113 §6.6).
func (c *Conn) recvPushPromise(h frame.Header, p []byte) Event {
	if !c.client {
		c.fail(FaultPushToServer)
		return nil
	}
	f, err := frame.ParsePushPromise(h, p)
	switch {
	case h.Stream == 0:
		c.fail(FaultStreamZero)
		return nil
	case err != nil:
		c.fail(parseFault(err))
		return nil
	case !c.local.push:
		c.fail(FaultPushDisabled)
		return nil
	case f.Promised == 0 || c.isOurs(f.Promised) || !c.isIdle(f.Promised):
		c.fail(FaultPromisedID)
		return nil
	}
	if !c.pushPermitted(h.Stream) {
		c.fail(FaultPushStream)
		return nil
	}
	b := &c.block
	b.stream, b.promised = h.Stream, f.Promised
	b.endStream, b.hasPriority = false, false
	return c.beginBlock(f.Fragment, h.Flags.Has(frame.FlagEndHeaders))
}

// pushPermitted reports whether a promise may come on the stream: one of ours
// on which the server may still send, or that we have just reset.
func (c *Conn) pushPermitted(id StreamID) bool {
	state := StateIdle
	if s := c.streams.find(id); s != nil && !s.state.closed() {
		state = s.state
	} else if c.isOurs(id) && !c.isIdle(id) {
		if how, used := c.closedIDs.find(id); how != nil {
			state = how.state
		} else if used {
			state = StateClosedByUs // too long ago to tell
		}
	}
	st := steps[state][recvPush]
	return c.isOurs(id) && (st.verdict == legal || st.verdict == ignored)
}

// recvPromised takes the decoded request of a promise.
func (c *Conn) recvPromised(fault Fault) Event {
	b, m := &c.block, &c.got.msg
	id := b.promised
	c.lastPeerID = id // and every idle stream below is closed
	if c.afterGoAway(id) {
		c.charge(causeClosedStream)
		return nil
	}
	parent := c.streams.find(b.stream)
	if parent == nil || parent.state.closed() {
		// The request is gone, so nobody wants its pushes (RFC 9113 §5.1).
		c.rememberClosed(id, StateClosedByUs)
		c.replyReset(id, Cancel)
		c.charge(causeClosedStream) // some are on their way, but not without end
		return nil
	}
	switch {
	case fault != FaultNone:
	case m.pseudo.Method != "GET" && m.pseudo.Method != "HEAD" || m.contentLength > 0:
		// Safe, cacheable and without content (RFC 9113 §8.4).
		fault = FaultPushRequest
	case !c.authoritative(m.pseudo, parent):
		fault = FaultPushAuthority
	}
	if fault != FaultNone {
		c.refuse(id, fault, causeStreamError)
		return nil
	}
	if c.reserved >= c.cfg.MaxReserved {
		c.refuse(id, FaultTooManyPushes, causeStreamError)
		return nil
	}
	s := c.born(id)
	s.state = StateReservedRemote
	s.push = true
	s.headOnly = m.pseudo.Method == "HEAD"
	c.reserved++
	c.timed[listWait].set(s, c.in(c.cfg.Timeouts.Push))
	ev := &c.rare().push
	*ev = PushPromiseReceived{b.stream, id, c.got.fields, m.pseudo}
	return ev
}

func (c *Conn) authoritative(p Pseudo, parent *stream) bool {
	if c.cfg.authoritative != nil {
		return c.cfg.authoritative(p.Authority)
	}
	return sameAuthority(p.Authority, parent.authority, p.Scheme)
}

// beginPush notes that the response to a promise has begun.
func (c *Conn) beginPush(s *stream) {
	c.count(s)
	c.timed[listWait].remove(s)
}

// Push promises a response to a request the client did not make, on the stream
// of one it did make (RFC 9113 §8.4); server only. The request must be safe,
// cacheable and without content: GET or HEAD. The response is then sent with
// Headers and Send on the returned stream.
//
// After the end of that stream's response there is no promise, unless the end
// was sent by Send, is the last thing said and has not been taken as output:
// then the promise goes before it.
//
// Errors: ErrPushDisabled, ErrNoStream, ErrStreamState, ErrGoingAway,
// ErrStreamsExhausted, *FieldError, ErrHeaderListTooLarge, ErrClosed, ErrRole.
func (c *Conn) Push(now time.Time, id StreamID, fields []Field) (StreamID, error) {
	c.tick(now)
	switch {
	case c.closed():
		return 0, ErrClosed
	case c.client:
		return 0, ErrRole
	case !c.peer.push:
		return 0, ErrPushDisabled
	case c.goneAway:
		return 0, ErrGoingAway
	case c.nextID > MaxStreamID:
		return 0, ErrStreamsExhausted
	}
	s := c.streams.find(id)
	early := c.endIsLast(id)
	switch {
	case early: // before that end there is room for a promise
	case s == nil || s.state.closed():
		return 0, ErrNoStream
	case !steps[s.state][sendPush].legal() || c.isOurs(id):
		return 0, ErrStreamState
	}
	var m message
	known, err := c.checkOutgoing(fields, KindRequest, &m)
	if err != nil {
		return 0, err
	}
	if method := m.pseudo.Method; !c.cfg.unchecked && (method != "GET" && method != "HEAD" || m.contentLength > 0) {
		return 0, &FieldError{":method", "a promised request is GET or HEAD and has no content"}
	}
	promised := c.nextID
	c.nextID += 2
	ps := c.born(promised)
	ps.state = StateReservedLocal
	ps.push = true
	ps.headOnly = m.pseudo.Method == "HEAD"
	if s != nil && s.node != nil {
		// A push starts under the stream it belongs to (RFC 7540 §5.3.5).
		c.plant().place(ps, Priority{Parent: id, Weight: defaultWeight}, c.cfg.MaxIdlePriorities)
	}
	at := len(c.out)
	c.writeBlock(headerFrame{id: id, promised: promised}, fields, KindRequest, &m, known)
	if early {
		c.moveEnd(at)
	}
	return promised, nil
}

// endFrame is where in the output the last DATA frame with END_STREAM is, if
// it was not taken.
type endFrame struct {
	id   StreamID
	size uint32 // 0: there is none
	at   int    // where it begins
}

// noteEnd notes that the frame from at on, the last of the output, ended a
// stream.
func (c *Conn) noteEnd(id StreamID, at int) {
	if c.busy == nil {
		c.busy = new(busy)
	}
	c.lastEnd = endFrame{id, uint32(len(c.out) - at), at}
}

// endIsLast reports whether the end of a stream the client opened is the last
// of the output and was not taken: it may yet come later.
func (c *Conn) endIsLast(id StreamID) bool {
	if c.busy == nil {
		return false
	}
	e := &c.lastEnd
	return e.id == id && e.size > 0 && e.at+int(e.size) == len(c.out) && !c.isOurs(id)
}

// moveEnd moves the frame that ends a stream behind what was written after it,
// from at on.
func (c *Conn) moveEnd(at int) {
	e := &c.lastEnd
	end := append([]byte(nil), c.out[e.at:at]...)
	e.at += copy(c.out[e.at:], c.out[at:])
	copy(c.out[e.at:], end)
}
