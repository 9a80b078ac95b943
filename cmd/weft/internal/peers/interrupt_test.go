package peers

import (
	"io"
	"testing"
)

// Ctrl-C lets what runs come to its end, and nothing new begin.
func TestInterruptDrains(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		p, body := startPiped(t, curl(t, w, s.base+"/heavy.bin"))
		readSome(t, body, 1<<16)
		s.interrupt()
		s.awaitRefusal(s.addr())
		if n := 1<<16 + readRest(t, body); n != heavyBytes {
			t.Errorf("%d bytes of %d", n, heavyBytes)
		}
		if code := p.wait(); code != 0 {
			t.Errorf("curl: exit %d", code)
		}
		if code := s.wait(); code != 0 {
			t.Errorf("weft serve: exit %d after it drained, want 0", code)
		}
	})
}

// A second Ctrl-C ends at once, and who was cut off knows it.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		p, body := startPiped(t, curl(t, w, s.base+"/heavy.bin"))
		readSome(t, body, 1<<16)
		s.interrupt()
		s.awaitRefusal(s.addr())
		s.interrupt()
		if code := s.wait(); code == 0 {
			t.Error("weft serve: exit 0 although it cut a transfer off")
		}
		n, _ := io.Copy(io.Discard, body)
		if code := p.wait(); code == 0 {
			t.Errorf("curl: exit 0 after %d bytes of %d", n+1<<16, heavyBytes)
		}
	})
}

// Nobody connected: Ctrl-C ends at once.
func TestInterruptIdle(t *testing.T) {
	t.Parallel()
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		s.healthy(t)
		s.interrupt()
		if code := s.wait(); code != 0 {
			t.Errorf("weft serve: exit %d, want 0", code)
		}
	})
}
