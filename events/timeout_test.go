package events_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// noteTimeouts notes when timeouts come.
func (p *pair) noteTimeouts(st *events.Stream) {
	st.OnTimeout(func() { p.note("timeout %v", p.link.Elapsed()) })
}

func TestStreamTimeout(t *testing.T) {
	p := newPair(t, pairOptions{})
	var server *events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { server = st })
	var st *events.ClientStream
	p.client.Do(func() {
		st, _ = p.client.Request(context.Background(), events.H(":method", "POST"))
		p.noteTimeouts(&st.Stream)
		if err := st.SetTimeout(2*time.Minute, func() { p.note("callback") }); err != nil {
			t.Error(err)
		}
	})
	p.link.RunFor(time.Minute)
	p.happened()
	p.link.RunFor(20 * time.Minute)
	p.happened("timeout 2m0s", "callback") // and not again

	// Only something that happens starts the time again; the callback was for
	// the first time only.
	p.server.Do(func() { server.Respond(events.Headers{}) })
	p.link.RunFor(4 * time.Minute)
	p.happened("timeout 23m0.01s")

	// Activity moves the time, in both directions.
	for range 10 {
		p.client.Do(func() { st.WriteString("a") })
		p.link.RunFor(time.Minute)
		p.server.Do(func() { server.WriteString("b") })
		p.link.RunFor(time.Minute)
	}
	p.happened()
	p.link.RunFor(5 * time.Minute)
	p.happened("timeout 46m0.01s")

	// Another timeout takes the place of the first, 0 turns it off.
	p.client.Do(func() { st.SetTimeout(10*time.Second, nil) })
	p.link.RunFor(time.Minute)
	p.happened("timeout 50m10s")
	p.client.Do(func() {
		st.SetTimeout(10*time.Second, nil)
		st.SetTimeout(0, nil)
	})
	p.link.RunFor(time.Hour)
	p.happened()
	if err := st.SetTimeout(-1, nil); !errors.Is(err, events.ErrOutOfRange) {
		t.Errorf("a negative one: %v", err)
	}

	// A stream that was closed has none, and gets none.
	st.SetTimeout(time.Second, nil)
	st.Close(core.Cancel)
	if err := st.SetTimeout(time.Second, func() { p.note("never") }); err != nil {
		t.Error(err)
	}
	p.link.RunFor(time.Hour)
	p.happened()
	if next := p.client.NextDeadline(); !next.IsZero() {
		t.Errorf("a deadline is left: %v", next)
	}
}

// Of many streams, each has its own time.
func TestStreamTimeouts(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) {})
	p.client.Do(func() {
		for _, d := range []time.Duration{5, 2, 9, 1, 7} {
			st, _ := p.client.Request(context.Background(), events.H(":method", "POST"))
			st.SetTimeout(d*time.Minute, func() {
				p.note("timeout %v", p.link.Elapsed())
				if d == 2 {
					st.SetTimeout(10*time.Minute, func() { p.note("again %v", p.link.Elapsed()) })
				}
			})
			if d == 7 {
				p.link.After(3*time.Minute, func() { st.Close(core.NoError) })
			}
		}
	})
	p.link.RunFor(time.Hour)
	p.happened("timeout 1m0s", "timeout 2m0s", "timeout 5m0s", "timeout 9m0s", "again 12m0s")
}

// A large write that gets out bit by bit is activity.
func TestTimeoutOfLargeWrite(t *testing.T) {
	p := newPair(t, pairOptions{link: mem.Options{Bandwidth: 1000}})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.Resume() })
	p.settle() // the settings, which have a deadline of their own
	p.client.Do(func() {
		st, _ := p.client.Request(context.Background(), events.H(":method", "POST"))
		p.noteTimeouts(&st.Stream)
		p.watch("client", &st.Stream)
		st.OnDrain(func() { p.note("drain %v", p.link.Elapsed()) })
		p.client.OnError(func(err error) { p.note("%v", err) })
		st.SetTimeout(2*time.Minute, nil)
		st.Write(make([]byte, 1<<20)) // takes a quarter of an hour and more
	})
	p.link.RunFor(17 * time.Minute)
	p.happened()
	p.link.RunFor(5 * time.Minute)
	p.happened("drain 17m13.195s", "timeout 19m13.195s")
}

// Node's milliseconds are not whole ones here: the error shows what was given.
func TestNegativeTimeout(t *testing.T) {
	p := newPair(t, pairOptions{})
	err := p.client.SetTimeout(-time.Microsecond, nil)
	if !errors.Is(err, events.ErrOutOfRange) || !strings.HasSuffix(err.Error(), "Received -0.001") {
		t.Error(err)
	}
}
