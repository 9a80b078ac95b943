package frame

// PushPromiseFrame is the payload of PUSH_PROMISE (RFC 9113 §6.6).
type PushPromiseFrame struct {
	Promised StreamID

	// Fragment is the field block of the promised request, or its first part
	// when END_HEADERS is not set and CONTINUATION follows.
	Fragment []byte

	// Overhead is the pad length byte and the padding, or 0 when the frame
	// is not padded.
	Overhead int
}

// ParsePushPromise parses the payload p of PUSH_PROMISE. The result's Fragment
// is part of p.
//
// Errors: ErrSize, ErrPadding.
func ParsePushPromise(h Header, p []byte) (PushPromiseFrame, error) {
	body, overhead, err := cutPadding(h, p, 4)
	if err != nil {
		return PushPromiseFrame{}, err
	}
	return PushPromiseFrame{parseStreamID(body), body[4:], overhead}, nil
}

// AppendPushPromise appends PUSH_PROMISE, with END_HEADERS if endHeaders is
// true. pad is -1 for no padding, or 0 to 255 for PADDED with that many bytes.
func AppendPushPromise(dst []byte, id, promised StreamID, fragment []byte, endHeaders bool, pad int) []byte {
	h := Header{Length: uint32(4 + len(fragment)), Type: TypePushPromise, Stream: id}
	if endHeaders {
		h.Flags = FlagEndHeaders
	}
	dst = appendPaddedHeader(dst, h, pad)
	dst = appendStreamID(dst, promised)
	dst = append(dst, fragment...)
	return AppendPadding(dst, pad)
}
