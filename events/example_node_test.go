package events_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"weft/events"
	"weft/transport/mem"
)

// The server at the head of Node's documentation.
func ExampleCreateSecureServer() {
	server, err := events.CreateSecureServer(events.SecureServerOptions{}) // a development certificate
	if err != nil {
		log.Fatal(err)
	}
	server.OnError(func(err error) { log.Print(err) })
	server.OnStream(func(stream *events.ServerStream, headers events.Headers, _ events.Flags) {
		stream.Respond(events.H(":status", "200", "content-type", "text/html; charset=utf-8"))
		stream.EndString("<h1>Hello World</h1>")
	})
	addr, err := server.Listen("localhost:0")
	fmt.Println(fetchAll("https://"+addr.String()), err)
	server.Shutdown(context.Background())
	// Output: <h1>Hello World</h1> <nil>
}

// The client at the head of Node's documentation.
func ExampleConnect() {
	url, stop := hello()
	defer stop()
	client, err := events.Connect(context.Background(), url, events.ConnectOptions{})
	if err != nil {
		log.Fatal(err)
	}
	client.OnError(func(err error) { log.Print(err) })
	req, _ := client.Request(context.Background(), events.H(":path", "/"))
	client.Do(func() { // every listener stands before anything is told
		req.OnResponse(func(headers events.Headers, _ events.Flags) {
			fmt.Println(headers.Status(), headers.Get("content-type"))
		})
		req.OnText(func(chunk string) { fmt.Println(chunk) })
		req.OnEnd(func() { client.Close() })
	})
	client.Wait()
	// Output:
	// 200 text/plain
	// hello
}

// A push comes to the client by the stream event of its session.
func ExampleServerStream_PushStream() {
	server, client := linked(func(stream *events.ServerStream, _ events.Headers) {
		if push, err := stream.PushStream(events.H(":path", "/style.css")); err == nil {
			push.Respond(events.H("content-type", "text/css"))
			push.EndString("h1 { color: teal }")
		}
		stream.EndString("<h1>page</h1>")
	})
	client.OnStream(func(pushed *events.ClientStream, request events.Headers, _ events.Flags) {
		pushed.OnText(func(s string) { fmt.Println(request.Path(), s) })
	})
	fetch(client, server, "/", func(s string) { fmt.Println(s) })
	// Output:
	// /style.css h1 { color: teal }
	// <h1>page</h1>
}

// Trailers follow the body, with what was learnt while it was sent.
func ExampleStream_SendTrailers() {
	server, client := linked(func(stream *events.ServerStream, _ events.Headers) {
		stream.Respond(events.Headers{}, events.RespondOptions{WaitForTrailers: true})
		stream.OnWantTrailers(func() { stream.SendTrailers(events.H("x-lines", "2")) })
		stream.EndString("one\ntwo\n")
	})
	link := mem.NewLink(client, server, mem.Options{})
	client.Do(func() {
		req, _ := client.Request(context.Background(), events.Headers{})
		req.OnTrailers(func(trailers events.Headers, _ events.Flags) { fmt.Println("lines:", trailers.Get("x-lines")) })
		req.Resume()
	})
	link.Settle()
	// Output: lines: 2
}

// A CONNECT proxy, for the one target it knows.
func Example_connectProxy() {
	url, stop := hello()
	proxy, _ := events.CreateServer(events.ServerOptions{})
	proxy.OnStream(func(stream *events.ServerStream, headers events.Headers, _ events.Flags) {
		up, err := dialAllowed(headers, target(url))
		if err != nil {
			stream.Close(events.ConnectError)
			return
		}
		stream.Respond(events.Headers{})
		tunnel := stream.Blocking()
		go func() { io.Copy(up, tunnel); up.Close() }()
		go func() { io.Copy(tunnel, up); tunnel.CloseWrite(); tunnel.Close() }()
	})
	fmt.Println(throughProxy(proxy, url))
	stop()
	// Output: hello
}
