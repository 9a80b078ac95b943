package core

import "weft/internal/warm"

// Warm has the processor fetch what the next turn will look at, if it has been
// long since the last one: first the Conn (step 0), then what that points to (1),
// and what this does (2). Whoever runs the turns of many connections calls it
// for all of those that are ready, step by step, before the first turn. It changes
// nothing.
func (c *Conn) Warm(step int) {
	b := c.busy
	switch {
	case step == 0:
		warm.Up(c)
	case b == nil:
	case step == 1:
		warm.Up(b)
		if r := &c.closedIDs; r.next < len(r.ring) {
			warm.Up(&r.ring[r.next])
		}
		warm.Up(c.encodeCache.entries[0])
	case step == 2:
		warm.Up(b.record)
		warm.Up(b.decodeCache)
		if len(b.fieldBuf) > 0 {
			warm.Up(&b.fieldBuf[0])
		}
	case step == 3:
		if b.decodeCache != nil {
			if e := b.decodeCache.entries[0]; e != nil {
				warm.Up(e)
			}
		}
	}
}
