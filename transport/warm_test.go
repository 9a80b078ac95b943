//go:build linux

package transport_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"weft/transport"
	"weft/transport/internal/socktest"
)

// warmer counts how far it was warmed.
type warmer struct {
	*restful
	steps atomic.Int64
}

func (w *warmer) Warm(step int) { w.steps.Add(1 << (8 * step)) }

// A loop warms what has a turn before it, each step once, if it has many
// connections; and not if it has few.
func TestLoopsWarmUp(t *testing.T) {
	var loops transport.Loops
	links := make([]*link, transport.WarmFrom*2)
	warmers := make([]*warmer, len(links))
	start := func(i int) {
		a, b := socktest.Pair(t)
		links[i] = &link{a, &restful{fake: &fake{t: t}}, make(chan error, 2)}
		warmers[i] = &warmer{restful: links[i].ep}
		warmers[i].onReceive = func(_ time.Time, p []byte) { links[i].ep.say(p) }
		loops.Start(context.Background(), b, warmers[i], transport.Options{}, func(err error) { links[i].end <- err })
	}
	start(0)
	links[0].exchange(t)
	if n := warmers[0].steps.Load(); n != 0 {
		t.Errorf("one of few was warmed: %x", n)
	}
	for i := range links[1:] {
		start(i + 1)
	}
	allComeBack(t, &loops, links...)
	for _, k := range links {
		k.exchange(t)
	}
	warmed := 0
	for _, w := range warmers {
		n := w.steps.Load()
		for step := range transport.WarmSteps {
			if n>>(8*step)&0xff != n&0xff {
				t.Fatalf("steps %x, want as many of each", n)
			}
		}
		if n > 0 {
			warmed++
		}
	}
	if warmed == 0 {
		t.Error("nothing was warmed")
	}
	for _, k := range links {
		k.ends(t)
	}
}
