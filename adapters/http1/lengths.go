package http1

import (
	"bytes"
	"sync/atomic"
)

// lengths counts the content-length fields that were read from a connection and are
// not accounted for by a request that net/http shows. Of a request that is chunked as
// well it shows none, while somebody in between may have gone by it: then the
// connection ends with the response (RFC 9112 §6.1), so that nothing behind it is
// taken for another request. A field of a request that was sent ahead, or a body that
// looks like one, counts as well, which costs no more than a connection.
type lengths struct {
	seen    atomic.Int64
	matched int // bytes of lengthField
}

const lengthField = "\ncontent-length"

// read takes note of what was read.
func (l *lengths) read(p []byte) {
	for len(p) > 0 {
		if l.matched == 0 {
			i := bytes.IndexByte(p, '\n')
			if i < 0 {
				return
			}
			p = p[i+1:]
			l.matched = 1
			continue
		}
		if p[0]|0x20 != lengthField[l.matched] {
			l.matched = 0
			continue
		}
		p = p[1:]
		if l.matched++; l.matched == len(lengthField) {
			l.seen.Add(1)
			l.matched = 0
		}
	}
}

// request takes note of a request. It reports whether that may have had a length that
// nobody is shown.
func (l *lengths) request(chunked, length bool) bool {
	if length {
		l.seen.Add(-1)
	}
	return chunked && l.seen.Swap(0) > 0
}
