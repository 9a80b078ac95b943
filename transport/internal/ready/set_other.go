//go:build !linux

package ready

// Set is not available on this system.
type Set struct{}

// New fails.
func New() (*Set, error) { return nil, ErrUnsupported }

func (*Set) Add(fd uintptr, slot, gen int32) error { panic("unreachable") }
func (*Set) Remove(fd uintptr)                     { panic("unreachable") }
func (*Set) Ring()                                 { panic("unreachable") }
func (*Set) Wait(dst []Event, yield bool) []Event  { panic("unreachable") }
func (*Set) Close()                                { panic("unreachable") }
