package core

import (
	"time"

	"weft/core/frame"
)

// pendingPing is a Ping of the caller's that was not answered yet.
type pendingPing struct {
	opaque [8]byte
	sentAt instant
}

// The payloads of the PINGs the core sends for itself.
var (
	shutdownOpaque  = [8]byte{'w', 'e', 'f', 't', ' ', 'b', 'y', 'e'}
	keepAliveOpaque = [8]byte{'w', 'e', 'f', 't', ' ', 'h', 'e', 'y'}
)

// Ping sends a PING with 8 bytes of the caller's choice (RFC 9113 §6.7).
// PingAcked reports the answer. ErrTooManyPings when Config.MaxPendingPings
// are unanswered.
func (c *Conn) Ping(now time.Time, opaque [8]byte) error {
	c.tick(now)
	if c.closed() {
		return ErrClosed
	}
	if len(c.pings) >= c.cfg.MaxPendingPings {
		return ErrTooManyPings
	}
	c.pings = append(c.pings, pendingPing{opaque, c.now})
	c.out = frame.AppendPing(c.out, false, opaque)
	return nil
}

// recvPing handles PING (RFC 9113 §6.7).
func (c *Conn) recvPing(h frame.Header, p []byte) Event {
	opaque, err := frame.ParsePing(h, p)
	switch {
	case h.Stream != 0:
		c.fail(FaultStreamNotZero)
		return nil
	case err != nil:
		c.fail(FaultFrameSize)
		return nil
	case h.Flags.Has(frame.FlagAck):
		return c.recvPingAck(opaque)
	}
	c.out = frame.AppendPing(c.out, true, opaque)
	c.replies++
	c.charge(causeControl)
	if c.closed() {
		return nil
	}
	ev := &c.rare().ping
	*ev = PingReceived{opaque}
	return ev
}

func (c *Conn) recvPingAck(opaque [8]byte) Event {
	switch {
	case opaque == shutdownOpaque && c.shutdownRTT:
		c.finishShutdown()
		return nil
	case opaque == keepAliveOpaque:
		// Receive has already taken it for a sign of life.
		if c.aliveExpected {
			c.aliveExpected = false
			return nil
		}
	}
	for i := range c.pings {
		if c.pings[i].opaque == opaque {
			rtt := c.now - c.pings[i].sentAt
			c.pings = append(c.pings[:i], c.pings[i+1:]...)
			c.sampleRTT(rtt)
			ev := &c.rare().pingAcked
			*ev = PingAcked{opaque, time.Duration(rtt)}
			return ev
		}
	}
	c.charge(causeStrayAck)
	if c.closed() {
		return nil
	}
	ev := &c.rare().pingUnsolicited
	*ev = PingUnsolicited{opaque}
	return ev
}

// armKeepAlive starts the wait after which a silent peer is asked for a sign
// of life: only while a stream waits for it.
func (c *Conn) armKeepAlive() {
	if c.cfg.KeepAlive == Never || c.aliveSent {
		return
	}
	if c.wireStreams == 0 {
		c.disarm(TimerKeepAlive)
		return
	}
	c.arm(TimerKeepAlive, c.cfg.KeepAlive)
}

func (c *Conn) fireKeepAlive() {
	c.disarm(TimerKeepAlive)
	if c.wireStreams == 0 {
		return
	}
	c.aliveSent, c.aliveExpected = true, true
	c.out = frame.AppendPing(c.out, false, keepAliveOpaque)
	c.arm(TimerKeepAliveReply, c.cfg.KeepAliveReply)
}
