package metrics

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"
)

// ContentType is the media type of what WriteTo writes.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Snapshot is what was counted, at a moment. What is not a total is current.
type Snapshot struct {
	Connections      int64 // sessions that are open
	ConnectionsTotal int64
	Streams          int64 // of those sessions, pushes included
	Requests         int64 // that are being served, by HTTP/1.1 as well
	RequestsTotal    int64
	Pushes           int64 // that are open
	PushesTotal      int64
	// SettingsExchanges are SETTINGS of clients that were acknowledged, and
	// ours that clients have acknowledged.
	SettingsExchanges int64
	// GoawaysReceived and GoawaysSent are GOAWAY frames: of ours those that
	// named an error; the orderly ones of a shutdown are not counted.
	GoawaysReceived, GoawaysSent int64
	// FrameErrors are frames that could not be sent, and what clients did
	// wrong so that their session ended.
	FrameErrors int64
	// Resets are streams that ended with an error code, of either side.
	Resets int64
	// BytesRead and BytesWritten are those of the sessions, below them there
	// may be TLS.
	BytesRead, BytesWritten int64
}

// Snapshot returns what was counted.
func (m *Metrics) Snapshot() Snapshot {
	s := Snapshot{
		ConnectionsTotal: m.connections.Load(), SettingsExchanges: m.settings.Load(), FrameErrors: m.frameErrors.Load(),
		Requests: m.running.Load(), RequestsTotal: m.requests.Load(),
		Pushes: m.pushing.Load(), PushesTotal: m.pushes.Load(),
		GoawaysReceived: m.received.total(), GoawaysSent: m.sent.total(), Resets: m.resets.total(),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Connections = int64(len(m.sessions))
	s.BytesRead, s.BytesWritten = m.over.read, m.over.written
	for of, k := range m.sessions {
		s.Streams += int64(of.StreamCount())
		s.BytesRead += k.BytesRead()
		s.BytesWritten += k.BytesWritten()
	}
	return s
}

// WriteTo writes everything in the text format of Prometheus, to be served as
// ContentType.
func (m *Metrics) WriteTo(w io.Writer) (int64, error) {
	var t text
	s := m.Snapshot()
	t.one("connections", "gauge", "Connections that are open.", s.Connections)
	t.one("connections_total", "counter", "Connections there were.", s.ConnectionsTotal)
	t.one("streams", "gauge", "Streams that are open.", s.Streams)
	t.head("bytes_total", "counter", "Bytes of connections.")
	t.line("bytes_total", `direction="read"`, s.BytesRead)
	t.line("bytes_total", `direction="written"`, s.BytesWritten)
	t.one("pushes", "gauge", "Pushed streams that are open.", s.Pushes)
	t.one("pushes_total", "counter", "Pushed streams there were.", s.PushesTotal)
	t.one("settings_exchanges_total", "counter", "SETTINGS of either side that were acknowledged.", s.SettingsExchanges)
	t.head("goaways_total", "counter", "GOAWAY frames; of those sent the ones with an error.")
	t.codes("goaways_total", `direction="received",`, &m.received)
	t.codes("goaways_total", `direction="sent",`, &m.sent)
	t.one("frame_errors_total", "counter", "Frames that could not be sent, and sessions that ended for what the client did.", s.FrameErrors)
	t.head("resets_total", "counter", "Streams that ended with an error code.")
	t.codes("resets_total", "", &m.resets)
	t.one("requests_in_flight", "gauge", "Requests that are being served.", s.Requests)
	t.head("requests_total", "counter", "Requests that were served.")
	for i := range m.statuses {
		for j := range m.statuses[i] {
			if n := m.statuses[i][j].Load(); n > 0 {
				code := "none"
				if j > 0 {
					code = strconv.Itoa(j + 100)
				}
				t.line("requests_total", fmt.Sprintf("method=%q,code=%q", methodName(i), code), n)
			}
		}
	}
	m.histogram(&t)
	return t.WriteTo(w)
}

func (m *Metrics) histogram(t *text) {
	const name = "request_duration_seconds"
	t.head(name, "histogram", "From a request to the end of its stream.")
	var n int64
	for i, bound := range m.buckets {
		n += m.counts[i].Load()
		t.line(name+"_bucket", `le="`+seconds(bound)+`"`, n)
	}
	n += m.counts[len(m.buckets)].Load()
	t.line(name+"_bucket", `le="+Inf"`, n)
	fmt.Fprintf(t, "%s%s_sum %s\n", prefix, name, seconds(time.Duration(m.took.Load())))
	t.line(name+"_count", "", n)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'g', -1, 64) }

const prefix = "weft_http2_"

// text is lines of the text format.
type text struct{ bytes.Buffer }

func (t *text) head(name, kind, help string) {
	fmt.Fprintf(t, "# HELP %s%s %s\n# TYPE %s%s %s\n", prefix, name, help, prefix, name, kind)
}

func (t *text) line(name, labels string, n int64) {
	if labels != "" {
		labels = "{" + labels + "}"
	}
	fmt.Fprintf(t, "%s%s%s %d\n", prefix, name, labels, n)
}

func (t *text) one(name, kind, help string, n int64) {
	t.head(name, kind, help)
	t.line(name, "", n)
}

// codes writes those that occurred.
func (t *text) codes(name, labels string, c *codes) {
	for i := range c {
		if n := c[i].Load(); n > 0 {
			t.line(name, fmt.Sprintf("%scode=%q", labels, codeName(i)), n)
		}
	}
}
