package nodetest

import (
	"errors"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
)

// The four kinds of errors, and how each is reported.
func TestErrors(t *testing.T) {
	t.Run("validation", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(nil)
		w.settle()
		err := w.try("a b", "c")
		if !errors.Is(err, events.ErrInvalidToken) || !strings.Contains(err.Error(), `"a b"`) {
			t.Errorf("Request: %v", err)
		}
		var e *events.Error
		var f *core.FieldError
		if !errors.As(err, &e) || e.Code != "ERR_INVALID_HTTP_TOKEN" || !errors.As(err, &f) || f.Name != "a b" {
			t.Errorf("Request: %#v", err)
		}
		w.settle()
		w.happened() // nothing came of it
		covers(t, "rule.error.validation")
		for text, opts := range map[string]events.SessionOptions{
			`ERR_OUT_OF_RANGE: WindowSize is 1, must be 0 for the default or 65535 to 2^31-1`:      {WindowSize: 1},
			`ERR_OUT_OF_RANGE: MaxOutput is -7, must be 0 for the default, positive, or Unlimited`: {Limits: core.Limits{MaxOutput: -7}},
			`ERR_HTTP2_INVALID_SETTING_VALUE: Invalid value for setting "NO_RFC7540_PRIORITIES": 2, must be 0 or 1`: {
				Settings: events.Settings{CustomSettings: map[uint16]uint32{9: 2}},
			},
		} {
			if _, err := events.CreateServer(events.ServerOptions{SessionOptions: opts}); err == nil || errText(err) != text {
				t.Errorf("CreateServer: %v, want %s", err, text)
			}
		}
		_, err = w.client.Ping(nil)
		fails(t, "Ping", err, events.ErrInvalidArgType,
			`ERR_INVALID_ARG_TYPE: The "callback" argument must be of type function. Received nil`)
		covers(t, "error.ERR_INVALID_CALLBACK")
		_, err = events.PerformServerHandshake(nil, events.ServerOptions{}, nil)
		fails(t, "PerformServerHandshake", err, events.ErrInvalidArgType,
			`ERR_INVALID_ARG_TYPE: The "socket" argument must be an instance of Duplex. Received nil`)
		covers(t, "error.ERR_INVALID_ARG_TYPE")
	})
	t.Run("state", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			fails(t, "twice", st.Respond(events.Headers{}), events.ErrHeadersSent,
				"ERR_HTTP2_HEADERS_SENT: Response has already been initiated.")
			fails(t, "early hints", st.AdditionalHeaders(events.Status(103)), events.ErrHeadersAfterRespond,
				"ERR_HTTP2_HEADERS_AFTER_RESPOND: Cannot specify additional headers after response initiated")
			st.Destroy(nil)
			fails(t, "destroyed", st.Respond(events.Headers{}), events.ErrInvalidStream,
				"ERR_HTTP2_INVALID_STREAM: The stream has been destroyed")
			covers(t, "rule.error.state")
		})
		w.get()
		w.settle()
	})
	t.Run("internal", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.srv.OnSessionError(func(err error, _ *events.ServerSession) { w.note("sessionError %s", errText(err)) })
		w.server.OnRemoteSettings(func(events.Settings) { panic("on purpose") })
		w.settle()
		w.happened("sessionError ERR_HTTP2_ERROR: panic in a callback: on purpose")
		if !w.fromServer.has("GOAWAY last=0 INTERNAL_ERROR") {
			t.Errorf("sent %q", w.fromServer.list())
		}
		covers(t, "rule.error.internal")
	})
	t.Run("protocol", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(nil)
		w.watchSession("session", &w.server.Session)
		w.srv.OnSessionError(func(err error, _ *events.ServerSession) { w.note("sessionError %s", errText(err)) })
		r := newRaw(t, w.server, false)
		r.send(r.peer.Handshake(true).Headers(1, false, coretest.Request("POST", "/")...).
			Data(3, []byte("x"), true)) // on a stream that never was
		for _, who := range []string{"server error", "session error", "sessionError"} {
			if text := w.of(who); len(text) != 1 || text[0] != "ERR_HTTP2_ERROR: Protocol error" {
				t.Errorf("%s: %q", who, text)
			}
		}
		// One of a stream alone, and its session goes on.
		w = newWorld(t, setup{})
		w.serve(nil)
		r = newRaw(t, w.server, false)
		r.send(r.peer.Handshake(true).Headers(1, false, coretest.Request("POST", "/", field("content-length", "1"))...).
			Data(1, []byte("xx"), true))
		if text := w.of("server error"); len(text) != 1 || text[0] != "ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_PROTOCOL_ERROR" ||
			w.server.Destroyed() {
			t.Errorf("%q", w.log)
		}
		covers(t, "rule.error.protocol")
	})
	t.Run("client-http1-server", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.watchSession("session", &w.client.Session)
		r := newRaw(t, w.client, true)
		w.ask(r)
		r.push([]byte("HTTP/1.1 400 No H2 support\r\n\r\n"))
		r.link.Settle()
		r.closeWrite()
		w.happened("session connect", "client ready 1", "client finish",
			"client error ERR_HTTP2_ERROR: Protocol error", "client close 6",
			"session error ERR_HTTP2_ERROR: Protocol error", "session close")
	})
}
