package nodetest

import (
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

func serverLimits(l events.SessionLimits) setup {
	return setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{SessionLimits: l}}}
}

func clientLimits(l events.SessionLimits) setup {
	return setup{client: events.SessionOptions{SessionLimits: l}}
}

func TestNode_limits(t *testing.T) {
	t.Run("max-session-memory.1", func(t *testing.T) {
		// The link is slow, so that what is written waits.
		s := serverLimits(events.SessionLimits{MaxSessionMemory: 1})
		s.link = mem.Options{Bandwidth: 100_000}
		w := newWorld(t, s)
		streams := 0
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			streams++
			st.Respond(events.Headers{})
			st.Write(make([]byte, 2_000_000))
			st.End(nil)
		})
		got := 0
		st, err := w.client.Request(t.Context(), events.H())
		if err != nil {
			t.Fatal(err)
		}
		st.OnData(func(p []byte) { got += len(p) })
		st.OnError(func(err error) { t.Errorf("the first: %v", err) })
		st.OnClose(func() { w.note("first close") })
		st.OnResponse(func(events.Headers, events.Flags) {
			second, err := w.client.Request(t.Context(), events.H())
			if err != nil {
				t.Error(err)
				return
			}
			w.watchClient("client", second)
		})
		w.link.Run(func() bool { return w.saw("client close 11") })
		w.happened("client ready 3", "client finish",
			"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM", "client close 11")
		if streams != 1 || !w.fromServer.has("RST_STREAM 3 ENHANCE_YOUR_CALM") {
			t.Errorf("%d streams, sent %q", streams, w.fromServer.stream(3))
		}
		covers(t, "createServer.option.maxSessionMemory")
		w.settle()
		// max-session-memory.2
		w.happened("first close")
		if got != 2_000_000 {
			t.Errorf("%d bytes of the first response", got)
		}
		w.get()
		w.link.Run(func() bool { return w.saw("client response 200 flags=4") })
		if streams != 2 {
			t.Error("a session that uses little memory again refuses a stream")
		}
		covers(t, "rule.options.session-memory-credit")
	})
	t.Run("max-session-memory.2", func(t *testing.T) {
		// Told by the first one, too: what is over the limit runs to its end.
		s := serverLimits(events.SessionLimits{MaxSessionMemory: 1})
		s.link = mem.Options{Bandwidth: 1_000_000}
		w := newWorld(t, s)
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Write(make([]byte, 2_000_000))
			st.End(nil)
		})
		got := 0
		st := w.get()
		st.OnData(func(p []byte) { got += len(p) })
		w.settle()
		if got != 2_000_000 || !w.saw("client close 0") || !w.saw("server close 0") {
			t.Errorf("%d bytes; %q", got, w.log)
		}
	})
	t.Run("forget-closed-streams", func(t *testing.T) {
		w := newWorld(t, serverLimits(events.SessionLimits{MaxSessionMemory: 1}))
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.OnEnd(func() { st.Respond(events.Status(200), events.RespondOptions{EndStream: true}) })
			st.Resume()
		})
		done := 0
		var next func()
		next = func() {
			st, err := w.client.Request(t.Context(), events.H(":method", "POST"))
			if err != nil {
				t.Error(err)
				return
			}
			st.OnError(func(err error) { t.Error(err) })
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				if h.Status() == 200 {
					done++
				}
			})
			st.OnClose(func() {
				if done < 10000 && !t.Failed() {
					next()
				}
			})
			st.Resume()
			st.End(nil)
		}
		w.client.Do(next)
		w.settle()
		if done != 10000 {
			t.Errorf("%d of 10000 requests were answered", done)
		}
	})
	t.Run("large-writes-session-memory-leak.1", func(t *testing.T) {
		// What a client refuses for want of memory are pushes: one at the end
		// is taken. The server has as little, and refuses no request.
		s := clientLimits(events.SessionLimits{MaxSessionMemory: 1})
		s.server.MaxSessionMemory = 1
		s.client.Transport, s.server.Transport = core.TransportEncrypted, core.TransportEncrypted
		s.base = "https://localhost"
		w := newWorld(t, s)
		body := strings.Repeat("a", 204800)
		w.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			if h.Path() == "/push" {
				if _, err := st.PushStream(events.H(":path", "/pushed")); err != nil {
					t.Error(err)
				}
			}
			st.EndString(body)
		})
		pushes := 0
		w.client.OnStream(func(*events.ClientStream, events.Headers, events.Flags) { pushes++ })
		done := 0
		var next func()
		next = func() {
			st, err := w.client.Request(t.Context(), events.H())
			if err != nil {
				t.Error(err)
				return
			}
			got := 0
			st.OnError(func(err error) { t.Error(err) })
			// Every other body waits for a while before it is read.
			if done%2 == 1 {
				st.Pause()
				w.link.After(time.Second, st.Resume)
			}
			st.OnData(func(p []byte) { got += len(p) })
			st.OnClose(func() {
				if done++; got != len(body) {
					t.Errorf("%d bytes", got)
				} else if done < 51 {
					next()
				}
			})
		}
		w.client.Do(next)
		w.link.RunFor(2 * time.Minute)
		if done != 51 {
			t.Errorf("%d of 51 responses", done)
		}
		w.request(events.H(":path", "/push"), events.RequestOptions{})
		w.settle()
		if pushes != 1 {
			t.Errorf("after them the client takes no push: %q", w.fromClient.stream(2))
		}
	})
	t.Run("max-concurrent-streams.1", func(t *testing.T) {
		w := twoOfOne(t)
		if got := w.of("server"); len(got) == 0 || count(w.log, "stream") != 1 {
			t.Errorf("%q", w.log)
		}
		if got := w.of("first"); !equal(got, "response 200", "end", "close 0") {
			t.Errorf("the first: %q", got)
		}
	})
	t.Run("max-concurrent-streams.2", func(t *testing.T) {
		w := twoOfOne(t)
		if got := w.of("second"); !equal(got, "aborted",
			"error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_REFUSED_STREAM", "close 7") {
			t.Errorf("the second: %q", got)
		}
		if !w.fromServer.has("RST_STREAM 3 REFUSED_STREAM") {
			t.Errorf("sent %q", w.fromServer.list())
		}
	})
	t.Run("too-many-streams", func(t *testing.T) {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{
			Settings: events.Settings{MaxConcurrentStreams: events.Set[uint32](1)},
		}}})
		open, most, answered := 0, 0, 0
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			open++
			most = max(most, open)
			st.OnClose(func() { open-- })
			w.link.After(50*time.Millisecond, func() { st.EndString("ok") })
		})
		ask := func() {
			st, err := w.client.Request(t.Context(), events.H())
			if err != nil {
				t.Error(err)
				return
			}
			st.OnError(func(err error) { t.Error(err) })
			st.OnResponse(func(events.Headers, events.Flags) { answered++ })
			st.Resume()
		}
		w.client.OnRemoteSettings(func(s events.Settings) {
			if n := s.MaxConcurrentStreams.Or(0); n != 1 || w.client.RemoteSettings().MaxConcurrentStreams.Or(0) != 1 {
				t.Errorf("%d streams are allowed", n)
			}
			ask()
			ask()
			w.link.After(10*time.Millisecond, ask)
		})
		w.link.RunFor(time.Minute)
		if most != 1 || answered != 3 {
			t.Errorf("%d streams at a time, %d answered", most, answered)
		}
	})
	t.Run("options-max-headers-block-length", func(t *testing.T) {
		w := newWorld(t, clientLimits(events.SessionLimits{MaxSendHeaderBlockLength: 10}))
		w.serve(func(*events.ServerStream, events.Headers) { t.Error("a stream at the server") })
		w.get(func(st *events.ClientStream) {
			st.OnFrameError(func(kind uint8, code core.ErrCode, id events.StreamID) {
				w.note("client frameError %d %d %d", kind, code, id)
			})
		})
		w.settle()
		if got := kept(w.log, "client frameError", "client error", "client close", "client response"); !equal(got,
			"client frameError 1 6 1",
			"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_REFUSED_STREAM", "client close 7") {
			t.Errorf("%q", got)
		}
		if got := w.fromClient.stream(1); len(got) > 0 {
			t.Errorf("sent %q", got)
		}
		covers(t, "connect.option.maxSendHeaderBlockLength")
	})
	t.Run("options-max-headers-exceeds-nghttp2.1", func(t *testing.T) {
		w := newWorld(t, clientLimits(events.SessionLimits{MaxSendHeaderBlockLength: 100000}))
		w.serve(func(*events.ServerStream, events.Headers) { w.note("a stream") })
		w.srv.OnSessionError(func(err error, _ *events.ServerSession) { w.note("sessionError") })
		w.watchSession("session", &w.client.Session)
		w.request(events.H("test-header", strings.Repeat("A", 90000)), events.RequestOptions{})
		w.settle()
		const text = "error ERR_HTTP2_SESSION_ERROR: Session closed with error code 9"
		w.happened("session connect", "client ready 1", "client finish", "sessionError",
			`session goaway 9 last=0 "string-too-long"`, "client "+text, "client close 9", "session "+text, "session close")
		if got := w.fromClient.stream(1); len(got) != 1 || !strings.Contains(got[0], "HEADERS 1 in 5 frames") {
			t.Errorf("sent %.100q", got)
		}
	})
	t.Run("options-max-headers-exceeds-nghttp2.2", func(t *testing.T) {
		s := serverLimits(events.SessionLimits{MaxSendHeaderBlockLength: 100000})
		w := newWorld(t, s)
		w.watchSession("session", &w.server.Session)
		w.srv.OnSessionError(func(err error, ss *events.ServerSession) {
			w.note("sessionError %s %v", errText(err), ss == w.server)
		})
		w.srv.OnError(func(err error) { t.Errorf("the server's error: %v", err) })
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.AdditionalHeaders(events.H(":status", "103", "test-header", strings.Repeat("A", 90000)))
			st.Respond(events.Headers{})
			st.End(nil)
		})
		w.get()
		w.settle()
		const text = "ERR_HTTP2_SESSION_ERROR: Session closed with error code 9"
		if got := kept(w.log, "session", "client response"); !equal(got, "session connect",
			`session goaway 9 last=0 "string-too-long"`, "sessionError "+text+" true", "session error "+text, "session close") {
			t.Errorf("%q", got)
		}
	})
	t.Run("too-many-headers", func(t *testing.T) {
		for _, n := range []int{1, 4} { // fewer than 4 are as good as 4
			l := events.SessionLimits{MaxHeaderListPairs: n}
			w := newWorld(t, serverLimits(l))
			w.serve(func(st *events.ServerStream, _ events.Headers) { st.End(nil) })
			w.request(events.H("foo", "bar"), events.RequestOptions{})
			w.settle()
			if got := kept(w.log, "client error", "client close", "client response", "server"); !equal(got,
				"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM", "client close 11") {
				t.Errorf("%q", w.log)
			}
			w.log = nil
			w.get()
			w.settle()
			if len(w.of("client response")) != 1 {
				t.Errorf("with four fields: %q", w.log)
			}
		}
	})
	t.Run("too-many-settings.1", func(t *testing.T) {
		w := newWorld(t, serverLimits(events.SessionLimits{MaxOutstandingSettings: 2}))
		w.srv.OnSession(func(ss *events.ServerSession) {
			for range 2 {
				if err := ss.Settings(events.Settings{InitialWindowSize: events.Set[uint32](1 << 20)}, nil); err != nil {
					t.Errorf("Settings: %v", err)
				}
				w.note("pending %v", ss.PendingSettingsAck())
			}
		})
		w.watchSession("server", &w.server.Session)
		w.watchSession("client", &w.client.Session)
		w.settle()
		w.happened("client connect", "pending true", "pending true", "server connect",
			"server error ERR_HTTP2_MAX_PENDING_SETTINGS_ACK: Maximum number of pending settings acknowledgements", "server close",
			`client goaway 2 last=0 ""`, "client error ERR_HTTP2_SESSION_ERROR: Session closed with error code 2", "client close")
		if got := w.fromServer.list(); !equal(got, "SETTINGS", "SETTINGS INITIAL_WINDOW_SIZE=1048576", "GOAWAY last=0 INTERNAL_ERROR") {
			t.Errorf("sent %q", got)
		}
	})
	t.Run("too-many-settings.2", func(t *testing.T) {
		w := newWorld(t, clientLimits(events.SessionLimits{MaxOutstandingSettings: 2}))
		w.client.OnConnect(func() {
			for range 2 {
				if err := w.client.Settings(events.Settings{InitialWindowSize: events.Set[uint32](1 << 20)}, nil); err != nil {
					t.Errorf("Settings: %v", err)
				}
			}
		})
		w.serve(nil)
		w.watchSession("client", &w.client.Session)
		w.settle()
		w.happened("client connect",
			"client error ERR_HTTP2_MAX_PENDING_SETTINGS_ACK: Maximum number of pending settings acknowledgements", "client close")
	})
}

// twoOfOne is a client that makes two requests at once before it knows that the
// server takes one at a time.
func twoOfOne(t *testing.T) *world {
	w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set[uint32](1)},
	}}})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		w.note("stream")
		// Node has read both requests before the first is served.
		w.link.After(time.Millisecond, func() {
			st.Respond(events.Headers{})
			st.End(nil)
		})
	})
	w.client.Do(func() {
		for _, who := range []string{"first", "second"} {
			st, err := w.client.Request(t.Context(), events.H(":method", "POST"))
			if err != nil {
				t.Error(err)
				continue
			}
			st.OnResponse(func(h events.Headers, _ events.Flags) { w.note("%s response %d", who, h.Status()) })
			st.OnAborted(func() { w.note("%s aborted", who) })
			st.OnEnd(func() { w.note("%s end", who) })
			st.OnError(func(err error) { w.note("%s error %s", who, errText(err)) })
			st.OnClose(func() {
				code, _ := st.RSTCode()
				w.note("%s close %d", who, code)
			})
			st.Resume()
			if who == "first" {
				st.End(nil)
			}
		}
	})
	w.link.RunFor(time.Second)
	return w
}

func equal(got []string, want ...string) bool {
	return strings.Join(got, "\n") == strings.Join(want, "\n")
}
