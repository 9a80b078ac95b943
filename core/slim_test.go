package core_test

import (
	"testing"
	"time"

	"weft/core"
)

// An idle connection drops its own output buffer, and not one that it was lent:
// who lends one for each turn wants it back.
func TestLentOutputComesBack(t *testing.T) {
	for _, lent := range []bool{false, true} {
		c := mustServer(t, core.Config{})
		greet(t, c, newPeerBlocks(), request)
		want := 0
		if lent {
			c.SwapOutput(make([]byte, 0, 5000))
			want = 5000
		}
		at, why := c.NextDeadline()
		if why != core.TimerSlim {
			t.Fatalf("the next timer is %v, want %v", why, core.TimerSlim)
		}
		c.Advance(at.Add(time.Millisecond))
		for c.Next() != nil {
		}
		if got := cap(c.SwapOutput(nil)); got < want || want == 0 && got != 0 {
			t.Errorf("lent: %v: %d bytes of storage came back, want %d", lent, got, want)
		}
	}
}
