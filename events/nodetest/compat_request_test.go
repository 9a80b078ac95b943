package nodetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

func TestNode_compatRequest(t *testing.T) {
	t.Run("compat-aborted", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			wantEq(t, "Aborted at first", req.Aborted(), false)
			wantEq(t, "Complete at first", req.Complete(), false)
			req.OnAborted(func() {
				wantEq(t, "Aborted", req.Aborted(), true)
				covers(t, "request.prop.aborted")
				wantEq(t, "Complete", req.Complete(), true)
				covers(t, "request.prop.complete")
			})
			res.WriteString("hello")
		})
		w.get(func(st *events.ClientStream) {
			st.OnData(func([]byte) { w.client.Destroy(nil, core.NoError) })
		})
		w.settle()
		got := w.of("req")
		wantEq(t, "aborted events", count(got, "aborted"), 1)
		covers(t, "request.event.aborted")
		if n := len(got); n == 0 || got[n-1] != "close" || count(got, "close") != 1 {
			t.Errorf("the request saw %q", got)
		}
		covers(t, "request.event.close")
		same(t, "the request saw", got, []string{"end", "aborted", "close"})
	})
	t.Run("compat-errors", func(t *testing.T) {
		failure := errors.New("kaboom")
		w := exchange(t, func(w *world, req *events.Request, res *events.Response) {
			st, _ := res.Stream()
			st.OnError(func(err error) {
				wantErr(t, "the stream's error", err, failure)
				w.note("stream error")
			})
			res.WriteString("hello")
			st.Destroy(failure)
		})
		// Neither object has an error event.
		if got := w.of("stream"); len(got) != 1 {
			t.Errorf("the stream saw %q", w.log)
		}
		if got := w.of("req"); !slices.Equal(got, []string{"aborted", "close"}) {
			t.Errorf("the request saw %q", got)
		}
		if got := w.of("res"); !slices.Equal(got, []string{"close", "finish"}) {
			t.Errorf("the response saw %q", got)
		}
	})
	t.Run("compat-serverrequest-headers.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			wantEq(t, "Method", req.Method(), "GET")
			covers(t, "request.prop.method")
			wantEq(t, "Scheme", req.Scheme(), "http")
			covers(t, "request.prop.scheme")
			wantEq(t, "URL", req.URL(), "/foobar?a=b")
			covers(t, "request.prop.url")
			wantEq(t, "Authority", req.Authority(), "localhost:8080")
			covers(t, "request.prop.authority")
			wantEq(t, "HTTPVersion", req.HTTPVersion(), "2.0")
			covers(t, "request.prop.httpVersion")
			wantEq(t, "HTTPVersionMajor", req.HTTPVersionMajor(), 2)
			covers(t, "request.prop.httpVersionMajor")
			wantEq(t, "HTTPVersionMinor", req.HTTPVersionMinor(), 0)
			covers(t, "request.prop.httpVersionMinor")
			h := req.Headers()
			for name, want := range map[string]string{":method": "GET", ":scheme": "http", ":path": "/foobar?a=b",
				":authority": "localhost:8080"} {
				wantEq(t, name, h.Get(name), want)
			}
			covers(t, "rule.compat.pseudo-headers-visible")
			wantEq(t, "foo-bar", h.Get("Foo-Bar"), "abc123")
			wantEq(t, "the number of fields", h.Len(), 5)
			covers(t, "request.prop.headers")
			h.Del(":path") // a copy: nobody removes one by accident
			wantEq(t, "URL after a change of the copy", req.URL(), "/foobar?a=b")
			raw := req.RawHeaders()
			if len(raw) != 2*h.Len()+2 || !slices.Contains(raw, "foo-bar") || raw[slices.Index(raw, "foo-bar")+1] != "abc123" {
				t.Errorf("RawHeaders is %q", raw)
			}
			covers(t, "request.prop.rawHeaders")
			if st, ok := req.Stream(); !ok || st.ID() != 1 {
				t.Errorf("Stream is %v, %t", st, ok)
			}
			covers(t, "request.prop.stream")
			res.End(nil)
		})
		w.request(events.H(":path", "/foobar?a=b", "foo-bar", "abc123"), events.RequestOptions{})
		w.settle()
		w.sawAll("client end")
	})
	t.Run("compat-serverrequest-headers.2", func(t *testing.T) {
		exchange(t, func(w *world, req *events.Request, res *events.Response) {
			req.SetURL("/one")
			wantEq(t, "URL", req.URL(), "/one")
			wantNil(t, "SetMethod", req.SetMethod("POST"))
			wantEq(t, "Method", req.Method(), "POST")
			fails(t, "a blank method", req.SetMethod(" "), events.ErrInvalidArg,
				"ERR_INVALID_ARG_VALUE: The argument 'method' is invalid. Received ' '")
			wantEq(t, "Method", req.Method(), "POST")
			res.End(nil)
		})
	})
	t.Run("compat-serverrequest-host", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			if req.Headers().Has(":authority") || slices.Contains(req.RawHeaders(), ":authority") {
				t.Errorf("there is an :authority in %q", req.RawHeaders())
			}
			wantEq(t, "host", req.Headers().Get("host"), "example.org")
			wantEq(t, "Authority", req.Authority(), "example.org")
			covers(t, "rule.compat.authority-fallback")
			st, _ := req.Stream()
			wantEq(t, "Authority of the Core API's headers", st.Headers().Authority(), "")
			covers(t, "rule.headers.authority-fallback-compat-only")
			res.End(nil)
		})
		w.request(events.H("host", "example.org"), events.RequestOptions{})
		w.settle()
		w.sawAll("client end")
	})
	t.Run("compat-serverrequest-pause", func(t *testing.T) {
		w := newWorld(t, setup{})
		var req *events.Request
		w.handle(func(r *events.Request, res *events.Response) {
			req = r
			req.OnData(func(p []byte) { w.note("req data %s", p) })
			req.OnEnd(func() { res.End(nil) })
			req.Pause()
			wantEq(t, "IsPaused", req.IsPaused(), true)
			res.OnFinish(func() {
				req.Pause()
				req.Resume()
				w.later(func() { req.Pause(); req.Resume() })
			})
		})
		w.post(func(st *events.ClientStream) { st.EndString("Request Body from Client") })
		w.link.RunFor(100 * time.Millisecond)
		if got := w.of("req"); len(got) != 0 {
			t.Errorf("while paused: %q", got)
		}
		req.Resume()
		w.settle()
		if got := w.of("req"); !slices.Equal(got, []string{"data Request Body from Client", "end", "close"}) {
			t.Errorf("after Resume: %q", got)
		}
	})
	t.Run("compat-serverrequest-trailers", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			body, early := "", req.Trailers().Len()
			req.OnData(func(p []byte) {
				body += string(p)
				early = early + req.Trailers().Len() + len(req.RawTrailers())
			})
			req.OnEnd(func() {
				tr := req.Trailers()
				wantEq(t, "x-foo", tr.Get("x-foo"), "xOxOxOx, OxOxOxO, xOxOxOx, OxOxOxO")
				wantEq(t, "x-foo-test", tr.Get("x-foo-test"), "test, test")
				covers(t, "request.prop.trailers")
				if early != 0 || tr.Len() == 0 || body == "" {
					t.Errorf("%d trailers before the end, %d at it", early, tr.Len())
				}
				covers(t, "rule.compat.trailers-at-end")
				want := []string{"x-foo", "xOxOxOx", "x-foo", "OxOxOxO", "x-foo", "xOxOxOx", "x-foo", "OxOxOxO", "x-foo-test", "test, test"}
				if got := req.RawTrailers(); !slices.Equal(got, want) {
					t.Errorf("RawTrailers is %q", got)
				}
				covers(t, "request.prop.rawTrailers")
				wantEq(t, "the body", body, "test\ntest")
				covers(t, "request.event.end")
				// All of a message, in the words of HTTP/1.
				all := fmt.Sprintf("%s %s HTTP/%s, %d fields, %q, %d trailers", req.Method(), req.URL(), req.HTTPVersion(),
					req.Headers().Len(), body, req.Trailers().Len())
				wantEq(t, "the request", all, `POST / HTTP/2.0, 4 fields, "test\ntest", 5 trailers`)
				covers(t, "class.Http2ServerRequest")
				res.End(nil)
			})
		})
		w.request(events.H(":method", "POST"), events.RequestOptions{WaitForTrailers: true}, func(st *events.ClientStream) {
			st.OnWantTrailers(func() {
				st.SendTrailers(events.H("x-fOo", "xOxOxOx", "x-foO", "OxOxOxO", "X-fOo", "xOxOxOx", "X-foO", "OxOxOxO", "x-foo-test", "test, test"))
			})
			st.WriteString("test\n")
			st.EndString("test")
		})
		w.settle()
		w.sawAll("req end", "res finish", "client response 200 flags=5")
		if n := len(w.of("req")); n != 2 {
			t.Errorf("the request saw %q", w.of("req"))
		}
	})
	t.Run("options-server-request", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.srv.OnRequest(events.Wrap(newMyRequest, newMyResponse, func(req *myRequest, res *myResponse) {
			wantEq(t, "what the subclass gives", req.userAgent(), "node-test")
			covers(t, "createServer.option.Http2ServerRequest")
			res.WriteHead(200, events.H("Content-Type", "text/plain"))
			res.End(nil)
		}))
		w.request(events.H("User-Agent", "node-test"), events.RequestOptions{})
		w.settle()
		w.sawAll("client response 200 flags=4", "client end")
	})
	t.Run("options-server-response", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.srv.OnRequest(events.Wrap(newMyRequest, newMyResponse, func(_ *myRequest, res *myResponse) {
			res.status(418, events.H("content-type", "text/plain"))
			res.End(nil)
		}))
		w.get()
		w.settle()
		w.sawAll("client response 418 flags=4", "client end")
		covers(t, "createServer.option.Http2ServerResponse")
	})
	t.Run("capture-rejection.3", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetHeader("content-type", "text/plain")
			panic("kaboom")
		})
		h := w.answered()
		if h.Status() != 500 || h.Has("content-type") {
			t.Errorf("answered %q", fieldsOf(h))
		}
		w.sawAll("client response 500 flags=5", "client close 0")
	})
}

type myRequest struct{ *events.Request }

func newMyRequest(r *events.Request) *myRequest { return &myRequest{r} }

func (r *myRequest) userAgent() string { return r.Headers().Get("user-agent") }

type myResponse struct{ *events.Response }

func newMyResponse(r *events.Response) *myResponse { return &myResponse{r} }

func (r *myResponse) status(code int, h events.Headers) { r.WriteHead(code, h) }
