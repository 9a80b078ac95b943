package transport_test

import (
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weft/transport"
)

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		at := func(d time.Duration) time.Time { return start.Add(d) }
		var fired []time.Duration
		f := &fake{deadline: at(10 * time.Second)}
		f.onAdvance = func(now time.Time) {
			fired = append(fired, now.Sub(start))
			if len(fired) == 1 {
				f.inside(func() { f.deadline = at(20 * time.Second) })
			}
		}
		r := run(t, t.Context(), f, transport.Options{})
		<-time.After(time.Second) // virtual, like all of them here
		f.tell(func() { f.deadline = at(2 * time.Second) })
		<-time.After(10 * time.Second)
		f.tell(func() { f.deadline = at(60 * time.Second) }) // later: no need to move the timer
		<-time.After(50 * time.Second)
		f.tell(func() { f.deadline = time.Unix(1, 0) }) // at once
		synctest.Wait()
		want := []time.Duration{2 * time.Second, 60 * time.Second, 61 * time.Second}
		if !slices.Equal(fired, want) {
			t.Errorf("Advance at %v, want %v", fired, want)
		}
		r.peer.Close()
		r.ends(transport.CloseEOF, io.EOF, 61*time.Second)
	})
}
