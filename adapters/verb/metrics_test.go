package verb

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
)

// Six counters: what is current returns to 0.
func TestHTTP2Metrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp().WithOptions(Options{HTTP2: HTTP2Options{MaxSendHeaderBlockLength: 500}})
		m := NewHTTP2Metrics()
		app.Use(m.Middleware())
		if err := m.Watch(app); err != nil {
			t.Fatal(err)
		}
		wait := make(chan bool)
		app.Get("/wait", func(_ *Request, res *Response) error { <-wait; return res.Text("done") })
		app.Get("/long", func(_ *Request, res *Response) error {
			return res.Header("x-long", strings.Repeat("x", 1000)).Text("")
		})
		app.Get("/metrics", m.Handler())
		is := func(when string, connections, streams, settings, goaways, frameErrors int64) {
			t.Helper()
			synctest.Wait()
			for _, x := range []struct {
				row       string
				got, want int64
			}{
				{"getActiveConnections", m.GetActiveConnections(), connections}, {"getActiveStreams", m.GetActiveStreams(), streams},
				{"getSettingsExchanges", m.GetSettingsExchanges(), settings}, {"getGoAwayCount", m.GetGoAwayCount(), goaways},
				{"getFrameErrors", m.GetFrameErrors(), frameErrors},
			} {
				if x.got != x.want {
					t.Errorf("%s: %s is %d, want %d", when, x.row, x.got, x.want)
				}
				covers(t, "verb.metrics."+x.row)
			}
		}
		is("before", 0, 0, 0, 0, 0)
		c, other := dial(t, app), dial(t, app)
		is("two connections", 2, 0, 4, 0, 0)
		st, err := c.Request(t.Context(), events.H(":path", "/wait"))
		if err != nil {
			t.Fatal(err)
		}
		st.OnData(func([]byte) {})
		is("a request is being served", 2, 1, 4, 0, 0)
		if a := other.get("/metrics"); !strings.Contains(a.body, "weft_http2_connections 2\n") || a.headers.Get("content-type") != "text/plain; version=0.0.4; charset=utf-8" {
			t.Error(a)
		}
		wait <- true
		is("it was", 2, 0, 4, 0, 0)
		other.get("/long")
		is("a frame that can't be sent, which ends the connection", 1, 0, 4, 1, 1)
		c.Destroy(nil, core.NoError)
		is("the end", 0, 0, 4, 2, 1)
		covers(t, "verb.class.Http2Metrics", "verb.metrics.middleware")

		app.Delete("/panic", func(*Request, *Response) error { panic("oh") })
		app.Patch("/destroy", func(_ *Request, res *Response) error { res.Destroy(nil); return nil })
		for method, path := range map[string]string{"PUT": "/nothing", "DELETE": "/panic", "PATCH": "/destroy"} {
			guard(func() { app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil)) })
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		for _, line := range []string{
			`weft_http2_connections 0`, `weft_http2_requests_total{method="PUT",code="404"} 1`, `weft_http2_requests_total{method="DELETE",code="500"} 1`,
			`weft_http2_requests_total{method="PATCH",code="none"} 1`, `weft_http2_requests_total{method="GET",code="none"} 1`,
		} {
			if !strings.Contains(w.Body.String(), line+"\n") {
				t.Errorf("no line %q in\n%s", line, w.Body)
			}
		}
		server, _ := app.Server()
		server.DestroyAll()
		server.Wait()
	})
}

// Pushes are counted, and are no requests.
func TestMetricsOfPushes(t *testing.T) {
	app := newApp()
	m := NewHTTP2Metrics()
	app.Use(m.Middleware())
	app.Get("/", func(_ *Request, res *Response) error {
		for _, path := range []string{"/a.css", "/b.css"} {
			res.Push(path).End([]byte("p{}"))
		}
		return res.HTML("<p>")
	})
	c := dial(t, app)
	pushed := make(chan bool, 2)
	c.OnStream(func(push *events.ClientStream, _ events.Headers, _ events.Flags) {
		push.OnClose(func() { pushed <- true })
		push.OnData(func([]byte) {})
	})
	c.get("/").is(t, 200, "<p>")
	<-pushed
	<-pushed
	if s := m.Metrics().Snapshot(); m.GetPushStreamCount() != 2 || s.RequestsTotal != 1 {
		t.Errorf("%+v", s)
	}
	covers(t, "verb.metrics.getPushStreamCount")
}
