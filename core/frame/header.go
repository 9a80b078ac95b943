package frame

import (
	"encoding/binary"
	"strconv"
)

const (
	// HeaderLen is the length of a frame header.
	HeaderLen = 9

	// DefaultMaxFrameSize is the largest payload that every endpoint takes,
	// and SETTINGS_MAX_FRAME_SIZE until changed (RFC 9113 §4.2).
	DefaultMaxFrameSize = 16384

	// MaxFrameSizeLimit is the largest payload a frame can have, and the
	// highest SETTINGS_MAX_FRAME_SIZE (RFC 9113 §6.5.2).
	MaxFrameSizeLimit = 1<<24 - 1
)

// StreamID identifies a stream; 0 is the connection as a whole
// (RFC 9113 §5.1.1).
type StreamID uint32

// MaxStreamID is the highest stream id there is. The bit above it is reserved:
// ignored when parsed, cleared when appended.
const MaxStreamID StreamID = 1<<31 - 1

// Header is what every frame begins with (RFC 9113 §4.1).
type Header struct {
	Length uint32 // of the payload, at most MaxFrameSizeLimit
	Type   Type
	Flags  Flags
	Stream StreamID
}

// ParseHeader reads the header at the start of b, which must have at least
// HeaderLen bytes.
func ParseHeader(b []byte) Header {
	_ = b[HeaderLen-1]
	v := binary.BigEndian.Uint32(b)
	return Header{v >> 8, Type(v), Flags(b[4]), parseStreamID(b[5:])}
}

// PutHeader writes h over the first HeaderLen bytes of b.
func PutHeader(b []byte, h Header) {
	_ = b[HeaderLen-1]
	binary.BigEndian.PutUint32(b, h.Length<<8|uint32(h.Type))
	b[4] = byte(h.Flags)
	binary.BigEndian.PutUint32(b[5:], uint32(h.Stream&MaxStreamID))
}

// AppendHeader appends h to dst.
func AppendHeader(dst []byte, h Header) []byte {
	var b [HeaderLen]byte
	PutHeader(b[:], h)
	return append(dst, b[:]...)
}

// String is for people: "HEADERS stream=1 len=20 END_STREAM|END_HEADERS".
func (h Header) String() string {
	s := h.Type.String() +
		" stream=" + strconv.FormatUint(uint64(h.Stream), 10) +
		" len=" + strconv.FormatUint(uint64(h.Length), 10)
	if h.Flags != 0 {
		s += " " + h.Flags.names(h.Type)
	}
	return s
}

// parseStreamID reads the 31-bit id at the start of b.
func parseStreamID(b []byte) StreamID {
	return StreamID(binary.BigEndian.Uint32(b)) & MaxStreamID
}

// appendStreamID appends id with its reserved bit cleared.
func appendStreamID(dst []byte, id StreamID) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(id&MaxStreamID))
}
