//go:build amd64 || arm64

package warm

// lines asks for n lines, at least one, from the address at on. It is no access:
// nothing happens if there is no memory.
func lines(at, n uintptr)
