package events_test

import (
	"context"
	"errors"
	"testing"

	"weft/core"
	"weft/events"
)

func TestWriteFunc(t *testing.T) {
	p := newPair(t, pairOptions{server: events.SessionOptions{FixedWindows: true}})
	var server *events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { server = st })
	note := func(what string) func(error) {
		return func(err error) { p.note("%s %v", what, err) }
	}
	var st *events.ClientStream
	p.client.Do(func() {
		st, _ = p.client.Request(context.Background(), events.H(":method", "POST"))
		st.OnError(func(err error) { p.note("error %v", err) })
		st.OnDrain(func() { p.note("drain") })
		for _, c := range []struct {
			what  string
			n     int
			ready bool
		}{{"small", 10, true}, {"empty", 0, true}, {"fits", 60_000, true}, {"does not", 30_000, false}, {"after", 10, false}} {
			ready, err := st.WriteFunc(make([]byte, c.n), note(c.what))
			if ready != c.ready || err != nil {
				t.Errorf("%s: ready %v, %v", c.what, ready, err)
			}
		}
		if ready, err := st.WriteFunc(nil, nil); ready || err != nil {
			t.Errorf("nothing: ready %v, %v", ready, err)
		}
		if len(p.log) != 0 {
			t.Errorf("called within the call: %q", p.log)
		}
	})
	p.settle()
	p.happened("small <nil>", "empty <nil>", "fits <nil>")
	server.Resume()
	p.settle()
	p.happened("does not <nil>", "after <nil>", "drain")

	// What will never be sent.
	server.Pause()
	mine := errors.New("mine")
	p.client.Do(func() {
		st.WriteFunc(make([]byte, 1<<20), note("lost"))
		st.WriteFunc([]byte("a"), note("lost too"))
	})
	p.settle()
	st.Destroy(mine)
	p.settle()
	p.happened("error mine", "lost mine", "lost too mine")
	if _, err := st.WriteFunc([]byte("a"), note("never")); !errors.Is(err, events.ErrWriteAfterEnd) || !errors.Is(err, events.ErrInvalidStream) {
		t.Errorf("after the end: %v", err)
	}
	p.settle()
	p.happened()
}

// A peer's reset fails what waits.
func TestWriteFuncReset(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		p.link.After(1000, func() { st.Close(core.Cancel) })
	})
	p.client.Do(func() {
		st, _ := p.client.Request(context.Background(), events.H(":method", "POST"))
		st.WriteFunc(make([]byte, 1<<20), func(err error) {
			if !errors.Is(err, events.ErrInvalidStream) {
				t.Errorf("%v", err)
			}
			p.note("failed")
		})
	})
	p.settle()
	p.happened("failed")
}

// What was written is done before the message is.
func TestWriteFuncBeforeFinish(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.client.Do(func() {
		st, _ := p.client.Request(t.Context(), events.H(":method", "POST"))
		st.WriteFunc([]byte("one"), func(error) { p.note("one") })
		st.WriteFunc([]byte("two"), func(error) { p.note("two") })
		st.End(nil)
		st.OnFinish(func() { p.note("finish") })
	})
	p.settle()
	p.happened("one", "two", "finish")
}

// Nobody has to be told.
func TestResponseFuncNil(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client, link := linkTo(t, srv)
	srv.OnRequest(func(_ *events.Request, res *events.Response) {
		if st, ok := res.Stream(); ok {
			st.OnError(func(err error) { t.Error(err) })
		}
		if ready := res.WriteFunc([]byte("a"), nil); !ready {
			t.Error("not ready")
		}
		for range 2 { // the second time it is over
			if err := res.EndFunc(nil, nil); err != nil {
				t.Error(err)
			}
		}
		res.WriteFunc([]byte("late"), nil)
	})
	got, closed := "", false
	client.Do(func() {
		st, err := client.Request(context.Background(), events.Headers{})
		if err != nil {
			t.Fatal(err)
		}
		st.OnData(func(p []byte) { got += string(p) })
		st.OnClose(func() { closed = true })
	})
	link.Settle()
	if got != "a" || !closed {
		t.Errorf("%q, closed %v", got, closed)
	}
}
