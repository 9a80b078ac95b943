package verb_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"weft/adapters/verb"
	"weft/adapters/websocket"
	"weft/events"
)

// An App, asked without a network.
func Example() {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/users/:id", func(req *verb.Request, res *verb.Response) error {
		return res.JSON(map[string]string{"id": req.Param("id")})
	})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/users/7", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"id":"7"}
}

// A WebSocket on a stream of an HTTP/2 connection, beside whatever else goes on
// there.
func ExampleApp_WebSocket() {
	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{Host: "localhost"})
	app.WebSocket("/rooms/:room", func(req *verb.Request, res *verb.Response) error {
		ws, err := res.Upgrade()
		if err != nil {
			return err
		}
		ws.SendText("welcome to " + req.Param("room"))
		ws.OnMessage(func(_ websocket.MessageType, data []byte) {
			ws.SendText("you said " + string(data))
		})
		ws.OnClose(func(err error) { fmt.Println("over:", err) })
		return nil // from now on the listeners are called
	})
	addr, _ := app.Listen(0)

	ctx := context.Background()
	session, _ := events.Connect(ctx, "http://"+addr.String(), events.ConnectOptions{})
	c, _ := websocket.Dial(ctx, session, "/rooms/7")
	c.Write(ctx, websocket.Text, []byte("hello"))
	for range 2 {
		_, message, _ := c.Read(ctx)
		fmt.Printf("%s\n", message)
	}
	c.Close(websocket.StatusNormalClosure, "bye")
	session.Close()
	app.Shutdown(ctx)
	// Output:
	// welcome to 7
	// you said hello
	// over: websocket: closed by the peer with code 1000: "bye"
}
