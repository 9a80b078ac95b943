//go:build darwin || dragonfly || freebsd || netbsd || openbsd || (linux && !amd64 && !386 && !arm)

package tcp

import "syscall"

const soReusePort = syscall.SO_REUSEPORT
