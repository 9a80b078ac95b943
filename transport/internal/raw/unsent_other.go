//go:build unix && !linux

package raw

import "syscall"

func boundUnsent(syscall.RawConn) {}
