package events

import (
	"testing"
	"unsafe"
)

// What every request costs in memory is its stream's object. What few streams
// have belongs into extra.
func TestStreamIsSmall(t *testing.T) {
	size := unsafe.Sizeof(ServerStream{})
	if size > 128 {
		t.Errorf("a ServerStream takes %d bytes, want at most 128", size)
	}
	if n := size * atOnce; n > 512 {
		t.Errorf("%d at once take %d bytes, want at most 512", atOnce, n)
	}
}
