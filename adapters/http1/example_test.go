package http1_test

import (
	"fmt"
	"io"
	"net/http"

	"weft/adapters/http1"
	"weft/events"
)

// One handler answers both protocols, on one port.
func Example() {
	server, _ := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()})
	server.OnRequest(func(req *events.Request, res *events.Response) {
		res.SetHeader("content-type", "text/plain")
		res.EndString("HTTP/" + req.HTTPVersion() + " " + req.URL())
	})
	addr, _ := server.Listen("localhost:0")

	resp, _ := http.Get("http://" + addr.String() + "/hello")
	body, _ := io.ReadAll(resp.Body)
	fmt.Printf("%s\n", body)
	server.DestroyAll()
	// Output: HTTP/1.1 /hello
}
