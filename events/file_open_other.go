//go:build !unix

package events

import "os"

const openFlags = os.O_RDONLY
