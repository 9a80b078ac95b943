package core

import "weft/core/frame"

// fail ends the connection for a fault of the peer's.
func (c *Conn) fail(f Fault) { c.failWith(f, f.String()) }

// failWith does so with given debug data. The GOAWAY names the last stream
// that was or may have been acted on (RFC 9113 §5.4.1).
func (c *Conn) failWith(f Fault, debug string) {
	if c.closed() {
		return
	}
	c.lastFault = f
	code := f.Code()
	last := c.lastToName()
	if f != FaultHTTP1 {
		c.out = frame.AppendGoAway(c.out, frame.GoAwayFrame{LastStream: last, Code: code, Debug: []byte(debug)})
	}
	c.over(ConnClosed{Code: code, Fault: f, LastStream: last})
}

// over stops everything: input is dropped, every stream is reported, and then
// the end.
func (c *Conn) over(end ConnClosed) {
	c.stage = stageOver
	c.rare().closed = end
	c.input, c.stash, c.partial = nil, nil, nil
	if c.busy != nil {
		c.block = block{}
	}
	for i := range c.deadlines {
		c.deadlines[i] = unarmed
	}
	code := end.Code
	if code == NoError {
		code = Cancel
	}
	for s := c.streams.head; s != nil; {
		next := s.allNext // settling may take s out of the list
		if !s.state.closed() {
			c.reportReset(s, StreamReset{
				Stream: s.id, Code: code, Fault: end.Fault, ByPeer: end.ByPeer,
				Unprocessed: c.goneAway && c.isOurs(s.id) && s.id > c.goAwayGot,
			})
			c.settle(s, StateClosedByUs)
		}
		s = next
	}
}

// nextEnd reports the end, once.
func (c *Conn) nextEnd() Event {
	c.needDrain = false
	if c.stage == stageDone {
		return nil
	}
	c.stage = stageDone
	return &c.rares.closed
}

// endOfInput is the orderly or disorderly end of what the peer sends.
func (c *Conn) endOfInput() {
	end := ConnClosed{ByPeer: true, LastStream: c.lastToName()}
	switch {
	case len(c.partial) > 0 || c.busy != nil && c.block.open || c.preface > 0 && int(c.preface) < len(Preface):
		end.Fault = FaultTruncated
	case c.goneAway || c.goAwayFinal:
		if c.wireStreams > 0 {
			end.Fault = FaultEOF
		}
	default:
		end.Fault = FaultEOF
	}
	if c.gotFirst && !c.goAwayFinal {
		// RFC 9113 §6.8: the peer may still read, and learns what was acted on.
		c.out = frame.AppendGoAway(c.out, frame.GoAwayFrame{LastStream: end.LastStream, Code: NoError})
	}
	c.over(end)
}

// reportReset queues the report that a stream ended. The stream must be
// settled right after.
func (c *Conn) reportReset(s *stream, r StreamReset) {
	s.report, s.reset, s.reportNext = true, r, nil
	if c.reportTail == nil {
		c.reportHead = s
	} else {
		c.reportTail.reportNext = s
	}
	c.reportTail = s
}

// nextReset reports the oldest queued end of a stream.
func (c *Conn) nextReset() Event {
	s := c.reportHead
	c.reportHead = s.reportNext
	if c.reportHead == nil {
		c.reportTail = nil
	}
	c.ev.reset = s.reset
	s.report, s.reportNext = false, nil
	if !s.held {
		c.forget(s)
	}
	return &c.ev.reset
}

// streamFault ends a stream for a fault of the peer's; the connection lives on.
func (c *Conn) streamFault(s *stream, f Fault) {
	c.resetFor(s, f)
	c.charge(causeStreamError)
}

// resetFor ends a stream for a reason that costs the peer nothing.
func (c *Conn) resetFor(s *stream, f Fault) {
	c.lastFault = f
	c.replyReset(s.id, f.Code())
	c.reportReset(s, StreamReset{Stream: s.id, Code: f.Code(), Fault: f})
	c.settle(s, StateClosedByUs)
}

// replyReset sends an RST_STREAM that the peer made us send.
func (c *Conn) replyReset(id StreamID, code ErrCode) {
	c.out = frame.AppendRSTStream(c.out, id, code)
	c.replies++
}

// recvReset handles RST_STREAM (RFC 9113 §6.4).
func (c *Conn) recvReset(h frame.Header, p []byte) {
	code, err := frame.ParseRSTStream(h, p)
	switch {
	case err != nil:
		c.fail(FaultFrameSize)
		return
	case h.Stream == 0:
		c.fail(FaultStreamZero)
		return
	}
	if !c.takeReset() {
		c.fail(FaultTooManyResets)
		return
	}
	s, ok := c.streamFor(h.Stream, recvReset)
	if !ok {
		return
	}
	c.reportReset(s, StreamReset{
		Stream: s.id, Code: code, ByPeer: true,
		// RFC 9113 §8.7: the request was not acted on.
		Unprocessed: code == RefusedStream && c.isOurs(s.id),
	})
	ours := c.isOurs(s.id)
	c.settle(s, StateClosedByPeer)
	if !ours {
		c.charge(causeReset)
	}
}
