//go:build unix

package site

import (
	"os"
	"syscall"
)

// openFlags make opening return at once even if a FIFO took a file's name.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK
