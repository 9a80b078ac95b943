package events_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"weft/core"
	"weft/events"
)

// A stream piped into itself gives everything back, no faster than it is taken.
func TestPipeEcho(t *testing.T) {
	p := newPair(t, pairOptions{server: events.SessionOptions{FixedWindows: true}})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.Pipe(st) })
	sent := bytes.Repeat([]byte("0123456789"), 100_000)
	var got []byte
	var st *events.ClientStream
	p.client.Do(func() {
		st, _ = p.client.Request(context.Background(), events.H(":method", "POST"))
		st.OnData(func(b []byte) { got = append(got, b...) })
		st.OnClose(func() { p.note("close") })
		st.Pause()
		st.End(sent)
	})
	p.settle()
	if n := st.BufferSize(); n < 100_000 {
		t.Errorf("%d bytes wait: the pipe does not hold back", n)
	}
	st.Resume()
	p.settle()
	p.happened("close")
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came back of %d", len(got), len(sent))
	}
}

// sink takes so many bytes, and then refuses.
type sink struct {
	room  int
	got   []byte
	ended bool
	drain func()
	why   error
}

func (s *sink) Write(p []byte) (bool, error) {
	if s.got = append(s.got, p...); len(s.got) > s.room {
		return false, errors.New("full")
	}
	return false, nil
}
func (s *sink) End([]byte) error { s.ended = true; return nil }
func (s *sink) OnDrain(f func()) events.Listener {
	s.drain = f
	return events.Listener{}
}
func (s *sink) Destroy(err error) { s.why = err }

func TestPipeInto(t *testing.T) {
	var server *events.ServerStream
	open := func(s *sink) (*pair, *events.ClientStream) {
		p := newPair(t, pairOptions{})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			server = st
			st.OnClose(func() {
				code, _ := st.RSTCode()
				p.note("server close %v", code)
			})
			st.WriteString("one")
		})
		var st *events.ClientStream
		p.client.Do(func() {
			st, _ = p.client.Request(context.Background(), events.H(":method", "POST"))
			st.OnError(func(error) {})
			st.Pipe(s)
		})
		p.settle()
		return p, st
	}
	t.Run("waits for drain", func(t *testing.T) {
		s := &sink{room: 100}
		p, st := open(s)
		p.server.Do(func() { server.EndString("two") })
		p.settle()
		if string(s.got) != "one" || !st.IsPaused() || s.ended {
			t.Errorf("got %q, paused %v, ended %v", s.got, st.IsPaused(), s.ended)
		}
		s.drain()
		p.settle()
		s.drain()
		p.settle()
		if string(s.got) != "onetwo" || !s.ended || s.why != nil {
			t.Errorf("got %q, ended %v, %v", s.got, s.ended, s.why)
		}
	})
	t.Run("takes no more", func(t *testing.T) {
		s := &sink{room: 2}
		p, _ := open(s)
		p.happened("server close CANCEL")
		if s.ended {
			t.Error("ended")
		}
	})
	t.Run("cut short", func(t *testing.T) {
		s := &sink{room: 100}
		p, _ := open(s)
		server.Close(core.InternalError)
		p.settle()
		var e *events.Error
		if s.ended || !errors.As(s.why, &e) || e.HTTP2 != core.InternalError {
			t.Errorf("ended %v, destroyed with %v", s.ended, s.why)
		}
	})
}

// A stream whose pipe leads to one that was closed does not wait for ever.
func TestPipeToClosed(t *testing.T) {
	p := newPair(t, pairOptions{})
	var first, second *events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		if first == nil {
			first = st
			return
		}
		second = st
		first.Pipe(second)
	})
	up := p.request(events.H(":method", "POST"))
	up.Write(make([]byte, 1<<20))
	down := p.request(events.H(":path", "/down"))
	down.Pause()
	p.settle()
	p.log = nil
	down.Close(core.NoError)
	p.settle()
	if code, ok := first.RSTCode(); !ok || code != core.Cancel {
		t.Errorf("the source: %v %v", code, ok)
	}
}

func TestText(t *testing.T) {
	p := newPair(t, pairOptions{})
	const text = "aä€𝄞z"
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		body := text
		if h.Path() == "/cut" {
			body = text[:8] // within 𝄞
		} else if h.Path() == "/wrong" {
			body = "a\xffb"
		}
		for i := range len(body) { // a byte a frame
			p.link.After(0, func() { p.server.Do(func() { st.WriteString(body[i : i+1]) }) })
		}
		p.link.After(0, func() { st.End(nil) })
	})
	for path, want := range map[string]string{"/": "a|ä|€|𝄞|z", "/cut": "a|ä|€|\uFFFD", "/wrong": "a|\uFFFD|b"} {
		var got []string
		p.client.Do(func() {
			st, _ := p.client.Request(context.Background(), events.H(":path", path))
			st.OnText(func(s string) { got = append(got, s) })
		})
		p.settle()
		if strings.Join(got, "|") != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
