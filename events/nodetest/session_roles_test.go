package nodetest

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
)

// A session has one role, and what only one role can say is only there.
func TestRoles(t *testing.T) {
	has := func(typ reflect.Type, name string) bool {
		_, is := typ.MethodByName(name)
		return is
	}
	client, server := reflect.TypeFor[*events.ClientSession](), reflect.TypeFor[*events.ServerSession]()
	w := newWorld(t, setup{})
	if w.client.Type() != events.SessionTypeClient || w.server.Type() != events.SessionTypeServer || w.client.Type() == w.server.Type() {
		t.Errorf("types %v and %v", w.client.Type(), w.server.Type())
	}
	covers(t, "session.prop.type")
	if has(server, "Request") || !has(client, "Request") {
		t.Error("only a client makes requests")
	}
	covers(t, "rule.request.client-only")
	for _, name := range []string{"Altsvc", "Origin"} {
		if has(client, name) || !has(server, name) {
			t.Errorf("%s is a server's", name)
		}
	}
	covers(t, "class.ServerHttp2Session")
	for _, name := range []string{"OnAltsvc", "OnOrigin"} {
		if !has(client, name) || has(server, name) {
			t.Errorf("%s is a client's", name)
		}
	}
	covers(t, "class.ClientHttp2Session")

	// Both are sessions, with the same core of events.
	for name := range reflect.TypeFor[*events.Session]().Methods() {
		if !has(client, name.Name) || !has(server, name.Name) {
			t.Errorf("%s is not in both", name.Name)
		}
	}
	covers(t, "class.Http2Session")
}

// The same events on both roles.
func TestSymmetricEvents(t *testing.T) {
	w := newWorld(t, setup{before: func(w *world) {
		w.watchSession("client", &w.client.Session)
		w.srv.OnSession(func(ss *events.ServerSession) {
			w.note("made %v", ss == w.server)
			w.watchSession("server", &ss.Session)
		})
		w.client.OnStream(func(st *events.ClientStream, h events.Headers, _ events.Flags) {
			w.note("client stream %d %s", st.ID(), h.Path())
		})
		w.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			w.note("server stream %d %s", st.ID(), h.Path())
			_, err := st.PushStream(events.H(":path", "/pushed"))
			if err != nil {
				t.Error(err)
			}
		})
	}})
	if _, err := w.client.Request(context.Background(), events.Headers{}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if len(w.log) == 0 || !w.saw("made true") {
		t.Fatalf("happened: %q", w.log)
	}
	covers(t, "rule.session.created-by-library")
	for _, line := range []string{"client connect", "server connect", "client stream 2 /pushed", "server stream 1 /"} {
		if !w.saw(line) {
			t.Errorf("%q is missing: %q", line, w.log)
		}
	}
	w.log = nil
	w.client.Destroy(nil, events.EnhanceYourCalm)
	w.settle()
	for _, who := range []string{"client", "server"} {
		got := w.of(who)
		if len(got) < 2 || !strings.HasPrefix(got[len(got)-2], "error ERR_HTTP2_SESSION_ERROR") || got[len(got)-1] != "close" {
			t.Errorf("the %s's events: %q", who, got)
		}
	}
	covers(t, "rule.session.symmetric-events")
}

// A frame that can't be sent is told on its stream and on the session; the
// stream ends, and where there is none, the session closes.
func TestSessionFrameError(t *testing.T) {
	const long = 200
	limited := events.SessionOptions{SessionLimits: events.SessionLimits{MaxSendHeaderBlockLength: long}}
	w := newWorld(t, setup{client: limited})
	w.serve(nil)
	w.watchSession("session", &w.client.Session)
	w.client.OnFrameError(func(typ uint8, code core.ErrCode, id events.StreamID) {
		w.note("session frameError %d %d %d", typ, code, id)
	})
	w.settle()
	w.log = nil
	w.request(events.H("x", strings.Repeat("x", long)), events.RequestOptions{}, func(st *events.ClientStream) {
		st.OnFrameError(func(typ uint8, code core.ErrCode, id events.StreamID) {
			w.note("client frameError %d %d %d", typ, code, id)
		})
	})
	w.settle()
	w.happened("client frameError 1 6 1", "session frameError 1 6 1",
		"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_REFUSED_STREAM", "client close 7", "session close")
	if len(w.fromClient.stream(1)) > 0 {
		t.Errorf("sent: %q", w.fromClient.stream(1))
	}

	// A promise belongs to no stream yet.
	w = newWorld(t, setup{server: events.ServerOptions{SessionOptions: limited}})
	w.server.OnFrameError(func(typ uint8, code core.ErrCode, id events.StreamID) { w.note("frameError %d %d %d", typ, code, id) })
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.PushStream(events.H("x", strings.Repeat("x", long)))
	})
	r := newRaw(t, w.server, false)
	r.send(r.peer.Handshake(true).Headers(1, true, coretest.Request("GET", "/")...))
	if !slices.ContainsFunc(w.log, func(s string) bool { return strings.HasPrefix(s, "frameError 5 6 ") }) || !w.server.Closed() {
		t.Errorf("happened: %q, closed %v", w.log, w.server.Closed())
	}
	covers(t, "session.event.frameError")
}
