package inspector

import (
	"golang.org/x/net/http2/hpack"

	"weft/core/frame"
)

// maxTable bounds the compression table of a direction, in bytes as RFC 7541
// §4.1 counts them. It is more than the usual 4 KiB and 64 KiB because the log
// doesn't know what its endpoint permitted.
const maxTable = 1 << 20

// fields decompresses the field blocks of one direction and prints them, each
// field with the frame in which it ends.
type fields struct {
	text *text
	dec  *hpack.Decoder
	lost bool // the table is not what it should be

	open   bool           // a block has begun and not ended
	stream frame.StreamID // its stream
	// lead holds the bytes of a table size update at the start of the block
	// that is not yet whole; atStart says that only such came so far.
	lead    []byte
	atStart bool
}

func (s *fields) init(t *text, maxString int) {
	s.text = t
	s.dec = hpack.NewDecoder(4096, func(f hpack.HeaderField) { t.field(f.Name, f.Value, f.Sensitive) })
	s.dec.SetAllowedMaxDynamicTableSize(maxTable)
	s.dec.SetMaxStringLength(maxString)
}

// lose says, once, that fields will be shown no more.
func (s *fields) lose(why string) {
	if !s.lost {
		s.text.line("; %s: fields are no longer shown", why)
	}
	s.lost, s.open, s.dec, s.lead = true, false, nil, nil
}

// first takes the part of a block that stands in HEADERS or PUSH_PROMISE.
func (s *fields) first(h frame.Header, fragment []byte) {
	if s.lost {
		return
	}
	if s.open {
		s.lose("the field block before this did not end")
		return
	}
	s.open, s.stream, s.atStart = true, h.Stream, true
	s.decode(h, fragment)
}

// next takes the part of a block that stands in CONTINUATION.
func (s *fields) next(h frame.Header, fragment []byte) {
	switch {
	case s.lost:
	case !s.open || s.stream != h.Stream:
		s.text.line("; no field block is open on this stream")
	default:
		s.decode(h, fragment)
	}
}

func (s *fields) decode(h frame.Header, fragment []byte) {
	fragment, err := s.cutUpdates(fragment)
	if err == nil {
		_, err = s.dec.Write(fragment)
	}
	if err == nil && h.Flags.Has(frame.FlagEndHeaders) {
		if err = s.dec.Close(); err == nil && len(s.lead) > 0 {
			err = errTruncated
		}
		s.open = false
	}
	if err != nil {
		s.lose("a field block can't be decompressed (" + err.Error() + ")")
	}
}
