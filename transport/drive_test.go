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

// Due is true when there is something to report outside of a turn.
func TestDriverDue(t *testing.T) {
	now := time.Unix(1000, 0)
	c := h2test.NewClient(now, core.Config{})
	c.Request("/", 0)
	if len(c.SwapOutput(nil)) == 0 || c.Due() {
		t.Error("a request has to be written, and is nothing to report")
	}
	c.Do(func(now time.Time, conn *core.Conn) { conn.Close(now, core.Cancel, nil) })
	if !c.Due() || c.Done() {
		t.Errorf("after Close: due %v, done %v; the end has to be reported first", c.Due(), c.Done())
	}
	c.Advance(now)
	if c.Due() || !c.Done() || c.Failed != 1 || c.Closed == nil {
		t.Errorf("after a turn: due %v, done %v", c.Due(), c.Done())
	}
}
