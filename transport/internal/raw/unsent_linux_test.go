package raw

import (
	"net"
	"syscall"
	"testing"

	"weft/transport/internal/socktest"
)

// TestUnsentIsBounded asks the kernel what New has told it.
func TestUnsentIsBounded(t *testing.T) {
	conn, peer := socktest.Pair(t)
	defer conn.Close()
	defer peer.Close()
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
