package transport

import (
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
}

func (w *rawWire) Next() ([]byte, error) {
	in, n, err := w.sock.Read()
	if err != nil {
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
	n, err := w.sock.Write(w.rest)
	w.rest = w.rest[n:]
	return n, err
}

func (w *rawWire) CloseWrite() error { return w.conn.CloseWrite() }
func (w *rawWire) Close() error      { return w.conn.Close() }
