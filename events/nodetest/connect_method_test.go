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

// A proxy: CONNECT makes the stream a tunnel, and nothing else is taken.
func TestConnectProxy(t *testing.T) {
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, h events.Headers) {
		switch {
		case h.Method() != "CONNECT":
			st.Close(events.RefusedStream)
		case h.Authority() != "example.org:443":
			st.Close(events.ConnectError) // what it led to failed
		default:
			st.Respond(events.Headers{})
			st.OnData(func(p []byte) { st.WriteString("you said " + string(p)) })
			st.OnEnd(func() { st.EndString(" goodbye") })
		}
	})
	w.request(events.H(":method", "CONNECT", ":authority", "example.org:443"), events.RequestOptions{}, func(st *events.ClientStream) {
		st.OnResponse(func(events.Headers, events.Flags) { st.WriteString("hello") })
		st.OnData(func([]byte) { st.End(nil) }).Once()
	})
	w.settle()
	same(t, "client", w.of("client"), []string{"ready 1", "response 200 flags=4", "data you said hello", "finish", "data  goodbye", "end", "close 0"})
	if sent := w.fromClient.stream(1); sent[0] != "HEADERS 1 :method=CONNECT :authority=example.org:443" {
		t.Errorf("sent %q", sent)
	}
	covers(t, "rule.connect-method.proxy")
	w.log = nil
	w.request(events.H(":path", "/"), events.RequestOptions{})
	w.settle()
	if !w.saw("client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_REFUSED_STREAM") || !w.fromServer.has("RST_STREAM 3 REFUSED_STREAM") {
		t.Errorf("%q", w.log)
	}
	covers(t, "rule.connect-method.refuse-others")
	w.request(events.H(":method", "CONNECT", ":authority", "nowhere.example:443"), events.RequestOptions{})
	w.settle()
	if !w.saw("client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_CONNECT_ERROR") || !w.fromServer.has("RST_STREAM 5 CONNECT_ERROR") {
		t.Errorf("%q", w.log)
	}
	covers(t, "rule.connect-method.dial-failure")
}

func TestExtendedConnect(t *testing.T) {
	w := newWorld(t, setup{server: events.ServerOptions{
		SessionOptions: events.SessionOptions{Settings: events.Settings{EnableConnectProtocol: events.Set(true)}},
	}})
	w.serve(func(st *events.ServerStream, h events.Headers) {
		if h.Method() != "CONNECT" || h.Get(events.HeaderProtocol) != "websocket" || h.Path() != "/chat" {
			t.Errorf("headers %q", fieldsOf(h))
		}
		st.Respond(events.Headers{})
		st.Pipe(st)
	})
	websocket := events.H(":method", "CONNECT", ":protocol", "websocket", ":path", "/chat")
	// Before the server's settings have come nothing of the kind may be sent.
	early := w.request(websocket, events.RequestOptions{})
	w.client.OnRemoteSettings(func(s events.Settings) {
		w.note("settings %s", show(s.EnableConnectProtocol))
		st, err := w.client.Request(context.Background(), websocket)
		if err != nil {
			t.Error(err)
			return
		}
		w.watchClient("later", st)
		st.EndString("through the tunnel")
	})
	w.settle()
	if !slices.ContainsFunc(w.of("client"), func(s string) bool { return strings.HasPrefix(s, "error ") }) || !early.Destroyed() {
		t.Errorf("before the settings: %q", w.of("client"))
	}
	covers(t, "rule.extended-connect.client-waits")
	if !w.saw("settings true") || w.fromServer.list()[0] != "SETTINGS ENABLE_CONNECT_PROTOCOL=1" {
		t.Errorf("%q; sent %q", w.log, w.fromServer.list())
	}
	covers(t, "rule.extended-connect.enable")
	same(t, "later", w.of("later"), []string{"ready 1", "finish", "response 200 flags=4", "data through the tunnel", "end", "close 0"})
	covers(t, "rule.extended-connect.protocol-header")
}

func TestNode_client_onconnect_errors(t *testing.T) {
	t.Run("client-onconnect-errors.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(nil)
		w.watchSession("session", &w.client.Session)
		if err := w.client.SetNextStreamID(1<<31 - 1); err != nil {
			t.Fatal(err)
		}
		if st := w.get(); st.ID() != 1<<31-1 {
			t.Errorf("the last stream is %d", st.ID())
		}
		w.log = nil
		// The server will say by GOAWAY that there are no more.
		w.client.Do(func() {
			st, err := w.client.Request(context.Background(), events.Headers{})
			if err != nil {
				t.Error(err)
				return
			}
			w.watchClient("request", st)
		})
		w.settle()
		same(t, "request", w.of("request"), []string{
			"error ERR_HTTP2_OUT_OF_STREAMS: No stream ID is available because maximum stream ID has been reached", "close 2"})
		if slices.ContainsFunc(w.log, func(s string) bool { return strings.HasPrefix(s, "session error") }) {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("client-onconnect-errors.3", func(t *testing.T) {
		w := newWorld(t, setup{})
		r := newRaw(t, w.client, true)
		w.watchSession("session", &w.client.Session)
		r.send(r.peer.Handshake(false, core.Setting{ID: core.SettingMaxConcurrentStreams, Value: 0}))
		var got error
		w.ask(r, func(st *events.ClientStream) { st.OnError(func(err error) { got = err }) })
		r.send(r.peer.Data(0, []byte("what is this"), false))
		var e, cause *events.Error
		if !errors.As(got, &e) || !errors.Is(e, events.ErrStreamCancel) || !errors.As(e.Cause, &cause) || cause.Code != events.ErrHTTP2.Code {
			t.Errorf("the request's error: %v", got)
		}
		same(t, "client", w.of("client"), []string{"error ERR_HTTP2_STREAM_CANCEL: The pending stream has been canceled", "close 1"})
		same(t, "session", w.of("session"), []string{"connect", "error ERR_HTTP2_ERROR: Protocol error", "close"})
	})
}
