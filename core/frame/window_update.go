package frame

import "encoding/binary"

// ParseWindowUpdate parses the payload p of WINDOW_UPDATE (RFC 9113 §6.9) and
// returns the increment. An increment of 0 is an error, of the stream or of
// the connection; the caller judges.
func ParseWindowUpdate(h Header, p []byte) (uint32, error) {
	if len(p) != 4 {
		return 0, ErrSize
	}
	return binary.BigEndian.Uint32(p) & (1<<31 - 1), nil
}

// AppendWindowUpdate appends WINDOW_UPDATE. inc is 1 to 2^31-1.
func AppendWindowUpdate(dst []byte, id StreamID, inc uint32) []byte {
	dst = AppendHeader(dst, Header{Length: 4, Type: TypeWindowUpdate, Stream: id})
	return binary.BigEndian.AppendUint32(dst, inc&(1<<31-1))
}
