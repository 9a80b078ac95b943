package frame

// DATA, HEADERS and PUSH_PROMISE can be padded, all in the same way: one byte
// with the length of the padding before everything else, the padding itself
// after everything else.
//
// The AppendX functions of these types take an argument pad: -1 for a frame
// without padding, or 0 to 255 for PADDED with that many bytes. PADDED with 0
// still costs the length byte. Any negative pad counts as -1, and of a larger
// one the low 8 bits are used.

// cutPadding returns p without its padding, and the bytes that it cut: the
// length byte and the padding. The result has at least fixed bytes, for the
// fields between the two that every such frame has.
func cutPadding(h Header, p []byte, fixed int) (body []byte, overhead int, err error) {
	if !h.Flags.Has(FlagPadded) {
		if len(p) < fixed {
			return nil, 0, ErrSize
		}
		return p, 0, nil
	}
	if len(p) < 1+fixed {
		return nil, 0, ErrSize
	}
	// RFC 9113 §6.2: "Padding that exceeds the size remaining for the field
	// block fragment MUST be treated as a PROTOCOL_ERROR." For DATA, §6.1
	// says the same in other words. Whether the padding is zero is not
	// checked: a receiver is not obliged to.
	overhead = 1 + int(p[0])
	if overhead > len(p)-fixed {
		return nil, 0, ErrPadding
	}
	return p[1 : 1+len(p)-overhead], overhead, nil
}

// appendPaddedHeader appends h, whose Length is still without padding, and the
// length byte if there is to be padding.
func appendPaddedHeader(dst []byte, h Header, pad int) []byte {
	if pad < 0 {
		return AppendHeader(dst, h)
	}
	h.Flags |= FlagPadded
	h.Length += 1 + uint32(uint8(pad))
	return append(AppendHeader(dst, h), uint8(pad))
}

// AppendPadding appends the padding itself, of zeros (RFC 9113 §6.1).
func AppendPadding(dst []byte, pad int) []byte {
	if pad < 0 {
		return dst
	}
	return append(dst, zeros[:uint8(pad)]...)
}

var zeros [255]byte
