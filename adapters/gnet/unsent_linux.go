package gnet

import "golang.org/x/sys/unix"

// maxUnsent is how many bytes a socket takes beyond what it has sent already, as
// in package transport: what is said next, however urgent, leaves after all of
// them.
const maxUnsent = 128 << 10

// boundUnsent asks for maxUnsent. A socket that has no such option does without.
func boundUnsent(fd int) {
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent)
}
