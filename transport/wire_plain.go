package transport

import (
	"io"

	"weft/transport/internal/pool"
)

const (
	// smallRead is how much is held for a connection that can only be read by
	// waiting with a buffer in hand.
	smallRead = 512
	// plainChunk bounds one blocking write, and so how long it can hold back
	// the news that the peer still takes something.
	plainChunk = 16 << 10
	// idleReads is how many reads in a row may bring nothing and no error.
	idleReads = 100
)

// plainWire is any connection there is. Since a write may block until the
// peer reads, and the peer may do the same, StartWrite writes nothing: all of
// it is left to the goroutine that calls ContinueWrite.
type plainWire struct {
	conn  io.ReadWriteCloser
	small [smallRead]byte
	big   *pool.Input // used while reads come back full, else nil
	full  bool        // the last one did
	rest  []byte
}

func (w *plainWire) Next() ([]byte, error) {
	buf := w.small[:]
	if w.big != nil {
		buf = w.big[:]
	}
	for range idleReads {
		n, err := w.conn.Read(buf)
		if n > 0 { // an error that came along comes again
			w.full = n == len(buf)
			return buf[:n], nil
		}
		if err != nil {
			w.full = false
			w.Release()
			return nil, err
		}
	}
	return nil, io.ErrNoProgress
}

func (w *plainWire) Release() {
	switch {
	case w.full && w.big == nil:
		w.big = pool.GetInput()
	case !w.full && w.big != nil:
		pool.PutInput(w.big)
		w.big = nil
	}
}

func (w *plainWire) StartWrite(p []byte) (int, error) {
	w.rest = p
	return 0, nil
}

func (w *plainWire) ContinueWrite() (int, error) {
	n, err := w.conn.Write(w.rest[:min(len(w.rest), plainChunk)])
	w.rest = w.rest[n:]
	if n > 0 {
		return n, nil // an error that came along comes again
	}
	if err == nil {
		err = io.ErrShortWrite
	}
	return 0, err
}

func (w *plainWire) CloseWrite() error {
	if c, ok := w.conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

func (w *plainWire) Close() error { return w.conn.Close() }
