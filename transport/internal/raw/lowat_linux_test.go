package raw

import (
	"net"
	"syscall"
	"testing"

	"weft/transport/internal/socktest"
)

// What is less than AtLeast says wakes nobody; what is as much does, and so does
// the end, and less as soon as less is asked for.
func TestAtLeast(t *testing.T) {
	peer, conn := socktest.Pair(t)
	defer peer.Close()
	defer conn.Close()
	s, _ := New(conn)

	set, err := syscall.EpollCreate1(0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(set)
	s.Control(func(fd uintptr) {
		if err := syscall.EpollCtl(set, syscall.EPOLL_CTL_ADD, int(fd), &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}); err != nil {
			t.Fatal(err)
		}
	})
	// readable waits if it is to be readable, which over loopback it is at once.
	readable := func(want bool, when string) {
		t.Helper()
		wait := 0
		if want {
			wait = 10000
		}
		n, err := syscall.EpollWait(set, make([]syscall.EpollEvent, 1), wait)
		if err != nil || (n > 0) != want {
			t.Errorf("%s: %d are readable, %v", when, n, err)
		}
	}
	send := func(n int) {
		if _, err := peer.Write(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	if !s.AtLeast(1000) {
		t.Fatal("AtLeast can't be had")
	}
	send(999)
	readable(false, "999 of 1000 bytes")
	send(1)
	readable(true, "1000 of 1000 bytes")
	if in, n, err := s.TryRead(); in == nil || n != 1000 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	send(10)
	readable(false, "10 of 1000 bytes")
	s.AtLeast(1)
	readable(true, "10 bytes of 1")
	s.TryRead()
	s.AtLeast(1000)
	readable(false, "nothing")
	peer.(*net.TCPConn).CloseWrite()
	readable(true, "the end")
	conn.Close()
	if s.AtLeast(1) {
		t.Error("of a socket that is closed")
	}
	if u := (&Sock{conn: new(net.UnixConn)}); u.AtLeast(1000) {
		t.Error("of a Unix socket, which does not look at it")
	}
}
