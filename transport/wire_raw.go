package transport

import (
	"weft/core"
	"weft/transport/internal/pool"
	"weft/transport/internal/raw"
)

// rawWire is a socket: reads wait for readiness and only then take a buffer,
// writes take what fits.
type rawWire struct {
	raw.Sock
	in   *pool.Input
	size int   // of what was read into in and not yet returned by Next
	err  error // likewise
	more *rest // nil until something is left to be written
}

// rest is what StartWrite did not write.
type rest struct {
	buf []byte
	vec raw.Vec // in place of buf
}

func (w *rawWire) Await() { w.in, w.size, w.err = w.Sock.Read() }

func (w *rawWire) Next() ([]byte, error) {
	if w.size == 0 && w.err == nil {
		w.Await()
	}
	return w.next()
}

func (w *rawWire) Poll() (int, error) {
	w.in, w.size, w.err = w.Sock.TryRead()
	return w.size, w.err
}

// More reports false: a read that was not short is one after which the pump goes
// on by itself.
func (w *rawWire) More() bool { return false }

func (w *rawWire) TryNext() ([]byte, error) {
	w.in, w.size, w.err = w.Sock.TryRead()
	return w.next()
}

func (w *rawWire) next() ([]byte, error) {
	n, err := w.size, w.err
	w.size, w.err = 0, nil
	if n == 0 || err != nil {
		return nil, err
	}
	return w.in[:n], nil
}

func (w *rawWire) Release() {
	pool.PutInput(w.in)
	w.in = nil
}

func (w *rawWire) StartWrite(p []byte) (int, error) {
	n, err := w.Sock.TryWrite(p)
	if n < len(p) {
		w.rest().buf = p[n:]
	}
	return n, err
}

func (w *rawWire) rest() *rest {
	if w.more == nil {
		w.more = new(rest)
	}
	return w.more
}

func (w *rawWire) ContinueWrite() (int, error) {
	r := w.more
	if !r.vec.Empty() {
		return w.Sock.WriteVec(&r.vec)
	}
	n, err := w.Sock.Write(r.buf)
	r.buf = r.buf[n:]
	return n, err
}

func (w *rawWire) StartGather(out []byte, pieces []core.Piece) (int, error) {
	v := &w.rest().vec
	v.Grow(2*len(pieces) + 1)
	at := 0
	for _, p := range pieces {
		v.Add(out[at:p.At])
		v.AddString(p.Data)
		at = p.At
	}
	v.Add(out[at:])
	return w.Sock.TryWriteVec(v)
}
