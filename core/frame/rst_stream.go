package frame

import "encoding/binary"

// ParseRSTStream parses the payload p of RST_STREAM (RFC 9113 §6.4).
//
// Errors: ErrSize unless there are 4 bytes.
func ParseRSTStream(h Header, p []byte) (ErrCode, error) {
	if len(p) != 4 {
		return 0, ErrSize
	}
	return ErrCode(binary.BigEndian.Uint32(p)), nil
}

// AppendRSTStream appends RST_STREAM.
func AppendRSTStream(dst []byte, id StreamID, code ErrCode) []byte {
	dst = AppendHeader(dst, Header{Length: 4, Type: TypeRSTStream, Stream: id})
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}
