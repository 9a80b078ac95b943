//go:build unix

package events

import (
	"os"
	"syscall"
)

// openFlags make opening return at once even if a pipe took a file's name.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK
