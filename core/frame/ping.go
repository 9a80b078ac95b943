package frame

// ParsePing parses the payload p of PING (RFC 9113 §6.7). Whether it is an
// answer is in the header: FlagAck.
//
// Errors: ErrSize unless there are 8 bytes.
func ParsePing(h Header, p []byte) ([8]byte, error) {
	if len(p) != 8 {
		return [8]byte{}, ErrSize
	}
	return [8]byte(p), nil
}

// AppendPing appends PING, as an answer if ack is true.
func AppendPing(dst []byte, ack bool, data [8]byte) []byte {
	h := Header{Length: 8, Type: TypePing}
	if ack {
		h.Flags = FlagAck
	}
	return append(AppendHeader(dst, h), data[:]...)
}
