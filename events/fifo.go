package events

// fifo is a run of bytes: added at one end, taken from the other. A nil fifo
// is empty.
type fifo struct {
	b   []byte
	off int // b[off:] is what it holds
}

func (q *fifo) len() int {
	if q == nil {
		return 0
	}
	return len(q.b) - q.off
}

// bytes returns all of it. It stays valid until the next push.
func (q *fifo) bytes() []byte { return q.b[q.off:] }

func (q *fifo) push(p []byte) {
	if q.off > 0 && len(q.b)+len(p) > cap(q.b) {
		q.b = q.b[:copy(q.b, q.b[q.off:])]
		q.off = 0
	}
	q.b = append(q.b, p...)
}

// take takes n bytes off the front.
func (q *fifo) take(n int) {
	q.off += n
	if q.off == len(q.b) {
		q.b, q.off = q.b[:0], 0
	}
}
