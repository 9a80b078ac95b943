// Package link measures transfers over long links on virtual time: the figures
// do not depend on the machine.
package link

import (
	"fmt"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/mem"
)

// transfer moves size bytes from a server to a client, or with up the other
// way, over a link of 100 ms round trip and 125 MB/s, and returns how long it
// took from the request to the last byte.
func transfer(tb testing.TB, size int, up bool) time.Duration {
	tb.Helper()
	cfg := core.Config{ReportedWrites: true}
	sc, err := core.NewServer(mem.Epoch, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	cc, err := core.NewClient(mem.Epoch, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	chunk := make([]byte, 64<<10)
	left, got, ended := size, 0, false
	send := func(now time.Time, c *core.Conn, id core.StreamID) {
		for left > 0 {
			p := chunk[:min(len(chunk), left)]
			n, err := c.Send(now, id, p, len(p) == left)
			if err != nil {
				tb.Fatal(err)
			}
			left -= n
			if n < len(p) {
				return
			}
		}
	}
	receive := func(c *core.Conn, ev *core.DataReceived) {
		got += len(ev.Data)
		c.Consume(ev.Stream, len(ev.Data))
		ended = ended || ev.EndStream
	}
	server := transport.Drive(sc, func(now time.Time, ev core.Event) {
		switch ev := ev.(type) {
		case *core.HeadersReceived:
			if !up {
				sc.Headers(now, ev.Stream, []core.Field{{Name: ":status", Value: "200"}}, false)
				send(now, sc, ev.Stream)
			}
		case *core.Writable:
			send(now, sc, ev.Stream)
		case *core.DataReceived:
			receive(sc, ev)
		case *core.ConnClosed, *core.StreamReset:
			tb.Error(ev)
		}
	})
	client := transport.Drive(cc, func(now time.Time, ev core.Event) {
		switch ev := ev.(type) {
		case *core.Writable:
			send(now, cc, ev.Stream)
		case *core.DataReceived:
			receive(cc, ev)
		case *core.ConnClosed, *core.StreamReset:
			tb.Error(ev)
		}
	})
	link := mem.NewLink(client, server, mem.Options{Latency: 50 * time.Millisecond, Bandwidth: 125_000_000})
	server.Now, client.Now = link.Now, link.Now
	method := "GET"
	if up {
		method = "POST"
	}
	client.Do(func(now time.Time, c *core.Conn) {
		id, err := c.Open(now, []core.Field{
			{Name: ":method", Value: method}, {Name: ":scheme", Value: "http"},
			{Name: ":authority", Value: "a.example"}, {Name: ":path", Value: "/"},
		}, !up)
		if err != nil {
			tb.Fatal(err)
		}
		if up {
			send(now, c, id)
		}
	})
	if !link.Run(func() bool { return ended }) || got != size {
		tb.Fatalf("got %d of %d bytes", got, size)
	}
	return link.Elapsed()
}

func BenchmarkLongLink(b *testing.B) {
	for _, size := range []int{1 << 20, 50 << 20, 1 << 30} {
		for _, up := range []bool{false, true} {
			b.Run(fmt.Sprintf("MiB=%d/up=%v", size>>20, up), func(b *testing.B) {
				var d time.Duration
				for i := 0; i < b.N; i++ {
					d = transfer(b, size, up)
				}
				b.ReportMetric(float64(size)/1e6/d.Seconds(), "MB/s-virtual")
				b.ReportMetric(d.Seconds(), "s-virtual")
			})
		}
	}
}
