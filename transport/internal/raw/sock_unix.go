//go:build unix

package raw

import (
	"io"
	"net"
	"os"
	"syscall"

	"weft/transport/internal/pool"
)

// Sock is a stream socket. One goroutine may read while another writes.
type Sock struct {
	conn net.Conn
	rc   syscall.RawConn

	// The callbacks are made once: a closure for each call would allocate.
	readFn, pollFn, tryFn, writeFn func(fd uintptr) bool

	in    *pool.Input // what readFn read into, nil if nothing was read
	inLen int
	inErr error

	out    []byte // what tryFn and writeFn write
	vec    *Vec   // or this
	outLen int
	outErr error
}

// New returns conn as a Sock, or reports that it is not one: only the net
// package's own TCP and Unix stream connections are. A type that embeds one of
// them is not, for it may have its own idea of Read.
func New(conn net.Conn) (*Sock, bool) {
	var rc syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		rc, err = c.SyscallConn()
	case *net.UnixConn:
		if c.LocalAddr().Network() != "unix" {
			return nil, false
		}
		rc, err = c.SyscallConn()
	default:
		return nil, false
	}
	if err != nil {
		return nil, false
	}
	s := &Sock{conn: conn, rc: rc}
	s.readFn, s.pollFn, s.tryFn, s.writeFn = s.onReadable, s.onPoll, s.onTry, s.onWritable
	return s, true
}

// Read waits for input and reads it into a buffer of package pool, which the
// caller gives back. While it waits it holds none. The end of input is io.EOF.
func (s *Sock) Read() (*pool.Input, int, error) {
	return s.read(s.readFn)
}

// TryRead is Read, but returns nothing where Read would wait.
func (s *Sock) TryRead() (*pool.Input, int, error) { return s.read(s.pollFn) }

func (s *Sock) read(fn func(uintptr) bool) (*pool.Input, int, error) {
	err := s.rc.Read(fn)
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
	return nil, 0, s.opError("read", err)
}

func (s *Sock) onPoll(fd uintptr) bool {
	s.inErr = nil
	s.onReadable(fd)
	return true
}

func (s *Sock) onReadable(fd uintptr) bool {
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
			return false
		case err != nil:
			s.inErr = err
		default:
			s.inErr = io.EOF
		}
		return true
	}
}

// TryWrite writes what the socket takes at once, possibly nothing.
func (s *Sock) TryWrite(p []byte) (int, error) { return s.write(p, s.tryFn) }

// Write waits until the socket takes at least one byte.
func (s *Sock) Write(p []byte) (int, error) { return s.write(p, s.writeFn) }

// TryWriteVec is TryWrite for the runs of v, from which it takes what was
// written.
func (s *Sock) TryWriteVec(v *Vec) (int, error) {
	s.vec = v
	return s.write(nil, s.tryFn)
}

// WriteVec is Write for the runs of v.
func (s *Sock) WriteVec(v *Vec) (int, error) {
	s.vec = v
	return s.write(nil, s.writeFn)
}

func (s *Sock) write(p []byte, fn func(uintptr) bool) (int, error) {
	s.out, s.outLen, s.outErr = p, 0, nil
	err := s.rc.Write(fn)
	s.out, s.vec = nil, nil
	if err == nil {
		err = s.outErr
	}
	if err != nil {
		err = s.opError("write", err)
	}
	return s.outLen, err
}

func (s *Sock) onTry(fd uintptr) bool {
	s.onWritable(fd)
	return true
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
			return s.outLen > 0
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
