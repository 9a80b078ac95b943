package frame

// HeadersFrame is the payload of HEADERS (RFC 9113 §6.2).
type HeadersFrame struct {
	// Fragment is the field block, or its first part when END_HEADERS is not
	// set and CONTINUATION follows.
	Fragment []byte

	HasPriority bool          // the PRIORITY flag was set
	Priority    PriorityParam // zero unless HasPriority

	// Overhead is the pad length byte and the padding, or 0 when the frame
	// is not padded.
	Overhead int
}

// ParseHeaders parses the payload p of HEADERS. The result's Fragment is part
// of p.
//
// Errors: ErrSize, ErrPadding.
func ParseHeaders(h Header, p []byte) (f HeadersFrame, err error) {
	fixed := 0
	if h.Flags.Has(FlagPriority) {
		fixed = priorityLen
	}
	body, overhead, err := cutPadding(h, p, fixed)
	if err != nil {
		return f, err
	}
	f.Fragment, f.Overhead = body[fixed:], overhead
	if h.Flags.Has(FlagPriority) {
		f.HasPriority, f.Priority = true, parsePriorityParam(body)
	}
	return f, nil
}

// AppendHeaders appends HEADERS. Of flags, END_STREAM and END_HEADERS count;
// PRIORITY is set when prio is not nil, and PADDED when pad is not -1 but 0
// to 255, the number of bytes to pad with.
func AppendHeaders(dst []byte, id StreamID, fragment []byte, flags Flags, prio *PriorityParam, pad int) []byte {
	h := Header{
		Length: uint32(len(fragment)),
		Type:   TypeHeaders,
		Flags:  flags & (FlagEndStream | FlagEndHeaders),
		Stream: id,
	}
	if prio != nil {
		h.Flags |= FlagPriority
		h.Length += priorityLen
	}
	dst = appendPaddedHeader(dst, h, pad)
	if prio != nil {
		dst = AppendPriorityParam(dst, *prio)
	}
	dst = append(dst, fragment...)
	return AppendPadding(dst, pad)
}
