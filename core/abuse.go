package core

import "math"

// cause says what a connection spent its abuse budget on. All causes share one
// budget, since a mixed flood can stay under any number of single limits
// (VU#605641).
type cause uint8

const (
	causeControl      cause = iota // PING, SETTINGS, GOAWAY
	causeReset                     // RST_STREAM of an unfinished exchange
	causeStreamError               // a stream error the peer caused
	causeEmptyData                 // DATA that carries nothing
	causeStrayAck                  // an acknowledgement of nothing
	causeRefused                   // a stream over the limit
	causePriority                  // PRIORITY, PRIORITY_UPDATE
	causeIgnored                   // unknown or ignored frames
	causeClosedStream              // frames on closed streams
	causeWindowUpdate              // WINDOW_UPDATE beyond its allowance
	causeUnsendable                // a response its peer declared too large
	numCauses
)

// The price of each cause in points, and its name in debug data.
var prices = [numCauses]struct {
	points int64
	name   string
}{
	causeControl:      {10, "control-frames"},
	causeReset:        {10, "resets"},
	causeStreamError:  {10, "stream-errors"},
	causeEmptyData:    {10, "empty-data"},
	causeStrayAck:     {10, "stray-acks"},
	causeRefused:      {5, "refused-streams"},
	causePriority:     {1, "priority-frames"},
	causeIgnored:      {1, "ignored-frames"},
	causeClosedStream: {1, "closed-streams"},
	causeWindowUpdate: {1, "window-updates"},
	causeUnsendable:   {10, "unsendable-headers"},
}

// refund is what a completed exchange gives back.
const refund = 10

// A point is kept as a thousand, so that refilling by elapsed time loses
// nothing to rounding.
const milli = 1000

// budget is a token bucket: Limits.AbuseBudget points, Limits.AbuseRefill more
// each second, never above the first.
type budget struct {
	left   int64 // thousandths of a point
	at     instant
	spent  [numCauses]uint32
	warned bool
}

// fullBudget is the budget in thousandths of a point.
func (c *Conn) fullBudget() int64 { return min(int64(c.cfg.AbuseBudget), math.MaxInt64/milli) * milli }

func (c *Conn) refill() {
	full := c.fullBudget()
	elapsed := c.now - c.abuse.at
	c.abuse.at = c.now
	if c.abuse.left >= full || elapsed <= 0 {
		return
	}
	// A gap long enough to fill the budget is not multiplied out.
	if elapsed/1e9 > int64(c.cfg.AbuseBudget) {
		c.abuse.left = full
		return
	}
	gain := elapsed / 1e3 * int64(c.cfg.AbuseRefill) / 1e3
	if gain == 0 {
		c.abuse.at -= elapsed // too short to count: wait for more
		return
	}
	c.abuse.left = min(full, c.abuse.left+gain)
}

// charge takes the price of one occurrence. A connection with nothing left is
// ended, naming what it spent most on.
func (c *Conn) charge(why cause) {
	if why == causeStreamError || why == causeEmptyData {
		if c.invalid++; int(c.invalid) > c.cfg.MaxInvalid && !c.closed() {
			c.fail(FaultTooManyInvalid)
			return
		}
	}
	if c.cfg.AbuseBudget == Unlimited || c.closed() {
		return
	}
	c.refill()
	p := prices[why].points
	c.abuse.left -= p * milli
	c.abuse.spent[why] += uint32(p)
	switch {
	case c.abuse.left <= 0:
		top := cause(0)
		for k := range c.abuse.spent {
			if c.abuse.spent[k] > c.abuse.spent[top] {
				top = cause(k)
			}
		}
		c.failWith(FaultAbuse, prices[top].name)
	case c.abuse.left <= c.fullBudget()/4 && !c.abuse.warned:
		c.abuse.warned = true
		c.beginShutdown(FaultAbuseWarning)
	}
}

// reward is for an exchange that both sides completed.
func (c *Conn) reward() {
	full := c.fullBudget()
	if c.abuse.left < full {
		c.abuse.left = min(full, c.abuse.left+refund*milli)
	}
}

// cutShort reports whether a stream ended in good order in output that has not
// even been taken: a peer that ends or breaks it now never wanted the answer,
// however fast it was made.
func (c *Conn) cutShort(how *closedStream) bool {
	return how.state == StateClosed && how.batch == c.batch
}

// chargeCutShort charges for such an exchange as for an unfinished one, and
// takes its refund back (CVE-2023-44487, CVE-2025-8671).
func (c *Conn) chargeCutShort(why cause) {
	c.abuse.left -= refund * milli
	c.charge(why)
}

// lateFault answers a frame that would have been a stream error, had the stream
// not just ended, as the error it is. It reports whether it was that.
func (c *Conn) lateFault(id StreamID, f Fault) bool {
	if s := c.streams.find(id); s != nil && !s.state.closed() {
		return false
	}
	how, _ := c.closedIDs.find(id)
	switch {
	case how == nil || how.state != StateClosed:
		return false
	case c.cutShort(how):
		c.chargeCutShort(causeStreamError)
	case f == FaultZeroIncrement || f == FaultWindowOverflow:
		return false // RFC 9113 §6.9: a late WINDOW_UPDATE is never an error
	default:
		c.charge(causeStreamError)
	}
	if !c.closed() {
		how.state = StateClosedByUs // say so once
		c.replyReset(id, f.Code())
	}
	return true
}

// countWindowUpdate charges for updates beyond the free ones: some to begin with, two
// for each stream, and what the DATA sent allows.
func (c *Conn) countWindowUpdate() {
	c.windowUpdates++
	if c.windowUpdates > 100+2*int(c.streamsSeen)+c.updatesAllowed {
		c.charge(causeWindowUpdate)
	}
}

// allowUpdates counts a DATA frame with n bytes that was sent: it may be answered
// by two updates, and by one for each KiB. Go's client returns credit for every
// 4 KiB its user reads, on the stream and on the connection.
func (c *Conn) allowUpdates(n int) { c.updatesAllowed += 2 + n>>10 }
