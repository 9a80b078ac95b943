package events

import (
	"crypto/tls"
	"net"
	"time"
)

// Socket is a guarded view of the connection that carries a session. What
// would corrupt the session, such as Read and Write, fails with
// ErrNoSocketManipulation and does nothing; SetTimeout is the session's.
// Its methods may be called from any goroutine.
type Socket struct{ s *Session }

var _ net.Conn = (*Socket)(nil)

// Socket returns a view of the connection, nil before the session is connected
// and after its close event.
func (s *Session) Socket() *Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.closed {
		return nil
	}
	return &Socket{s}
}

// LocalAddr returns this side's address; for a session without a connection
// of its own, one that says so.
func (k *Socket) LocalAddr() net.Addr {
	if a := k.s.LocalAddr(); a != nil {
		return a
	}
	return noAddr{}
}

// RemoteAddr returns the peer's address; for a session without a connection
// of its own, one that says so.
func (k *Socket) RemoteAddr() net.Addr {
	if a := k.s.RemoteAddr(); a != nil {
		return a
	}
	return noAddr{}
}

// SetTimeout is Session.SetTimeout.
func (k *Socket) SetTimeout(d time.Duration, f func()) error { return k.s.SetTimeout(d, f) }

// ConnectionState returns what is known of TLS, the peer's certificates among
// it; ok is false without TLS.
func (k *Socket) ConnectionState() (state tls.ConnectionState, ok bool) {
	if c, is := k.s.carrierConn().(interface{ ConnectionState() tls.ConnectionState }); is {
		return c.ConnectionState(), true
	}
	return state, false
}

// BytesRead and BytesWritten return how many bytes of HTTP/2 came and went.
func (k *Socket) BytesRead() int64 {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.s.bytesRead
}

// BytesWritten returns how many bytes of HTTP/2 the transport has taken.
func (k *Socket) BytesWritten() int64 {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.s.bytesWritten
}

// Destroyed reports whether the session, and with it the connection, is over.
func (k *Socket) Destroyed() bool { return k.s.Destroyed() }

// Ref and Unref are those of the session.
func (k *Socket) Ref() { k.s.Ref() }

// Unref is Session.Unref.
func (k *Socket) Unref() { k.s.Unref() }

// The following fail with ErrNoSocketManipulation.

// Read fails: it would take bytes from the session.
func (k *Socket) Read([]byte) (int, error) { return 0, ErrNoSocketManipulation }

// Write fails: it would put bytes between the frames.
func (k *Socket) Write([]byte) (int, error) { return 0, ErrNoSocketManipulation }

// Close fails: see Session.Close and Session.Destroy.
func (k *Socket) Close() error { return ErrNoSocketManipulation }

// Destroy fails: see Session.Destroy.
func (k *Socket) Destroy() error { return ErrNoSocketManipulation }

// End fails: see Session.Close.
func (k *Socket) End() error { return ErrNoSocketManipulation }

// CloseWrite fails: see Session.Close.
func (k *Socket) CloseWrite() error { return ErrNoSocketManipulation }

// Pause fails: see Stream.Pause.
func (k *Socket) Pause() error { return ErrNoSocketManipulation }

// Resume fails: see Stream.Resume.
func (k *Socket) Resume() error { return ErrNoSocketManipulation }

// SetKeepAlive fails: the option belongs to whoever made the connection.
func (k *Socket) SetKeepAlive(bool) error { return ErrNoSocketManipulation }

// SetNoDelay fails: the option belongs to whoever made the connection.
func (k *Socket) SetNoDelay(bool) error { return ErrNoSocketManipulation }

// SetDeadline fails: see SetTimeout.
func (k *Socket) SetDeadline(time.Time) error { return ErrNoSocketManipulation }

// SetReadDeadline fails: see SetTimeout.
func (k *Socket) SetReadDeadline(time.Time) error { return ErrNoSocketManipulation }

// SetWriteDeadline fails: see SetTimeout.
func (k *Socket) SetWriteDeadline(time.Time) error { return ErrNoSocketManipulation }
