package nodetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
)

// open is a stream of a client and what it is on the server, both open for
// writing. What happened so far is forgotten.
func open(t *testing.T, with ...func(*events.ClientStream)) (w *world, client *events.ClientStream, server *events.ServerStream) {
	t.Helper()
	w = newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) { server = st })
	client = w.post(with...)
	w.settle()
	if server == nil {
		t.Fatal("no stream event")
	}
	w.log = nil
	return w, client, server
}

func TestStreamAborted(t *testing.T) {
	// The client has ended, the server has not.
	w, client, server := open(t)
	client.End(nil)
	w.settle()
	if client.Aborted() || server.Aborted() {
		t.Error("aborted while all is well")
	}
	w.log = nil
	server.OnAborted(func() {
		if !server.Aborted() {
			t.Error("not aborted in the event")
		}
	})
	client.Close(core.Cancel)
	w.settle()
	if slices.Contains(w.of("client"), "aborted") || client.Aborted() {
		t.Errorf("the side that had ended: %q", w.of("client"))
	}
	covers(t, "rule.stream.aborted-only-if-writable-open")
	if !slices.Contains(w.of("server"), "aborted") {
		t.Errorf("the side that had not: %q", w.of("server"))
	}
	covers(t, "stream.event.aborted")
	if !server.Aborted() {
		t.Error("not aborted")
	}
	covers(t, "stream.prop.aborted")
}

func TestStreamClose(t *testing.T) {
	for _, c := range []struct {
		code           core.ErrCode
		frame          string
		client, server []string
	}{
		{core.NoError, "RST_STREAM 1 NO_ERROR", []string{"aborted", "finish", "end", "close 0", "callback"}, []string{"aborted", "finish", "end", "close 0"}},
		{core.Cancel, "RST_STREAM 1 CANCEL", []string{"aborted", "finish", "end", "close 8", "callback"}, []string{"aborted", "finish", "close 8"}},
		{core.InternalError, "RST_STREAM 1 INTERNAL_ERROR", []string{"aborted", "finish", "error " + errInternalText, "close 2", "callback"},
			[]string{"aborted", "finish", "error " + errInternalText, "close 2"}},
	} {
		w, client, server := open(t)
		if _, ok := client.RSTCode(); ok || client.Closed() || client.Destroyed() {
			t.Error("an open stream is closed")
		}
		client.OnClose(func() { w.note("client callback") })
		client.Close(c.code)
		if code, ok := client.RSTCode(); !client.Closed() || !ok || code != c.code {
			t.Errorf("after Close(%v): closed %v, code %v %v", c.code, client.Closed(), code, ok)
		}
		w.settle()
		if sent := w.fromClient.stream(1); sent[len(sent)-1] != c.frame {
			t.Errorf("sent %q", sent)
		}
		same(t, "client", w.of("client"), c.client)
		covers(t, "stream.method.close")
		same(t, "server", w.of("server"), c.server)
		covers(t, "stream.event.close")
		if code, ok := server.RSTCode(); !ok || code != c.code {
			t.Errorf("the server's code: %v %v", code, ok)
		}
		covers(t, "stream.prop.rstCode")
		if !server.Closed() {
			t.Error("not closed")
		}
		covers(t, "stream.prop.closed")
	}
}

func TestStreamDestroy(t *testing.T) {
	mine := errors.New("mine")
	for _, err := range []error{nil, mine} {
		w, client, server := open(t)
		client.Destroy(err)
		if !client.Destroyed() || server.Destroyed() {
			t.Errorf("destroyed %v and %v", client.Destroyed(), server.Destroyed())
		}
		covers(t, "stream.prop.destroyed")
		if client.Session() != nil || server.Session() != w.server {
			t.Errorf("the sessions are %v and %v", client.Session(), server.Session())
		}
		covers(t, "stream.prop.session")
		w.settle()
		want, code, frame := []string{"aborted", "end", "close 0"}, core.NoError, "RST_STREAM 1 NO_ERROR"
		if err != nil {
			want, code, frame = []string{"aborted", "error mine", "close 2"}, core.InternalError, "RST_STREAM 1 INTERNAL_ERROR"
		}
		same(t, "client", w.of("client"), want)
		covers(t, "rule.stream.destroy-events")
		if sent := w.fromClient.stream(1); sent[len(sent)-1] != frame {
			t.Errorf("sent %q", sent)
		}
		covers(t, "stream.method.destroy")
		if got, ok := client.RSTCode(); !ok || got != code || client.Session() != nil {
			t.Errorf("afterwards: code %v %v, session %v", got, ok, client.Session())
		}
		if _, err := client.Write([]byte("more")); !errors.Is(err, events.ErrInvalidStream) {
			t.Errorf("Write: %v", err)
		}
		covers(t, "rule.stream.after-destroy")
	}
	// Nothing flows: no end event.
	w, _, server := open(t)
	server.Destroy(nil)
	w.settle()
	same(t, "server", w.of("server"), []string{"aborted", "close 0"})
}

func TestDestroyTriggers(t *testing.T) {
	for name, destroy := range map[string]func(w *world, client *events.ClientStream, server *events.ServerStream){
		"a reset of the peer's": func(_ *world, _ *events.ClientStream, server *events.ServerStream) { server.Close(core.Cancel) },
		"Close":                 func(_ *world, client *events.ClientStream, _ *events.ServerStream) { client.Close(core.Cancel) },
		"Destroy":               func(_ *world, client *events.ClientStream, _ *events.ServerStream) { client.Destroy(nil) },
		"the session's end":     func(w *world, _ *events.ClientStream, _ *events.ServerStream) { w.client.Destroy(nil, core.NoError) },
	} {
		w, client, server := open(t)
		destroy(w, client, server)
		w.settle()
		if !client.Destroyed() || !slices.ContainsFunc(w.log, func(s string) bool { return strings.HasPrefix(s, "client close ") }) {
			t.Errorf("%s: destroyed %v, %q", name, client.Destroyed(), w.log)
		}
	}
	// What came before the reset is read first.
	w, client, server := open(t)
	client.Pause()
	w.server.Do(func() {
		server.WriteString("all there is")
		server.Close(core.NoError)
	})
	w.settle()
	if client.Destroyed() || !client.Closed() {
		t.Errorf("closed %v, destroyed %v", client.Closed(), client.Destroyed())
	}
	client.Resume()
	w.settle()
	if got := w.of("client"); !client.Destroyed() || !slices.Equal(got[len(got)-3:], []string{"data all there is", "end", "close 0"}) {
		t.Errorf("%q", got)
	}
	covers(t, "rule.stream.destroy-triggers")
}

func TestTrailersMissed(t *testing.T) {
	for _, reads := range []bool{true, false} {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if reads {
				st.Resume()
			}
			st.End(nil)
		})
		w.request(events.H(":method", "POST"), events.RequestOptions{WaitForTrailers: true}, func(st *events.ClientStream) {
			st.OnWantTrailers(func() { st.SendTrailers(events.H("a", "b")) })
			st.WriteString("body")
			w.link.After(1e9, func() { st.End(nil) })
		})
		w.link.RunFor(2e9)
		if came := w.saw("server trailers a=b flags=5"); came != reads {
			t.Errorf("reading: %v, trailers came: %v; %q", reads, came, w.log)
		}
		if got := w.of("server"); got[len(got)-1] != "close 0" {
			t.Errorf("%q", got)
		}
	}
	covers(t, "rule.stream.trailers-may-be-missed")
}

func TestStreamFrameError(t *testing.T) {
	w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{
		SessionLimits: events.SessionLimits{MaxSendHeaderBlockLength: 500},
	}}})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.OnFrameError(func(frameType uint8, code core.ErrCode, id events.StreamID) {
			w.note("server frameError %d %d %d", frameType, code, id)
		})
		if err := st.Respond(events.H("x", strings.Repeat("x", 500))); err != nil {
			t.Errorf("Respond: %v", err)
		}
		if !st.Destroyed() {
			t.Error("the stream goes on")
		}
		covers(t, "rule.stream.frameError-destroys")
	})
	w.get()
	w.settle()
	const text = "error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_FRAME_SIZE_ERROR"
	if got := w.of("server"); !slices.Equal(got, []string{"frameError 1 6 1", "aborted", "finish", text, "close 6"}) {
		t.Errorf("%q", got)
	}
	covers(t, "stream.event.frameError")
	if sent := w.fromServer.stream(1); !slices.Equal(sent, []string{"RST_STREAM 1 FRAME_SIZE_ERROR"}) {
		t.Errorf("sent %q", sent)
	}
}

// A stream of the server's begins with HEADERS on a new id, or with a promise.
func TestStreamCreation(t *testing.T) {
	w := newWorld(t, setup{})
	var ids []events.StreamID
	var pushed *events.ServerStream
	w.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		ids = append(ids, st.ID())
		if h.Path() == "/push" {
			push, err := st.PushStream(events.H(":path", "/pushed"))
			if err != nil {
				t.Fatal(err)
			}
			pushed = push
			ids = append(ids, push.ID())
		}
	})
	r := newRaw(t, w.server, false)
	r.send(r.peer.Handshake(true).Headers(1, true, coretest.Request("GET", "/")...).
		Headers(9, true, coretest.Request("GET", "/push")...).WindowUpdate(1, 1).
		Headers(11, true, coretest.Request("GET", "/")...))
	if !slices.Equal(ids, []events.StreamID{1, 9, 2, 11}) {
		t.Errorf("streams %v", ids)
	}
	covers(t, "rule.stream.creation-server")
	// The promised one is such a stream, too, with a state of its own.
	if s := pushed.State(); !pushed.PushAllowed() || pushed.HeadersSent() || s.State != events.StreamStateReservedLocal {
		t.Errorf("the promised stream: %+v", s)
	}
	if _, err := pushed.PushStream(events.H(":path", "/")); !errors.Is(err, events.ErrNestedPush) {
		t.Errorf("a push of a push: %v", err)
	}
	covers(t, "class.ServerHttp2Stream")
}
