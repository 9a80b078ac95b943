package metrics_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"weft/adapters/metrics"
	"weft/events"
	"weft/transport/mem"
)

// A server that counts, and what it says for Prometheus.
func Example() {
	server, _ := events.CreateServer(events.ServerOptions{})
	m := metrics.New(metrics.Options{})
	m.Watch(server)
	server.OnRequest(m.Handler(func(_ *events.Request, res *events.Response) { res.EndString("hello") }))

	session, _ := server.NewSession(mem.Epoch)
	client, _ := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{})
	link := mem.NewLink(client, session, mem.Options{})
	client.Request(context.Background(), events.H(":path", "/"))
	link.Settle()
	client.Close()
	link.Settle()

	var out bytes.Buffer
	m.WriteTo(&out)
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "weft_http2_connections") || strings.HasPrefix(line, "weft_http2_requests_total") {
			fmt.Print(line)
		}
	}
	// Output:
	// weft_http2_connections 0
	// weft_http2_connections_total 1
	// weft_http2_requests_total{method="GET",code="200"} 1
}
