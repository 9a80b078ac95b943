package nodetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

// measured is an observer that keeps its entries.
type measured struct {
	*events.PerformanceObserver
	entries []events.PerformanceEntry
	calls   int
}

func measure(t *testing.T) *measured {
	t.Helper()
	m := &measured{}
	m.PerformanceObserver = events.NewPerformanceObserver(func(items *events.EntryList) {
		m.calls++
		m.entries = append(m.entries, items.GetEntries()...)
	})
	if err := m.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{events.EntryTypeHTTP2}}); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *measured) streams() (list []*events.StreamMetrics) {
	for _, e := range m.entries {
		if e.Stream != nil {
			list = append(list, e.Stream)
		}
	}
	return list
}

// session is what was measured of the one session.
func (m *measured) session(t *testing.T) *events.SessionMetrics {
	t.Helper()
	var found *events.SessionMetrics
	for _, e := range m.entries {
		if e.Session != nil {
			if found != nil {
				t.Fatal("two entries of sessions")
			}
			found = e.Session
		}
	}
	if found == nil {
		t.Fatal("no entry of the session")
	}
	return found
}

// newMeasured is a world of which both sides are measured.
func newMeasured(t *testing.T, before func(*world)) (w *world, client, server *measured) {
	client, server = measure(t), measure(t)
	w = newWorld(t, setup{
		client: events.SessionOptions{Performance: client.PerformanceObserver},
		server: events.ServerOptions{SessionOptions: events.SessionOptions{Performance: server.PerformanceObserver}},
		before: before,
	})
	return w, client, server
}

// TestNode_perf_hooks has the exchange of perf_hooks.1 to perf_hooks.3: both
// sides ping, and one GET is answered with two pieces.
func TestNode_perf_hooks(t *testing.T) {
	pinged := 0
	ping := func(s *events.Session) {
		s.Ping(func(err error, _ time.Duration, _ [8]byte) {
			if pinged++; err != nil {
				t.Error(err)
			}
		})
	}
	w, client, server := newMeasured(t, func(w *world) {
		w.srv.OnSession(func(ss *events.ServerSession) { ping(&ss.Session) })
		w.client.OnConnect(func() { ping(&w.client.Session) })
	})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.Respond(events.Status(200))
		st.WriteString(strings.Repeat("a", 20))
		st.EndString(strings.Repeat("b", 45))
	})
	body := ""
	w.get(func(st *events.ClientStream) {
		st.OnData(func(p []byte) { body += string(p) })
		st.OnClose(func() { w.client.Close() })
	})
	w.settle()

	t.Run("perf_hooks.1", func(t *testing.T) {
		for _, side := range []struct {
			m    *measured
			kind events.SessionType
		}{{client, events.SessionTypeClient}, {server, events.SessionTypeServer}} {
			last := side.m.entries[len(side.m.entries)-1]
			s := side.m.session(t)
			if last.Session != s {
				t.Error("the session's entry is not the last")
			}
			if s.Type != side.kind {
				t.Errorf("type %v, want %v", s.Type, side.kind)
			}
			covers(t, "perf.session.type")
			if last.EntryType != "http2" {
				t.Errorf("entry type %q", last.EntryType)
			}
			covers(t, "perf.entry.entryType")
			if last.Name != "Http2Session" {
				t.Errorf("name %q", last.Name)
			}
			if last.Duration <= 0 {
				t.Errorf("duration %v", last.Duration)
			}
			if s.StreamCount != 1 {
				t.Errorf("%d streams, want 1", s.StreamCount)
			}
			if s.MaxConcurrentStreams != 1 {
				t.Errorf("%d streams at the same time, want 1", s.MaxConcurrentStreams)
			}
			// There and back again over a link with a latency of 10 ms.
			if rtt, ok := s.PingRTT.Get(); !ok || rtt != 20*time.Millisecond {
				t.Errorf("round trip %v %v", rtt, ok)
			}
			covers(t, "perf.session.pingRTT")
			if s.StreamAverageDuration != side.m.entries[0].Duration {
				t.Errorf("average %v, the one stream took %v", s.StreamAverageDuration, side.m.entries[0].Duration)
			}
		}
		if d := client.entries[0].Duration; d != 20*time.Millisecond {
			t.Errorf("the request took %v", d)
		}
		cs, ss := client.session(t), server.session(t)
		if sent := len(w.fromClient.list()); int(cs.FramesSent) != sent {
			t.Errorf("client: %d frames sent, want %d", cs.FramesSent, sent)
		}
		if sent := len(w.fromServer.list()); int(ss.FramesSent) != sent {
			t.Errorf("server: %d frames sent, want %d", ss.FramesSent, sent)
		}
		covers(t, "perf.session.framesSent")
		if ss.BytesRead != cs.BytesWritten || ss.BytesRead < 100 {
			t.Errorf("server read %d bytes, client wrote %d", ss.BytesRead, cs.BytesWritten)
		}
		covers(t, "perf.session.bytesRead")
		if cs.BytesRead < 65 || cs.BytesRead > ss.BytesWritten { // the last GOAWAY crossed the client's
			t.Errorf("client read %d bytes, server wrote %d", cs.BytesRead, ss.BytesWritten)
		}
		covers(t, "perf.session.bytesWritten")
	})

	t.Run("perf_hooks.2", func(t *testing.T) {
		c, s := client.streams(), server.streams()
		if len(c) != 1 || len(s) != 1 {
			t.Fatalf("%d and %d entries of streams, want one each", len(c), len(s))
		}
		if client.entries[0].Name != "Http2Stream" || client.entries[0].EntryType != "http2" {
			t.Errorf("%q of type %q", client.entries[0].Name, client.entries[0].EntryType)
		}
		covers(t, "perf.entry.name")
		if at := client.entries[0].StartTime; at.IsZero() || at.After(client.entries[1].StartTime.Add(client.entries[1].Duration)) {
			t.Errorf("it began at %v", at)
		}
		covers(t, "perf.entry.startTime")
		if c[0].ID != 1 || s[0].ID != 1 {
			t.Errorf("ids %d and %d", c[0].ID, s[0].ID)
		}
		covers(t, "perf.stream.id")
		if c[0].BytesRead != 65 || s[0].BytesRead != 0 {
			t.Errorf("%d and %d bytes read", c[0].BytesRead, s[0].BytesRead)
		}
		covers(t, "perf.stream.bytesRead")
		if c[0].BytesWritten != 0 || s[0].BytesWritten != 65 {
			t.Errorf("%d and %d bytes written", c[0].BytesWritten, s[0].BytesWritten)
		}
		covers(t, "perf.stream.bytesWritten")
		is := func(what string, got events.Opt[time.Duration], want events.Opt[time.Duration]) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		var never events.Opt[time.Duration]
		rtt := events.Set(20 * time.Millisecond)
		is("first byte of the client", c[0].TimeToFirstByte, rtt)
		is("first byte of the server", s[0].TimeToFirstByte, never)
		covers(t, "perf.stream.timeToFirstByte")
		is("first byte sent by the client", c[0].TimeToFirstByteSent, never)
		is("first byte sent by the server", s[0].TimeToFirstByteSent, events.Set(time.Duration(0)))
		covers(t, "perf.stream.timeToFirstByteSent")
		is("first header of the client", c[0].TimeToFirstHeader, rtt)
		is("first header of the server", s[0].TimeToFirstHeader, events.Set(time.Duration(0)))
		covers(t, "perf.stream.timeToFirstHeader")
	})

	t.Run("perf_hooks.3", func(t *testing.T) {
		if n := client.session(t).FramesReceived; n != 7 {
			t.Errorf("client: %d frames received, want 7; the server sent %q", n, w.fromServer.list())
		}
		if n := server.session(t).FramesReceived; n < 3 {
			t.Errorf("server: %d frames received, want at least 3", n)
		}
		covers(t, "perf.session.framesReceived")
		if pinged != 2 {
			t.Errorf("%d pings were answered, want 2", pinged)
		}
		if body != strings.Repeat("a", 20)+strings.Repeat("b", 45) {
			t.Errorf("body %q", body)
		}
	})

	t.Run("perf_hooks.4", func(t *testing.T) {
		w := newWorld(t, setup{})
		asked := false
		w.server.OnStream(func(st *events.ServerStream, h events.Headers, flags events.Flags) {
			asked = true
			if flags != 5 {
				t.Errorf("flags %d, want END_STREAM|END_HEADERS", flags)
			}
			if h.Scheme() != "http" || h.Method() != "GET" || h.Authority() == "" {
				t.Errorf("headers %s", text(h))
			}
			st.EndString("")
		})
		w.request(events.Headers{}, events.RequestOptions{})
		if w.settle(); !asked {
			t.Error("no stream event")
		}
	})
}

// framesUntilClose is how many frames the client of one GET receives.
func framesUntilClose(t *testing.T, answer func(*events.ServerStream)) (n uint64, sent []string) {
	w, client, _ := newMeasured(t, nil)
	w.serve(func(st *events.ServerStream, _ events.Headers) { answer(st) })
	w.get(func(st *events.ClientStream) { st.OnClose(func() { w.client.Close() }) })
	w.settle()
	return client.session(t).FramesReceived, w.fromServer.stream(1)
}

func TestNode_pack_end_stream_flag(t *testing.T) {
	for _, c := range []struct {
		row    string
		frames uint64
		answer func(*events.ServerStream)
		data   []string
	}{
		{"pack-end-stream-flag.1", 4, func(st *events.ServerStream) {
			st.Respond(events.Status(200))
			st.EndString("OK")
		}, []string{`DATA 1 2 "OK" END_STREAM`}},
		{"pack-end-stream-flag.2", 4, func(st *events.ServerStream) {
			st.Respond(events.Status(200))
			st.WriteString("OK")
			st.End(nil)
		}, []string{`DATA 1 2 "OK" END_STREAM`}},
		{"pack-end-stream-flag.3", 5, func(st *events.ServerStream) {
			st.Respond(events.Status(200))
			st.WriteFunc([]byte("OK"), func(error) { st.End(nil) })
		}, []string{`DATA 1 2 "OK"`, `DATA 1 0 END_STREAM`}},
	} {
		t.Run(c.row, func(t *testing.T) {
			n, sent := framesUntilClose(t, c.answer)
			if n != c.frames || len(sent) == 0 || !slices.Equal(sent[1:], c.data) {
				t.Errorf("%d frames, want %d; sent %q", n, c.frames, sent)
			}
		})
	}
}

// Entries come when the observer asks for them, after the close event, and
// streams that end in one turn come together.
func TestPerformanceObserver(t *testing.T) {
	w, client, server := newMeasured(t, nil)
	w.serve(func(st *events.ServerStream, h events.Headers) {
		if h.Path() == "/slow" {
			w.link.After(40*time.Millisecond, func() { st.EndString("hello") })
			return
		}
		st.EndString("hello")
	})
	w.client.Do(func() {
		for range 3 {
			st, err := w.client.Request(t.Context(), events.H(":path", "/"))
			if err != nil {
				t.Fatal(err)
			}
			st.Resume()
			st.OnClose(func() {
				if len(client.entries) > 0 {
					t.Error("an entry came before the close event")
				}
			})
		}
	})
	w.settle()
	if client.calls != 1 || len(client.streams()) != 3 {
		t.Errorf("%d calls with %d streams, want one with 3", client.calls, len(client.streams()))
	}
	covers(t, "class.PerformanceObserver")
	for _, e := range client.entries {
		if e.Stream == nil || e.EntryType != events.EntryTypeHTTP2 || e.Duration != 20*time.Millisecond {
			t.Errorf("an entry of %s for %v", e.EntryType, e.Duration)
		}
	}
	covers(t, "perf.observer.getEntries")

	server.Disconnect()
	server.entries = nil
	w.get()
	w.settle()
	if len(server.entries) > 0 || len(client.streams()) != 4 {
		t.Errorf("%d entries after Disconnect, %d with Observe", len(server.entries), len(client.streams()))
	}
	if err := server.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{"http2"}}); err != nil {
		t.Error(err)
	}
	w.request(events.H(":path", "/slow"), events.RequestOptions{})
	w.link.RunFor(time.Second)
	if n := len(server.streams()); n != 1 {
		t.Errorf("%d streams after Observe, want 1", n)
	}
	covers(t, "perf.observer.observe")
	for _, types := range [][]events.EntryType{nil, {"http2", "mark"}} {
		if err := server.Observe(events.ObserveOptions{EntryTypes: types}); !errors.Is(err, events.ErrInvalidArg) {
			t.Errorf("Observe(%q): %v", types, err)
		}
	}
	covers(t, "perf.observer.option.entryTypes")
	w.client.Close()
	w.settle()
	s := client.session(t)
	if s.StreamCount != 5 {
		t.Errorf("%d streams, want 5", s.StreamCount)
	}
	covers(t, "perf.session.streamCount")
	if s.MaxConcurrentStreams != 3 {
		t.Errorf("at most %d streams at the same time, want 3", s.MaxConcurrentStreams)
	}
	covers(t, "perf.session.maxConcurrentStreams")
	if want := (4*20 + 60) * time.Millisecond / 5; s.StreamAverageDuration != want {
		t.Errorf("streams took %v, want %v", s.StreamAverageDuration, want)
	}
	covers(t, "perf.session.streamAverageDuration")
	if _, ok := client.session(t).PingRTT.Get(); ok {
		t.Error("a round trip without a ping")
	}
}

// A panic of the observer's is logged, and ends nothing.
func TestPerformanceObserverPanics(t *testing.T) {
	bad := events.NewPerformanceObserver(func(*events.EntryList) { panic("no") })
	bad.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{events.EntryTypeHTTP2}})
	w := newWorld(t, setup{client: events.SessionOptions{Performance: bad}})
	w.serve(func(st *events.ServerStream, _ events.Headers) { st.EndString("hello") })
	for range 2 {
		st := w.get()
		w.settle()
		if code, ok := st.RSTCode(); !ok || code != core.NoError {
			t.Errorf("closed with %v %v", code, ok)
		}
	}
	if !strings.Contains(w.logged.String(), "panic in an observer") {
		t.Error("the panic was not logged")
	}
}

// What never had an id, or a connection, is not measured; a stream that the
// peer broke off is.
func TestPerformanceOfBrokenStreams(t *testing.T) {
	w, client, server := newMeasured(t, nil)
	w.serve(func(st *events.ServerStream, _ events.Headers) { st.Close(core.EnhanceYourCalm) })
	w.get()
	w.request(events.H(":path", "not a path"), events.RequestOptions{})
	w.settle()
	if len(client.streams()) != 1 || len(server.streams()) != 1 {
		t.Errorf("%d and %d streams measured", len(client.streams()), len(server.streams()))
	}
	w.client.Destroy(nil, core.NoError)
	w.settle()
	if s := client.session(t); s.StreamCount != 1 {
		t.Errorf("%d streams", s.StreamCount)
	}
	if s, sent := server.session(t), len(w.fromServer.list()); int(s.FramesSent) != sent {
		t.Errorf("%d frames sent, want %d", s.FramesSent, sent)
	}
}
