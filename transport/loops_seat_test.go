//go:build linux

package transport_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"testing"
	"time"

	"weft/transport"
	"weft/transport/internal/socktest"
)

// heavy is input that takes a connection out of its loop.
var heavy = bytes.Repeat([]byte("x"), 8<<10)

// A connection waits only once its loop can hear of it: one that a late event
// made the loop's before that would never come back.
func TestLoopsWaitForWhatIsInTheSet(t *testing.T) {
	var loops transport.Loops
	k := startLink(t, loops.Start)
	waitingBecome(t, &loops, 1)
	k.Write(heavy)
	io.ReadFull(k, make([]byte, len(heavy)))
	waitingBecome(t, &loops, 0)
	loops.Locked(func(waiting func() int) {
		k.ep.rest()
		for began := time.Now(); time.Since(began) < 20*time.Millisecond; runtime.Gosched() {
			if waiting() != 0 {
				t.Fatal("it waits before it can be heard of")
			}
		}
	})
	waitingBecome(t, &loops, 1)
	k.ends(t)
}

// A loop that is over does not close its bell while somebody rings it.
func TestLoopsEndWhenTheBellHasRung(t *testing.T) {
	before := openFiles(t)
	// Loops of other tests may be about to close theirs.
	for since := time.Now(); time.Since(since) < 20*time.Millisecond; runtime.Gosched() {
		if n := openFiles(t); n != before {
			before, since = n, time.Now()
		}
	}
	err := new(transport.Loops).BeginEnd(func() {
		during := openFiles(t)
		for began := time.Now(); time.Since(began) < 20*time.Millisecond; runtime.Gosched() {
			if n := openFiles(t); n < during {
				t.Fatalf("%d descriptors, %d before", n, during)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); openFiles(t) > before; runtime.Gosched() {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d descriptors, %d before", openFiles(t), before)
		}
	}
}

// An endpoint that is at rest already, when something makes its connection leave
// the loop, does not keep a goroutine until more comes.
func TestLoopsAndInputWhileResting(t *testing.T) {
	var loops transport.Loops
	a, b := socktest.Pair(t)
	k := &link{a, &restful{fake: &fake{t: t}}, make(chan error, 2)}
	k.ep.onReceive = func(_ time.Time, p []byte) { k.ep.say(p) }
	k.ep.resting.Store(true)
	loops.Start(context.Background(), b, k.ep, transport.Options{}, func(err error) { k.end <- err })
	for range 3 {
		k.Write(heavy)
		io.ReadFull(k, make([]byte, len(heavy)))
		waitingBecome(t, &loops, 1)
	}
	k.ends(t)
}
