package raw

import "syscall"

// maxUnsent is how many bytes a socket takes beyond what it has sent already.
// Without such a bound the kernel queues megabytes, and what is said next,
// however urgent, leaves after all of them. What was sent and not yet
// acknowledged does not count: the speed on a long link does not depend on it.
const maxUnsent = 128 << 10

// tcpNotSentLowat is TCP_NOTSENT_LOWAT, which package syscall does not name.
const tcpNotSentLowat = 25

// boundUnsent asks for maxUnsent. A socket that has no such option does
// without.
func boundUnsent(rc syscall.RawConn) {
	rc.Control(func(fd uintptr) {
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpNotSentLowat, maxUnsent)
	})
}
