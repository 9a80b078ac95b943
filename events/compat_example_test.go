package events_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// ask makes a request of the server and prints what comes back, without a
// socket.
func ask(server *events.Server, h events.Headers, body string) {
	session, _ := server.NewSession(mem.Epoch)
	client, _ := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{})
	link := mem.NewLink(client, session, mem.Options{})
	say := func(status int, what string) { fmt.Println(strings.TrimSpace(fmt.Sprint(status, " ", what))) }
	client.OnStream(func(push *events.ClientStream, h events.Headers, _ events.Flags) {
		fmt.Println("promised", h.Path())
		push.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
	})
	client.Do(func() {
		req, _ := client.Request(context.Background(), h)
		req.OnHeaders(func(h events.Headers, _ events.Flags) { say(h.Status(), h.Get("link")) })
		req.OnResponse(func(h events.Headers, _ events.Flags) { say(h.Status(), h.Get("content-type")) })
		req.OnData(func(p []byte) { fmt.Printf("%s\n", p) })
		req.OnTrailers(func(h events.Headers, _ events.Flags) { fmt.Println("trailers:", h.Get("x-checksum")) })
		req.EndString(body)
	})
	link.Settle()
}

// Request and Response, as in Node's http.
func ExampleServer_OnRequest() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		res.SetHeader("Content-Type", "text/plain; charset=utf-8")
		res.EndString("hello from " + req.URL())
	})
	ask(server, events.H(":path", "/here"), "")
	// Output:
	// 200 text/plain; charset=utf-8
	// hello from /here
}

// What a listener keeps about each request, in the request's own object.
func ExampleAttachmentOf() {
	type visit struct{ user string }
	server, _ := events.CreateServer(events.ServerOptions{Attach: events.AttachmentOf[visit]()})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		events.Attached[visit](req).user = req.Headers().Get("user")
	})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		res.EndString("hello, " + events.Attached[visit](req).user)
	})
	ask(server, events.H("user", "somebody"), "")
	// Output:
	// 200
	// hello, somebody
}

// A client that asks whether to send its body is told.
func ExampleServer_OnCheckContinue() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(func(req *events.Request, res *events.Response) { res.End(nil) })
	server.OnCheckContinue(func(req *events.Request, res *events.Response) {
		if req.Headers().Get("content-type") != "text/plain" {
			res.WriteHead(415)
			res.End(nil)
			return
		}
		res.WriteContinue()
		req.OnText(func(s string) { res.EndString("got " + s) })
	})
	ask(server, events.H(":method", "POST", "expect", "100-continue", "content-type", "text/plain"), "the body")
	// Output:
	// 100
	// 200
	// got the body
}

// A handler that blocks has a goroutine of its own.
func ExampleInGoroutine() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(events.InGoroutine(func(req *events.Request, res *events.Response) {
		body, err := io.ReadAll(req.Body())
		if err != nil {
			return // the client has gone
		}
		fmt.Fprintf(res.Blocking(), "%d bytes", len(body))
	}))
	l := mem.Listen()
	go server.Serve(l)
	client, _ := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
	})
	req, _ := client.Request(context.Background(), events.H(":method", "POST"))
	conn := req.Blocking()
	io.WriteString(conn, "hello")
	conn.CloseWrite()
	answer, _ := io.ReadAll(conn)
	fmt.Println(string(answer))
	client.Close()
	server.Shutdown(context.Background())
	// Output: 5 bytes
}

// Handlers can have types of their own, as Node's options Http2ServerRequest and
// Http2ServerResponse give them.
func ExampleWrap() {
	type Request struct{ *events.Request }
	type Response struct{ *events.Response }
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(events.Wrap(
		func(r *events.Request) Request { return Request{r} },
		func(r *events.Response) Response { return Response{r} },
		func(req Request, res Response) { res.EndString(req.Method()) },
	))
	ask(server, events.H(":path", "/"), "")
	// Output:
	// 200
	// GET
}

// What the page needs is named before the page is ready.
func ExampleResponse_WriteEarlyHints() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		res.WriteEarlyHints([]string{"</style.css>; rel=preload; as=style"})
		res.SetHeader("content-type", "text/html")
		res.EndString("<h1>Hello</h1>")
	})
	ask(server, events.H(":path", "/"), "")
	// Output:
	// 103 </style.css>; rel=preload; as=style
	// 200 text/html
	// <h1>Hello</h1>
}

// A response to the request the page will make next.
func ExampleResponse_CreatePushResponse() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		if res.CanPush() {
			res.CreatePushResponse(events.H(":path", "/style.css"), func(err error, push *events.Response) {
				if err == nil {
					push.SetHeader("content-type", "text/css")
					push.EndString("h1 { color: teal }")
				}
			})
		}
		res.EndString("<h1>Hello</h1>")
	})
	ask(server, events.H(":path", "/"), "")
	// Output:
	// promised /style.css
	// 200
	// <h1>Hello</h1>
	// h1 { color: teal }
}

// Fields that are known only when the body is.
func ExampleResponse_AddTrailers() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		res.SetHeader("trailer", "x-checksum")
		res.WriteString("some data")
		res.AddTrailers(events.H("x-checksum", "7"))
		res.End(nil)
	})
	ask(server, events.H(":path", "/"), "")
	// Output:
	// 200
	// some data
	// trailers: 7
}

// An upload goes back as it comes, no faster than the client takes it.
func ExampleRequest_Pipe() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		req.SetTimeout(30*time.Second, nil) // without a listener, that ends it
		req.Pipe(res)
	})
	ask(server, events.H(":method", "PUT"), strings.Repeat("ha", 3))
	// Output:
	// 200
	// hahaha
}
