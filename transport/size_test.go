package transport

import (
	"testing"
	"unsafe"
)

// What each connection costs here, in size classes of Go's allocator.
func TestRecordsAreSmall(t *testing.T) {
	if n := unsafe.Sizeof(pump{}); n > 352 {
		t.Errorf("a pump takes %d bytes, want at most 352", n)
	}
	if n := unsafe.Sizeof(rawWire{}); n > 192 {
		t.Errorf("a socket's wire takes %d bytes, want at most 192", n)
	}
}
