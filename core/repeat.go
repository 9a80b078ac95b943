package core

import (
	"math"
	"time"
)

// Blocks that the caches of cache.go keep have a number, by which a layer
// above recognises what it has seen, or sends once more what it has sent,
// without looking at a single field.

// LastReceived names the header block of the HeadersReceived that Next has just
// returned: blocks of the same number have the same Fields. It is 0 if the block
// is not among those the connection keeps.
func (c *Conn) LastReceived() uint32 { return c.got.number }

// LastSent names the header block that the last Headers or Repeat sent, for
// Repeat. It is 0 if the block is not among those the connection keeps.
func (c *Conn) LastSent() uint32 { return c.lastSent }

// Repeat is Headers with the fields of an earlier final response, which
// LastSent named right after it was sent. It saves comparing the fields.
//
// Errors: ErrNoBlock if the block is no final response or not kept any more,
// as after a change of the compression table, or if trailers are due; and
// those of Headers.
func (c *Conn) Repeat(now time.Time, id StreamID, block uint32, end bool) error {
	c.tick(now)
	s, next, err := c.forHeaders(id, end)
	if err != nil {
		return err
	}
	e := c.encodeCache.numbered(block)
	if e == nil || e.kind != KindResponse || s.send != phaseHeaders {
		return ErrNoBlock
	}
	return c.sendFinal(s, next, e.fields, end, &e.msg, e)
}

// nextNumber returns a number for a block that is about to be kept. When all
// are used, blocks have none.
func (c *Conn) nextNumber() uint32 {
	if c.numbered == math.MaxUint32 {
		return 0
	}
	c.numbered++
	return c.numbered
}
