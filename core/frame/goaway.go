package frame

import "encoding/binary"

// GoAwayFrame is the payload of GOAWAY (RFC 9113 §6.8).
type GoAwayFrame struct {
	LastStream StreamID // the highest that was or may yet be acted upon
	Code       ErrCode
	Debug      []byte // for people; nothing may depend on it
}

// ParseGoAway parses the payload p of GOAWAY. The result's Debug is part of p.
//
// Errors: ErrSize for less than 8 bytes.
func ParseGoAway(h Header, p []byte) (GoAwayFrame, error) {
	if len(p) < 8 {
		return GoAwayFrame{}, ErrSize
	}
	return GoAwayFrame{
		LastStream: parseStreamID(p),
		Code:       ErrCode(binary.BigEndian.Uint32(p[4:])),
		Debug:      p[8:],
	}, nil
}

// AppendGoAway appends GOAWAY.
func AppendGoAway(dst []byte, f GoAwayFrame) []byte {
	dst = AppendHeader(dst, Header{Length: uint32(8 + len(f.Debug)), Type: TypeGoAway})
	dst = appendStreamID(dst, f.LastStream)
	dst = binary.BigEndian.AppendUint32(dst, uint32(f.Code))
	return append(dst, f.Debug...)
}
