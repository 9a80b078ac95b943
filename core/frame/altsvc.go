package frame

import "encoding/binary"

// AltSvcFrame is the payload of ALTSVC (RFC 7838 §4).
type AltSvcFrame struct {
	Origin []byte // empty on a stream, whose origin is then meant
	Value  []byte // as in the Alt-Svc field (RFC 7838 §3)
}

// ParseAltSvc parses the payload p of ALTSVC. Origin and Value of the result
// are parts of p.
//
// Errors: ErrSize if the origin does not fit.
func ParseAltSvc(h Header, p []byte) (AltSvcFrame, error) {
	if len(p) < 2 {
		return AltSvcFrame{}, ErrSize
	}
	n, p := int(binary.BigEndian.Uint16(p)), p[2:]
	if n > len(p) {
		return AltSvcFrame{}, ErrSize
	}
	return AltSvcFrame{Origin: p[:n], Value: p[n:]}, nil
}

// AppendAltSvc appends ALTSVC. origin has at most 65535 bytes.
func AppendAltSvc(dst []byte, id StreamID, origin, value string) []byte {
	dst = AppendHeader(dst, Header{
		Length: uint32(2 + len(origin) + len(value)),
		Type:   TypeAltSvc,
		Stream: id,
	})
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(origin)))
	dst = append(dst, origin...)
	return append(dst, value...)
}
