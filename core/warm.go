package core

import "weft/internal/warm"

// Warm has the processor fetch what the next turn will look at, if it has been
// long since the last one: what the Conn points to (step 0), what that points to
// (1), and so on (2). Whoever runs the turns of many connections calls it for all of
// those that are ready, step by step, before the first turn. It changes nothing,
// but is no getter to be called beside other methods.
func (c *Conn) Warm(step int) {
	b := c.busy
	if b == nil {
		return
	}
	switch step {
	case 0:
		warm.Up(b)
		warm.Up(c.encodeCache.entries[0])
		if r := &c.closedIDs; r.next < len(r.ring) {
			warm.Up(&r.ring[r.next])
		}
	case 1:
		warm.Up(b.record)
		warm.Up(b.decodeCache)
		if len(b.fieldBuf) > 0 {
			warm.Up(&b.fieldBuf[0])
		}
	case 2:
		if b.decodeCache != nil {
			warm.Up(b.decodeCache.entries[0])
		}
	}
}
