package events_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// A server and a client, as at the head of Node's documentation.
func Example() {
	server, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	server.OnStream(func(stream *events.ServerStream, headers events.Headers, _ events.Flags) {
		stream.Respond(events.H(":status", "200", "content-type", "text/html; charset=utf-8"))
		stream.EndString("<h1>Hello World</h1>")
	})
	addr, err := server.Listen("127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}

	client, err := events.Connect(context.Background(), "http://"+addr.String(), events.ConnectOptions{})
	if err != nil {
		log.Fatal(err)
	}
	client.Do(func() {
		req, err := client.Request(context.Background(), events.H(":path", "/"))
		if err != nil {
			log.Fatal(err)
		}
		req.OnResponse(func(headers events.Headers, _ events.Flags) { fmt.Println(headers.Status()) })
		req.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
		req.OnEnd(func() { client.Close() })
	})
	client.Wait()
	server.Shutdown(context.Background())
	// Output:
	// 200
	// <h1>Hello World</h1>
}

// Whoever wants to block uses the stream as a net.Conn, in a goroutine.
func ExampleStream_Blocking() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnStream(func(stream *events.ServerStream, _ events.Headers, _ events.Flags) {
		conn := stream.Blocking()
		go func() {
			defer conn.Close()
			body, err := io.ReadAll(conn)
			if err != nil {
				return // Close resets the stream
			}
			io.WriteString(conn, strings.ToUpper(string(body)))
			conn.CloseWrite()
		}()
	})
	l := mem.Listen()
	go server.Serve(l)

	client, _ := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
	})
	req, _ := client.Request(context.Background(), events.H(":method", "POST"))
	conn := req.Blocking()
	defer conn.Close()
	io.WriteString(conn, "hello")
	conn.CloseWrite()
	response, _ := conn.Response()
	body, _ := io.ReadAll(conn)
	fmt.Println(response.Status(), string(body))
	client.Close()
	server.Shutdown(context.Background())
	// Output: 200 HELLO
}

// A file, read as the peer's window opens.
func ExampleStream_SendFrom() {
	serve := func(stream *events.ServerStream, _ events.Headers, _ events.Flags) {
		f, err := os.Open("testdata/hello.txt")
		if err != nil {
			stream.Respond(events.Status(404), events.RespondOptions{EndStream: true})
			return
		}
		stream.Respond(events.H("content-type", "text/plain"))
		stream.SendFrom(f, -1) // closes f
	}
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnStream(serve)
}

// The whole API without a goroutine, on virtual time.
func ExampleNewServerSession() {
	server, _ := events.NewServerSession(mem.Epoch, events.SessionOptions{})
	server.OnStream(func(stream *events.ServerStream, _ events.Headers, _ events.Flags) {
		stream.EndString("pong")
	})
	client, _ := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{})
	link := mem.NewLink(client, server, mem.Options{Latency: 10 * time.Millisecond})
	client.Do(func() {
		req, _ := client.Request(context.Background(), events.Headers{})
		req.OnData(func(p []byte) { fmt.Println(string(p), "after", link.Elapsed()) })
	})
	link.Settle()
	// Output: pong after 20ms
}
