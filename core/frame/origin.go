package frame

import "encoding/binary"

// NextOrigin takes the first origin off the payload p of ORIGIN (RFC 8336 §2).
// To read them all:
//
//	for o, rest, ok := NextOrigin(p); ok; o, rest, ok = NextOrigin(rest) {
//
// At the end ok is false and rest is empty. When ok is false and rest is not
// empty, p ends within an origin and rest is what is left of it. origin and
// rest are parts of p.
func NextOrigin(p []byte) (origin, rest []byte, ok bool) {
	if len(p) < 2 {
		return nil, p, false
	}
	n, body := int(binary.BigEndian.Uint16(p)), p[2:]
	if n > len(body) {
		return nil, p, false
	}
	return body[:n], body[n:], true
}

// AppendOrigin appends ORIGIN. Each of origins has at most 65535 bytes.
func AppendOrigin(dst []byte, origins ...string) []byte {
	n := 0
	for _, o := range origins {
		n += 2 + len(o)
	}
	dst = AppendHeader(dst, Header{Length: uint32(n), Type: TypeOrigin})
	for _, o := range origins {
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(o)))
		dst = append(dst, o...)
	}
	return dst
}
