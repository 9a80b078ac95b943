package nodetest

import (
	"slices"
	"strings"
	"testing"

	"weft/events"
)

func TestNode_compatHeaders(t *testing.T) {
	const initiated = "ERR_HTTP2_HEADERS_SENT: Response has already been initiated."
	t.Run("compat-serverresponse-headers.1", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			const odd = " FOO-BAR\n\t"
			wantNil(t, "SetHeader", res.SetHeader("foo-bar", "abc123"))
			for _, name := range []string{"foo-bar", odd} {
				wantEq(t, "HasHeader", res.HasHeader(name), true)
				covers(t, "response.method.hasHeader")
				wantEq(t, "GetHeader", res.GetHeader(name), "abc123")
				covers(t, "response.method.getHeader")
			}
			wantNil(t, "SetHeader", res.SetHeader(odd, "def456"))
			wantEq(t, "GetHeader", res.GetHeader("foo-bar"), "def456")
			wantNil(t, "RemoveHeader", res.RemoveHeader(odd))
			wantEq(t, "HasHeader", res.HasHeader("foo-bar"), false)
			covers(t, "response.method.removeHeader")
			wantEq(t, "GetHeader of none", res.GetHeader("zzz"), "")
			wantNil(t, "RemoveHeader of none", res.RemoveHeader("zzz"))
			wantNil(t, "AppendHeader", res.AppendHeader(odd, "one"))
			res.SetHeader("foo-bar", "two")
			res.SetHeader("set-cookie", "a=1", "b=2")
			res.SetHeader("foo-bar", "three")
			res.End(nil)
		})
		h := w.answered()
		if got := h.Values("foo-bar"); !slices.Equal(got, []string{"three"}) {
			t.Errorf("foo-bar is %q", got)
		}
		if got := h.Values("set-cookie"); !slices.Equal(got, []string{"a=1", "b=2"}) {
			t.Errorf("set-cookie is %q", got)
		}
		covers(t, "response.method.setHeader")
	})
	t.Run("compat-serverresponse-headers.2", func(t *testing.T) {
		exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetHeader("foo-bar", "v")
			wantNil(t, "AppendHeader", res.AppendHeader("foo-bar", "v"))
			if got := res.GetHeaderValues("foo-bar"); !slices.Equal(got, []string{"v", "v"}) {
				t.Errorf("foo-bar is %q", got)
			}
			wantNil(t, "AppendHeader", res.AppendHeader("foo-bar", "w", "x"))
			wantEq(t, "GetHeader", res.GetHeader("foo-bar"), "v, v, w, x")
			covers(t, "response.method.appendHeader")
			res.RemoveHeader("foo-bar")
			wantEq(t, "HasHeader", res.HasHeader("foo-bar"), false)
			fails(t, "two dates", res.SetHeader("date", "a", "b"), events.ErrHeaderSingleValue,
				`ERR_HTTP2_HEADER_SINGLE_VALUE: Header field "date" must only have a single value`)
			res.SetHeader("content-type", "a")
			wantErr(t, "a second content-type", res.AppendHeader("content-type", "b"), events.ErrHeaderSingleValue)
			res.End(nil)
		})
	})
	t.Run("compat-serverresponse-headers.3", func(t *testing.T) {
		exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			for _, name := range []string{":status", ":method", ":path", ":authority", ":scheme"} {
				fails(t, name, res.SetHeader(name, "foobar"), events.ErrPseudoNotAllowed,
					"ERR_HTTP2_PSEUDOHEADER_NOT_ALLOWED: Cannot set HTTP/2 pseudo-headers")
			}
			fails(t, "no name", res.SetHeader("", "foobar"), events.ErrInvalidToken,
				`ERR_INVALID_HTTP_TOKEN: Header name must be a valid HTTP token [""]`)
			res.End(nil)
		})
	})
	t.Run("compat-serverresponse-headers.4", func(t *testing.T) {
		exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			fails(t, "no value", res.SetHeader("foo-bar"), events.ErrInvalidHeaderValue,
				`ERR_HTTP2_INVALID_HEADER_VALUE: Invalid value "undefined" for header "foo-bar"`)
			res.End(nil)
		})
	})
	t.Run("compat-serverresponse-headers.5", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetHeader("Foo-Bar", "abc")
			res.SetHeader(" Content-Type ", "text/plain")
			res.AppendHeader("foo-bar", "def")
			if got := res.GetHeaderNames(); !slices.Equal(got, []string{"foo-bar", "content-type"}) {
				t.Errorf("GetHeaderNames is %q", got)
			}
			covers(t, "response.method.getHeaderNames")
			h := res.GetHeaders()
			h.Add("extra", "1")
			h.Set("foo-bar", "changed")
			wantEq(t, "foo-bar", res.GetHeader("foo-bar"), "abc, def")
			covers(t, "response.method.getHeaders")
			res.End(nil)
		})
		if w.answered().Has("extra") {
			t.Error("the copy was sent")
		}
	})
	t.Run("compat-serverresponse-headers.6", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantEq(t, "SendDate", res.SendDate(), true)
			res.SetSendDate(false)
			wantEq(t, "SendDate", res.SendDate(), false)
			res.SetSendDate(true)
			wantEq(t, "SendDate", res.SendDate(), true)
			covers(t, "response.prop.sendDate")
			wantNil(t, "RemoveHeader", res.RemoveHeader("Date"))
			wantEq(t, "SendDate", res.SendDate(), false)
			res.End(nil)
		})
		if w.answered().Has("date") {
			t.Error("a date was sent")
		}
	})
	t.Run("compat-serverresponse-headers.7", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			check := func() {
				wantEq(t, "HeadersSent", res.HeadersSent(), true)
				covers(t, "response.prop.headersSent")
				fails(t, "SetHeader", res.SetHeader("foo-bar", "1"), events.ErrHeadersSent, initiated)
				fails(t, "RemoveHeader", res.RemoveHeader("foo-bar"), events.ErrHeadersSent, initiated)
				fails(t, "AppendHeader", res.AppendHeader("foo-bar", "1"), events.ErrHeadersSent, initiated)
			}
			res.OnFinish(func() { check(); w.later(check); w.note("checked") })
			res.SetHeader("foo-bar", "abc")
			res.End(nil)
			check()
			wantEq(t, "GetHeader of what was sent", res.GetHeader("foo-bar"), "abc")
		})
		w.sawAll("checked")
	})
	t.Run("compat-serverresponse-headers-send-date", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetSendDate(false)
			res.End(nil)
		})
		if w.answered().Has("date") {
			t.Error("a date was sent")
		}
		w.sawAll("client end")
	})
	t.Run("removed-header-stays-removed", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetHeader("date", "snacks o clock")
			res.End(nil)
		})
		if got := w.answered().Values("date"); !slices.Equal(got, []string{"snacks o clock"}) {
			t.Errorf("date is %q", got)
		}
	})
	t.Run("an automatic date", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) { res.End(nil) })
		if !strings.HasSuffix(w.answered().Get("date"), " GMT") {
			t.Errorf("answered %q", fieldsOf(w.answered()))
		}
		covers(t, "rule.compat.date-auto")
	})
	t.Run("compat-serverresponse-headers-after-destroy", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			check := func() {
				wantEq(t, "HeadersSent", res.HeadersSent(), false)
				wantNil(t, "SetHeader", res.SetHeader("foo", "bar"))
				wantNil(t, "RemoveHeader", res.RemoveHeader("foo"))
			}
			res.OnFinish(func() { check(); w.later(check) })
			res.Destroy(nil)
		})
		w.sawAll("res finish", "client end")
	})
	t.Run("invalidheaderfield.1", func(t *testing.T) {
		exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantErr(t, "a pseudo-field", res.SetHeader(":path", "/"), events.ErrPseudoNotAllowed)
			res.End(nil)
		})
	})
	t.Run("invalidheaderfield.2", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			fails(t, "a space", res.SetHeader("t est", "123"), events.ErrInvalidToken,
				`ERR_INVALID_HTTP_TOKEN: Header name must be a valid HTTP token ["t est"]`)
			wantErr(t, "no name", res.SetHeader(" ", "123"), events.ErrInvalidToken)
			res.End(nil)
		})
		w.sawAll("client response 200 flags=5")
	})
	t.Run("invalidheaderfield.3", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantNil(t, "TEST", res.SetHeader("TEST", "123"))
			wantNil(t, "test_", res.SetHeader("test_", "123"))
			wantNil(t, " test", res.SetHeader(" test", "123"))
			res.End(nil)
		})
		h := w.answered()
		if got := h.Values("test"); !slices.Equal(got, []string{"123"}) || h.Get("test_") != "123" {
			t.Errorf("answered %q", fieldsOf(h))
		}
	})
	t.Run("invalidheaderfields-client.2", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantErr(t, "spaces", res.SetHeader("x y z", "123"), events.ErrInvalidToken)
			res.End(nil)
		})
		w.sawAll("client end")
	})
	t.Run("invalidheaderfields-client.3", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantErr(t, "WriteHead", res.WriteHead(200, events.H("an invalid header", "123")), events.ErrInvalidToken)
			wantEq(t, "HeadersSent", res.HeadersSent(), false)
			res.End(nil)
		})
		w.sawAll("client response 200 flags=5", "client end")
	})
	t.Run("compat-serverresponse-writehead", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetHeader("foo-bar", "def456")
			res.SetHeader("other", "kept")
			wantNil(t, "WriteHead", res.WriteHead(418, events.H("Foo-Bar", "abc123")))
			fails(t, "a second WriteHead", res.WriteHead(300), events.ErrHeadersSent, initiated)
			covers(t, "rule.compat.writeHead-once")
			res.OnFinish(func() {
				w.later(func() { wantNil(t, "WriteHead on what is gone", res.WriteHead(300)) })
			})
			res.End(nil)
			wantEq(t, "StatusCode", res.StatusCode(), 418)
		})
		h := w.answered()
		if h.Status() != 418 || !h.Has("foo-bar") {
			t.Errorf("answered %q", fieldsOf(h))
		}
		covers(t, "response.method.writeHead")
		if got := h.Values("foo-bar"); !slices.Equal(got, []string{"abc123"}) || h.Get("other") != "kept" {
			t.Errorf("answered %q", fieldsOf(h))
		}
		covers(t, "rule.compat.setHeader-writeHead-merge")
	})
	t.Run("compat-write-head-after-close", func(t *testing.T) {
		w := exchange(t, func(w *world, req *events.Request, res *events.Response) {
			st, _ := req.Stream()
			st.Close(events.NoError)
			wantNil(t, "WriteHead", res.WriteHead(200, events.H("foo", "bar")))
		})
		if got := w.fromServer.stream(1); !slices.Equal(got, []string{"RST_STREAM 1 NO_ERROR"}) {
			t.Errorf("the server sent %q", got)
		}
		w.sawAll("client end")
	})
	t.Run("compat-write-head-destroyed", func(t *testing.T) {
		w := exchange(t, func(w *world, req *events.Request, res *events.Response) {
			st, _ := req.Stream()
			st.Destroy(nil)
			wantNil(t, "WriteHead", res.WriteHead(200))
			res.WriteString("hello ")
			res.EndString("world")
		})
		if got := w.fromServer.stream(1); !slices.Equal(got, []string{"RST_STREAM 1 NO_ERROR"}) {
			t.Errorf("the server sent %q", got)
		}
		w.sawAll("client close 0")
		if len(w.of("client error")) > 0 {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("compat-serverresponse-flushheaders", func(t *testing.T) {
		w := newWorld(t, setup{})
		var res *events.Response
		w.handle(func(_ *events.Request, r *events.Response) {
			res = r
			wantEq(t, "HeadersSent", res.HeadersSent(), false)
			wantNil(t, "FlushHeaders", res.FlushHeaders())
			wantEq(t, "HeadersSent", res.HeadersSent(), true)
			wantNil(t, "FlushHeaders again", res.FlushHeaders())
			wantErr(t, "WriteHead", res.WriteHead(400, events.H("foo-bar", "abc123")), events.ErrHeadersSent)
			res.OnFinish(func() {
				wantNil(t, "FlushHeaders in finish", res.FlushHeaders())
				w.later(func() { wantNil(t, "FlushHeaders later", res.FlushHeaders()) })
			})
		})
		w.get(func(st *events.ClientStream) {
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				wantEq(t, ":status", h.Status(), 200)
				wantEq(t, "foo-bar", h.Has("foo-bar"), false)
				res.End(nil)
			})
		})
		w.settle()
		w.sawAll("client end", "res finish")
	})
	t.Run("compat-serverresponse-statuscode", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantEq(t, "StatusCode", res.StatusCode(), 200)
			for _, code := range []int{200, 300, 400, 500} {
				wantNil(t, "SetStatusCode", res.SetStatusCode(code))
				wantEq(t, "StatusCode", res.StatusCode(), code)
			}
			covers(t, "response.prop.statusCode")
			fails(t, "100", res.SetStatusCode(100), events.ErrInfoStatusNotAllowed,
				"ERR_HTTP2_INFO_STATUS_NOT_ALLOWED: Informational status codes cannot be used")
			for _, code := range []int{99, 600, -1} {
				wantErr(t, "a bad status", res.SetStatusCode(code), events.ErrStatusInvalid)
			}
			wantErr(t, "WriteHead(99)", res.WriteHead(99), events.ErrStatusInvalid)
			wantErr(t, "WriteHead(103)", res.WriteHead(103), events.ErrStatusInvalid)
			wantEq(t, "StatusCode", res.StatusCode(), 500)
			res.End(nil)
		})
		w.sawAll("client response 500 flags=5")
	})
	t.Run("compat-serverresponse-statusmessage-property-set", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetStatusMessage("test")
			res.SetStatusMessage("again")
			wantEq(t, "StatusMessage", res.StatusMessage(), "")
			covers(t, "rule.compat.status-message-warning")
			res.End(nil)
		})
		w.sawAll("client response 200 flags=5")
		if n := strings.Count(w.logged.String(), "status message"); n > 1 {
			t.Errorf("warned %d times", n)
		}
	})
	t.Run("compat-serverresponse-statusmessage-property", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantEq(t, "StatusMessage", res.StatusMessage(), "")
			covers(t, "response.prop.statusMessage")
			res.End(nil)
		})
		w.sawAll("client response 200 flags=5")
	})
	t.Run("header injection", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			for _, bad := range []string{"a\r\nset-cookie: x", "a\nb", "a\rb", "a\x00b", "\x7f"} {
				wantErr(t, "SetHeader", res.SetHeader("x", bad), events.ErrInvalidChar)
				wantErr(t, "SetHeader with several", res.SetHeader("x", "good", bad), events.ErrInvalidChar)
				wantErr(t, "AppendHeader", res.AppendHeader("x", bad), events.ErrInvalidChar)
				wantErr(t, "SetTrailer", res.SetTrailer("x", bad), events.ErrInvalidChar)
				wantErr(t, "AddTrailers", res.AddTrailers(events.H("x", bad)), events.ErrInvalidChar)
				wantErr(t, "WriteHead", res.WriteHead(200, events.H("x", bad)), events.ErrInvalidChar)
				_, err := res.WriteEarlyHints([]string{"</a>; rel=preload"}, events.H("x", bad))
				wantErr(t, "WriteEarlyHints", err, events.ErrInvalidChar)
			}
			for _, bad := range []string{"x: y", "x\r\ny", "x\x00", "x:", "x y", "\u00e9"} {
				wantErr(t, "SetHeader", res.SetHeader(bad, "v"), events.ErrInvalidToken)
				wantErr(t, "AppendHeader", res.AppendHeader(bad, "v"), events.ErrInvalidToken)
				wantErr(t, "SetTrailer", res.SetTrailer(bad, "v"), events.ErrInvalidToken)
				wantErr(t, "AddTrailers", res.AddTrailers(events.H(bad, "v")), events.ErrInvalidToken)
				wantErr(t, "WriteHead", res.WriteHead(200, events.H(bad, "v")), events.ErrInvalidToken)
			}
			wantErr(t, "content-length", res.SetHeader("content-length", "a"), events.ErrInvalidHeaderValue)
			covers(t, "rule.compat.header-validation")
			fails(t, "a bad name", res.SetHeader("x y", "v"), events.ErrInvalidToken,
				`ERR_INVALID_HTTP_TOKEN: Header name must be a valid HTTP token ["x y"]`)
			fails(t, "a bad value", res.SetHeader("x", "a\nb"), events.ErrInvalidChar,
				`ERR_INVALID_CHAR: Invalid character in header content ["x"]`)
			covers(t, "error.TypeError-invalid-header")
			// White space around a value is not part of it.
			wantNil(t, "SetHeader", res.SetHeader("y", " v\t"))
			// HTTP/1's own fields do not exist here.
			wantNil(t, "SetHeader", res.SetHeader("Connection", "keep-alive"))
			wantNil(t, "WriteHead", res.WriteHead(200, events.H("Transfer-Encoding", "chunked")))
			res.EndString("still fine")
		})
		h := w.answered()
		if h.Len() != 3 || h.Get("y") != "v" {
			t.Errorf("answered %q", fieldsOf(h))
		}
		if got := w.fromServer.stream(1); len(got) != 2 {
			t.Errorf("the server sent %q", got)
		}
		w.sawAll("client data still fine")
	})
}

// Lists of queued fields are used again by later responses of a session, and
// nothing of one shows in another.
func TestCompatHeadersReused(t *testing.T) {
	w := newWorld(t, setup{})
	set := []func(res *events.Response){
		func(res *events.Response) { res.SetHeader("a", "1"); res.SetHeader("b", "2") },
		func(res *events.Response) { res.SetHeader("a", "1"); res.SetHeader("b", "2") },
		func(res *events.Response) { res.SetHeader("a", "1"); res.SetHeader("a", "3"); res.SetHeader("b", "2") },
		func(res *events.Response) { res.SetHeader("a", "1") },
		func(res *events.Response) { res.SetHeader("b", "2"); res.SetHeader("a", "1") },
		func(res *events.Response) { res.SetHeader("a", "1"); res.RemoveHeader("a"); res.SetHeader("b", "2") },
		func(res *events.Response) { res.SetHeader("", ""); res.SetHeader("a", "1", "2") },
		func(res *events.Response) {
			h := events.H("a", "1")
			h.AddSensitive("b", "2")
			res.WriteHead(200, h)
		},
		func(res *events.Response) { res.SetHeader("a", "1"); res.SetHeader("b", "2") },
	}
	want := []string{"a=1 b=2", "a=1 b=2", "a=3 b=2", "a=1", "b=2 a=1", "b=2", "a=1 a=2", "a=1 b=2", "a=1 b=2"}
	i := 0
	w.handle(func(_ *events.Request, res *events.Response) {
		res.SetSendDate(i%2 == 0)
		set[i](res)
		res.End(nil)
		if got := len(res.GetHeaders().Sensitive()) > 0; got != (i == 7) {
			t.Errorf("%d: sensitive is %t", i, got)
		}
		i++
	})
	for j := range set {
		w.request(events.H(":path", "/"), events.RequestOptions{}, func(st *events.ClientStream) {
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				h.Del(":status")
				h.Del("date")
				wantEq(t, "response "+string(rune('0'+j)), text(h), want[j])
			})
		})
		if j%3 == 2 {
			w.settle()
		}
	}
	w.settle()
	wantEq(t, "requests answered", i, len(set))
}
