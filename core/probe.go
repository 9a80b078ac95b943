package core

import "weft/core/frame"

// probe measures how much arrives in one round trip and lets the receive
// windows grow with it. A round trip is timed by our own PINGs, which go out
// only while data comes in fast enough to be held up by the window: at most
// ten a second, and none once the window is at its limit.
type probe struct {
	target   int64 // what receive windows should be
	rtt      int64 // ns, the smallest seen; 0 unknown
	since    instant
	bytes    int64 // received since
	inFlight bool
	sentAt   instant
	lastSent instant
}

// probeOpaque marks our own measuring PINGs; it spells what it is for.
var probeOpaque = [8]byte{'w', 'e', 'f', 't', ' ', 'b', 'd', 'p'}

const (
	probeGap    = 100e6   // ns between two measurements
	probeBytes  = 3 << 14 // 48 KiB: three quarters of the smallest usual window
	probeGrowth = 4       // a full window grows by this factor
)

// received counts n bytes of DATA and starts a measurement if they come fast.
func (c *Conn) probeReceived(n int64) {
	p := &c.probe
	p.bytes += n
	if p.inFlight || c.cfg.fixedWindows || p.target >= c.cfg.maxWindow {
		return
	}
	if p.rtt != 0 && c.now-p.since > p.rtt {
		p.since, p.bytes = c.now, n
	}
	if p.bytes < probeBytes || p.lastSent > c.now-probeGap {
		return
	}
	p.inFlight, p.sentAt, p.lastSent, p.bytes = true, c.now, c.now, 0
	c.out = frame.AppendPing(c.out, false, probeOpaque)
}

// probeAnswered ends a measurement. What arrived meanwhile is what the path
// carries in a round trip, unless the window held it back, in which case the
// window grows.
func (c *Conn) probeAnswered() {
	p := &c.probe
	p.inFlight = false
	c.sampleRTT(c.now - p.sentAt)
	got := p.bytes
	p.bytes, p.since = 0, c.now
	if got*3 < p.target*2 {
		return
	}
	p.target = min(c.cfg.maxWindow, max(p.target, got)*probeGrowth)
	if grow := p.target - c.inflow.size; grow > 0 {
		c.inflow.size += grow
		inc := c.inflow.owed + grow
		c.inflow.owed = 0
		c.inflow.window += inc
		c.out = frame.AppendWindowUpdate(c.out, 0, uint32(inc))
	}
	for s := c.streams.head; s != nil; s = s.allNext {
		// A reader that lags behind keeps the window it has.
		if s.state.peerMaySend() && s.recv != phaseHeaders && s.unread <= s.recvSize/2 {
			c.growStream(s)
		}
	}
}

func (c *Conn) sampleRTT(d int64) {
	if d > 0 && (c.probe.rtt == 0 || d < c.probe.rtt) {
		c.probe.rtt = d
	}
}
