package gnet

import (
	"golang.org/x/sys/unix"

	"weft/transport"
)

// boundUnsent asks for transport.MaxUnsent. A socket that has no such option does without.
func boundUnsent(fd int) {
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, transport.MaxUnsent)
}
