package coretest

import (
	"bytes"
	"fmt"

	"weft/core"
	"weft/core/frame"

	"golang.org/x/net/http2/hpack"
)

// A Reader reads what an endpoint sends, however it is cut, and follows its
// compression state. What cannot be read is an error: an endpoint of ours
// never sends it.
type Reader struct {
	// MaxFrame is the longest payload allowed.
	MaxFrame int

	buf     []byte
	dec     *hpack.Decoder
	table   uint32 // the size the encoder uses
	allowed uint32 // what its peer allows, as acknowledged
	lowest  uint32 // the least it allowed since the last block
	block   Frame  // the header block being read
	raw     []byte // of it
	open    bool
	began   bool
	magic   bool
	text    bool // HTTP/1, to the end
}

// A Frame is one frame, or a header block with the CONTINUATIONs behind it.
type Frame struct {
	frame.Header
	Payload []byte // without padding
	Pad     int    // -1: not padded
	Fields  []core.Field
	Sizes   []int  // of a header block, when it took several frames
	Text    string // of the magic string, and of HTTP/1
}

// NewReader returns a Reader for the bytes of a client or a server.
func NewReader(client bool) *Reader {
	r := &Reader{MaxFrame: frame.DefaultMaxFrameSize, magic: client, table: 4096, allowed: 4096, lowest: 4096}
	r.dec = hpack.NewDecoder(4096, nil)
	return r
}

// AllowTable says which table size was acknowledged to the reader's side.
func (r *Reader) AllowTable(size uint32) {
	r.allowed, r.lowest = size, min(r.lowest, size)
	r.dec.SetAllowedMaxDynamicTableSize(size)
}

// Read takes more bytes and hands each complete frame to yield.
func (r *Reader) Read(p []byte, yield func(Frame) error) error {
	r.buf = append(r.buf, p...)
	for {
		f, ok, err := r.next()
		if err != nil || !ok {
			return err
		}
		if err := yield(f); err != nil {
			return err
		}
	}
}

func (r *Reader) next() (f Frame, ok bool, err error) {
	for {
		switch {
		case r.magic && len(r.buf) >= len(core.Preface):
			if string(r.buf[:len(core.Preface)]) != core.Preface {
				return f, false, fmt.Errorf("no client preface but %q", r.buf)
			}
			r.buf, r.magic = r.buf[len(core.Preface):], false
			return Frame{Text: "PREFACE"}, true, nil
		case r.magic || len(r.buf) == 0:
			return f, false, nil
		case r.text || bytes.HasPrefix(r.buf, []byte("HTTP/1.1 ")):
			f.Text = fmt.Sprintf("text %q", r.buf)
			r.text, r.buf = true, nil
			return f, true, nil
		case len(r.buf) < frame.HeaderLen:
			return f, false, nil
		}
		h := frame.ParseHeader(r.buf)
		if int(h.Length) > r.MaxFrame {
			return f, false, fmt.Errorf("%v is longer than %d", h, r.MaxFrame)
		}
		if r.buf[5]&0x80 != 0 {
			return f, false, fmt.Errorf("%v has the reserved bit set", h)
		}
		total := frame.HeaderLen + int(h.Length)
		if len(r.buf) < total {
			return f, false, nil
		}
		p := bytes.Clone(r.buf[frame.HeaderLen:total])
		r.buf = r.buf[total:]
		if f, ok, err = r.frame(h, p); ok || err != nil {
			return f, ok, err
		}
	}
}

// frame takes one frame. ok is false when more of its header block follows.
func (r *Reader) frame(h frame.Header, p []byte) (f Frame, ok bool, err error) {
	switch {
	case !r.began && (h.Type != frame.TypeSettings || h.Flags.Has(frame.FlagAck)):
		return f, false, fmt.Errorf("%v comes before SETTINGS", h)
	case r.open && h.Type != frame.TypeContinuation, !r.open && h.Type == frame.TypeContinuation,
		r.open && h.Stream != r.block.Stream:
		return f, false, fmt.Errorf("%v breaks a header block", h)
	}
	r.began = true
	if bad := h.Flags &^ flagsOf(h.Type); bad != 0 {
		return f, false, fmt.Errorf("%v has undefined flags", h)
	}
	f = Frame{Header: h, Payload: p, Pad: -1}
	if h.Flags.Has(frame.FlagPadded) && flagsOf(h.Type).Has(frame.FlagPadded) {
		if f.Pad = int(p[0]); f.Pad >= len(p) {
			return f, false, fmt.Errorf("%v has too much padding", h)
		}
		f.Payload = p[1 : len(p)-f.Pad]
		if len(bytes.TrimLeft(p[len(p)-f.Pad:], "\x00")) > 0 {
			return f, false, fmt.Errorf("%v has padding that is not zero", h)
		}
	}
	switch h.Type {
	case frame.TypeHeaders, frame.TypePushPromise:
		r.block, r.raw = f, f.Payload[fixedPart(f):]
	case frame.TypeContinuation:
		r.raw = append(r.raw, p...)
	default:
		return f, true, nil
	}
	r.block.Sizes = append(r.block.Sizes, int(h.Length))
	r.open = !h.Flags.Has(frame.FlagEndHeaders)
	if r.open {
		return f, false, nil
	}
	f = r.block
	f.Fields, err = r.decode(r.raw)
	return f, true, err
}

// fixedPart is what stands before a header block in its first frame.
func fixedPart(f Frame) int {
	switch {
	case f.Type == frame.TypePushPromise:
		return 4
	case f.Flags.Has(frame.FlagPriority):
		return 5
	}
	return 0
}

func (r *Reader) decode(raw []byte) ([]core.Field, error) {
	// RFC 9113 §4.3.1, RFC 7541 §4.2: a table that had to shrink says so first.
	updates, rest := tableUpdates(raw)
	if r.lowest < r.table && (len(updates) == 0 || updates[0] > r.lowest) {
		return nil, fmt.Errorf("the header block does not begin with a table size of at most %d", r.lowest)
	}
	if len(updates) > 2 {
		return nil, fmt.Errorf("the header block has %d table size updates", len(updates))
	}
	for _, size := range updates {
		if size > r.allowed {
			return nil, fmt.Errorf("the table size is %d, at most %d are allowed", size, r.allowed)
		}
		// The decoder itself would not take two.
		r.dec.SetMaxDynamicTableSize(size)
		r.table = size
	}
	r.lowest = r.allowed
	list, err := r.dec.DecodeFull(rest)
	if err != nil {
		return nil, err
	}
	fields := make([]core.Field, len(list))
	for i := range list {
		fields[i] = core.Field(list[i])
	}
	return fields, nil
}

// tableUpdates takes the size updates off that a header block begins with
// (RFC 7541 §6.3).
func tableUpdates(b []byte) (list []uint32, rest []byte) {
	for len(b) > 0 && b[0]&0xe0 == 0x20 {
		n, more := uint32(b[0]&31), b[0]&31 == 31
		b = b[1:]
		for shift := 0; more && len(b) > 0; shift += 7 {
			n += uint32(b[0]&127) << shift
			more = b[0] >= 128
			b = b[1:]
		}
		list = append(list, n)
	}
	return list, b
}

func flagsOf(t frame.Type) frame.Flags {
	switch t {
	case frame.TypeData:
		return frame.FlagEndStream | frame.FlagPadded
	case frame.TypeHeaders:
		return frame.FlagEndStream | frame.FlagEndHeaders | frame.FlagPadded | frame.FlagPriority
	case frame.TypeSettings, frame.TypePing:
		return frame.FlagAck
	case frame.TypePushPromise:
		return frame.FlagEndHeaders | frame.FlagPadded
	case frame.TypeContinuation:
		return frame.FlagEndHeaders
	}
	if t > frame.TypeContinuation {
		return 0xff
	}
	return 0
}
