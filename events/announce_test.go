package events_test

import (
	"context"
	"testing"

	"weft/events"
)

// get makes a request of which nothing is noted.
func (p *pair) get(path string) *events.ClientStream {
	p.t.Helper()
	st, err := p.client.Request(context.Background(), events.H(":path", path))
	if err != nil {
		p.t.Fatal(err)
	}
	st.Resume()
	return st
}

// Requests that come together are announced in their order, each with all that
// follows from its callback before the next one. What one of them does, a panic
// included, leaves the others alone.
func TestRequestsOfOneTurn(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		path := h.Path()
		p.note("stream %s, %d open", path, p.server.StreamCount())
		switch path {
		case "/quiet":
			st.Respond(events.H())
			st.EndString("x")
		case "/late": // listeners that are set after the end
			st.Respond(events.H())
			st.EndString("x")
			st.OnFinish(func() { p.note("finish %s", path) })
			st.OnClose(func() { p.note("close %s", path) })
		case "/later": // and from a task that comes before the end
			p.server.Do(func() {
				p.note("task before the end of %s, over: %v", path, st.Destroyed())
				st.OnClose(func() { p.note("close %s", path) })
			})
			st.Respond(events.H())
			st.EndString("x")
		case "/task": // a task that comes after it
			st.Respond(events.H())
			st.EndString("x")
			p.server.Do(func() { p.note("task after the end of %s, over: %v", path, st.Destroyed()) })
		case "/panic":
			panic("oh")
		case "/panic-ended":
			st.Respond(events.H())
			st.EndString("x")
			panic("oh")
		case "/destroy":
			st.OnClose(func() { p.note("close %s", path) })
			p.server.Destroy(nil, 0)
		}
	})
	p.server.OnStream(func(_ *events.ServerStream, h events.Headers, _ events.Flags) {
		if h.Path() == "/panic" {
			p.note("not reached by the one that panicked")
		}
	})
	p.settle()
	for _, path := range []string{"/quiet", "/late", "/later", "/task", "/panic", "/panic-ended", "/quiet"} {
		st := p.get(path)
		st.OnResponse(func(h events.Headers, _ events.Flags) {
			if h.Status() != 200 {
				p.note("client: %s is %d", path, h.Status())
			}
		})
		st.OnClose(func() {
			if code, _ := st.RSTCode(); code != 0 {
				p.note("client: %s ended with %v", path, code)
			}
		})
	}
	p.settle()
	p.happened(
		"stream /quiet, 1 open",
		"stream /late, 1 open", "finish /late", "close /late",
		"stream /later, 1 open", "task before the end of /later, over: false", "close /later",
		"stream /task, 1 open", "task after the end of /task, over: true",
		"stream /panic, 1 open",
		"stream /panic-ended, 1 open",
		"stream /quiet, 1 open",
		"client: /panic is 500",
	)
	if n := p.server.StreamCount(); n != 0 {
		t.Errorf("%d streams are left", n)
	}

	// The session's end within a stream event is that of the stream, too.
	p.get("/destroy")
	p.settle()
	p.happened("stream /destroy, 1 open", "close /destroy")
}
