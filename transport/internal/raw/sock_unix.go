//go:build unix

package raw

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"weft/internal/warm"
	"weft/transport/internal/pool"
)

// Sock is a stream socket. One goroutine may read while another writes.
type Sock struct {
	conn net.Conn
	rc   syscall.RawConn

	// The callbacks are made once: a closure for each call would allocate.
	tryReadFn, tryWriteFn func(fd uintptr)
	waits                 atomic.Pointer[waits] // nil until a call has waited

	in    *pool.Input // what readFn read into, nil if nothing was read
	inLen int
	inErr error

	out    []byte // what writeFn writes
	vec    *Vec   // or this
	outLen int
	outErr error

	poll, try   bool // reads, or writes, do not wait
	interrupted atomic.Bool
}

// waits is the callbacks of calls that wait. Many sockets never need them.
type waits struct{ readFn, writeFn func(fd uintptr) bool }

func (s *Sock) makeWaits() *waits {
	w := s.waits.Load()
	if w == nil {
		s.waits.CompareAndSwap(nil, &waits{s.onReadable, s.onWritable})
		w = s.waits.Load()
	}
	return w
}

// New returns conn as a Sock, or reports that it is not one; see Init.
func New(conn net.Conn) (*Sock, bool) {
	s := new(Sock)
	return s, s.Init(conn)
}

// Init makes s, which is zero, the Sock of conn, or reports that it is not one:
// only the net package's own TCP and Unix stream connections are. A type that
// embeds one of them is not, for it may have its own idea of Read. After Init s
// must not be copied.
func (s *Sock) Init(conn net.Conn) bool {
	var rc syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		if rc, err = c.SyscallConn(); err == nil {
			boundUnsent(rc)
		}
	case *net.UnixConn:
		if c.LocalAddr().Network() != "unix" {
			return false
		}
		rc, err = c.SyscallConn()
	default:
		return false
	}
	if err != nil {
		return false
	}
	rc.Control(unblock)
	s.conn, s.rc = conn, rc
	return true
}

// unblock makes sure of what all this relies on. A socket is non-blocking, until
// somebody asks for its descriptor: the Fd of what the File of a connection
// returns has them both block, and a call that the scheduler does not know of
// would hold up the whole process.
func unblock(fd uintptr) { syscall.SetNonblock(int(fd), true) }

// CloseWrite ends the output.
func (s *Sock) CloseWrite() error {
	return s.conn.(interface{ CloseWrite() error }).CloseWrite()
}

// Close closes the socket.
func (s *Sock) Close() error { return s.conn.Close() }

// Read waits for input and reads it into a buffer of package pool, which the
// caller gives back. While it waits it holds none. The end of input is io.EOF.
// It returns nothing, and no error, after Interrupt.
func (s *Sock) Read() (*pool.Input, int, error) {
	s.poll = false
	return s.took(s.rc.Read(s.makeWaits().readFn))
}

// TryRead is Read, but returns nothing where Read would wait. It does not look at
// deadlines.
func (s *Sock) TryRead() (*pool.Input, int, error) {
	s.poll = true
	if s.tryReadFn == nil {
		s.tryReadFn = func(fd uintptr) { s.onReadable(fd) }
	}
	return s.took(s.rc.Control(s.tryReadFn))
}

// Control calls f with the descriptor, which stays open until f returns; or
// returns an error if it is closed.
func (s *Sock) Control(f func(fd uintptr)) error { return s.rc.Control(f) }

// Interrupt ends one wait for input, that which is going on or the next. It may
// be called from any goroutine.
func (s *Sock) Interrupt() {
	if s.interrupted.CompareAndSwap(false, true) {
		s.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// wasInterrupted reports whether a read that failed was only interrupted. If a
// deadline of somebody else's has passed at the same time, it is taken for that
// at the latest when the next read fails.
func (s *Sock) wasInterrupted(err error) bool {
	if !s.interrupted.Load() || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	s.conn.SetReadDeadline(time.Time{})
	s.interrupted.Store(false)
	return true
}

// took returns what onReadable has read.
func (s *Sock) took(err error) (*pool.Input, int, error) {
	in, n := s.in, s.inLen
	s.in, s.inLen = nil, 0
	if err == nil {
		err = s.inErr
	}
	if err == nil {
		return in, n, nil
	}
	if in != nil {
		pool.PutInput(in)
	}
	if s.wasInterrupted(err) {
		return nil, 0, nil
	}
	return nil, 0, s.opError("read", err)
}

// onReadable reads what there is, and reports false to be called again when
// there is something.
func (s *Sock) onReadable(fd uintptr) bool {
	s.inErr = nil
	if s.in == nil {
		s.in = pool.GetInput()
	}
	for {
		n, err := read(int(fd), s.in[:])
		switch {
		case n > 0:
			s.inLen, s.inErr = n, nil
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			pool.PutInput(s.in)
			s.in = nil
			return s.poll
		case err != nil:
			s.inErr = err
		default:
			s.inErr = io.EOF
		}
		return true
	}
}

// TryWrite writes what the socket takes at once, possibly nothing. It does not
// look at deadlines.
func (s *Sock) TryWrite(p []byte) (int, error) {
	s.try = true
	return s.write(p)
}

// Write waits until the socket takes at least one byte.
func (s *Sock) Write(p []byte) (int, error) {
	s.try = false
	return s.write(p)
}

// TryWriteVec is TryWrite for the runs of v, from which it takes what was
// written.
func (s *Sock) TryWriteVec(v *Vec) (int, error) {
	s.vec, s.try = v, true
	return s.write(nil)
}

// WriteVec is Write for the runs of v.
func (s *Sock) WriteVec(v *Vec) (int, error) {
	s.vec, s.try = v, false
	return s.write(nil)
}

func (s *Sock) write(p []byte) (int, error) {
	s.out, s.outLen, s.outErr = p, 0, nil
	var err error
	if s.try {
		// Cheaper than Write, which gets ready to wait.
		if s.tryWriteFn == nil {
			s.tryWriteFn = func(fd uintptr) { s.onWritable(fd) }
		}
		err = s.rc.Control(s.tryWriteFn)
	} else {
		err = s.rc.Write(s.makeWaits().writeFn)
	}
	s.out, s.vec = nil, nil
	if err == nil {
		err = s.outErr
	}
	if err != nil {
		err = s.opError("write", err)
	}
	return s.outLen, err
}

// onWritable writes all the socket takes, and reports false if that is
// nothing, to be called again when it takes something.
func (s *Sock) onWritable(fd uintptr) bool {
	for s.vec != nil && !s.vec.Empty() || s.outLen < len(s.out) {
		var n int
		var err error
		if s.vec != nil {
			n, err = s.vec.write(int(fd))
		} else {
			n, err = write(int(fd), s.out[s.outLen:])
		}
		if n > 0 {
			s.outLen += n
			continue
		}
		switch err {
		case nil, syscall.EINTR:
		case syscall.EAGAIN:
			return s.try || s.outLen > 0
		default:
			s.outErr = err
			return true
		}
	}
	return true
}

// opError dresses an error number as the net package does.
func (s *Sock) opError(op string, err error) error {
	no, ok := err.(syscall.Errno)
	if !ok {
		return err
	}
	local := s.conn.LocalAddr()
	return &net.OpError{Op: op, Net: local.Network(), Source: local, Addr: s.conn.RemoteAddr(), Err: os.NewSyscallError(op, no)}
}

// Warm has the processor fetch what package net has of the socket.
func (s *Sock) Warm() {
	switch c := s.conn.(type) {
	case *net.TCPConn:
		warm.Behind(c, netFDSize)
	case *net.UnixConn:
		warm.Behind(c, netFDSize)
	}
}

// netFDSize is about the size of what a connection of package net points to.
const netFDSize = 192
