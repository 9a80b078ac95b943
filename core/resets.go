package core

// resets counts the RST_STREAM frames of a peer that may still come at once:
// Limits.ResetBurst of them, Limits.ResetRate more each second.
type resets struct {
	spent int64 // thousandths of a frame
	at    instant
}

// takeReset counts one frame, and reports false if it is one too many.
func (c *Conn) takeReset() bool {
	l, now := c.cfg.Limits, c.now
	if l.ResetBurst == Unlimited {
		return true
	}
	if c.resets == nil {
		c.resets = new(resets)
	}
	r := c.resets
	rate := int64(min(l.ResetRate, 1e6))
	// In microseconds; a gap that gives everything back is not multiplied out.
	elapsed := (now - r.at) / 1e3
	switch {
	case elapsed >= r.spent*1e3/rate+1:
		r.spent, r.at = 0, now
	case elapsed*rate >= 1e3:
		r.spent, r.at = r.spent-elapsed*rate/1e3, now
	}
	r.spent += milli
	return r.spent <= min(int64(l.ResetBurst), 1e12)*milli
}
