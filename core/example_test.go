package core_test

import (
	"fmt"
	"time"

	"weft/core"
)

// exchange carries the bytes of two connections to each other until both are
// quiet, and hands their events to on.
func exchange(now time.Time, a, b *core.Conn, on func(c *core.Conn, ev core.Event)) {
	for moved := true; moved; {
		moved = false
		for _, c := range []*core.Conn{a, b} {
			for ev := range c.Events {
				on(c, ev)
				moved = true
			}
		}
		for _, dir := range [][2]*core.Conn{{a, b}, {b, a}} {
			if out := dir[0].AppendOutput(nil); len(out) > 0 {
				dir[1].Receive(now, out)
				for ev := range dir[1].Events {
					on(dir[1], ev)
				}
				moved = true
			}
		}
	}
}

// A client and a server in one goroutine, with no network in between.
func Example() {
	now := time.Unix(0, 0)
	server, _ := core.NewServer(now, core.Config{})
	client, _ := core.NewClient(now, core.Config{})

	client.Open(now, []core.Field{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "localhost"},
		{Name: ":path", Value: "/greeting"},
	}, true)

	exchange(now, client, server, func(c *core.Conn, ev core.Event) {
		switch ev := ev.(type) {
		case *core.HeadersReceived:
			fmt.Println(ev)
			if ev.Kind == core.KindRequest {
				c.Headers(now, ev.Stream, []core.Field{{Name: ":status", Value: "200"}}, false)
				c.Send(now, ev.Stream, []byte("hello"), true)
			}
		case *core.DataReceived:
			fmt.Println(ev)
			c.Consume(ev.Stream, len(ev.Data))
		}
	})
	// Output:
	// HeadersReceived 1 GET /greeting end
	// HeadersReceived 1 response 200
	// DataReceived 1 5 "hello" end
}

// Timeouts of minutes pass at once: time is an argument.
func ExampleConn_NextDeadline() {
	now := time.Unix(0, 0)
	server, _ := core.NewServer(now, core.Config{})
	at, why := server.NextDeadline()
	fmt.Println(at.Sub(now), why)

	server.Advance(at)
	for ev := range server.Events {
		fmt.Println(ev)
	}
	// Output:
	// 10s preface
	// ConnClosed PROTOCOL_ERROR local preface-timeout
}

// A Send that falls short makes the stream wait for its turn.
func ExampleConn_Send() {
	now := time.Unix(0, 0)
	server, _ := core.NewServer(now, core.Config{})
	client, _ := core.NewClient(now, core.Config{})
	client.Open(now, []core.Field{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "localhost"},
		{Name: ":path", Value: "/"},
	}, true)

	body := make([]byte, 40_000)
	send := func(c *core.Conn, id core.StreamID) {
		n, _ := c.Send(now, id, body, true)
		body = body[n:]
		fmt.Println("sent", n, "left", len(body))
	}
	exchange(now, client, server, func(c *core.Conn, ev core.Event) {
		switch ev := ev.(type) {
		case *core.HeadersReceived:
			if ev.Kind == core.KindRequest {
				c.Headers(now, ev.Stream, []core.Field{{Name: ":status", Value: "200"}}, false)
				send(c, ev.Stream)
			}
		case *core.Writable:
			send(c, ev.Stream)
		case *core.DataReceived:
			c.Consume(ev.Stream, len(ev.Data))
		}
	})
	// Output:
	// sent 16384 left 23616
	// sent 16384 left 7232
	// sent 7232 left 0
}
