//go:build !linux

package raw

// Vec is a list of runs of bytes to be written one after another. Here it is a
// copy of them: not every system has a writev that can be called as is.
type Vec struct{ flat []byte }

// Grow makes room for n runs.
func (v *Vec) Grow(int) { v.flat = nil }

// Add adds a run.
func (v *Vec) Add(p []byte) { v.flat = append(v.flat, p...) }

// AddString is Add for the bytes of a string.
func (v *Vec) AddString(p string) { v.flat = append(v.flat, p...) }

// Empty reports whether all was written.
func (v *Vec) Empty() bool { return len(v.flat) == 0 }
