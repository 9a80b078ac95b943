package websocket

import (
	"net"

	"weft/events"
)

// A transport carries the frames of a connection.
type transport interface {
	net.Conn
	// endOutput says that nothing follows, after the last frame. It reports
	// whether there is reason to wait for the peer to do the same.
	endOutput() bool
	// abort ends both directions at once.
	abort()
}

// stream is a stream of HTTP/2 as a transport. RFC 8441 §5: "Orderly TCP-level
// closures are represented as END_STREAM flags. RST exceptions are represented
// with the RST_STREAM frame, with the CANCEL error code."
type stream struct {
	*events.Duplex
	st *events.Stream
}

func (s stream) endOutput() bool { return s.CloseWrite() == nil }

func (s stream) abort() {
	s.st.Close(events.Cancel)
	s.Close()
}

// upgraded is a connection that spoke HTTP/1.1 before.
type upgraded struct {
	net.Conn
	head   []byte // read from it before
	client bool
}

func (u *upgraded) Read(p []byte) (int, error) {
	if len(u.head) > 0 {
		n := copy(p, u.head)
		u.head = u.head[n:]
		return n, nil
	}
	return u.Conn.Read(p)
}

// endOutput closes the output. RFC 6455 §7.1.1: "The underlying TCP connection,
// in most normal cases, SHOULD be closed first by the server".
func (u *upgraded) endOutput() bool {
	if u.client {
		return true
	}
	half, ok := u.Conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

func (u *upgraded) abort() { u.Close() }
