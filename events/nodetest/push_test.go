package nodetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/events"
)

// takePushes has pushes taken, with their events noted under the name "push".
func (w *world) takePushes(with ...func(st *events.ClientStream)) {
	w.client.OnStream(func(st *events.ClientStream, h events.Headers, f events.Flags) {
		w.note("session stream %s flags=%d", text(h), f)
		w.watchClient("push", st)
		for _, g := range with {
			g(st)
		}
	})
}

const promised = "session stream :path=/foobar :method=GET :authority=localhost:8080 :scheme=http flags=4"

func TestNode_client_data_end(t *testing.T) {
	exchange := func(t *testing.T) *world {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			push, err := st.PushStream(events.H(":path", "/foobar"))
			if err != nil {
				t.Fatal(err)
			}
			push.Respond(events.H("content-type", "text/html", "x-push-data", "pushed by server"))
			push.WriteString("pushed by server ")
			w.link.After(0, func() { push.EndString("data") })
			st.Respond(events.H("content-type", "text/html"))
			st.WriteString("te")
			st.EndString("st")
		})
		w.takePushes(func(st *events.ClientStream) {
			st.OnPush(func(h events.Headers, _ events.Flags) {
				w.note("push headers %s %s", h.Get("content-type"), h.Get("x-push-data"))
			})
		})
		w.get(func(st *events.ClientStream) {
			st.OnResponse(func(h events.Headers, _ events.Flags) { w.note("client type %s", h.Get("content-type")) })
		})
		w.settle()
		return w
	}
	t.Run("client-data-end.1", func(t *testing.T) {
		w := exchange(t)
		if !w.saw(promised) {
			t.Errorf("%q", w.log)
		}
		covers(t, "rule.push-client.stream-event")
		same(t, "push", w.of("push"), []string{"push 200 flags=4", "headers text/html pushed by server",
			"data pushed by server ", "data data", "end", "close 0"})
		covers(t, "clientStream.event.push")
	})
	t.Run("client-data-end.2", func(t *testing.T) {
		w := exchange(t)
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "type text/html",
			"data te", "data st", "end", "close 0"})
		if !w.saw("push close 0") {
			t.Errorf("%q", w.log)
		}
	})
}

// The rows of the compatibility classes that PushStream alone answers.
func TestNode_createpushresponse(t *testing.T) {
	t.Run("compat-serverresponse-createpushresponse.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.WriteString("main ")
			push, err := st.PushStream(events.H(":path", "/pushed", ":method", "GET"))
			if err != nil {
				t.Fatal(err)
			}
			if push.ID()%2 != 0 || st.ID()%2 != 1 {
				t.Errorf("push %d on stream %d", push.ID(), st.ID())
			}
			push.EndString("pushed body")
			st.EndString("body")
		})
		hasDate := func(h events.Headers, _ events.Flags) {
			if h.Get("date") == "" {
				t.Errorf("no date in %q", fieldsOf(h))
			}
		}
		w.takePushes(func(st *events.ClientStream) { st.OnPush(hasDate) })
		w.get(func(st *events.ClientStream) { st.OnResponse(hasDate) })
		w.settle()
		if !w.saw("session stream :path=/pushed :method=GET :authority=localhost:8080 :scheme=http flags=4") {
			t.Errorf("%q", w.log)
		}
		same(t, "push", w.of("push"), []string{"push 200 flags=4", "data pushed body", "end", "close 0"})
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "data main ", "data body", "end", "close 0"})
	})
	t.Run("compat-serverresponse-createpushresponse.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnClose(func() {
				_, err := st.PushStream(events.H(":path", "/pushed"))
				if !errors.Is(err, events.ErrInvalidStream) {
					t.Errorf("after close: %v", err)
				}
				w.note("server asked")
			})
			st.EndString("body")
		})
		w.get()
		w.settle()
		if !w.saw("server asked") || len(w.fromServer.stream(2)) != 0 {
			t.Errorf("%q", w.log)
		}
	})
}

func TestNode_options_max_reserved_streams(t *testing.T) {
	t.Run("options-max-reserved-streams", func(t *testing.T) {
		w := newWorld(t, setup{client: events.SessionOptions{
			SessionLimits: events.SessionLimits{MaxReservedRemoteStreams: events.Set(1)},
		}})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			for _, name := range []string{"first", "second"} {
				push, err := st.PushStream(events.H(":path", "/"+name))
				if err != nil {
					t.Errorf("%s: %v", name, err)
					return
				}
				w.watch(name, &push.Stream)
				if name == "first" {
					// The second promise comes while the first is only reserved.
					w.link.After(0, func() {
						push.Respond(events.Headers{})
						push.End(nil)
						st.Respond(events.Headers{})
						st.End(nil)
					})
				}
			}
		})
		w.takePushes()
		w.get()
		w.settle()
		same(t, "session", w.of("session"), []string{"stream :path=/first :method=GET :authority=localhost:8080 :scheme=http flags=4"})
		covers(t, "rule.options.push-reserve-limit")
		same(t, "push", w.of("push"), []string{"push 200 flags=4", "end", "close 0"})
		same(t, "first", w.of("first"), []string{"finish", "end", "close 0"})
		got := w.of("second")
		if len(got) == 0 || got[0] != "aborted" || !slices.ContainsFunc(w.fromClient.stream(4), func(s string) bool { return strings.HasPrefix(s, "RST_STREAM 4 ") }) {
			t.Errorf("second: %q; sent %q", got, w.fromClient.stream(4))
		}
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "end", "close 0"})
	})
}

func TestNode_server_push_disabled(t *testing.T) {
	t.Run("server-push-disabled", func(t *testing.T) {
		w := newWorld(t, setup{client: events.SessionOptions{Settings: events.Settings{EnablePush: events.Set(false)}}})
		w.server.OnRemoteSettings(func(s events.Settings) { w.note("settings enablePush=%s", show(s.EnablePush)) })
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if st.PushAllowed() {
				t.Error("a push is allowed")
			}
			_, err := st.PushStream(events.H(":path", "/foobar"))
			fails(t, "PushStream", err, events.ErrPushDisabled, "ERR_HTTP2_PUSH_DISABLED: HTTP/2 client has disabled push streams")
			st.EndString("test")
		})
		w.takePushes()
		w.get()
		w.settle()
		if !w.saw("settings enablePush=false") || !w.saw("client data test") || len(w.of("session")) != 0 {
			t.Errorf("%q", w.log)
		}
		covers(t, "rule.stream.session-shared-settings")
	})
}

func TestNode_server_push_stream_errors(t *testing.T) {
	t.Run("server-push-stream-errors-args.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			_, err := st.PushStream(events.H("connection", "test"))
			fails(t, "connection", err, events.ErrInvalidConnection,
				`ERR_HTTP2_INVALID_CONNECTION_HEADERS: HTTP/1 Connection specific headers are forbidden: "connection"`)
			st.EndString("test")
		})
		w.takePushes()
		w.get()
		w.settle()
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "data test", "end", "close 0"})
	})
	t.Run("server-push-stream-errors", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if err := w.server.SetNextStreamID(1<<31 - 2); err != nil {
				t.Fatalf("SetNextStreamID: %v", err)
			}
			if push, err := st.PushStream(events.H(":path", "/last")); err != nil {
				t.Errorf("the last one: %v", err)
			} else {
				push.End(nil)
			}
			_, err := st.PushStream(events.H(":path", "/more"))
			fails(t, "one more", err, events.ErrOutOfStreams,
				"ERR_HTTP2_OUT_OF_STREAMS: No stream ID is available because maximum stream ID has been reached")
			covers(t, "rule.stream.max-per-session")
			st.Respond(events.Headers{})
			st.EndString("test")
			w.link.After(1000, func() {
				_, err := st.PushStream(events.H(":path", "/late"))
				if !errors.Is(err, events.ErrInvalidStream) {
					t.Errorf("closed: %v", err)
				}
			})
		})
		w.takePushes()
		w.get()
		w.settle()
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "data test", "end", "close 0"})
	})
}

func TestNode_server_push_stream_head(t *testing.T) {
	exchange := func(t *testing.T) *world {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			push, err := st.PushStream(events.H(":scheme", "http", ":method", "HEAD", ":authority", "localhost:8080"))
			if err != nil {
				t.Fatal(err)
			}
			if push.Writable() {
				t.Error("the answer to HEAD may have a body")
			}
			if err := push.Respond(events.Headers{}); err != nil {
				t.Error(err)
			}
			ready, err := push.WriteString("test")
			fails(t, "Write", err, events.ErrWriteAfterEnd, "ERR_STREAM_WRITE_AFTER_END: write after end")
			if ready {
				t.Error("ready for more")
			}
			st.EndString("test")
		})
		w.takePushes()
		w.get()
		w.settle()
		return w
	}
	t.Run("server-push-stream-head.1", func(t *testing.T) { exchange(t) })
	t.Run("server-push-stream-head.2", func(t *testing.T) {
		w := exchange(t)
		same(t, "session", w.of("session"), []string{"stream :scheme=http :method=HEAD :authority=localhost:8080 :path=/ flags=4"})
		same(t, "push", w.of("push"), []string{"push 200 flags=5", "end", "close 0"})
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "data test", "end", "close 0"})
		sent := w.fromServer.stream(2)
		if len(sent) != 1 || !strings.HasSuffix(sent[0], " END_STREAM") {
			t.Errorf("sent %q", sent)
		}
	})
}

func TestNode_server_push_stream(t *testing.T) {
	t.Run("server-push-stream.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			push, err := st.PushStream(events.H(":scheme", "http", ":path", "/foobar", ":authority", "localhost:8080"))
			if err != nil {
				t.Fatal(err)
			}
			if push.Headers().Path() != "/foobar" {
				t.Errorf("headers %q", fieldsOf(push.Headers()))
			}
			push.Respond(events.H("content-type", "text/html", ":status", "200", "x-push-data", "pushed by server"))
			push.EndString("pushed by server data")
			st.EndString("test")
		})
		covers(t, "serverStream.method.pushStream")
		var push *events.ClientStream
		w.takePushes(func(st *events.ClientStream) {
			st.Pause()
			st.OnPush(func(h events.Headers, f events.Flags) {
				w.note("push headers %s %s", h.Get("content-type"), h.Get("x-push-data"))
			})
			push = st
		})
		w.watchSession("client session", &w.client.Session)
		w.get(func(st *events.ClientStream) { st.OnClose(func() { w.client.Close() }) })
		w.link.RunFor(time.Second)
		if w.saw("client session close") {
			t.Error("the session closed over an unread push")
		}
		push.Resume()
		w.settle()
		if !w.saw("session stream :scheme=http :path=/foobar :authority=localhost:8080 :method=GET flags=4") {
			t.Errorf("%q", w.of("session"))
		}
		same(t, "push", w.of("push"), []string{"push 200 flags=4", "headers text/html pushed by server",
			"data pushed by server data", "end", "close 0"})
		if last := w.log[len(w.log)-1]; last != "client session close" {
			t.Errorf("last: %s", last)
		}
	})
	t.Run("server-push-stream.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			push, _ := st.PushStream(events.H(":path", "/foobar"))
			_, err := push.PushStream(events.H(":path", "/more"))
			fails(t, "nested", err, events.ErrNestedPush, "ERR_HTTP2_NESTED_PUSH: A push stream cannot initiate another push stream.")
			covers(t, "rule.push.no-nested")
			push.End(nil)
			st.End(nil)
		})
		w.takePushes()
		w.get()
		w.settle()
		if len(w.of("session")) != 1 || !w.saw("push close 0") {
			t.Errorf("%q", w.log)
		}
	})
}

func TestNode_respond_refused(t *testing.T) {
	t.Run("respond-nghttperrors", func(t *testing.T) {
		// A block longer than the client accepts: the call says so in the words
		// of the number, and nothing was sent.
		w := newWorld(t, setup{client: events.SessionOptions{Settings: events.Settings{MaxHeaderListSize: events.Set[uint32](10_000)}}})
		w.server.OnError(func(err error) { w.note("session error %v", err) })
		var refused, heard error
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnError(func(err error) { heard = err })
			if refused = st.Respond(events.H("x", strings.Repeat("x", 10_000))); refused != nil {
				st.Destroy(refused)
			}
		})
		w.get()
		w.settle()
		var e *events.Error
		fails(t, "Respond", refused, events.ErrHTTP2, "ERR_HTTP2_ERROR: The length of the frame is invalid")
		if !errors.As(refused, &e) || e.Errno != events.ErrnoFrameSizeError || heard != refused {
			t.Fatalf("Respond: %v; the stream: %v", refused, heard)
		}
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "error " + errInternalText, "close 2"})
		if w.saw("session error") {
			t.Errorf("%q", w.log)
		}
	})
}

func TestNode_respond_file_push(t *testing.T) {
	t.Run("respond-file-push", func(t *testing.T) {
		w := newWorld(t, setup{})
		const body = "the file\n"
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			st.EndString("ended")
			push, err := st.PushStream(events.H(":path", "/file.txt", ":method", "GET"))
			if err != nil {
				t.Fatalf("PushStream after the end: %v", err)
			}
			push.Respond(events.H("content-type", "text/plain", "content-length", "9", "last-modified", "yesterday"))
			push.SendFrom(strings.NewReader(body), int64(len(body)))
			if err := st.End(nil); err != nil {
				t.Errorf("End again: %v", err)
			}
		})
		w.takePushes(func(st *events.ClientStream) {
			st.OnPush(func(h events.Headers, _ events.Flags) {
				w.note("push headers %s %s %s", h.Get("content-type"), h.Get("content-length"), h.Get("last-modified"))
			})
		})
		w.get()
		w.settle()
		same(t, "push", w.of("push"), []string{"push 200 flags=4", "headers text/plain 9 yesterday", "data " + body, "end", "close 0"})
		if !w.saw("client end") {
			t.Errorf("%q", w.log)
		}
	})
}
