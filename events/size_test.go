package events

import (
	"testing"
	"unsafe"
)

// What every connection costs is its session, with what the core and the
// transport need. What few sessions have belongs into rare. The figure is a size
// class of Go's allocator less the 8 bytes it wants for itself.
func TestSessionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(ServerSession{}); size > 760 {
		t.Errorf("a ServerSession takes %d bytes, want at most 760", size)
	}
}

// What every request costs in memory is its stream's object. What few streams
// have belongs into extra.
func TestStreamIsSmall(t *testing.T) {
	for _, o := range []struct {
		name       string
		size, most uintptr
		atOnce     uintptr
	}{
		{"ServerStream", unsafe.Sizeof(ServerStream{}), 80, streamsAtOnce},
		{"exchange", unsafe.Sizeof(exchange{}), 112, exchangesAtOnce},
	} {
		if o.size > o.most {
			t.Errorf("one %s takes %d bytes, want at most %d", o.name, o.size, o.most)
		}
		if n := o.size * o.atOnce; n > cheapSize {
			t.Errorf("%d of %s at once take %d bytes, want at most %d", o.atOnce, o.name, n, cheapSize)
		}
	}
	if n := 2 * unsafe.Sizeof(attachedTo[[64]byte]{}); n > 352 {
		t.Errorf("two exchanges with 64 bytes each attached take %d bytes, want at most 352", n)
	}
}

// A request costs the client one object, too: with the listeners that nearly
// every request has.
func TestClientStreamIsSmall(t *testing.T) {
	size := unsafe.Sizeof(ClientStream{})
	if size > 224 {
		t.Errorf("a ClientStream takes %d bytes, want at most 224", size)
	}
	t.Log(size)
}
