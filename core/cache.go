package core

import "bytes"

// The caches of this file make repetition cheap: a header block that neither
// uses nor changes more of a compression table than another did before it
// decodes, or encodes, to the same thing for as long as that table stands.
// They change no result, only its price.

const (
	cacheEntries = 4
	cacheFields  = 16  // fields of a block worth keeping
	cacheBytes   = 256 // encoded bytes of a block worth keeping
)

// decodeCache maps recent encoded blocks that left the decoder's table alone
// to what they decoded to.
type decodeCache struct {
	entries [cacheEntries]*decodedBlock
	once    [cacheEntries]uint32 // hashes of blocks that came and are not kept
	next    uint8
	filled  bool
}

type decodedBlock struct {
	raw  []byte
	kind HeadersKind
	decoded
}

func (d *decodeCache) find(raw []byte, kind HeadersKind) *decodedBlock {
	if d == nil || !d.filled {
		return nil
	}
	for _, e := range d.entries {
		if e != nil && e.kind == kind && bytes.Equal(e.raw, raw) {
			return e
		}
	}
	return nil
}

// isNew reports whether the block did not come before, as far as is remembered.
// It is remembered now.
func (d *decodeCache) isNew(raw []byte) bool {
	h := hash(0, raw)
	at := &d.once[h>>32%cacheEntries]
	if *at == uint32(h) {
		return false
	}
	*at = uint32(h)
	return true
}

// store keeps a valid block. Large ones are not worth their memory, and of those
// with strings of their own, most come but once.
func (d *decodeCache) store(raw []byte, kind HeadersKind, got *decoded, strings bool) {
	if got.fault != FaultNone || len(raw) > cacheBytes || len(got.fields) > cacheFields || strings && d.isNew(raw) {
		got.number = 0
		return
	}
	e := d.entries[d.next]
	if e == nil {
		e = new(decodedBlock)
		d.entries[d.next] = e
	}
	d.next = (d.next + 1) % cacheEntries
	d.filled = true
	e.raw = append(e.raw[:0], raw...)
	e.kind = kind
	fields := append(e.fields[:0], got.fields...)
	e.decoded = *got
	e.fields = fields
}

// invalidate forgets everything: the table has changed.
func (d *decodeCache) invalidate() {
	if d == nil || !d.filled {
		return
	}
	for _, e := range d.entries {
		if e != nil {
			e.raw = e.raw[:0]
			clear(e.fields)
			e.kind = noKind
		}
	}
	d.filled = false
}

const noKind HeadersKind = 255

// encodeCache maps recent field lists that left the encoder's table alone to
// their encoded blocks.
type encodeCache struct {
	entries [cacheEntries]*encodedBlock
	next    int
	filled  bool
}

type encodedBlock struct {
	fields []Field
	raw    []byte
	kind   HeadersKind
	msg    message
	number uint32
}

// numbered returns the block of that number, nil if it is not kept any more.
func (d *encodeCache) numbered(n uint32) *encodedBlock {
	if !d.filled || n == 0 {
		return nil
	}
	for _, e := range d.entries {
		if e != nil && e.number == n {
			return e
		}
	}
	return nil
}

func (d *encodeCache) find(fields []Field, kind HeadersKind) *encodedBlock {
	if !d.filled {
		return nil
	}
next:
	for _, e := range d.entries {
		if e == nil || e.kind != kind || len(e.fields) != len(fields) {
			continue
		}
		for i := range fields {
			if e.fields[i] != fields[i] {
				continue next
			}
		}
		return e
	}
	return nil
}

// store keeps a block under its number, if it is not too large. It reports
// whether it did.
func (d *encodeCache) store(fields []Field, kind HeadersKind, m *message, raw []byte, number uint32) bool {
	if len(raw) > cacheBytes || len(fields) > cacheFields {
		return false
	}
	e := d.entries[d.next]
	if e == nil {
		e = new(encodedBlock)
		d.entries[d.next] = e
	}
	d.next = (d.next + 1) % cacheEntries
	d.filled = true
	e.raw = append(e.raw[:0], raw...)
	e.fields = append(e.fields[:0], fields...)
	e.kind = kind
	e.msg = *m
	e.number = number
	return true
}

func (d *encodeCache) invalidate() {
	if !d.filled {
		return
	}
	for _, e := range d.entries {
		if e != nil {
			e.raw = e.raw[:0]
			clear(e.fields)
			e.kind = noKind
			e.number = 0
		}
	}
	d.filled = false
}
