package core

import (
	"weft/core/frame"

	"golang.org/x/net/http2/hpack"
)

// encoderSink is where the HPACK encoder writes: behind the frame header that
// was reserved in the output. It is called once a field.
type encoderSink Conn

func (e *encoderSink) Write(p []byte) (int, error) {
	e.out = append(e.out, p...)
	// Whether the table changed shows in the representation.
	b := e.out[len(e.out)-len(p):]
	for len(b) > 0 && b[0]&0xe0 == 0x20 { // RFC 7541 §6.3
		_, n := scanInteger(b, 0, 5)
		b = b[max(n, 1):]
		e.tableChanged = true
	}
	if e.literal && len(b) > 0 && b[0]&0xf0 == 0x10 {
		b[0] &^= 0x10 // from §6.2.3, never indexed, to §6.2.2
	}
	if len(b) > 0 && b[0]&0xc0 == 0x40 { // RFC 7541 §6.2.1
		e.tableChanged = true
	}
	return len(p), nil
}

// encodeFields appends the encoded fields to the output.
//
// The first block of a server is not indexed. It is no longer for it, and a
// connection that makes a single request, of which there are many, then has no
// table: that is most of a kilobyte.
func (c *Conn) encodeFields(fields []Field) {
	if len(fields) == 0 && c.mustConfirm {
		// The encoder speaks only with a field; it will repeat itself then.
		size := c.enc.MaxDynamicTableSize()
		if c.smallestTable < size {
			c.out = appendTableSize(c.out, c.smallestTable)
		}
		c.out = appendTableSize(c.out, size)
		c.tableChanged = true
		return
	}
	c.mustConfirm = c.mustConfirm && len(fields) == 0
	first := !c.client && !c.indexing
	c.indexing = true
	for i := range fields {
		f := hpack.HeaderField(fields[i])
		f.Sensitive = f.Sensitive || !c.cfg.indexCredentials && neverIndexed(&fields[i])
		if !f.Sensitive && (first && !isStaticStatus(&fields[i]) || !first && c.isFresh(&fields[i])) {
			// The encoder leaves its table alone for fields that must not be
			// indexed; the sink says that they may be.
			f.Sensitive, c.literal = true, true
		}
		c.enc.WriteField(f) // the sink cannot fail
		c.literal = false
	}
	if first {
		c.tableChanged = true // the block is not worth repeating: the next will be shorter
	}
}

// isStaticStatus reports whether a field is one of those with a value of RFC
// 7541 appendix A that a response can have.
func isStaticStatus(f *Field) bool {
	if f.Name != ":status" {
		return false
	}
	switch f.Value {
	case "200", "204", "206", "304", "400", "404", "500":
		return true
	}
	return false
}

// appendTableSize appends a dynamic table size update (RFC 7541 §6.3).
func appendTableSize(b []byte, size uint32) []byte {
	const prefix = 1<<5 - 1
	if size < prefix {
		return append(b, 0x20|byte(size))
	}
	b = append(b, 0x20|prefix)
	for size -= prefix; size >= 0x80; size >>= 7 {
		b = append(b, byte(size)|0x80)
	}
	return append(b, byte(size))
}

// checkOutgoing applies to what the caller sends the rules its receiver will
// apply. known is a cached encoding of the very same fields, if there is one.
func (c *Conn) checkOutgoing(fields []Field, kind HeadersKind, m *message) (known *encodedBlock, err error) {
	if e := c.encodeCache.find(fields, kind); e != nil {
		*m = e.msg
		return e, nil
	}
	size := 0
	for i := range fields {
		size += fields[i].Size()
	}
	if int64(size) > int64(max(c.peer.maxHeaderList, minPeerHeaderList)) {
		// The peer asked, and cannot be answered (AC-035).
		if !c.client {
			c.charge(causeUnsendable)
		}
		return nil, ErrHeaderListTooLarge
	}
	rules := fieldRules{kind, c.cfg.transport, c.peer.connectProtocol || c.cfg.unchecked, c.cfg.laxValues}
	fault := m.check(fields, nil, rules)
	switch {
	case c.cfg.unchecked:
		return nil, nil
	case fault == FaultProtocol && !c.peer.connectProtocol:
		return nil, ErrConnectProtocol
	case fault != FaultNone:
		return nil, &FieldError{m.culprit, m.reason}
	}
	if kind == KindTrailers {
		for i := range fields {
			if notInTrailers(fields[i].Name) {
				return nil, &FieldError{fields[i].Name, "has no place in trailers (RFC 9110 §6.5.1)"}
			}
		}
	}
	if status := m.pseudo.Status; m.contentLength >= 0 && (kind == KindInterim || status == 204) {
		return nil, &FieldError{"content-length", "has no place in a 1xx or 204 response (RFC 9110 §8.6)"}
	}
	return nil, nil
}

// CheckRequest finds what Open would refuse in a request's fields, whoever the
// peer is: a *FieldError, or nil. It is for callers that queue requests.
// laxValues is Config.LaxFieldValues.
func CheckRequest(fields []Field, laxValues bool) error {
	var m message
	if m.check(fields, nil, fieldRules{KindRequest, TransportUnknown, true, laxValues}) != FaultNone {
		return &FieldError{m.culprit, m.reason}
	}
	return nil
}

// headerFrame is what a header block is wrapped in.
type headerFrame struct {
	id       StreamID
	promised StreamID // PUSH_PROMISE when not zero
	end      bool
	priority *Priority
}

// writeBlock serialises a header block: one HEADERS or PUSH_PROMISE frame and
// as many CONTINUATION frames as it takes, with nothing in between.
func (c *Conn) writeBlock(w headerFrame, fields []Field, kind HeadersKind, m *message, known *encodedBlock) {
	start := len(c.out)
	c.out = append(c.out, make([]byte, frame.HeaderLen)...)
	fixed := 0
	if w.promised != 0 {
		c.out = append(c.out, byte(w.promised>>24), byte(w.promised>>16), byte(w.promised>>8), byte(w.promised))
		fixed = 4
	}
	if w.priority != nil {
		c.out = frame.AppendPriorityParam(c.out, *w.priority)
		fixed = 5
	}
	body := len(c.out)
	if known != nil {
		c.out = append(c.out, known.raw...)
		c.lastSent = known.number
	} else {
		c.lastSent = 0
		c.tableChanged, c.fresh = false, false
		c.encodeFields(fields)
		switch {
		case c.tableChanged:
			c.encodeCache.invalidate()
		case c.fresh: // the next one like it will be shorter
		default:
			if n := c.nextNumber(); c.encodeCache.store(fields, kind, m, c.out[body:], n) {
				c.lastSent = n
			}
		}
	}
	size := len(c.out) - body
	limit := int(c.peer.maxFrameSize)
	h := frame.Header{Type: frame.TypeHeaders, Stream: w.id, Flags: frame.FlagEndHeaders}
	if w.promised != 0 {
		h.Type = frame.TypePushPromise
	}
	if w.end {
		h.Flags |= frame.FlagEndStream
	}
	if w.priority != nil {
		h.Flags |= frame.FlagPriority
	}
	if fixed+size <= limit {
		if c.cfg.padding != nil {
			c.padBlock(body-fixed, limit-fixed-size-1, &h)
		}
		h.Length = uint32(len(c.out) - start - frame.HeaderLen)
		frame.PutHeader(c.out[start:], h)
		return
	}
	c.splitBlock(start, body+limit-fixed, h)
}

// splitBlock cuts a header block that is too long for one frame, which begins
// at c.out[start:]: what follows c.out[at:] goes into CONTINUATIONs.
func (c *Conn) splitBlock(start, at int, h frame.Header) {
	limit := int(c.peer.maxFrameSize)
	rest := append([]byte(nil), c.out[at:]...)
	c.out = c.out[:at]
	h.Flags &^= frame.FlagEndHeaders
	h.Length = uint32(limit)
	frame.PutHeader(c.out[start:], h)
	for len(rest) > 0 {
		n := min(len(rest), limit)
		c.out = frame.AppendContinuation(c.out, h.Stream, rest[:n], n == len(rest))
		rest = rest[n:]
	}
}

// padBlock pads the frame whose payload begins at c.out[at:] and is the last
// thing in the output.
func (c *Conn) padBlock(at, fits int, h *frame.Header) {
	if fits < 0 {
		return
	}
	n := len(c.out) - at
	k := min(c.cfg.padding(n, min(fits, 255)), fits, 255)
	if k <= 0 {
		return
	}
	c.out = append(c.out, 0)
	copy(c.out[at+1:], c.out[at:len(c.out)-1])
	c.out[at] = byte(k)
	c.out = append(c.out, zeros[:k]...)
	h.Flags |= frame.FlagPadded
}

var zeros [255]byte

// PadMax is a Config.Padding that always pads as much as it may.
func PadMax(n, max int) int { return max }

// PadAligned is a Config.Padding that makes payloads, pad length byte
// included, multiples of 8 bytes.
func PadAligned(n, max int) int { return min(max, 7-n%8) }
