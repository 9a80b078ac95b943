package raw

import (
	"net"
	"syscall"
	"testing"
)

// TestUnsentIsBounded asks the kernel what New has told it.
func TestUnsentIsBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, ok := New(conn); !ok {
		t.Fatal("a TCP connection is no socket")
	}
	rc, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	rc.Control(func(fd uintptr) {
		got, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat)
		if err != nil || got != MaxUnsent {
			t.Errorf("%d, %v; want %d", got, err, MaxUnsent)
		}
	})
}
