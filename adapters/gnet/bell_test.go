//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"io"
	"testing"
	"time"

	"weft/transport"
)

// restless is an endpoint that always has something to do, and nothing to say.
type restless struct{ *fake }

func (restless) Due() bool { return true }

// Work that never ends on one connection does not keep the others of its loop
// waiting, not even those that gnet has to hear of first.
func TestRestless(t *testing.T) {
	loops := start(t, 1)
	busy, other := newFake(), newFake()
	other.echo = true
	ours, _ := socketPair(t)
	pump(t, t.Context(), loops, ours, restless{busy}, transport.Options{})
	busy.until(func() bool { return busy.advanced > 10 })
	others, peer := socketPair(t)
	ended := pump(t, t.Context(), loops, others, other, transport.Options{})
	for range 10 {
		io.WriteString(peer, "hello")
		peer.SetReadDeadline(time.Now().Add(20 * time.Second))
		if got := read(t, peer, 5); got != "hello" {
			t.Fatal(got)
		}
	}
	peer.Close()
	expect(t, ended, transport.CloseEOF)
}
