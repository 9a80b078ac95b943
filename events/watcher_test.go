package events_test

import (
	"testing"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// Who has neither a PerformanceObserver nor Diagnostics pays nothing for there
// being such: TestAllocations has the allocations, and here is that the clock
// is left alone. A session that is watched doesn't look at it in turns either.
func TestWatchingAsksNoTime(t *testing.T) {
	observer := events.NewPerformanceObserver(func(*events.EntryList) {})
	observer.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{events.EntryTypeHTTP2}})
	for name, opts := range map[string]events.SessionOptions{
		"nobody watches": {},
		"watched":        {Performance: observer, Diagnostics: &events.Diagnostics{}},
	} {
		t.Run(name, func(t *testing.T) {
			looked := 0
			opts.Now = func() time.Time { looked++; return mem.Epoch }
			s, served := serving(t, opts)
			newBatches(t, mem.Epoch, s)()
			if looked != 0 || *served != 400 {
				t.Errorf("looked at the clock %d times for %d requests", looked, *served)
			}
		})
	}
}

// BenchmarkServerWatched is BenchmarkServer with both.
func BenchmarkServerWatched(b *testing.B) {
	observer := events.NewPerformanceObserver(func(*events.EntryList) {})
	observer.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{events.EntryTypeHTTP2}})
	turn, _ := serving(b, events.SessionOptions{
		Performance: observer,
		Diagnostics: &events.Diagnostics{Server: events.ServerDiagnostics{StreamClose: func(events.ServerStreamRecord) {}}},
	})
	benchmarkRequests(b, mem.Epoch, turn)
}

// serving is a server for newBatches, and how many requests it got.
func serving(t testing.TB, opts events.SessionOptions) (turn func(in, out []byte) []byte, served *int) {
	s, err := events.NewServerSession(mem.Epoch, opts)
	if err != nil {
		t.Fatal(err)
	}
	ok := events.Status(200, "content-type", "text/plain", "content-length", "14")
	hello := []byte("Hello, World!\n")
	served = new(int)
	s.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		*served++
		st.Respond(ok)
		st.End(hello)
	})
	return func(in, out []byte) []byte {
		s.Receive(mem.Epoch, in)
		out = s.SwapOutput(out[:0])
		s.Wrote(mem.Epoch, len(out))
		return out
	}, served
}
