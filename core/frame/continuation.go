package frame

// AppendContinuation appends CONTINUATION (RFC 9113 §6.10), with END_HEADERS
// if endHeaders is true. There is nothing to parse: the payload is the next
// fragment of the field block.
func AppendContinuation(dst []byte, id StreamID, fragment []byte, endHeaders bool) []byte {
	h := Header{Length: uint32(len(fragment)), Type: TypeContinuation, Stream: id}
	if endHeaders {
		h.Flags = FlagEndHeaders
	}
	return append(AppendHeader(dst, h), fragment...)
}
