package transport_test

import (
	"errors"
	"testing"
	"time"

	"weft/core"
	"weft/transport/internal/h2test"
)

// A connection that breaks while the core waits for room to parse the rest is
// reported all the same.
func TestDriverReportsTheEnd(t *testing.T) {
	now := time.Unix(1000, 0)
	client, err := core.NewClient(now, core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := h2test.NewServer(now, core.Config{})
	input := client.AppendOutput(nil)
	for range 300 {
		input = append(input, 0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)
	}
	s.Receive(now, input)
	if !s.ReadPaused() || s.Done() {
		t.Fatalf("300 PINGs unanswered: paused %v, done %v", s.ReadPaused(), s.Done())
	}
	s.ReceiveEOF(now, errors.New("gone"))
	if s.Closed == nil || !s.Done() {
		t.Errorf("ConnClosed was not reported (%v)", s.Closed)
	}
}

// Due is true exactly when there may be something to report: after commands
// from outside, and when room comes back of which there was little.
func TestDriverDue(t *testing.T) {
	now := time.Unix(1000, 0)
	c := h2test.NewClient(now, core.Config{})
	due := func(want bool, when string) {
		t.Helper()
		if c.Due() != want {
			t.Errorf("%s: Due is %v", when, !want)
		}
	}
	due(false, "at first")
	c.Request("/", 0)
	due(true, "after a command")
	c.Advance(now)
	due(false, "after a turn")
	out := c.SwapOutput(nil)
	c.Wrote(now, len(out))
	due(false, "after writing a little")
	if len(out) == 0 {
		t.Error("no output")
	}
}
