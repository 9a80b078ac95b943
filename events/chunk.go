package events

import "unsafe"

// chunk is a part of a body that the application gave. What is fixed is a
// string's and cannot change: it is kept instead of copied, if that pays.
type chunk struct {
	b     []byte
	fixed bool
}

func fixed(s string) chunk {
	return chunk{unsafe.Slice(unsafe.StringData(s), len(s)), true}
}

// text is what a fixed chunk was made of.
func (c chunk) text() string { return unsafe.String(unsafe.SliceData(c.b), len(c.b)) }

func (c chunk) from(n int) chunk { return chunk{c.b[n:], c.fixed} }
func (c chunk) to(n int) chunk   { return chunk{c.b[:n], c.fixed} }
