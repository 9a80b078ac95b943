package events

// fifo is a run of bytes: added at one end, taken from the other. A nil fifo
// is empty.
type fifo struct {
	b    []byte
	off  int    // b[off:] is what it holds
	tail string // and this, behind it
	// sent counts bytes that a turn wrote before these, and that went to the core
	// at once: they count towards the high-water mark until the turn ends.
	sent int
}

func (q *fifo) len() int {
	if q == nil {
		return 0
	}
	return len(q.b) - q.off + len(q.tail)
}

// first returns the bytes in front, all that are in one run. They stay valid
// until the next push.
func (q *fifo) first() chunk {
	if q.off < len(q.b) {
		return chunk{b: q.b[q.off:]}
	}
	return fixed(q.tail)
}

// minKept is from how many bytes on keeping a string beats copying it.
const minKept = 4 << 10

// push adds c. Of the strings that are kept there is one, the last: two in a
// row are rare.
func (q *fifo) push(c chunk) {
	if q.tail != "" {
		q.add(fixed(q.tail).b)
		q.tail = ""
	}
	if c.fixed && len(c.b) >= minKept {
		q.tail = c.text()
		return
	}
	q.add(c.b)
}

// add moves what is there to the front where that is the smaller part of the
// storage: of much that is taken in small steps, little would be won each time.
func (q *fifo) add(p []byte) {
	if q.off > len(q.b)/2 && len(q.b)+len(p) > cap(q.b) {
		q.b = q.b[:copy(q.b, q.b[q.off:])]
		q.off = 0
	}
	q.b = append(q.b, p...)
}

// take takes n bytes off the front.
func (q *fifo) take(n int) {
	if m := len(q.b) - q.off; n > m {
		q.tail = q.tail[n-m:]
		n = m
	}
	q.off += n
	if q.off == len(q.b) {
		q.b, q.off = q.b[:0], 0
	}
}

// buffer returns storage for what is written and can't be sent yet.
func (s *Session) buffer() *fifo {
	if s.spares == nil {
		s.spares = new(spares)
	}
	if n := len(s.buffers); n > 0 {
		q := s.buffers[n-1]
		s.buffers[n-1] = nil
		s.buffers = s.buffers[:n-1]
		return q
	}
	return new(fifo)
}

// giveBack keeps a few small buffers for the next streams.
func (s *Session) giveBack(q *fifo) {
	if cap(q.b) <= maxPiece && s.spares != nil && len(s.buffers) < 4 {
		q.b, q.off, q.sent = q.b[:0], 0, 0
		s.buffers = append(s.buffers, q)
	}
}
