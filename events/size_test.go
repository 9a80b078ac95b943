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
	if size := unsafe.Sizeof(ServerStream{}); size > 96 {
		t.Errorf("a ServerStream takes %d bytes, want at most 96", size)
	}
	size := unsafe.Sizeof(exchange{})
	if size > 128 {
		t.Errorf("an exchange takes %d bytes, want at most 128", size)
	}
	if n := size * atOnce; n > cheapSize {
		t.Errorf("%d at once take %d bytes, want at most %d", atOnce, n, cheapSize)
	}
	if n := 2 * unsafe.Sizeof(attachedTo[[64]byte]{}); n > 384 {
		t.Errorf("two exchanges with 64 bytes each attached take %d bytes, want at most 384", n)
	}
}

// A request costs the client one object, too: with the listeners that nearly
// every request has.
func TestClientStreamIsSmall(t *testing.T) {
	size := unsafe.Sizeof(ClientStream{})
	if size > 288 {
		t.Errorf("a ClientStream takes %d bytes, want at most 288", size)
	}
	t.Log(size)
}
