// Package frame reads and writes HTTP/2 frames. It keeps no state and knows
// nothing of streams, windows or what may follow what: it only turns bytes
// into values and values into bytes.
//
// Every frame is a 9-byte [Header] and a payload (RFC 9113 §4.1). A reader
// parses the header, waits until Header.Length more bytes are there, and hands
// exactly these to the function for the type:
//
//	h := frame.ParseHeader(b)
//	p := b[frame.HeaderLen:][:h.Length]
//	switch h.Type {
//	case frame.TypeData:
//		f, err := frame.ParseData(h, p)
//	...
//
// The ParseX functions check what the payload alone can tell: its size
// ([ErrSize]) and its padding ([ErrPadding]). They clear reserved bits, look
// at no flag but those that shape the payload, and do not judge values; a
// WINDOW_UPDATE of 0 is returned as 0. They never allocate and never panic,
// and the slices they return are parts of p, valid as long as p is.
//
// The AppendX functions append one whole frame to dst and return the result,
// allocating only where append must grow it. They do not check their
// arguments: reserved bits are cleared, and a number too large for its field
// loses its high bits. To keep a payload within what the peer accepts, and so
// within [MaxFrameSizeLimit], is up to the caller.
package frame
