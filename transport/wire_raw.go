package transport

import (
	"weft/core"
	"weft/transport/internal/pool"
	"weft/transport/internal/raw"
)

// rawWire is a socket: reads wait for readiness and only then take a buffer,
// writes take what fits.
type rawWire struct {
	sock *raw.Sock
	conn halfCloser
	in   *pool.Input
	rest []byte
	vec  raw.Vec // in place of rest
}

func (w *rawWire) Next() ([]byte, error) {
	in, n, err := w.sock.Read()
	if err != nil {
		return nil, err
	}
	w.in = in
	return in[:n], nil
}

func (w *rawWire) TryNext() ([]byte, error) {
	in, n, err := w.sock.TryRead()
	if in == nil || err != nil {
		return nil, err
	}
	w.in = in
	return in[:n], nil
}

func (w *rawWire) Release() {
	pool.PutInput(w.in)
	w.in = nil
}

func (w *rawWire) StartWrite(p []byte) (int, error) {
	n, err := w.sock.TryWrite(p)
	w.rest = p[n:]
	return n, err
}

func (w *rawWire) ContinueWrite() (int, error) {
	if !w.vec.Empty() {
		return w.sock.WriteVec(&w.vec)
	}
	n, err := w.sock.Write(w.rest)
	w.rest = w.rest[n:]
	return n, err
}

func (w *rawWire) StartGather(out []byte, pieces []core.Piece) (int, error) {
	w.vec.Grow(2*len(pieces) + 1)
	at := 0
	for _, p := range pieces {
		w.vec.Add(out[at:p.At])
		w.vec.AddString(p.Data)
		at = p.At
	}
	w.vec.Add(out[at:])
	return w.sock.TryWriteVec(&w.vec)
}

func (w *rawWire) CloseWrite() error { return w.conn.CloseWrite() }
func (w *rawWire) Close() error      { return w.conn.Close() }
