//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"weft/adapters/gnet"
	"weft/core"
	"weft/events"
	"weft/transport"
)

// A server whose connections share two event loops.
func Example() {
	loops, err := gnet.Start(gnet.Options{Loops: 2})
	if err != nil {
		panic(err)
	}
	defer loops.Close()
	server, err := events.CreateServer(events.ServerOptions{Pump: loops.Pump})
	if err != nil {
		panic(err)
	}
	server.OnStream(func(stream *events.ServerStream, headers events.Headers, _ events.Flags) {
		stream.Respond(events.Status(200))
		stream.EndString("hello, " + headers.Path())
	})
	addr, err := server.Listen("localhost:0")
	if err != nil {
		panic(err)
	}

	ctx := context.Background()
	session, err := events.Connect(ctx, "http://"+addr.String(), events.ConnectOptions{})
	if err != nil {
		panic(err)
	}
	request, err := session.Request(ctx, events.H(":path", "/loops"))
	if err != nil {
		panic(err)
	}
	request.OnData(func(p []byte) { fmt.Println(string(p)) })
	request.OnEnd(func() { session.Close() })
	session.Wait()
	if err := server.Shutdown(ctx); err != nil {
		panic(err)
	}
	// Output: hello, /loops
}

// The core alone, without package events, on a loop.
func ExampleLoops_Pump() {
	loops, err := gnet.Start(gnet.Options{Loops: 1})
	if err != nil {
		panic(err)
	}
	defer loops.Close()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		panic(err)
	}
	defer listener.Close()
	go func() {
		for {
			socket, err := listener.Accept()
			if err != nil {
				return
			}
			conn, err := core.NewServer(time.Now(), core.Config{Transport: core.TransportCleartext, ReportedWrites: true})
			if err != nil {
				panic(err)
			}
			handle := func(now time.Time, ev core.Event) {
				if ev, ok := ev.(*core.HeadersReceived); ok && ev.Kind == core.KindRequest {
					conn.Headers(now, ev.Stream, []core.Field{{Name: ":status", Value: "204"}}, true)
				}
			}
			err = loops.Pump(context.Background(), socket, transport.Drive(conn, handle), transport.Options{}, func(error) {})
			if err != nil {
				socket.Close()
			}
		}
	}()

	ctx := context.Background()
	session, err := events.Connect(ctx, "http://"+listener.Addr().String(), events.ConnectOptions{})
	if err != nil {
		panic(err)
	}
	request, err := session.Request(ctx, events.H(":path", "/"))
	if err != nil {
		panic(err)
	}
	request.OnResponse(func(headers events.Headers, _ events.Flags) {
		fmt.Println(headers.Status())
		session.Close()
	})
	session.Wait()
	// Output: 204
}
