//go:build unix

package verb

import (
	"os"
	"syscall"
)

// openFlags make opening return at once should a pipe have taken a file's name.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK
