package transport

import (
	"io"
	"net"
)

// A Wire is a byte stream that can be written without blocking and be waited
// on without holding a buffer, which is what the pump wants of a connection.
// TCP and Unix sockets are made into one, and so are the connections of
// package tls; anything else is read and written with blocking calls. A
// transport of one's own may bring its Wire: see Wired.
//
// The pump calls Next and Release from one goroutine, StartWrite,
// ContinueWrite and CloseWrite from one at a time, Close from any.
type Wire interface {
	// Next waits for input and returns what is at hand, at least 1 byte and
	// at most 64 KiB, in storage of the wire's that stays valid until Release.
	// While it waits it should hold next to no storage. The orderly end of
	// input is io.EOF; bytes and an error never come together.
	Next() ([]byte, error)

	// Release ends the use of what Next returned. It is called once for each
	// successful Next.
	Release()

	// StartWrite takes all of p and writes what it can without blocking. n
	// says how many bytes of p have left. If that is less than all of them,
	// p remains lent to the wire, and ContinueWrite sends the rest.
	StartWrite(p []byte) (n int, err error)

	// ContinueWrite blocks until at least one more byte of what StartWrite
	// took has left, and says how many did. Close ends the wait.
	ContinueWrite() (n int, err error)

	// CloseWrite tells the peer that no more comes, if the stream can say so.
	CloseWrite() error

	// Close ends the stream and every call that waits on it.
	Close() error
}

// pollingWire is a Wire that can be asked for input without waiting for it.
type pollingWire interface {
	// TryNext is Next, but returns nothing where Next would wait.
	TryNext() ([]byte, error)
}

// Wired is a connection that is its own judge of how to be pumped. Wire
// returns nil if there is no better way than blocking calls. Run calls it
// once, before anything else.
type Wired interface {
	Wire() Wire
}

// wireOf finds the best way to pump conn.
func wireOf(conn io.ReadWriteCloser) Wire {
	if conn == nil {
		panic("weft/transport: the connection is nil")
	}
	switch c := conn.(type) {
	case Wire:
		return c
	case Wired:
		if w := c.Wire(); w != nil {
			return w
		}
	case net.Conn:
		if w := new(rawWire); w.Init(c) {
			return w
		}
	}
	return &plainWire{conn: conn}
}
