package core

// growth lets the receive windows grow with the bandwidth-delay product. The
// round trip is known from our SETTINGS and PINGs and their acknowledgements;
// when about a whole window arrives within one, the window is what holds the
// peer up, and the next one is much larger. No frame is sent to find out.
//
// What all streams together grow by is bounded by Config.MaxWindow, so that
// what a peer can make the caller hold is that and the windows announced.
type growth struct {
	target int64 // what receive windows should be
	grown  int64 // by how much streams' windows exceed what was announced
	rtt    int64 // ns, the smallest seen; 0: unknown
	since  instant
	bytes  int64 // received since
	span   int64 // ns until the last of them came
}

// growthFactor is how much larger the next window is at least. It is large
// because a transfer of a few windows is over before small steps get anywhere.
const growthFactor = 16

// burstResolution is how far apart in ns pieces have to come for their distance
// to say how fast the link is: networks and kernels hand over what came close
// together at once.
const burstResolution = 250_000

// countReceived counts n bytes of DATA, and lets the windows grow if they come
// as fast as the window allows.
func (c *Conn) countReceived(n int64) {
	g := &c.growth
	if c.cfg.fixedWindows || g.target >= c.cfg.maxWindow {
		return
	}
	if g.bytes == 0 || g.rtt != 0 && c.now-g.since > g.rtt {
		g.since, g.bytes = c.now, 0
	}
	g.bytes += n
	g.span = int64(c.now - g.since)
	c.grow()
}

// grow lets the windows grow if most of one arrived within a round trip.
func (c *Conn) grow() {
	g := &c.growth
	if g.rtt == 0 || c.now-g.since > g.rtt || g.bytes*3 < g.target*2 || g.target >= c.cfg.maxWindow {
		return
	}
	// A window that held the peer up came in one burst, at the speed of the
	// link: what that carries in a round trip is known from it. Twice as much
	// keeps the peer busy, since credit is returned by half windows.
	want := max(g.target*growthFactor, 2*g.bytes*(g.rtt/max(g.span, burstResolution)))
	g.target = min(c.cfg.maxWindow, want)
	g.since, g.bytes = c.now, 0
	if g.target > c.inflow.size {
		c.openWindow(g.target)
	}
	for s := c.streams.head; s != nil; s = s.allNext {
		// A reader that lags behind keeps the window it has.
		if s.state.peerMaySend() && s.recv != phaseHeaders && s.unread <= s.recvSize/2 {
			c.growStream(s)
		}
	}
}

// growStream sends what is owed to the stream, plus the growth of its window.
func (c *Conn) growStream(s *stream) {
	inc := s.owed
	g := &c.growth
	// No window may exceed 2^31-1 (RFC 9113 §6.9.1).
	most := maxWindow - c.widest() - s.grown
	if grow := min(g.target-s.recvSize, c.cfg.maxWindow-g.grown, most); !c.cfg.fixedWindows && grow > 0 && s.recvSize > 0 {
		inc += grow
		s.recvSize += grow
		s.grown += grow
		g.grown += grow
	}
	if inc <= 0 {
		return
	}
	s.owed = 0
	s.recvWindow += inc
	c.writeCredit(s.id, inc)
}

// widest is the largest INITIAL_WINDOW_SIZE the peer may go by now.
func (c *Conn) widest() int64 {
	w := c.local.initialWindow
	for _, p := range c.pending {
		for _, v := range p.list {
			if v.ID == SettingInitialWindowSize {
				w = max(w, v.Value)
			}
		}
	}
	return int64(w)
}

// sampleRTT takes a measured round trip into account.
func (c *Conn) sampleRTT(d int64) {
	if d > 0 && (c.growth.rtt == 0 || d < c.growth.rtt) {
		c.growth.rtt = d
	}
	c.grow()
}
