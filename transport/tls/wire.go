package tls

import (
	"weft/internal/warm"
	"weft/transport/internal/pool"
)

// wire is a Conn as transport.Run pumps it.
type wire struct {
	conn *Conn
	sock *socket
	err  error // what Next returns from now on

	in    *pool.Input
	have  int  // of in, decrypted by Poll for Next
	dry   bool // everything that was fetched has been decrypted
	plain int  // bytes of StartWrite that have not been reported
}

// Next decrypts all that was read at once, up to 64 KiB.
func (w *wire) Next() ([]byte, error) {
	if n := w.have; n > 0 {
		w.have = 0
		return w.in[:n], nil
	}
	for {
		if w.err != nil {
			return nil, w.err
		}
		if w.dry {
			if !w.sock.fetch() {
				return nil, nil
			}
			w.dry = false
		}
		if n := w.decrypt(); n > 0 {
			return w.in[:n], nil
		}
		w.Release()
	}
}

// Await waits for input without looking at it: decrypting takes a large stack.
func (w *wire) Await() {
	if w.dry && w.err == nil && w.sock.fetch() {
		w.dry = false
	}
}

// Poll decrypts what has come, without waiting.
func (w *wire) Poll() (int, error) {
	for w.err == nil && w.have == 0 {
		if w.dry && !w.sock.poll() {
			return 0, nil
		}
		w.dry = false
		if w.have = w.decrypt(); w.have == 0 {
			w.Release()
		}
	}
	if w.have > 0 {
		return w.have, nil
	}
	return 0, w.err
}

// More reports whether something may be left that was read, or that the socket has
// since a read that came back full.
func (w *wire) More() bool { return !w.dry || w.err != nil || w.sock.full }

// Control gives the descriptor of the connection below.
func (w *wire) Control(f func(fd uintptr)) error {
	if w.sock == nil {
		return w.err
	}
	return w.sock.raw.Control(f)
}

// Warm has the processor fetch what reading looks at.
func (w *wire) Warm() {
	if w.sock != nil {
		warm.Up(w.sock.raw)
		w.sock.raw.Warm()
	}
}

// Interrupt has a Next that waits return nothing.
func (w *wire) Interrupt() {
	if w.sock != nil {
		w.sock.raw.Interrupt()
	}
}

// AtLeast has reads of the connection below wait for n bytes. Records are a few
// more than what is in them.
func (w *wire) AtLeast(n int) bool { return w.sock != nil && w.sock.raw.AtLeast(n) }

func (w *wire) decrypt() (n int) {
	w.in = pool.GetInput()
	for n < len(w.in) {
		m, err := w.conn.Conn.Read(w.in[n:])
		n += m
		if err == errNothing {
			w.dry = true
			break
		}
		if err != nil {
			w.err = err
			break
		}
	}
	return n
}

func (w *wire) Release() {
	pool.PutInput(w.in)
	w.in = nil
}

// StartWrite encrypts p and writes what fits. The bytes that have left are
// counted in those of p only when no record is left over.
func (w *wire) StartWrite(p []byte) (int, error) {
	if w.sock == nil { // the handshake failed, and nobody reads
		return 0, w.err
	}
	w.sock.hold()
	_, err := w.conn.Conn.Write(p)
	all, flushErr := w.sock.flush()
	switch {
	case err != nil:
		return 0, err
	case flushErr != nil:
		return 0, flushErr
	case all:
		return len(p), nil
	}
	w.plain = len(p)
	return 0, nil
}

// ContinueWrite reports progress in the bytes of the records, which are a few
// more; so the last one of p is reported when the last record has left.
func (w *wire) ContinueWrite() (int, error) {
	for {
		n, all, err := w.sock.drain()
		if all {
			n = w.plain
		} else {
			n = min(n, w.plain-1)
		}
		w.plain -= n
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// CloseWrite says so in TLS and in TCP.
func (w *wire) CloseWrite() error {
	if w.sock == nil {
		return w.err
	}
	err := w.conn.Conn.CloseWrite()
	if err == nil {
		err = w.sock.closeWrite()
	}
	return err
}

// Close closes the connection below: there is no time to say goodbye.
func (w *wire) Close() error { return w.conn.NetConn().Close() }
