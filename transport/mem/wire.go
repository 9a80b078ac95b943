package mem

import (
	"weft/transport"
	"weft/transport/internal/pool"
)

// wire lets transport.Run write without blocking, as to a socket.
type wire struct {
	*Conn
	in   *pool.Input
	rest []byte
}

// Wire is part of transport.Wired.
func (c *Conn) Wire() transport.Wire { return &wire{Conn: c} }

func (w *wire) Next() ([]byte, error) {
	for {
		if err := w.Conn.in.waitReadable(); err != nil {
			return nil, w.opError("read", err)
		}
		w.in = pool.GetInput()
		n, err := w.Conn.in.read(w.in[:])
		if n > 0 {
			return w.in[:n], nil
		}
		w.Release()
		if err != nil {
			return nil, w.opError("read", err)
		}
	}
}

func (w *wire) Release() {
	pool.PutInput(w.in)
	w.in = nil
}

func (w *wire) StartWrite(p []byte) (int, error) {
	n, err := w.out.write(p, false)
	w.rest = p[n:]
	return n, w.opError("write", err)
}

func (w *wire) ContinueWrite() (int, error) {
	n, err := w.out.write(w.rest, true)
	w.rest = w.rest[n:]
	return n, w.opError("write", err)
}
