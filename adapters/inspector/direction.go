package inspector

import (
	"bytes"

	"weft/core/frame"
)

// preface is what a client sends before its first frame (RFC 9113 §3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// maxOpening is how much is shown of a start that is not HTTP/2.
const maxOpening = 64

// maxUnknown is how much is kept of frames of unknown types.
const maxUnknown = 32

// A direction puts frames together from the bytes of one side.
type direction struct {
	word       string
	text       *text
	maxPayload int
	fields     fields

	// next is where the next byte belongs.
	next part
	// buf holds what is there of the part: opening and header whole, of the
	// payload the first keep bytes. len(buf) ≤ max(maxOpening, maxPayload).
	buf    []byte
	header frame.Header
	keep   int // bytes of the payload that are kept
	left   int // bytes of the payload still to come
}

type part uint8

const (
	opening part = iota // a preface or the first frame
	header              // a frame's header
	payload             // a frame's payload
	foreign             // all that follows on something that is not HTTP/2
)

func (d *direction) init(word string, t *text, maxPayload int) {
	d.word, d.text, d.maxPayload = word, t, maxPayload
	d.fields.init(t, maxPayload)
}

// take takes some bytes from the start of p, which has at least one, and
// returns the rest.
func (d *direction) take(p []byte) []byte {
	switch d.next {
	case opening:
		return d.takeOpening(p)
	case header:
		return d.takeHeader(p)
	case payload:
		return d.takePayload(p)
	}
	return nil
}

// takeOpening takes a byte of the preface, if there is one. The first frame is
// SETTINGS and not long, so that it begins with a zero; nothing else does.
func (d *direction) takeOpening(p []byte) []byte {
	if len(d.buf) == 0 && p[0] == 0 {
		d.next = header
		return p
	}
	d.buf = append(d.buf, p[0])
	switch {
	case string(d.buf) == preface:
		d.text.begin("connection preface")
		d.expectHeader()
	case len(d.buf) < len(preface) && string(d.buf) == preface[:len(d.buf)]:
	case len(d.buf) == maxOpening || p[0] == '\n':
		d.text.begin("what is not HTTP/2: %s", quoted(bytes.TrimRight(d.buf, "\r\n")))
		d.next, d.buf = foreign, nil
	}
	return p[1:]
}

func (d *direction) takeHeader(p []byte) []byte {
	n := min(len(p), frame.HeaderLen-len(d.buf))
	d.buf = append(d.buf, p[:n]...)
	if len(d.buf) < frame.HeaderLen {
		return nil
	}
	d.header = frame.ParseHeader(d.buf)
	d.next, d.buf = payload, d.buf[:0]
	d.left, d.keep = int(d.header.Length), keepOf(d.header, d.maxPayload)
	if d.left == 0 {
		d.finish(nil)
	}
	return p[n:]
}

// keepOf returns how much of a frame's payload is needed to describe it.
func keepOf(h frame.Header, maxPayload int) int {
	n := int(h.Length)
	switch {
	case h.Type == frame.TypeData && h.Flags.Has(frame.FlagPadded):
		return min(n, 1)
	case h.Type == frame.TypeData:
		return 0
	case !isKnown(h.Type):
		return min(n, maxUnknown)
	case n > maxPayload:
		return 0
	}
	return n
}

func (d *direction) takePayload(p []byte) []byte {
	n := min(len(p), d.left)
	if len(d.buf) == 0 && n == d.left {
		d.finish(p[:d.keep]) // the usual case: all of it is there
		return p[n:]
	}
	d.buf = append(d.buf, p[:min(n, d.keep-len(d.buf))]...)
	d.left -= n
	if d.left == 0 {
		d.finish(d.buf)
	}
	return p[n:]
}

// finish describes the frame that ended, of whose payload p was kept.
func (d *direction) finish(p []byte) {
	d.describe(d.header, p)
	d.expectHeader()
}

func (d *direction) expectHeader() {
	d.next, d.buf = header, d.buf[:0]
	if cap(d.buf) > frame.DefaultMaxFrameSize {
		d.buf = nil
	}
}
