package core

import (
	"testing"
	"unsafe"
)

// What each connection and each stream costs are these records: the figures are
// size classes of Go's allocator, less the 8 bytes it wants for itself from 512
// on. What few of them need belongs behind a pointer
// (rareEvents), what only a busy connection needs into Workspace.
func TestRecordsAreSmall(t *testing.T) {
	for _, r := range []struct {
		name       string
		size, most uintptr
	}{
		{"Conn", unsafe.Sizeof(Conn{}), 1144},
		{"Workspace", unsafe.Sizeof(Workspace{}), 736},
		{"stream", unsafe.Sizeof(stream{}), 256},
	} {
		if r.size > r.most {
			t.Errorf("a %s takes %d bytes, want at most %d", r.name, r.size, r.most)
		}
	}
}
