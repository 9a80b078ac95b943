package websocket_test

import (
	"context"
	"fmt"

	"weft/adapters/websocket"
	"weft/events"
)

// A WebSocket on a stream of an HTTP/2 connection that exists already.
func Example() {
	ctx := context.Background()
	server, _ := events.CreateServer(events.ServerOptions{})
	websocket.Handle(server, func(c *websocket.Conn, req *events.Request) {
		_, name, _ := c.Read(ctx)
		c.Write(ctx, websocket.Text, fmt.Appendf(nil, "hello, %s, by HTTP/%s", name, req.HTTPVersion()))
	})
	addr, _ := server.Listen("localhost:0")
	session, _ := events.Connect(ctx, "http://"+addr.String(), events.ConnectOptions{})
	c, _ := websocket.Dial(ctx, session, "/greeter")
	c.Write(ctx, websocket.Text, []byte("you"))
	_, message, _ := c.Read(ctx)
	fmt.Printf("%s\n", message)
	server.DestroyAll()
	// Output: hello, you, by HTTP/2.0
}
