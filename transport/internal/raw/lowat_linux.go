package raw

import (
	"net"
	"syscall"
)

// AtLeast has Read, where it waits, do so until n bytes are there, the input ends or
// the socket has no room for more; 1 is how it begins. It reports false if that
// can't be had: other sockets than those of TCP do not look at it. It may be called from any goroutine.
func (s *Sock) AtLeast(n int) bool {
	if _, ok := s.conn.(*net.TCPConn); !ok {
		return false
	}
	var failed error
	err := s.rc.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, n)
	})
	return err == nil && failed == nil
}
