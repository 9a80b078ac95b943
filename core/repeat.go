package core

import (
	"math"
	"slices"
	"time"

	"weft/core/frame"
)

// Blocks that the caches of cache.go keep have a number, by which a layer
// above recognises what it has seen, or sends once more what it has sent,
// without looking at a single field.

// LastReceived names the header block of the HeadersReceived that Next has just
// returned: blocks of the same number have the same Fields. It is 0 if the block
// is not among those the connection keeps.
func (c *Conn) LastReceived() uint32 {
	if c.busy == nil {
		return 0
	}
	return c.got.number
}

// LastSent names the header block that the last Headers, Open or Repeat sent, for
// Repeat and OpenRepeat. It is 0 if the block is not among those the connection keeps.
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

// OpenRepeat is Open with the fields of an earlier request, which LastSent named
// right after it was sent. It saves comparing the fields.
//
// Errors: ErrNoBlock if the block is no request or not kept any more, as after
// a change of the compression table; and those of Open.
func (c *Conn) OpenRepeat(now time.Time, block uint32, end bool) (StreamID, error) {
	c.tick(now)
	if err := c.mayOpen(); err != nil {
		return 0, err
	}
	e := c.encodeCache.numbered(block)
	if e == nil || e.kind != KindRequest {
		return 0, ErrNoBlock
	}
	return c.openChecked(e.fields, end, nil, &e.msg, e)
}

// CanRepeat reports whether the block is that of a final response, and kept: if
// so, Repeat on a stream that has sent none does not fail for the block.
func (c *Conn) CanRepeat(block uint32) bool {
	e := c.encodeCache.numbered(block)
	return e != nil && e.kind == KindResponse && !c.closed()
}

// RepeatWhole is Repeat and then Send of the whole body, for a request that has
// ended: as most are, and in one step what takes two otherwise. It reports
// false, and has changed nothing, if not all of that can go at once in one
// frame each, or if one of the two would be an error; p must not be empty.
func (c *Conn) RepeatWhole(now time.Time, id StreamID, block uint32, p []byte) bool {
	s := c.streams.find(id)
	e := c.encodeCache.numbered(block)
	if s == nil || e == nil || c.closed() ||
		s.state != StateHalfClosedRemote || s.send != phaseHeaders || e.kind != KindResponse ||
		s.headOnly || s.connect || c.cfg.padding != nil {
		return false
	}
	switch status := e.msg.pseudo.Status; {
	case status == 204, status == 205, status == 304, e.msg.priority != "",
		e.msg.contentLength >= 0 && e.msg.contentLength != int64(len(p)):
		return false
	}
	head := frame.HeaderLen + len(e.raw)
	if len(p) == 0 || len(p) > c.room(s) || c.waiting()+head+frame.HeaderLen+len(p) > c.outputLimit() ||
		c.mustQueue(s, len(p)) {
		return false
	}
	c.tick(now)
	at := len(c.out)
	body := at + head + frame.HeaderLen
	out := slices.Grow(c.out, head+frame.HeaderLen+len(p))[:body+len(p)]
	frame.PutHeader(out[at:], frame.Header{
		Length: uint32(len(e.raw)), Type: frame.TypeHeaders, Flags: frame.FlagEndHeaders, Stream: id,
	})
	copy(out[at+frame.HeaderLen:], e.raw)
	frame.PutHeader(out[at+head:], frame.Header{
		Length: uint32(len(p)), Type: frame.TypeData, Flags: frame.FlagEndStream, Stream: id,
	})
	copy(out[body:], p)
	c.out = out
	c.forced += head
	c.lastSent = block
	if c.peer.push && !c.client {
		c.noteEnd(id, at+head)
	}
	c.allowUpdates(len(p))
	c.sendWindow -= int64(len(p))
	c.noteSent(s, len(p))
	s.responded = true
	// The rest is settle, without the call: see leave.
	s.state = StateClosed
	c.reward()
	c.leave(s)
	return true
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
