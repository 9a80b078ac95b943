package nodetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"weft/core"
	"weft/events"
)

const (
	errProtocolText = "ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_PROTOCOL_ERROR"
	errInternalText = "ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR"
	errDestroyed    = "ERR_HTTP2_INVALID_STREAM: The stream has been destroyed"
)

// A request that is closed before it could be sent.
func TestNode_client_rststream_before_connect(t *testing.T) {
	for _, row := range []string{
		"client-rststream-before-connect.1", "client-rststream-before-connect.2", "client-rststream-before-connect.3",
	} {
		t.Run(row, func(t *testing.T) {
			dialing(t, events.ConnectOptions{}, func(d *dialed) {
				st := d.request(context.Background(), events.Headers{}, func(st *events.ClientStream) {
					st.OnReady(func() { d.note("request ready %d", st.ID()) })
					st.OnFinish(func() { d.note("request finish") })
					st.Resume()
				})
				if st.Closed() {
					t.Error("closed before it was closed")
				}
				st.Close(core.ProtocolError)
				if code, ok := st.RSTCode(); !st.Closed() || !ok || code != core.ProtocolError {
					t.Errorf("after Close: closed %v, code %d %v", st.Closed(), code, ok)
				}
				st.Close(core.InternalError) // changes nothing
				st.OnClose(func() { d.note("request callback") })
				d.answer()
				d.happened("request end", "client connect", "request ready 1", "request finish", "request error "+errProtocolText,
					"request close 1", "request callback",
					"server stream /", "server stream aborted", "server stream error "+errProtocolText, "server stream close 1")
				if code, _ := st.RSTCode(); !st.Destroyed() || code != core.ProtocolError {
					t.Errorf("destroyed %v, code %v", st.Destroyed(), code)
				}
				sent := d.fromClient.stream(1)
				if len(sent) != 2 || sent[1] != "RST_STREAM 1 PROTOCOL_ERROR" {
					t.Errorf("sent %q", sent)
				}
			})
		})
	}
}

func TestNode_client_stream_destroy_before_connect(t *testing.T) {
	t.Run("client-stream-destroy-before-connect", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			st := d.request(context.Background(), events.Headers{})
			mine := errors.New("mine")
			var got error
			st.OnError(func(err error) { got = err })
			st.Destroy(mine)
			d.answer()
			if got != mine {
				t.Errorf("error %v", got)
			}
			d.happened("request error mine", "request close 2", "client connect")
			if sent := d.fromClient.stream(1); len(sent) != 0 {
				t.Errorf("sent %q", sent)
			}
		})
	})
}

func TestNode_stream_destroy_event_order(t *testing.T) {
	t.Run("stream-destroy-event-order", func(t *testing.T) {
		w := newWorld(t, setup{})
		late := func(who string, st *events.Stream) {
			st.OnError(func(error) { st.OnClose(func() { w.note("%s late close", who) }) })
		}
		var client *events.ClientStream
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			late("server", &st.Stream)
			client.Close(core.InternalError)
		})
		client = w.get(func(st *events.ClientStream) { late("client", &st.Stream) })
		w.settle()
		if got, want := w.of("client"), []string{"ready 1", "finish", "error " + errInternalText, "close 2", "late close"}; !slices.Equal(got, want) {
			t.Errorf("client: %q, want %q", got, want)
		}
		covers(t, "rule.stream.nonzero-code-emits-error")
		// The server's side was still open for writing.
		if got, want := w.of("server"), []string{"end", "aborted", "finish", "error " + errInternalText, "close 2", "late close"}; !slices.Equal(got, want) {
			t.Errorf("server: %q, want %q", got, want)
		}
	})
}

func TestNode_destroy_after_write(t *testing.T) {
	t.Run("destroy-after-write.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Resume()
			st.OnEnd(func() {
				st.Respond(events.Status(200))
				st.WriteString("foo")
				st.Destroy(nil)
			})
		})
		w.post(func(st *events.ClientStream) { st.End(nil) })
		w.settle()
		w.happened("client ready 1", "client finish", "server end", "server aborted", "server close 0",
			"client response 200 flags=4", "client data foo", "client end", "client close 0")
		same(t, "sent", w.fromServer.stream(1)[1:], []string{`DATA 1 3 "foo"`, "RST_STREAM 1 NO_ERROR"})
		covers(t, "rule.stream.destroy-sends-rst")
	})
}

func TestNode_server_errors(t *testing.T) {
	t.Run("server-errors.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		mine := errors.New("mine")
		var got []error
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnError(func(err error) { got = append(got, err) })
			st.WriteString("hello")
			st.Destroy(mine)
		})
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "server aborted", "server error mine", "server close 2",
			"client response 200 flags=4", "client data hello", "client error "+errInternalText, "client close 2")
		if len(got) != 1 || got[0] != mine {
			t.Errorf("errors %v", got)
		}
		covers(t, "stream.event.error")
		same(t, "sent", w.fromServer.stream(1)[1:], []string{`DATA 1 5 "hello"`, "RST_STREAM 1 INTERNAL_ERROR"})
	})
	t.Run("server-errors.2", func(t *testing.T) {
		// What nobody listens for is logged.
		w := newWorld(t, setup{})
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.WriteString("hello")
			st.Destroy(errors.New("a particular trouble"))
		})
		w.get()
		w.settle()
		if line := w.logged.String(); !containsAll(line, "level=WARN", "a particular trouble") {
			t.Errorf("logged %q", line)
		}
		if !w.saw("client data hello") || !w.saw("client error "+errInternalText) {
			t.Errorf("%q", w.log)
		}
	})
}

func TestNode_respond_errors(t *testing.T) {
	t.Run("respond-errors.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			fails(t, "twice", st.Respond(events.Headers{}), events.ErrHeadersSent,
				"ERR_HTTP2_HEADERS_SENT: Response has already been initiated.")
			st.End(nil)
		})
		w.get()
		w.settle()
		if !w.saw("client response 200 flags=4") || !w.saw("client end") {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("respond-errors.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			st.Destroy(nil)
			fails(t, "after Destroy", st.Respond(events.Headers{}), events.ErrInvalidStream, errDestroyed)
			covers(t, "rule.respond.destroyed-throws")
		})
		w.get()
		w.settle()
		if !w.saw("client end") {
			t.Errorf("%q", w.log)
		}
	})
}

func TestNode_server_stream_session_destroy(t *testing.T) {
	t.Run("server-stream-session-destroy.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			w.server.Destroy(nil, core.NoError)
			fails(t, "AdditionalHeaders", st.AdditionalHeaders(events.Status(103)), events.ErrInvalidStream, errDestroyed)
			fails(t, "Respond", st.Respond(events.Headers{}), events.ErrInvalidStream, errDestroyed)
			fails(t, "Priority", st.Priority(events.PriorityOptions{}), events.ErrInvalidStream, errDestroyed)
			_, err := st.PushStream(events.Headers{})
			fails(t, "PushStream", err, events.ErrPushDisabled, "ERR_HTTP2_PUSH_DISABLED: HTTP/2 client has disabled push streams")
			called := false
			ready, err := st.WriteFunc([]byte("data"), func(error) { called = true })
			fails(t, "WriteFunc", err, events.ErrWriteAfterEnd, "ERR_STREAM_WRITE_AFTER_END: write after end")
			if ready || called {
				t.Errorf("ready %v, called %v", ready, called)
			}
		})
		w.get()
		w.settle()
		if !w.saw("server close 0") {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("server-stream-session-destroy.3", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if err := st.Priority(events.PriorityOptions{Weight: 20}); err != nil {
				t.Errorf("Priority: %v", err)
			}
			st.Destroy(nil)
			fails(t, "Priority", st.Priority(events.PriorityOptions{Weight: 20}), events.ErrInvalidStream, errDestroyed)
		})
		w.get()
		w.settle()
	})
}

// A handler that fails is one that panics.
func TestNode_capture_rejection(t *testing.T) {
	mine := errors.New("the handler's")
	t.Run("capture-rejection.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		var got error
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnError(func(err error) { got = err })
			st.Respond(events.Status(200))
			panic(mine)
		})
		w.get()
		w.settle()
		if !errors.Is(got, mine) {
			t.Errorf("error %v", got)
		}
		if got := w.of("server"); len(got) != 3 || got[0] != "aborted" || got[2] != "close 2" {
			t.Errorf("server: %q", got)
		}
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "error " + errInternalText, "close 2"})
		same(t, "sent", w.fromServer.stream(1)[1:], []string{"RST_STREAM 1 INTERNAL_ERROR"})
	})
	t.Run("capture-rejection.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(*events.ServerStream, events.Headers) { panic(mine) })
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "server end", "server finish", "server close 0",
			"client response 500 flags=5", "client end", "client close 0")
	})
	t.Run("capture-rejection.4", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if push, err := st.PushStream(events.H(":path", "/p")); err != nil {
				t.Errorf("PushStream: %v", err)
			} else {
				push.EndString("pushed")
			}
			st.EndString("hello")
		})
		w.watchSession("session", &w.client.Session)
		var got error
		w.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) {
			st.OnError(func(err error) { got = err })
			st.OnClose(func() { w.note("push close") })
			panic(mine)
		})
		w.get()
		w.settle()
		if !errors.Is(got, mine) || !w.saw("push close") {
			t.Errorf("error %v; %q", got, w.log)
		}
		same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "data hello", "end", "close 0"})
		same(t, "session", w.of("session"), []string{"connect"})
	})
}

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

// A response that is out is still the stream's until its close event: what is
// wrong with another is that it is another.
func TestCallsAfterTheEnd(t *testing.T) {
	for _, row := range []struct {
		name string
		call func(st *events.ServerStream) error
		want *events.Error
	}{
		{"Respond", func(st *events.ServerStream) error { return st.Respond(events.Headers{}) }, events.ErrHeadersSent},
		{"RespondWithFile", func(st *events.ServerStream) error { return st.RespondWithFile("x", events.Headers{}) }, events.ErrHeadersSent},
		{"AdditionalHeaders", func(st *events.ServerStream) error { return st.AdditionalHeaders(events.Status(103)) }, events.ErrHeadersAfterRespond},
		{"SendTrailers", func(st *events.ServerStream) error { return st.SendTrailers(events.Headers{}) }, events.ErrTrailersNotReady},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, setup{})
			w.serve(func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Headers{})
				st.EndString("all")
				is(t, "after the end", row.call(st), row.want)
				st.OnClose(func() { is(t, "after close", row.call(st), events.ErrInvalidStream) })
			})
			w.get()
			w.settle()
			w.sawAll("client data all", "client end", "client close 0", "server close 0")
		})
	}
}
