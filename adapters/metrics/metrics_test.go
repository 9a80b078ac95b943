package metrics_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weft/adapters/http1"
	"weft/adapters/metrics"
	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// world is a server that is counted, and clients of it, on virtual time.
type world struct {
	t      *testing.T
	m      *metrics.Metrics
	server *events.Server
	clock  *mem.Link // the first link
}

func newWorld(t *testing.T, o metrics.Options, opts events.SessionOptions) *world {
	t.Helper()
	server, err := events.CreateServer(events.ServerOptions{SessionOptions: opts})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, server: server}
	o.Now = func() time.Time { return w.clock.Now() }
	w.m = metrics.New(o)
	server.OnSessionError(func(error, *events.ServerSession) {})
	return w
}

// client connects another client.
func (w *world) client() (*events.ClientSession, *mem.Link) {
	w.t.Helper()
	now := mem.Epoch
	if w.clock != nil {
		now = w.clock.Now()
	}
	session, err := w.server.NewSession(now)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := events.NewClientSession(now, "http://localhost", events.SessionOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	c.OnError(func(error) {})
	link := mem.NewLink(c, session, mem.Options{Latency: 10 * time.Millisecond, Join: w.clock})
	if w.clock == nil {
		w.clock = link
	}
	link.Settle()
	return c, link
}

func (w *world) request(c *events.ClientSession, method, path string) *events.ClientStream {
	w.t.Helper()
	st, err := c.Request(context.Background(), events.H(":method", method, ":path", path), events.RequestOptions{EndStream: events.Set(true)})
	if err != nil {
		w.t.Fatal(err)
	}
	st.OnError(func(error) {})
	st.OnData(func([]byte) {})
	return st
}

// is compares what was counted, the bytes aside.
func (w *world) is(when string, want metrics.Snapshot) {
	w.t.Helper()
	got := w.m.Snapshot()
	got.BytesRead, got.BytesWritten = 0, 0
	if d := cmp.Diff(want, got); d != "" {
		w.t.Errorf("%s:\n%s", when, d)
	}
}

// answer answers by the path.
func answer(w *world) func(*events.Request, *events.Response) {
	return func(req *events.Request, res *events.Response) {
		switch req.URL() {
		case "/slow":
			st, _ := req.Stream()
			st.SetTimeout(300*time.Millisecond, func() { res.EndString("at last") })
		case "/never":
		case "/push":
			res.CreatePushResponse(events.H(":path", "/pushed"), func(err error, push *events.Response) {
				if err != nil {
					w.t.Error(err)
					return
				}
				st, _ := push.Stream()
				w.m.Push(st)
				push.EndString("pushed")
			})
			res.EndString("page")
		case "/missing":
			res.SetStatusCode(404)
			res.End(nil)
		default:
			res.EndString("ok")
		}
	}
}

// Everything current returns to 0, and totals stay.
func TestCounters(t *testing.T) {
	w := newWorld(t, metrics.Options{}, events.SessionOptions{})
	w.m.Watch(w.server)
	w.server.OnRequest(w.m.Handler(answer(w)))
	a, link := w.client()
	b, other := w.client()
	b.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) { st.OnData(func([]byte) {}) })
	w.is("two connections", metrics.Snapshot{Connections: 2, ConnectionsTotal: 2, SettingsExchanges: 4})

	w.request(a, "GET", "/")
	w.request(a, "BREW", "/missing")
	w.request(a, "GET", "/slow")
	gone := w.request(a, "POST", "/never")
	w.request(b, "GET", "/push")
	link.RunFor(200 * time.Millisecond)
	w.is("two wait", metrics.Snapshot{
		Connections: 2, ConnectionsTotal: 2, Streams: 2, Requests: 2, RequestsTotal: 5, PushesTotal: 1, SettingsExchanges: 4,
	})
	gone.Close(core.Cancel)
	link.RunFor(time.Second)
	other.Settle()
	w.is("all is over", metrics.Snapshot{
		Connections: 2, ConnectionsTotal: 2, RequestsTotal: 5, PushesTotal: 1, Resets: 1, SettingsExchanges: 4,
	})
	if err := a.Settings(events.Settings{MaxFrameSize: events.Set[uint32](20000)}, nil); err != nil {
		t.Fatal(err)
	}
	link.Settle()
	a.Close()
	b.Destroy(nil, core.EnhanceYourCalm)
	link.Settle()
	other.Settle()
	w.is("both have gone", metrics.Snapshot{
		ConnectionsTotal: 2, RequestsTotal: 5, PushesTotal: 1, Resets: 1, SettingsExchanges: 5, GoawaysReceived: 2,
	})
	var out bytes.Buffer
	if n, err := w.m.WriteTo(&out); err != nil || n == 0 {
		t.Error(n, err)
	}
	for _, line := range []string{
		`weft_http2_connections 0`, `weft_http2_goaways_total{direction="received",code="ENHANCE_YOUR_CALM"} 1`,
		`weft_http2_resets_total{code="CANCEL"} 1`,
		`weft_http2_requests_total{method="GET",code="200"} 3`, `weft_http2_requests_total{method="POST",code="none"} 1`,
		`weft_http2_requests_total{method="other",code="404"} 1`,
		`weft_http2_request_duration_seconds_bucket{le="0.001"} 3`, `weft_http2_request_duration_seconds_bucket{le="0.25"} 4`,
		`weft_http2_request_duration_seconds_bucket{le="0.5"} 5`, `weft_http2_request_duration_seconds_bucket{le="+Inf"} 5`,
		`weft_http2_request_duration_seconds_count 5`, `# TYPE weft_http2_request_duration_seconds histogram`,
	} {
		if !strings.Contains(out.String(), line+"\n") {
			t.Errorf("no line %q in\n%s", line, out.String())
		}
	}
	if s := w.m.Snapshot(); s.BytesRead < 100 || s.BytesWritten < 100 {
		t.Error("bytes:", s.BytesRead, s.BytesWritten)
	}
}

// A session that is noticed at its first request is counted the same.
func TestCountedLate(t *testing.T) {
	w := newWorld(t, metrics.Options{}, events.SessionOptions{})
	w.server.OnRequest(w.m.Handler(answer(w)))
	a, link := w.client()
	w.is("before", metrics.Snapshot{})
	for range 2 {
		w.request(a, "GET", "/")
		link.Settle()
	}
	w.is("after", metrics.Snapshot{Connections: 1, ConnectionsTotal: 1, RequestsTotal: 2, SettingsExchanges: 2})
	a.Close()
	link.Settle()
	w.is("at the end", metrics.Snapshot{ConnectionsTotal: 1, RequestsTotal: 2, SettingsExchanges: 2, GoawaysReceived: 1})
}

// Frames that can't be sent, and clients that break the rules.
func TestFrameErrors(t *testing.T) {
	w := newWorld(t, metrics.Options{}, events.SessionOptions{SessionLimits: events.SessionLimits{MaxSendHeaderBlockLength: 500}})
	w.m.Watch(w.server)
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		w.m.Stream(st)
		st.OnError(func(error) {})
		st.Respond(events.H("x-long", strings.Repeat("x", 1000)))
	})
	a, link := w.client()
	w.request(a, "GET", "/")
	link.Settle()
	s := w.m.Snapshot()
	if s.FrameErrors != 1 || s.Connections != 0 || s.Resets != 1 {
		t.Errorf("a frame that can't be sent: %+v", s)
	}
	session, err := w.server.NewSession(w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	session.Receive(w.clock.Now(), []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x01\x04\x00\x00\x00\x00\x00x"))
	session.SwapOutput(nil)
	session.ReceiveEOF(w.clock.Now(), io.EOF)
	if s := w.m.Snapshot(); s.FrameErrors != 2 || s.GoawaysSent != 1 || s.Connections != 0 {
		t.Errorf("SETTINGS of one byte: %+v", s)
	}
}

// What ended before it was counted is counted, too, and leaves nothing behind.
func TestEndedBefore(t *testing.T) {
	w := newWorld(t, metrics.Options{}, events.SessionOptions{})
	var kept *events.ServerStream
	w.server.OnRequest(func(req *events.Request, res *events.Response) { kept, _ = req.Stream() })
	a, link := w.client()
	st := w.request(a, "GET", "/")
	link.RunFor(50 * time.Millisecond)
	session := kept.Session()
	st.Close(core.Cancel)
	a.Close()
	link.Settle()
	w.m.Stream(kept)
	w.m.Push(kept)
	w.m.Session(session)
	w.is("late", metrics.Snapshot{RequestsTotal: 1, PushesTotal: 1, Resets: 2})
}

// Series don't grow with what clients send.
func TestCardinality(t *testing.T) {
	m := metrics.New(metrics.Options{})
	for i := range 10_000 {
		m.Observe(strings.Repeat("M", i%100), i, time.Hour)
	}
	var out bytes.Buffer
	m.WriteTo(&out)
	if n := bytes.Count(out.Bytes(), []byte("requests_total{")); n != 500 {
		t.Errorf("%d series of 499 statuses, and none, with one method", n)
	}
	for _, buckets := range [][]time.Duration{{2, 1}, {1, 1}, {-1, 1}, make([]time.Duration, 101)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("buckets that make no sense are no panic")
				}
			}()
			metrics.New(metrics.Options{Buckets: buckets})
		}()
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil handler is no panic")
		}
	}()
	m.Handler(nil)
}

// Requests by HTTP/1.1 are counted, their connections are no sessions.
func TestHTTP1(t *testing.T) {
	server, err := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()})
	if err != nil {
		t.Fatal(err)
	}
	m := metrics.New(metrics.Options{})
	m.Watch(server)
	server.OnRequest(m.Handler(func(req *events.Request, res *events.Response) {
		res.SetStatusCode(201)
		res.EndString("made")
	}))
	addr, err := server.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get("http://" + addr.String())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err := server.Shutdown(t.Context()); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s := m.Snapshot()
	if s.Requests != 0 || s.RequestsTotal != 1 || s.ConnectionsTotal != 0 {
		t.Errorf("%+v", s)
	}
	var out bytes.Buffer
	m.WriteTo(&out)
	if !strings.Contains(out.String(), `requests_total{method="GET",code="201"} 1`) {
		t.Error(out.String())
	}
}
