package nodetest

import (
	"slices"
	"strings"
	"testing"

	"weft/events"
)

// noteInterim notes the informational responses as a whole.
func (w *world) noteInterim(st *events.ClientStream) {
	st.OnHeaders(func(h events.Headers, f events.Flags) { w.note("interim %s flags=%d", text(h), f) })
}

func TestNode_earlyHints(t *testing.T) {
	const link = "</styles.css>; rel=preload; as=style"
	t.Run("compat-write-early-hints.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			sent, err := res.WriteEarlyHints([]string{link})
			wantEq(t, "sent", sent, true)
			wantNil(t, "WriteEarlyHints", err)
			covers(t, "response.method.writeEarlyHints")
			res.EndString("test body")
		})
		w.get(w.noteInterim)
		w.settle()
		if got := w.of("interim"); !slices.Equal(got, []string{":status=103 link=" + link + " flags=4"}) {
			t.Errorf("informational: %q", got)
		}
		w.sawAll("client response 200 flags=4", "client data test body")
	})
	t.Run("compat-write-early-hints.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			sent, err := res.WriteEarlyHints([]string{link, `</a.js>; rel="preload"; as=script; crossorigin`}, events.H("x-trace-id", "id", "connection", "close"))
			wantEq(t, "sent", sent, true)
			wantNil(t, "WriteEarlyHints", err)
			wantEq(t, "HeadersSent", res.HeadersSent(), false)
			res.EndString("test body")
		})
		w.get(w.noteInterim)
		w.settle()
		want := ":status=103 x-trace-id=id link=" + link + `, </a.js>; rel="preload"; as=script; crossorigin flags=4`
		if got := w.of("interim"); !slices.Equal(got, []string{want}) {
			t.Errorf("informational: %q", got)
		}
	})
	t.Run("compat-write-early-hints.3", func(t *testing.T) {
		w := exchange(t, func(_ *world, _ *events.Request, res *events.Response) {
			sent, err := res.WriteEarlyHints([]string{})
			wantEq(t, "sent", sent, false)
			wantNil(t, "WriteEarlyHints", err)
			res.EndString("test body")
			sent, err = res.WriteEarlyHints([]string{link})
			wantEq(t, "sent too late", sent, false)
			wantNil(t, "WriteEarlyHints", err)
		})
		if len(w.of("client headers")) > 0 {
			t.Errorf("%q", w.log)
		}
		w.sawAll("client response 200 flags=4")
	})
	t.Run("compat-write-early-hints-invalid-argument-value", func(t *testing.T) {
		w := exchange(t, func(_ *world, _ *events.Request, res *events.Response) {
			for _, bad := range []string{"bad", "", "</a", "</a>, </b>", "</a>; ;", "</a>; rel=preload as=style", `</a>; rel="x`, "</a>;", "</a>\r\nx: y"} {
				_, err := res.WriteEarlyHints([]string{bad})
				wantErr(t, bad, err, events.ErrInvalidArg)
			}
			res.End(nil)
		})
		if len(w.of("client headers")) > 0 {
			t.Errorf("%q", w.log)
		}
	})
}

func TestNode_infoHeaders(t *testing.T) {
	// serve answers one request of the Core API.
	serve := func(t *testing.T, f func(w *world, st *events.ServerStream)) *world {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { f(w, st) })
		w.get(w.noteInterim)
		w.settle()
		return w
	}
	t.Run("info-headers.1", func(t *testing.T) {
		w := serve(t, func(w *world, st *events.ServerStream) {
			fails(t, "201", st.AdditionalHeaders(events.Status(201)), events.ErrInfoStatus,
				"ERR_HTTP2_INVALID_INFO_STATUS: Invalid informational status code: 201")
			wantErr(t, "99", st.AdditionalHeaders(events.Status(99)), events.ErrInfoStatus)
			wantNil(t, "103", st.AdditionalHeaders(events.Status(103)))
			wantNil(t, "199", st.AdditionalHeaders(events.Status(199)))
			st.End(nil)
		})
		w.sawAll("client headers 103", "client headers 199", "client response 200 flags=4")
	})
	t.Run("info-headers.2", func(t *testing.T) {
		w := serve(t, func(w *world, st *events.ServerStream) {
			fails(t, "101", st.AdditionalHeaders(events.Status(101)), events.ErrStatus101,
				"ERR_HTTP2_STATUS_101: HTTP status code 101 (Switching Protocols) is forbidden in HTTP/2")
			st.End(nil)
		})
		w.sawAll("client response 200 flags=4")
	})
	t.Run("info-headers.3", func(t *testing.T) {
		w := serve(t, func(w *world, st *events.ServerStream) {
			fails(t, ":method", st.AdditionalHeaders(events.H(":method", "POST")), events.ErrInvalidPseudo,
				`ERR_HTTP2_INVALID_PSEUDOHEADER: ":method" is an invalid pseudoheader or is used incorrectly`)
			st.End(nil)
		})
		w.sawAll("client response 200 flags=4")
	})
	t.Run("info-headers.4", func(t *testing.T) {
		w := serve(t, func(w *world, st *events.ServerStream) {
			wantNil(t, "100", st.AdditionalHeaders(events.Status(100)))
			wantNil(t, "100", st.AdditionalHeaders(events.Status(100)))
			wantNil(t, "Respond", st.Respond(events.Status(200, "content-type", "text/html")))
			st.EndString("body")
		})
		if got := w.of("interim"); !slices.Equal(got, []string{":status=100 flags=4", ":status=100 flags=4"}) {
			t.Errorf("informational: %q", got)
		}
		w.sawAll("client response 200 flags=4", "client data body", "client end")
	})
	t.Run("info-headers.5", func(t *testing.T) {
		w := serve(t, func(w *world, st *events.ServerStream) {
			st.Respond(events.Status(200))
			fails(t, "late", st.AdditionalHeaders(events.Status(102)), events.ErrHeadersAfterRespond,
				"ERR_HTTP2_HEADERS_AFTER_RESPOND: Cannot specify additional headers after response initiated")
			st.EndString("body")
		})
		w.sawAll("client response 200 flags=4", "client data body", "client end")
	})
	t.Run("info-headers.6", func(t *testing.T) {
		var st any = new(events.ClientStream)
		if _, has := st.(interface{ AdditionalHeaders(events.Headers) error }); has {
			t.Error("clients have AdditionalHeaders")
		}
		ran(t)
	})
	t.Run("info-headers-errors", func(t *testing.T) {
		// A block longer than the client accepts: the call says so in the words
		// of the number, and nothing was sent.
		w := newWorld(t, setup{client: events.SessionOptions{Settings: events.Settings{MaxHeaderListSize: events.Set[uint32](10_000)}}})
		w.watchSession("session", &w.server.Session)
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			err := st.AdditionalHeaders(events.Status(103, "x", strings.Repeat("y", 10_000)))
			fails(t, "AdditionalHeaders", err, events.ErrHTTP2, "ERR_HTTP2_ERROR: The length of the frame is invalid")
			st.Destroy(err)
		})
		w.settle() // the settings arrive
		w.get()
		w.settle()
		if got := w.of("server error"); !slices.Equal(got, []string{"ERR_HTTP2_ERROR: The length of the frame is invalid"}) {
			t.Errorf("the stream saw %q", got)
		}
		w.sawAll("client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR", "client close 2")
		if len(w.of("session error")) > 0 || w.server.Destroyed() {
			t.Errorf("the session saw %q", w.log)
		}
	})
	t.Run("sent-headers.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.AdditionalHeaders(events.Status(102))
			st.End(nil)
		})
		w.get(w.noteInterim, func(st *events.ClientStream) {
			if got := text(st.SentHeaders()); got != ":path=/ :method=GET :authority=localhost:8080 :scheme=http" {
				t.Errorf("SentHeaders is %s", got)
			}
		})
		w.settle()
		if got := w.of("interim"); !slices.Equal(got, []string{":status=102 flags=4"}) {
			t.Errorf("informational: %q", got)
		}
	})
}
