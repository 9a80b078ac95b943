package events_test

import (
	"sync/atomic"
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

// tally counts what becomes of the streams of many sessions. A nil tally does
// nothing.
type tally struct {
	*events.PerformanceObserver
	created, started, closed, failed atomic.Int64
	streams, sessions, counted       atomic.Int64 // entries, and streams counted by those of sessions
}

func newTally() *tally {
	c := &tally{}
	c.PerformanceObserver = events.NewPerformanceObserver(func(items *events.EntryList) {
		for _, e := range items.GetEntries() {
			if e.Session != nil {
				c.sessions.Add(1)
				c.counted.Add(int64(e.Session.StreamCount))
			} else {
				c.streams.Add(1)
			}
		}
	})
	c.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{events.EntryTypeHTTP2}})
	return c
}

func (c *tally) watch(opts events.SessionOptions) events.SessionOptions {
	if c == nil {
		return opts
	}
	opts.Performance = c.PerformanceObserver
	opts.Diagnostics = &events.Diagnostics{
		Client: events.ClientDiagnostics{
			StreamCreated:       func(events.ClientStreamRecord, events.Headers) { c.created.Add(1) },
			StreamStart:         func(events.ClientStreamRecord, events.Headers) { c.started.Add(1) },
			StreamClose:         func(events.ClientStreamRecord) { c.closed.Add(1) },
			StreamError:         func(events.ClientStreamRecord, error) { c.failed.Add(1) },
			StreamBodyChunkSent: func(events.ClientStreamRecord, events.BodyChunk) {},
		},
		Server: events.ServerDiagnostics{
			StreamCreated: func(events.ServerStreamRecord, events.Headers) { c.created.Add(1) },
			StreamStart:   func(events.ServerStreamRecord, events.Headers) { c.started.Add(1) },
			StreamClose:   func(events.ServerStreamRecord) { c.closed.Add(1) },
			StreamError:   func(events.ServerStreamRecord, error) { c.failed.Add(1) },
		},
	}
	return opts
}

// check compares what was told once all is over: each stream was created and
// closed, and those that had an id were measured.
func (c *tally) check(t *testing.T, sessions int) {
	t.Helper()
	if c == nil {
		return
	}
	if c.created.Load() != c.closed.Load() {
		t.Errorf("%d streams were created, %d closed", c.created.Load(), c.closed.Load())
	}
	if c.started.Load() > c.created.Load() || c.failed.Load() > c.created.Load() {
		t.Errorf("%d of %d streams started, %d failed", c.started.Load(), c.created.Load(), c.failed.Load())
	}
	if c.streams.Load() != c.counted.Load() || c.streams.Load() == 0 {
		t.Errorf("%d streams measured, %d counted by their sessions", c.streams.Load(), c.counted.Load())
	}
	if int(c.sessions.Load()) > sessions {
		t.Errorf("%d of %d sessions measured", c.sessions.Load(), sessions)
	}
}
