package websocket_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"

	"weft/adapters/http1"
	"weft/adapters/websocket"
	"weft/events"
)

// BenchmarkEcho is a message to the server and back, over loopback TCP.
func BenchmarkEcho(b *testing.B) {
	for _, http2 := range []bool{true, false} {
		for _, size := range []int{100, 4 << 10, 256 << 10} {
			for _, compressed := range []bool{false, true} {
				name := fmt.Sprintf("%s/%dB", map[bool]string{true: "http2", false: "http1"}[http2], size)
				if compressed {
					name += "/compressed"
				}
				b.Run(name, func(b *testing.B) { benchmarkEcho(b, http2, size, compressed) })
			}
		}
	}
}

func benchmarkEcho(b *testing.B, http2 bool, size int, compressed bool) {
	srv, err := events.CreateServer(events.ServerOptions{
		SessionOptions: events.SessionOptions{Logger: slog.New(slog.DiscardHandler)},
		AllowHTTP1:     true, HTTP1: http1.New(),
	})
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Wait()
	defer srv.DestroyAll()
	o := websocket.Options{Compression: compressed}
	err = websocket.Handle(srv, func(c *websocket.Conn, _ *events.Request) { echo(c) }, websocket.ServerOptions{Options: o})
	if err != nil {
		b.Fatal(err)
	}
	addr, err := srv.Listen("localhost:0")
	if err != nil {
		b.Fatal(err)
	}
	var c *websocket.Conn
	if http2 {
		session, err := events.Connect(ctx, "http://"+addr.String(), events.ConnectOptions{})
		if err != nil {
			b.Fatal(err)
		}
		defer session.Close()
		c, err = websocket.Dial(ctx, session, "/", o)
		if err != nil {
			b.Fatal(err)
		}
	} else {
		conn, err := net.Dial("tcp", addr.String())
		if err != nil {
			b.Fatal(err)
		}
		if c, err = websocket.DialHTTP1(ctx, conn, "ws://localhost/", o); err != nil {
			b.Fatal(err)
		}
	}
	defer c.Close(websocket.StatusNormalClosure, "")
	words := []string{"stream ", "window ", "frame ", "header ", "settings "}
	var message []byte
	for i := 0; len(message) < size; i = i*7 + 1 {
		message = append(message, words[uint(i)%5]...)
	}
	message = message[:size]
	ctx := context.Background()
	b.SetBytes(2 * int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Write(ctx, websocket.Text, message); err != nil {
			b.Fatal(err)
		}
		if _, _, err := c.Read(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
