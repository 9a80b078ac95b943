//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"net"
	"testing"
	"time"

	engine "github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// tcpPair returns the ends of a TCP connection.
func tcpPair(t *testing.T) (ours, peers *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return accepted.(*net.TCPConn), dialled.(*net.TCPConn)
}

// descriptor returns conn as no poller knows it, and closes conn.
func descriptor(t *testing.T, conn *net.TCPConn) int {
	t.Helper()
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var fd int
	raw.Control(func(own uintptr) { fd, err = dup(int(own)) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// socket is what gnet's connection is to ours.
type socket struct {
	engine.Conn
	fd      int
	context any
}

func (s *socket) Fd() int          { return s.fd }
func (s *socket) Context() any     { return s.context }
func (s *socket) SetContext(x any) { s.context = x }

// taker is an endpoint that counts what it gets and pauses after so much.
type taker struct {
	limit, got, ends int
	cause            error
}

func (e *taker) Receive(_ time.Time, p []byte) { e.got += len(p) }
func (e *taker) ReceiveEOF(_ time.Time, cause error) {
	e.ends++
	e.cause = cause
}
func (e *taker) Advance(time.Time)           {}
func (e *taker) SwapOutput([]byte) []byte    { return nil }
func (e *taker) Wrote(time.Time, int)        {}
func (e *taker) NextDeadline() (t time.Time) { return t }
func (e *taker) ReadPaused() bool            { return e.got >= e.limit }
func (e *taker) Done() bool                  { return false }
func (e *taker) OnWake(func())               {}
