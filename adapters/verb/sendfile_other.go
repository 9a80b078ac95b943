//go:build !unix

package verb

import "os"

const openFlags = os.O_RDONLY
