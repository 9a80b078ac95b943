package frame

// DataFrame is the payload of DATA (RFC 9113 §6.1).
type DataFrame struct {
	Data []byte

	// Overhead is what flow control counts besides Data: the pad length byte
	// and the padding, or 0 when the frame is not padded (RFC 9113 §6.9.1).
	Overhead int
}

// ParseData parses the payload p of DATA. The result's Data is part of p.
//
// Errors: ErrSize, ErrPadding.
func ParseData(h Header, p []byte) (DataFrame, error) {
	data, overhead, err := cutPadding(h, p, 0)
	return DataFrame{data, overhead}, err
}

// AppendData appends DATA, with END_STREAM if end is true. pad is -1 for no
// padding, or 0 to 255 for PADDED with that many bytes.
func AppendData(dst []byte, id StreamID, data []byte, end bool, pad int) []byte {
	dst = AppendDataHeader(dst, id, len(data), end, pad)
	dst = append(dst, data...)
	return AppendPadding(dst, pad)
}

// AppendDataHeader appends what comes before the size bytes of data in a DATA
// frame; AppendPadding with the same pad is what comes after.
func AppendDataHeader(dst []byte, id StreamID, size int, end bool, pad int) []byte {
	h := Header{Length: uint32(size), Type: TypeData, Stream: id}
	if end {
		h.Flags = FlagEndStream
	}
	return appendPaddedHeader(dst, h, pad)
}
