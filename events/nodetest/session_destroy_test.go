package nodetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
)

// How a session that is still connecting ends, and its requests.
func TestNode_clientDestroy(t *testing.T) {
	get := events.H(":path", "/")
	t.Run("client-destroy.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.watchSession("client", &w.client.Session)
		w.settle()
		w.happened("client connect")
		if w.client.Destroyed() || w.client.Socket().Destroyed() {
			t.Error("destroyed at first")
		}
		w.client.Destroy(nil, events.NoError)
		if !w.client.Destroyed() {
			t.Error("not destroyed at once")
		}
		covers(t, "session.prop.destroyed")
		w.settle()
		w.happened("client close")
		covers(t, "session.event.close")

		// The transport is destroyed instead.
		w = newWorld(t, setup{})
		w.client.OnClose(func() { w.note("client close") })
		w.settle()
		w.link.Reset()
		w.settle()
		if w.happened("client close"); !w.client.Destroyed() {
			t.Error("the session lives on without a connection")
		}
	})
	t.Run("client-destroy.2", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			st := d.request(context.Background(), get)
			d.client.Destroy(nil, events.NoError)
			d.happened("request error ERR_HTTP2_STREAM_CANCEL: The pending stream has been canceled", "request close 2", "client close")
			covers(t, "error.ERR_HTTP2_STREAM_CANCEL")
			if !st.Destroyed() || d.client.Connecting() {
				t.Errorf("the request is destroyed: %v; the session connects: %v", st.Destroyed(), d.client.Connecting())
			}
		})
	})
	t.Run("client-destroy.3", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.client.OnClose(func() { w.note("close") })
		w.settle()
		w.client.Destroy(nil, events.NoError)
		check := func() {
			t.Helper()
			for what, err := range destroyedCalls(w.client) {
				fails(t, what, err, events.ErrInvalidSession, "ERR_HTTP2_INVALID_SESSION: The session has been destroyed")
			}
			w.client.Close()
		}
		check()
		w.settle()
		check()
		w.settle()
		w.happened("close")
	})
	t.Run("client-destroy.4", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.Session().Destroy(nil, events.NoError) })
		w.client.OnClose(func() { w.client.Destroy(nil, events.NoError) })
		w.watchSession("session", &w.client.Session)
		w.get()
		w.settle()
		w.happened("session connect", "client ready 1", "client finish",
			"server aborted", "server close 0",
			"session goaway 0 last=1 \"\"", "client end", "client close 8", "session close")
	})
	t.Run("client-destroy.5", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			st := d.request(context.Background(), get)
			st.Destroy(nil)
			d.happened("request close 0")
			d.answer()
			d.client.Close()
			d.happened("client connect", "client close", "server goaway 0 last=0", "server close")
			for _, frame := range d.fromClient.list() {
				if frame != "SETTINGS" && frame != "SETTINGS ACK" && frame != "GOAWAY last=0 NO_ERROR" {
					t.Errorf("the client sent %s", frame)
				}
			}
		})
	})
	t.Run("client-destroy.6", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.request(context.Background(), get)
			d.client.Close()
			d.happened("request error ERR_HTTP2_GOAWAY_SESSION: New streams cannot be created after receiving a GOAWAY",
				"request close 2", "client close")
			covers(t, "rule.request.closed-before-sent")
			if !d.client.Closed() || !d.client.Destroyed() {
				t.Errorf("closed %v, destroyed %v", d.client.Closed(), d.client.Destroyed())
			}
			_, err := d.client.Request(context.Background(), get)
			fails(t, "another request", err, events.ErrGoAwaySession,
				"ERR_HTTP2_GOAWAY_SESSION: New streams cannot be created after receiving a GOAWAY")
			covers(t, "error.ERR_HTTP2_GOAWAY_SESSION")
		})
	})
	t.Run("client-destroy.7", func(t *testing.T) {
		// The signal is a context.
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			ctx, cancel := context.WithCancel(context.Background())
			st := d.request(ctx, get)
			d.happened()
			cancel()
			d.happened("request error ABORT_ERR: The operation was aborted", "request close 8")
			if !st.Destroyed() || st.Aborted() {
				t.Errorf("destroyed %v, aborted %v", st.Destroyed(), st.Aborted())
			}
			d.answer()
			d.client.Close()
			d.happened("client connect", "client close", "server goaway 0 last=0", "server close")
		})
	})
	t.Run("client-destroy.8", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			for range 100 {
				st, err := d.client.Request(ctx, get)
				if err != nil || !st.Destroyed() || st.Aborted() {
					t.Errorf("%v; destroyed %v, aborted %v", err, st.Destroyed(), st.Aborted())
				}
			}
			d.request(ctx, get)
			d.happened("request error ABORT_ERR: The operation was aborted", "request close 8")
			d.answer()
			d.client.Close()
			d.happened("client connect", "client close", "server goaway 0 last=0", "server close")
		})
	})
	t.Run("client-destroy.9", func(t *testing.T) {
		for _, url := range []string{"http://localhost:8080", "https://localhost:8443"} {
			ran(t)
			synctest.Test(t, func(t *testing.T) {
				d := newDialed(t, url, events.ConnectOptions{})
				var failed error
				st := d.request(context.Background(), get, func(st *events.ClientStream) {
					st.OnError(func(err error) { failed = err })
				})
				d.abort()
				d.happened("request error ERR_HTTP2_STREAM_CANCEL: The pending stream has been canceled", "request close 2",
					"client error ABORT_ERR: The operation was aborted", "client close")
				if !errors.Is(failed, events.ErrAbort) || !errors.Is(failed, context.Canceled) || st.Aborted() || !st.Destroyed() {
					t.Errorf("%v; aborted %v, destroyed %v", failed, st.Aborted(), st.Destroyed())
				}
				d.far.Close()
			})
		}
	})
	t.Run("client-destroy.10", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.answer()
			why := errors.New("changed my mind")
			ctx, cancel := context.WithCancelCause(context.Background())
			var failed error
			d.request(ctx, events.H(":method", "POST"), func(st *events.ClientStream) {
				st.OnError(func(err error) { failed = err })
			})
			d.happened("client connect", "server stream /")
			cancel(why)
			d.happened("request error ABORT_ERR: The operation was aborted", "request close 8",
				"server stream aborted", "server stream close 8")
			if !d.fromClient.has("RST_STREAM 1 CANCEL") {
				t.Errorf("the client sent %q", d.fromClient.list())
			}
			covers(t, "session.request.option.signal")
			if !errors.Is(failed, why) {
				t.Errorf("the context's cause is not in %v", failed)
			}
			covers(t, "rule.request.abort-signal")
			var e *events.Error
			if !errors.Is(failed, events.ErrAbort) || !errors.As(failed, &e) || e.Code != "ABORT_ERR" {
				t.Errorf("failed with %#v", failed)
			}
			covers(t, "error.AbortError")
			d.request(context.Background(), get)
			d.happened("server stream /") // the session is still good
		})
	})
}

// destroyedCalls is what each method of a session answers, without arguments
// that would be right.
func destroyedCalls(s *events.ClientSession) map[string]error {
	calls := make(map[string]error)
	calls["SetNextStreamID"] = s.SetNextStreamID(0)
	calls["SetLocalWindowSize"] = s.SetLocalWindowSize(-1)
	_, calls["Ping"] = s.Ping(nil)
	calls["Settings"] = s.Settings(events.Settings{MaxFrameSize: events.Set[uint32](1)}, nil)
	calls["Goaway"] = s.Goaway(0, 0, nil)
	_, calls["Request"] = s.Request(context.Background(), events.H("no token", ""))
	return calls
}

// A session that is destroyed with a code, as each side sees it.
func TestNode_sessionDestroy(t *testing.T) {
	const seven = "ERR_HTTP2_SESSION_ERROR: Session closed with error code 7"
	t.Run("propagate-session-destroy-code.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		flags := func() string {
			if w.server.Closed() {
				return "closed"
			} else if !w.server.Destroyed() {
				return "alive"
			}
			return ""
		}
		w.srv.OnSessionError(func(err error, s *events.ServerSession) { w.note("sessionError %s%s", errText(err), flags()) })
		w.srv.OnError(func(err error) { t.Errorf("the server's error: %v", err) })
		w.server.OnError(func(err error) { w.note("session error %s%s", errText(err), flags()) })
		w.server.OnClose(func() { w.note("session close") })
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.OnError(func(err error) { w.note("stream error %s%s", errText(err), flags()) })
			st.OnClose(func() {
				code, _ := st.RSTCode()
				w.note("stream close %d", code)
			})
			st.Session().Destroy(nil, events.RefusedStream)
		})
		w.request(events.H(":method", "POST"), events.RequestOptions{})
		w.log = nil
		w.link.Run(func() bool { return w.saw("session close") })
		w.happened("stream error "+seven, "stream close 7", "sessionError "+seven, "session error "+seven, "session close")
		w.settle()
		if !w.fromServer.has("GOAWAY last=1 REFUSED_STREAM") || len(w.fromServer.stream(1)) > 0 {
			t.Errorf("the server sent %q", w.fromServer.list())
		}
		covers(t, "session.event.error")
	})
	t.Run("propagate-session-destroy-code.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.Session().Destroy(nil, events.RefusedStream)
		})
		w.watchSession("session", &w.client.Session)
		w.client.OnError(func(error) {
			if w.client.Closed() || !w.client.Destroyed() {
				t.Errorf("closed %v, destroyed %v", w.client.Closed(), w.client.Destroyed())
			}
		})
		w.post()
		w.settle()
		w.happened("session connect", "client ready 1", `session goaway 7 last=1 ""`,
			"client aborted", "client error "+seven, "client close 7", "session error "+seven, "session close")
	})
	t.Run("server-shutdown-options-errors.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { w.server.Destroy(nil, events.NoError) })
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "client end", "client close 8")
		if !w.fromServer.has("GOAWAY last=1 NO_ERROR") {
			t.Errorf("the server sent %q", w.fromServer.list())
		}
	})
	t.Run("server-stream-session-destroy.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if st.Session() != w.server || st.State() == (events.StreamState{}) {
				t.Errorf("a living stream has the session %v and the state %v", st.Session(), st.State())
			}
			st.Session().Destroy(nil, events.NoError)
			if st.Session() != nil || st.State() != (events.StreamState{}) {
				t.Errorf("a dead stream has the session %v and the state %v", st.Session(), st.State())
			}
		})
		w.get()
		w.settle()
		if got := w.of("server"); len(got) != 2 || got[0] != "aborted" || got[1] != "close 0" {
			t.Errorf("the stream's events: %q", got)
		}
	})
	t.Run("server-stream-session-destroy.4", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { w.server.Destroy(nil, events.NoError) })
		w.srv.OnClose(func() { w.note("server closed") })
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "client end", "client close 8")
		w.srv.Close()
		w.srv.Wait()
	})
	t.Run("server-session-destroy", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(nil)
		w.watchSession("session", &w.client.Session)
		w.server.OnError(func(err error) { w.note("server session error %v", err) })
		w.srv.OnSessionError(func(err error, _ *events.ServerSession) { w.note("sessionError %v", err) })
		w.srv.OnError(func(err error) { w.note("server error %v", err) })
		w.request(events.H(":method", "POST"), events.RequestOptions{}, func(st *events.ClientStream) {
			st.OnFinish(func() {
				w.client.Destroy(nil, events.NoError)
				w.srv.Close()
			})
			st.End(nil)
		})
		w.settle()
		if !w.saw("server close 8") {
			t.Errorf("the server's stream: %q", w.of("server"))
		}
		w.log = slices.DeleteFunc(w.log, func(s string) bool { return strings.HasPrefix(s, "server ") && !strings.Contains(s, "error") })
		w.happened("session connect", "client ready 1", "client finish", "client end", "client close 0", "session close")
		w.srv.Wait()
	})
	t.Run("client-shutdown-before-connect", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.client.OnClose(func() { d.note("callback") }).Once()
			d.client.Close()
			d.happened("client close", "callback")
		})
	})
	t.Run("destroy-after-write.2", func(t *testing.T) {
		w := newWorld(t, setup{before: func(w *world) {
			w.srv.OnSession(func(ss *events.ServerSession) {
				ss.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
					w.note("stream %d %s", st.ID(), h.Path())
					st.EndString("")
				})
			})
		}})
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "stream 1 /", "client response 200 flags=4", "client end", "client close 0")
		covers(t, "session.event.stream")
	})
}

// What a stream has written in the turn in which its session is destroyed is sent
// before the GOAWAY, as it is when the session is destroyed in the next one.
func TestDestroyAfterWrite(t *testing.T) {
	for _, code := range []core.ErrCode{core.NoError, core.ProtocolError} {
		w := newWorld(t, setup{})
		w.client.OnError(func(error) {})
		w.server.OnError(func(error) {})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			st.WriteString("some")
			st.Session().Destroy(nil, code)
		})
		w.get()
		w.settle()
		w.sawAll("client response 200 flags=4", "client data some")
		if sent := w.fromServer.list(); !strings.HasPrefix(sent[len(sent)-1], "GOAWAY last=1 ") {
			t.Errorf("sent %q", sent)
		}
	}
}
