package main

import "weft/adapters/verb"

// figure is a number with its name.
type figure struct {
	Name  string
	Value any
	Note  string
}

// status shows the counters to people; /metrics shows all of them to Prometheus.
// A real shop would show neither to everybody.
func (s *shop) status(req *verb.Request, res *verb.Response) error {
	n := s.metrics.Metrics().Snapshot()
	market, _ := s.market.latest()
	return s.page(req, res, "status", "Status", []figure{
		{"Visitors", market.Visitors, "with a WebSocket open"},
		{"Connections", s.metrics.GetActiveConnections(), "HTTP/2, open now"},
		{"Streams", s.metrics.GetActiveStreams(), "open now, this one included"},
		{"Requests", n.RequestsTotal, "so far, HTTP/1.1 included"},
		{"Pushes", s.metrics.GetPushStreamCount(), "so far"},
		{"Settings", s.metrics.GetSettingsExchanges(), "exchanges acknowledged"},
		{"GOAWAY", s.metrics.GetGoAwayCount(), "so far"},
		{"Frame errors", s.metrics.GetFrameErrors(), "so far"},
		{"Sent", kibibytes(n.BytesWritten), "headers and frames included"},
		{"Received", kibibytes(n.BytesRead), ""},
	})
}
