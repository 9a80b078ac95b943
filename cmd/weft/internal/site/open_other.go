//go:build !unix

package site

import "os"

const openFlags = os.O_RDONLY
