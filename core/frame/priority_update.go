package frame

// PriorityUpdateFrame is the payload of PRIORITY_UPDATE (RFC 9218 §7.1).
type PriorityUpdateFrame struct {
	Stream StreamID // the one to prioritize; the frame itself is on stream 0
	Value  []byte   // as in the Priority field (RFC 9218 §5)
}

// ParsePriorityUpdate parses the payload p of PRIORITY_UPDATE. The result's
// Value is part of p.
//
// Errors: ErrSize for less than 4 bytes.
func ParsePriorityUpdate(h Header, p []byte) (PriorityUpdateFrame, error) {
	if len(p) < 4 {
		return PriorityUpdateFrame{}, ErrSize
	}
	return PriorityUpdateFrame{Stream: parseStreamID(p), Value: p[4:]}, nil
}

// AppendPriorityUpdate appends PRIORITY_UPDATE for stream id.
func AppendPriorityUpdate(dst []byte, id StreamID, value string) []byte {
	dst = AppendHeader(dst, Header{Length: uint32(4 + len(value)), Type: TypePriorityUpdate})
	dst = appendStreamID(dst, id)
	return append(dst, value...)
}
