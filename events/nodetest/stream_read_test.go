package nodetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
)

func TestNode_client_upload(t *testing.T) {
	t.Run("client-upload", func(t *testing.T) {
		w := newWorld(t, setup{})
		const size = 139_837
		var got *bytes.Buffer
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			got = collect(&st.Stream)
			st.Respond(events.Headers{})
			st.End(nil)
		})
		source := strings.NewReader(strings.Repeat("x", size))
		w.post(func(st *events.ClientStream) { st.SendFrom(source, -1) })
		w.settle()
		if got.Len() != size || source.Len() != 0 {
			t.Errorf("%d bytes came, %d were not read", got.Len(), source.Len())
		}
		same(t, "server", w.of("server"), []string{"finish", "end", "close 0"})
		same(t, "client", w.of("client"), []string{"ready 1", "response 200 flags=4", "end", "finish", "close 0"})
	})
}

func TestNode_dont_lose_data(t *testing.T) {
	exchange := func(t *testing.T) (w *world, parent, push *events.ClientStream) {
		w = newWorld(t, setup{})
		calls := 0
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if !st.PushAllowed() {
				t.Error("no push is allowed")
			}
			covers(t, "serverStream.prop.pushAllowed")
			pushed, err := st.PushStream(events.H(":path", "/file"))
			if calls++; err != nil {
				t.Fatal(err)
			}
			pushed.Respond(events.Headers{})
			pushed.EndString("a push stream")
			st.Respond(events.Headers{})
			st.EndString("hello world")
		})
		w.client.OnStream(func(st *events.ClientStream, h events.Headers, _ events.Flags) {
			w.note("session stream %s", h.Path())
			push = st
			st.OnEnd(func() { w.note("push end") })
			st.OnClose(func() { w.note("push close") })
		})
		w.client.Do(func() {
			var err error
			if parent, err = w.client.Request(context.Background(), events.Headers{}); err != nil {
				t.Fatal(err)
			}
			parent.OnResponse(func(events.Headers, events.Flags) {
				w.note("parent response")
				push.OnData(func(p []byte) { w.note("push data %s", p) })
			})
			parent.OnEnd(func() { w.note("parent end") })
			parent.OnClose(func() { w.note("parent close") })
		})
		w.settle()
		if calls != 1 {
			t.Errorf("%d calls", calls)
		}
		return w, parent, push
	}
	t.Run("dont-lose-data.1", func(t *testing.T) {
		w, _, _ := exchange(t)
		if i, j := slices.Index(w.log, "session stream /file"), slices.Index(w.log, "parent response"); i < 0 || j < i {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("dont-lose-data.2", func(t *testing.T) {
		w, parent, _ := exchange(t)
		same(t, "push", w.of("push"), []string{"data a push stream", "end", "close"})
		same(t, "parent", w.of("parent"), []string{"response"})
		parent.OnData(func(p []byte) { w.note("parent data %s", p) })
		w.settle()
		if n := count(w.log, "parent data hello world"); n != 1 {
			t.Errorf("the body came %d times: %q", n, w.log)
		}
		covers(t, "stream.event.data")
		same(t, "parent", w.of("parent"), []string{"response", "data hello world", "end", "close"})
		covers(t, "stream.event.end")
		// Nothing keeps the sessions.
		w.watchSession("client", &w.client.Session)
		w.client.Close()
		w.settle()
		if !w.saw("client close") {
			t.Errorf("%q", w.log)
		}
	})
}

func TestNode_short_stream_client_server(t *testing.T) {
	t.Run("short-stream-client-server", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.H("content-type", "text/html"))
			st.SendFrom(strings.NewReader("test"), -1)
		})
		var st *events.ClientStream
		w.client.Do(func() {
			st, _ = w.client.Request(context.Background(), events.Headers{})
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				w.note("client response %d %s", h.Status(), h.Get("content-type"))
			})
			w.watch("client", &st.Stream)
		})
		w.link.RunFor(100 * time.Millisecond)
		w.happened("client finish", "server end", "server finish", "server close 0", "client response 200 text/html")
		st.OnData(func(p []byte) { w.note("client data %s", p) })
		w.settle()
		w.happened("client data test", "client end", "client close 0")
	})
}

func TestNode_multiplex(t *testing.T) {
	t.Run("multiplex", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			st.Pipe(st)
		})
		const streams = 100
		got := make([]*bytes.Buffer, streams)
		ended, closed := 0, 0
		w.client.Do(func() {
			for i := range streams {
				st, err := w.client.Request(context.Background(), events.H(":method", "POST"))
				if err != nil {
					t.Fatal(err)
				}
				got[i] = collect(&st.Stream)
				st.OnEnd(func() { ended++ })
				st.OnClose(func() { closed++ })
				for j, letter := range "abcdefghij" {
					w.link.After(time.Duration(j)*10*time.Millisecond, func() { st.WriteString(string(letter)) })
				}
				w.link.After(time.Second, func() { st.End(nil) })
			}
		})
		w.link.RunFor(2 * time.Second)
		for i, b := range got {
			if b.String() != "abcdefghij" {
				t.Errorf("request %d got %q", i, b)
			}
		}
		if ended != streams || closed != streams {
			t.Errorf("%d ended, %d closed", ended, closed)
		}
	})
}

func TestNode_multistream_destroy_on_read_tls(t *testing.T) {
	t.Run("multistream-destroy-on-read-tls", func(t *testing.T) {
		w := newWorld(t, setup{base: "https://localhost:8080"})
		w.watchSession("session", &w.client.Session)
		w.watchSession("session", &w.server.Session)
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			more := func() {
				for {
					if ready, err := st.Write(make([]byte, 10240)); !ready || err != nil {
						return
					}
				}
			}
			st.OnDrain(more)
			more()
		})
		destroyed := 0
		for range 10 {
			w.client.Do(func() {
				st, _ := w.client.Request(context.Background(), events.Headers{})
				st.OnError(func(err error) { w.note("client error %v", err) })
				st.OnData(func([]byte) {
					st.Destroy(nil)
					if destroyed++; destroyed == 10 {
						w.client.Destroy(nil, core.NoError)
					}
				})
			})
		}
		w.settle()
		if destroyed != 10 {
			t.Errorf("%d were destroyed", destroyed)
		}
		for _, line := range w.log {
			if strings.Contains(line, "error") {
				t.Error(line)
			}
		}
		if n := strings.Count(strings.Join(w.log, "\n"), "server close 0"); n != 10 {
			t.Errorf("%d streams of the server's closed: %q", n, w.log)
		}
		if !w.link.Closed() {
			t.Error("the sessions have not closed")
		}
	})
}

func TestNode_close_while_writing(t *testing.T) {
	t.Run("close-while-writing", func(t *testing.T) {
		w := newWorld(t, setup{base: "https://localhost:8080", server: events.ServerOptions{
			SessionOptions: events.SessionOptions{SessionLimits: events.SessionLimits{MaxSessionMemory: 1000}},
		}})
		var client *events.ClientStream
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			w.watch("server", &st.Stream)
			st.OnData(func([]byte) {
				st.Write([]byte{1})
				w.link.After(0, func() { client.Destroy(nil) })
			})
		})
		client = w.post(func(st *events.ClientStream) { st.Write(make([]byte, 64<<10)) })
		w.settle()
		same(t, "server", w.of("server"), []string{"aborted", "finish", "end", "close 0"})
		all := w.of("client")
		same(t, "client", all[len(all)-3:], []string{"aborted", "end", "close 0"})
	})
}

// broken is a source that fails after so many pieces.
type broken struct {
	pieces int
	err    error
}

func (b *broken) Read(p []byte) (int, error) {
	if b.pieces--; b.pieces < 0 {
		return 0, b.err
	}
	return copy(p, "hello"), nil
}

func TestNode_stream_pipeline_http2(t *testing.T) {
	t.Run("stream-pipeline-http2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.Pipe(st) })
		premature := errors.New("the source was destroyed")
		src := &broken{pieces: 1000, err: premature}
		var got error
		w.post(func(st *events.ClientStream) {
			n := 0
			st.OnData(func([]byte) {
				if n++; n == 10 {
					src.pieces = 0
				}
			})
			st.OnError(func(err error) { got = err })
			st.OnClose(func() { w.client.Close() })
			st.SendFrom(src, -1)
		})
		w.settle()
		if !errors.Is(got, premature) {
			t.Errorf("the client's error: %v", got)
		}
		if sent := w.fromClient.stream(1); sent[len(sent)-1] != "RST_STREAM 1 INTERNAL_ERROR" {
			t.Errorf("the last frame is %s", sent[len(sent)-1])
		}
		same(t, "server", w.of("server"), []string{"aborted", "finish", "error " + errInternalText, "close 2"})
		if !w.link.Closed() {
			t.Error("the session did not close")
		}
	})
}

func TestNode_misbehaving(t *testing.T) {
	t.Run("misbehaving-flow-control", func(t *testing.T) {
		w := newWorld(t, setup{server: events.ServerOptions{
			SessionOptions: events.SessionOptions{Settings: events.Settings{InitialWindowSize: events.Set[uint32](18)}},
		}})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Resume()
			st.Respond(events.Headers{})
			st.EndString("ok")
		})
		r := newRaw(t, w.server, false)
		r.send(r.peer.Handshake(true).Headers(13, false, coretest.Request("POST", "/")...))
		for range 2 {
			for range 6 {
				r.peer.Data(13, make([]byte, 18), false)
			}
			r.push(r.peer.Bytes())
		}
		r.link.Settle()
		same(t, "server", w.of("server"), []string{"finish",
			"error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_FLOW_CONTROL_ERROR", "close 3"})
		if !r.saw("RST_STREAM 13 FLOW_CONTROL_ERROR") {
			t.Errorf("sent %q", r.got.list())
		}
		closed := false
		w.server.OnClose(func() { closed = true })
		r.link.Reset()
		r.link.Settle()
		if !closed {
			t.Error("the session did not close")
		}
	})
}

func TestNode_write_finishes_after_stream_destroy(t *testing.T) {
	t.Run("write-finishes-after-stream-destroy", func(t *testing.T) {
		w := newWorld(t, setup{link: mem.Options{Bandwidth: 1 << 20}})
		var server *events.ServerStream
		wrote := 0
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			server = st
			st.WriteFunc(make([]byte, 40_000), func(error) { wrote++ })
		})
		w.get(func(st *events.ClientStream) {
			st.OnData(func([]byte) {
				server.Destroy(nil)
				w.link.After(0, w.link.Reset)
			})
		})
		w.link.RunFor(time.Minute)
		if wrote != 1 {
			t.Errorf("the write was done %d times", wrote)
		}
		if !slices.Equal(w.of("server"), []string{"end", "aborted", "close 0"}) || !w.link.Closed() {
			t.Errorf("%q", w.log)
		}
	})
}
