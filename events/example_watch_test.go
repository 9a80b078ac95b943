package events_test

import (
	"context"
	"fmt"
	"time"

	"weft/events"
	"weft/transport/mem"
)

func ExampleNewPerformanceObserver() {
	observer := events.NewPerformanceObserver(func(items *events.EntryList) {
		for _, e := range items.GetEntries() {
			if e.Stream != nil {
				fmt.Println(e.Name, e.Stream.ID, "took", e.Duration, "for", e.Stream.BytesRead, "bytes")
			}
		}
	})
	observer.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{events.EntryTypeHTTP2}})
	client, link := watched(events.SessionOptions{Performance: observer})
	client.Do(func() { get(client) })
	link.Settle()
	// Output: Http2Stream 1 took 20ms for 4 bytes
}

func ExampleDiagnostics() {
	var told events.Diagnostics
	told.Client.StreamStart = func(at events.ClientStreamRecord, h events.Headers) {
		fmt.Println(at.ID, h.Method(), h.Path())
	}
	told.Client.StreamClose = func(at events.ClientStreamRecord) { fmt.Println(at.ID, "closed:", at.RSTCode) }
	client, link := watched(events.SessionOptions{Diagnostics: &told})
	client.Do(func() { get(client) })
	link.Settle()
	// Output:
	// 1 GET /
	// 1 closed: NO_ERROR
}

// watched is a client of a server that answers "pong", 10 ms away.
func watched(opts events.SessionOptions) (*events.ClientSession, *mem.Link) {
	server, _ := events.NewServerSession(mem.Epoch, events.SessionOptions{})
	server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("pong") })
	client, _ := events.NewClientSession(mem.Epoch, "http://localhost", opts)
	return client, mem.NewLink(client, server, mem.Options{Latency: 10 * time.Millisecond})
}

// get makes a request of which nobody reads the answer.
func get(client *events.ClientSession) {
	req, _ := client.Request(context.Background(), events.Headers{})
	req.Resume()
}
