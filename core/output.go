package core

import (
	"time"

	"weft/core/frame"
)

// AppendOutput appends to dst what is to be written, and takes it. The bytes
// must be written whole and in order. The Conn keeps no part of dst, but its
// own buffer for the next time; SwapOutput is for who wants that one, too.
func (c *Conn) AppendOutput(dst []byte) []byte {
	if len(c.out) == 0 {
		return dst
	}
	c.join()
	dst = append(dst, c.out...)
	c.handOver(len(c.out))
	c.out = c.out[:0]
	return dst
}

// SwapOutput is AppendOutput without the copy: it returns the buffer that
// holds the output, which now is the caller's, and takes the storage of spare
// for the next one. spare may be nil, and then the Conn holds no buffer until
// it has something to say. The result may be nil or empty.
func (c *Conn) SwapOutput(spare []byte) []byte {
	c.join()
	out := c.out
	c.out, c.swapped = spare[:0], spare != nil
	if len(out) > 0 {
		c.handOver(len(out))
	}
	return out
}

func (c *Conn) handOver(n int) {
	c.taken = true
	c.batch++
	if c.sched.lively > 0 {
		c.sched.lively--
	}
	if c.busy != nil {
		c.lastEnd.size = 0
	}
	if !c.cfg.reportedWrites {
		c.replies, c.forced = 0, 0
		return
	}
	if c.handed == 0 && !c.closed() {
		c.arm(TimerWrite, c.cfg.Write)
	}
	c.handed += n
	c.repliesHanded += c.replies
	c.forcedHanded += c.forced
	c.replies, c.forced = 0, 0
}

// Wrote says that the transport took n more of the bytes handed over. It
// matters with Config.ReportedWrites only: output counts as waiting until then,
// and a transport that takes nothing for Config.Write ends the connection.
func (c *Conn) Wrote(now time.Time, n int) {
	c.tick(now)
	if !c.cfg.reportedWrites || n <= 0 {
		return
	}
	c.handed = max(0, c.handed-n)
	// What was written first is not known; but what waits is no more than this.
	c.repliesHanded = min(c.repliesHanded, c.handed/frame.HeaderLen)
	c.forcedHanded = min(c.forcedHanded, c.handed)
	if c.handed == 0 {
		c.disarm(TimerWrite)
	} else if !c.closed() {
		c.arm(TimerWrite, c.cfg.Write)
	}
}

// ReadPaused reports that no more should be read for now: too many frames the
// peer made us send wait to be written. Input given all the same is kept, up
// to a bound. It clears when output was taken and, with ReportedWrites,
// written; Next then goes on where it stopped.
func (c *Conn) ReadPaused() bool {
	if c.stage != stageOpen {
		return false
	}
	return c.replies+c.repliesHanded >= c.cfg.MaxReplies || c.forced+c.forcedHanded >= c.cfg.MaxOutput
}

// OutputPending returns how many serialised bytes wait: those not yet taken,
// and with ReportedWrites those not yet written.
func (c *Conn) OutputPending() int { return c.waiting() }
