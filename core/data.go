package core

import (
	"math"
	"time"

	"weft/core/frame"
)

// recvData handles DATA (RFC 9113 §6.1).
func (c *Conn) recvData(h frame.Header, p []byte) Event {
	f, err := frame.ParseData(h, p)
	switch {
	case h.Stream == 0:
		c.fail(FaultStreamZero)
		return nil
	case err != nil:
		c.fail(parseFault(err))
		return nil
	}
	// Every DATA frame is charged to the connection, whatever becomes of it,
	// and returned at once: what the streams' windows allow is bound enough.
	n := int64(h.Length)
	if !c.inflow.take(n) {
		c.fail(FaultWindowExceededConn)
		return nil
	}
	c.repayConn(int(n))
	end := h.Flags.Has(frame.FlagEndStream)
	s, ok := c.streamFor(h.Stream, recvData.with(end))
	if !ok {
		return nil
	}
	if n > 0 && s.recvWindow < n { // RFC 9113 §6.9: an end without data needs no window
		c.streamFault(s, FaultWindowExceeded)
		return nil
	}
	size := int64(len(f.Data))
	switch {
	case s.recv == phaseHeaders:
		c.streamFault(s, FaultDataBeforeHeaders)
		return nil
	case s.recvLength == noBody && size > 0:
		c.streamFault(s, FaultBodyNotAllowed)
		return nil
	case s.recvLength >= 0 && (size > s.recvLength || end && size < s.recvLength):
		c.streamFault(s, FaultBodyLength)
		return nil
	}
	if s.recvLength > 0 {
		s.recvLength -= size
	}
	s.recvWindow -= n
	s.unread += n
	if over := n - size; over > 0 {
		// Padding never reaches the caller, who cannot consume it.
		c.repayStream(s, over)
	}
	c.countReceived(n)
	if size == 0 && !end {
		c.charge(causeEmptyData)
		return nil
	}
	if c.timed[listWait].armed(s) {
		if end {
			c.timed[listWait].remove(s)
		} else {
			c.timed[listWait].set(s, c.in(c.cfg.BodyIdle))
		}
	}
	ev := &c.ev.data
	ev.Stream, ev.Data, ev.EndStream = s.id, f.Data, end
	if end {
		c.settle(s, steps[s.state][recvDataEnd].next)
	}
	return ev
}

// Consume says that the caller is done with n bytes of DATA, so that the peer
// may send as many again. Data of a stream that is over need not be consumed,
// and consuming it is no error. More than was delivered is ErrStreamState.
func (c *Conn) Consume(id StreamID, n int) error {
	s := c.streams.find(id)
	if s == nil || s.state.closed() {
		if c.isIdle(id) {
			return ErrNoStream
		}
		return nil
	}
	if n < 0 || int64(n) > s.unread {
		return ErrStreamState
	}
	if n > 0 && !c.closed() {
		c.repayStream(s, int64(n))
	}
	return nil
}

// trickleWindow is how small a peer's window has to be for its bytes to be
// held up to trickleDelay, so that tiny windows do not make tiny frames
// (CVE-2019-9511).
const (
	trickleWindow = 256
	trickleDelay  = 100 * time.Millisecond
)

// Send sends body bytes, and with end the end of the message. It takes as many
// of p's first bytes as the stream's window, the connection's window, one
// frame and the waiting output allow, and returns how many. When that is fewer
// than len(p), or the end was not taken with n == len(p) == 0, the stream
// waits for its turn and Writable says when to go on; end then has to be
// given again.
//
// Errors: ErrNoStream, ErrStreamState before the headers or after the end,
// ErrBodyLength for a body unlike its content-length, ErrClosed. p is copied.
func (c *Conn) Send(now time.Time, id StreamID, p []byte, end bool) (n int, err error) {
	s, n, err := c.startSend(now, id, len(p), end)
	if s == nil {
		return 0, err
	}
	at := len(c.out)
	overhead := c.appendData(s, p[:n], end && n == len(p))
	c.finishSend(s, n, len(p), end, at, overhead)
	return n, nil
}

// startSend returns how many of size body bytes go into a frame now, and no
// stream if there is to be no frame.
func (c *Conn) startSend(now time.Time, id StreamID, size int, end bool) (*stream, int, error) {
	c.tick(now)
	if c.closed() {
		return nil, 0, ErrClosed
	}
	s := c.streams.find(id)
	if s == nil || s.state.closed() {
		return nil, 0, ErrNoStream
	}
	st := steps[s.state][sendData.with(end)]
	if !st.legal() || s.send == phaseHeaders {
		return nil, 0, ErrStreamState
	}
	if s.sendLength != -1 && !c.cfg.uncheckedLength {
		left := max(s.sendLength, 0)
		if int64(size) > left || end && s.sendLength >= 0 && int64(size) < left {
			return nil, 0, ErrBodyLength
		}
	}
	if size == 0 {
		if !end {
			return nil, 0, nil
		}
		return s, 0, nil
	}
	n := c.sendable(s, size)
	if n == 0 {
		c.wait(s)
		return nil, 0, nil
	}
	return s, n, nil
}

// finishSend keeps the books of a frame with n of size bytes, which begins at
// the given offset of the output.
func (c *Conn) finishSend(s *stream, n, size int, end bool, at, overhead int) {
	last := end && n == size
	if last && c.peer.push && !c.client {
		c.noteEnd(s.id, at)
	}
	c.allowUpdates(n)
	s.sendWindow -= int64(n + overhead)
	c.sendWindow -= int64(n + overhead)
	if s.sendLength > 0 {
		s.sendLength -= int64(n)
	}
	c.noteSent(s, n)
	if c.timed[listStall].armed(s) {
		if n == size {
			c.timed[listStall].remove(s)
		} else if got := int(s.progress) + n; got >= c.cfg.StallBytes || got >= math.MaxInt32 {
			c.armStall(s)
		} else {
			s.progress = int32(got)
		}
	}
	if n < size {
		c.wait(s)
	} else if last {
		c.settle(s, steps[s.state][sendDataEnd].next)
	}
}

// Room returns how many body bytes of the stream Send would take now, in as
// many calls as it takes frames. If that is none, the stream waits for its turn
// as after a Send that fell short, and Writable says when to go on. It is for
// who reads a body from elsewhere and wants to hold nothing of it; a stream
// that may not send has no room, and does not wait.
func (c *Conn) Room(now time.Time, id StreamID) int {
	c.tick(now)
	s := c.streams.find(id)
	if c.closed() || s == nil || !steps[s.state][sendData].legal() || s.send == phaseHeaders {
		return 0
	}
	n := c.sendable(s, math.MaxInt)
	switch {
	case n == 0:
		c.wait(s)
	case n == int(c.peer.maxFrameSize) && !c.sched.ahead(s):
		// Nobody waits whose turn would come after this frame.
		out := c.outputLimit() - c.waiting()
		out -= (out/n + 1) * frame.HeaderLen
		n = max(n, int(min(s.sendWindow, c.sendWindow, int64(out))))
	}
	return n
}

// armStall gives the stream another Config.Stall to make progress in.
func (c *Conn) armStall(s *stream) {
	s.progress = 0
	c.timed[listStall].set(s, c.in(c.cfg.Stall))
}

// fireStall judges a stream that made too little progress: its peer holds it
// up only if there is no window.
func (c *Conn) fireStall(s *stream) {
	if s.sendWindow >= int64(c.cfg.StallBytes) && c.sendWindow > 0 {
		c.armStall(s)
		return
	}
	c.stalls++
	c.resetFor(s, FaultStalled)
	if int(c.stalls) >= c.cfg.MaxStalls {
		c.fail(FaultTooManyStalls)
	}
}

// sendable is how many of n bytes the stream may send now.
func (c *Conn) sendable(s *stream, n int) int {
	if c.mustQueue(s, n) {
		return 0
	}
	room := c.room(s)
	if room <= 0 {
		return 0
	}
	if room < n && s.sendWindow < trickleWindow && int64(room) == s.sendWindow {
		// The peer's window is tiny: collect.
		if c.now < s.lastTrickle+int64(trickleDelay) {
			if !c.timed[listTrickle].armed(s) {
				c.timed[listTrickle].set(s, c.in(trickleDelay))
			}
			return 0
		}
		s.lastTrickle = c.now
	}
	return min(room, n)
}

// room is how many body bytes one frame of the stream could carry now.
func (c *Conn) room(s *stream) int {
	out := c.outputLimit() - c.waiting() - frame.HeaderLen
	return int(min(s.sendWindow, c.sendWindow, int64(out), int64(c.peer.maxFrameSize)))
}

// appendData serialises one DATA frame and returns its padding with the pad
// length byte.
func (c *Conn) appendData(s *stream, p []byte, end bool) (overhead int) {
	pad, overhead := c.padData(s, len(p))
	c.out = frame.AppendData(c.out, s.id, p, end, pad)
	return overhead
}

// padData returns the padding for a frame with n body bytes, -1 for none, and
// how many bytes of the windows it takes.
func (c *Conn) padData(s *stream, n int) (pad, overhead int) {
	if c.cfg.padding == nil {
		return -1, 0
	}
	if fits := c.room(s) - n - 1; fits >= 0 {
		if k := c.cfg.padding(n, min(fits, 255)); k > 0 {
			pad = min(k, fits, 255)
			return pad, pad + 1
		}
	}
	return -1, 0
}
