package core

import "weft/core/frame"

// Receiving. A stream's window is returned as the caller consumes its data;
// the connection's is returned on receipt, since what the streams' windows
// allow bounds it anyway: one slow reader never holds up the others.
//
// Invariant, for each stream and with owed and unread for its bytes:
//
//	recvWindow + unread + owed == recvSize
//
// and for the connection recvWindow + owed == recvSize.
type inflow struct {
	window int64 // what the peer may send
	size   int64 // what window is kept at
	owed   int64 // received and not yet returned
}

// take charges n received bytes. It reports whether the peer had the credit.
func (f *inflow) take(n int64) bool {
	f.window -= n
	return f.window >= 0
}

// repay returns the increment worth sending, or 0: small updates cost more
// than they bring (RFC 9113 §6.9.1).
func (f *inflow) repay(n int64) int64 {
	f.owed += n
	if f.owed < (f.size+1)/2 {
		return 0
	}
	n = f.owed
	f.owed = 0
	f.window += n
	return n
}

// writeCredit sends WINDOW_UPDATE. A window that was negative may need more
// than one increment can say.
func (c *Conn) writeCredit(id StreamID, inc int64) {
	for inc > 0 {
		n := min(inc, maxWindow)
		c.out = frame.AppendWindowUpdate(c.out, id, uint32(n))
		inc -= n
	}
}

// repayConn returns n bytes of the connection's window.
func (c *Conn) repayConn(n int) {
	if n == 0 {
		return
	}
	if inc := c.inflow.repay(int64(n)); inc > 0 {
		c.writeCredit(0, inc)
	}
}

// repayStream returns what the caller has consumed of a stream's window, and
// whatever its window should have grown by.
func (c *Conn) repayStream(s *stream, n int64) {
	s.unread -= n
	s.owed += n
	if !s.state.peerMaySend() {
		return
	}
	if s.owed < (s.recvSize+1)/2 {
		return
	}
	c.growStream(s)
}

// recvWindowUpdate handles WINDOW_UPDATE (RFC 9113 §6.9).
func (c *Conn) recvWindowUpdate(h frame.Header, p []byte) {
	inc, err := frame.ParseWindowUpdate(h, p)
	if err != nil {
		c.fail(FaultFrameSize)
		return
	}
	if h.Stream == 0 {
		c.countWindowUpdate()
		switch {
		case inc == 0:
			c.fail(FaultZeroIncrementConn)
		case c.sendWindow+int64(inc) > maxWindow:
			c.fail(FaultWindowOverflowConn)
		default:
			c.sendWindow += int64(inc)
		}
		return
	}
	if inc == 0 && c.lateFault(h.Stream, FaultZeroIncrement) ||
		int64(inc) > maxWindow-defaultWindow && c.lateFault(h.Stream, FaultWindowOverflow) {
		return
	}
	s, ok := c.streamFor(h.Stream, recvWindow)
	if !ok {
		return
	}
	c.countWindowUpdate()
	switch {
	case inc == 0:
		c.streamFault(s, FaultZeroIncrement)
	case s.sendWindow+int64(inc) > maxWindow:
		c.streamFault(s, FaultWindowOverflow)
	default:
		s.sendWindow += int64(inc)
		c.wake(s)
	}
}

// shiftSendWindows applies a changed INITIAL_WINDOW_SIZE of the peer to every
// stream; windows may become negative (RFC 9113 §6.9.2). The connection's own
// window is never touched.
func (c *Conn) shiftSendWindows(delta int64) bool {
	if delta == 0 {
		return true
	}
	for s := c.streams.head; s != nil; s = s.allNext {
		if s.sendWindow+delta > maxWindow {
			return false
		}
	}
	for s := c.streams.head; s != nil; s = s.allNext {
		s.sendWindow += delta
		if delta > 0 {
			c.wake(s)
		}
	}
	return true
}

// shiftRecvWindows applies our own changed INITIAL_WINDOW_SIZE, once the peer
// acknowledged it: until then it may send by the old one (RFC 9113 §6.9.3).
func (c *Conn) shiftRecvWindows(delta int64) {
	if delta == 0 {
		return
	}
	for s := c.streams.head; s != nil; s = s.allNext {
		s.recvWindow += delta
		s.recvSize += delta
		// Of a smaller window, what is owed may be all there is.
		c.repayStream(s, 0)
	}
}

// InputAhead returns how many bytes of a body the peer may be expected to send
// without hearing from this side first: what is left of the one that came last, as
// far as the windows go. A body whose length was not announced is taken to go on. It
// is 0 when none is under way. A transport that reads much may wait until some of it
// has come.
func (c *Conn) InputAhead() int {
	s := c.streams.last
	if s == nil || s.recv == phaseHeaders || !s.state.peerMaySend() {
		return 0
	}
	n := min(s.recvWindow, c.inflow.window)
	if s.recvLength != -1 {
		n = min(n, s.recvLength)
	}
	return int(max(n, 0))
}
