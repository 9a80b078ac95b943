//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package tcp

import (
	"os"
	"syscall"
)

// reusePort is a net.ListenConfig's Control.
func reusePort(_, _ string, rc syscall.RawConn) error {
	var set error
	if err := rc.Control(func(fd uintptr) {
		set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1)
	}); err != nil {
		return err
	}
	return os.NewSyscallError("setsockopt SO_REUSEPORT", set)
}
