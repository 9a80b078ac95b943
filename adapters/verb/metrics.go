package verb

import (
	"bytes"
	"net/http"
	"time"

	"weft/adapters/metrics"
	"weft/events"
)

// HTTP2Metrics counts what happens on the connections of an App. It is package
// metrics, which says what each number means, as a middleware.
//
//	m := verb.NewHTTP2Metrics()
//	app.Use(m.Middleware())
//	app.Get("/metrics", m.Handler())
//
// One may be used by several Apps; in one App, those mounted included, its
// middleware belongs once.
type HTTP2Metrics struct{ m *metrics.Metrics }

// NewHTTP2Metrics makes counters that count nothing yet.
func NewHTTP2Metrics(opts ...metrics.Options) *HTTP2Metrics {
	var o metrics.Options
	if len(opts) > 0 {
		o = opts[0]
	}
	return &HTTP2Metrics{metrics.New(o)}
}

// Metrics returns the counters themselves.
func (m *HTTP2Metrics) Metrics() *metrics.Metrics { return m.m }

// Middleware returns a middleware that counts requests, their connections from
// the first request on, and what is pushed by Response.Push. For connections
// without requests there is Watch.
func (m *HTTP2Metrics) Middleware() Middleware {
	return func(req *Request, res *Response, next Next) {
		more := req.extra()
		more.onPush = append(more.onPush, m.m.Push)
		if c := (*call)(req).native(); c != nil {
			m.m.Exchange(c.req, c.res)
			next()
			return
		}
		begun := time.Now()
		more.onEnd = append(more.onEnd, func() {
			status := 0
			if more.socket != nil {
				status = http.StatusSwitchingProtocols
			} else if res.carrier().sent() {
				status = res.StatusCode()
			}
			m.m.Observe(req.Method(), status, time.Since(begun))
		})
		next()
	}
}

// pushed tells who counts of a stream that was promised.
func (r *Request) pushed(st *events.ServerStream) {
	for _, f := range r.rare().onPush {
		f(st)
	}
}

// Watch counts the connections of an App from their beginning, whether or not
// they have requests. It makes the server: see App.Server, also for errors.
func (m *HTTP2Metrics) Watch(app *App) error {
	server, err := app.Server()
	if err == nil {
		m.m.Watch(server)
	}
	return err
}

// Handler returns a handler that shows everything in the text format of
// Prometheus. Whom it is shown to is for the App to decide.
func (m *HTTP2Metrics) Handler() Handler {
	return func(_ *Request, res *Response) error {
		var b bytes.Buffer
		m.m.WriteTo(&b)
		return res.Header("content-type", metrics.ContentType).Header("cache-control", "no-store").Send(b.Bytes())
	}
}

// GetActiveConnections returns how many sessions are open.
func (m *HTTP2Metrics) GetActiveConnections() int64 { return m.m.Snapshot().Connections }

// GetActiveStreams returns how many streams those sessions have, pushes
// included.
func (m *HTTP2Metrics) GetActiveStreams() int64 { return m.m.Snapshot().Streams }

// GetPushStreamCount returns how many streams were pushed so far; how many of
// them are open is in metrics.Snapshot.
func (m *HTTP2Metrics) GetPushStreamCount() int64 { return m.m.Snapshot().PushesTotal }

// GetSettingsExchanges returns how many SETTINGS, of either side, were
// acknowledged so far.
func (m *HTTP2Metrics) GetSettingsExchanges() int64 { return m.m.Snapshot().SettingsExchanges }

// GetGoAwayCount returns how many GOAWAY frames there were so far: those of
// clients, and of ours those that named an error.
func (m *HTTP2Metrics) GetGoAwayCount() int64 {
	s := m.m.Snapshot()
	return s.GoawaysReceived + s.GoawaysSent
}

// GetFrameErrors returns how many frames could not be sent, and how many
// sessions ended for what the client did wrong.
func (m *HTTP2Metrics) GetFrameErrors() int64 { return m.m.Snapshot().FrameErrors }
