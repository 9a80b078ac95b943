package frame

import "encoding/binary"

// PriorityParam is a stream's place in the dependency tree of RFC 7540 §5.3,
// as PRIORITY and HEADERS carry it. RFC 9113 §5.3.2 deprecates the tree; the
// fields are still on the wire.
type PriorityParam struct {
	Parent    StreamID // 0 is the root
	Exclusive bool
	Weight    int // 1 to 256; one less on the wire, in 8 bits
}

const priorityLen = 5

// ParsePriority parses the payload p of PRIORITY (RFC 9113 §6.3). After
// ErrSize it is the stream that fails, not the connection.
func ParsePriority(h Header, p []byte) (PriorityParam, error) {
	if len(p) != priorityLen {
		return PriorityParam{}, ErrSize
	}
	return parsePriorityParam(p), nil
}

// parsePriorityParam reads the first priorityLen bytes of b.
func parsePriorityParam(b []byte) PriorityParam {
	_ = b[priorityLen-1]
	return PriorityParam{
		Parent:    parseStreamID(b),
		Exclusive: b[0]&0x80 != 0,
		Weight:    int(b[4]) + 1,
	}
}

// AppendPriority appends PRIORITY.
func AppendPriority(dst []byte, id StreamID, p PriorityParam) []byte {
	dst = AppendHeader(dst, Header{Length: priorityLen, Type: TypePriority, Stream: id})
	return AppendPriorityParam(dst, p)
}

// PutPriorityParam writes p over the first 5 bytes of b.
func PutPriorityParam(b []byte, p PriorityParam) {
	_ = b[priorityLen-1]
	v := uint32(p.Parent & MaxStreamID)
	if p.Exclusive {
		v |= 1 << 31
	}
	binary.BigEndian.PutUint32(b, v)
	b[4] = byte(p.Weight - 1)
}

// AppendPriorityParam appends the 5 bytes of p, without a frame header.
func AppendPriorityParam(dst []byte, p PriorityParam) []byte {
	var b [priorityLen]byte
	PutPriorityParam(b[:], p)
	return append(dst, b[:]...)
}
