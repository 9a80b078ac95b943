//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package tcp

import (
	"errors"
	"syscall"
)

func reusePort(string, string, syscall.RawConn) error {
	return errors.New("weft/tcp: this system cannot share a port: do without ReusePort")
}
