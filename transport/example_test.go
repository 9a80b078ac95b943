package transport_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"weft/core"
	"weft/transport"
)

// greeter is a server of one connection that answers every request.
type greeter struct{ conn *core.Conn }

func (g *greeter) handle(now time.Time, ev core.Event) {
	if ev, ok := ev.(*core.HeadersReceived); ok {
		g.conn.Headers(now, ev.Stream, []core.Field{{Name: ":status", Value: "200"}}, false)
		g.conn.Send(now, ev.Stream, []byte("hello, "+ev.Path[1:]), true)
	}
}

func get(path string) []core.Field {
	return []core.Field{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "localhost"},
		{Name: ":path", Value: path},
	}
}

// The core over a Unix socket: Drive puts a lock around it, Run pumps. The two
// sides run the same way; only the core knows which is the server.
func Example_unixSocket() {
	dir, err := os.MkdirTemp("", "weft")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	ctx, cfg := context.Background(), core.Config{ReportedWrites: true}

	var both sync.WaitGroup
	both.Go(func() {
		socket, err := l.Accept()
		if err != nil {
			return
		}
		conn, _ := core.NewServer(time.Now(), cfg)
		g := &greeter{conn}
		fmt.Println("server:", transport.Run(ctx, socket, transport.Drive(conn, g.handle), transport.Options{}))
	})

	socket, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, _ := core.NewClient(time.Now(), cfg)
	client := transport.Drive(conn, func(now time.Time, ev core.Event) {
		switch ev := ev.(type) {
		case *core.DataReceived:
			fmt.Printf("client: %s\n", ev.Data)
			if ev.EndStream {
				conn.Shutdown(now) // once all streams are done, that is
			}
		case *core.StreamReset:
			fmt.Println("client:", ev)
		}
	})
	client.Do(func(now time.Time, conn *core.Conn) {
		conn.Open(now, get("/socket"), true)
	})
	if err := transport.Run(ctx, socket, client, transport.Options{}); err != nil {
		fmt.Println("client:", err)
	}
	both.Wait()
	// Unordered output:
	// client: hello, socket
	// client: weft: connection closed: done
	// server: weft: connection closed: end of input
}

// A loop of one's own, without a goroutine and without this package: two cores
// and the bytes between them, as a program would have them that polls a device
// or replays a recording.
func Example_ownLoop() {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	server, _ := core.NewServer(now, core.Config{})
	client, _ := core.NewClient(now, core.Config{})
	g := &greeter{server}

	client.Open(now, get("/loop"), true)

	var wire []byte
	for moved := true; moved; {
		moved = false
		// From the client to the server. Output is taken until there is none:
		// taking it can make room for more.
		for wire = client.AppendOutput(wire[:0]); len(wire) > 0; wire = client.AppendOutput(wire[:0]) {
			moved = true
			server.Receive(now, wire)
			for ev := server.Next(); ev != nil; ev = server.Next() {
				g.handle(now, ev)
			}
		}
		// And back.
		for wire = server.AppendOutput(wire[:0]); len(wire) > 0; wire = server.AppendOutput(wire[:0]) {
			moved = true
			client.Receive(now, wire)
			for ev := client.Next(); ev != nil; ev = client.Next() {
				switch ev := ev.(type) {
				case *core.HeadersReceived:
					fmt.Println("status", ev.Status)
				case *core.DataReceived:
					fmt.Printf("%s\n", ev.Data)
				}
			}
		}
	}
	// Nothing moves any more: a real loop would wait for input, but no longer
	// than until the next deadline, and then call Advance.
	if deadline, _ := server.NextDeadline(); deadline.After(now) {
		fmt.Println("nothing is due")
	}
	// Output:
	// status 200
	// hello, loop
	// nothing is due
}

// A server of many connections, most of which say little at a time.
func ExampleLoops() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	var loops transport.Loops
	ctx, cfg := context.Background(), core.Config{ReportedWrites: true}
	ended := make(chan error)
	go func() {
		for {
			socket, err := l.Accept()
			if err != nil {
				return
			}
			conn, _ := core.NewServer(time.Now(), cfg)
			g := &greeter{conn}
			loops.Start(ctx, socket, transport.Drive(conn, g.handle),
				transport.Options{HoldFirstWrite: transport.DefaultHold}, func(err error) { ended <- err })
		}
	}()
	for range 3 {
		socket, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			fmt.Println(err)
			return
		}
		socket.Close()
		fmt.Println(<-ended)
	}
	l.Close()
	// Output:
	// weft: connection closed: end of input
	// weft: connection closed: end of input
	// weft: connection closed: end of input
}
