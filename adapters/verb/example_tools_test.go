package verb_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"weft/adapters/verb"
	"weft/events"
)

// Files below a root, and a part of one.
func ExampleResponse_SendFile() {
	files := fstest.MapFS{"public/hello.txt": {Data: []byte("Hello, World!")}}
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/files/*path", func(req *verb.Request, res *verb.Response) error {
		return res.SendFile(req.Param("path"), verb.FileOptions{FS: files, Root: "public"})
	})
	for _, path := range []string{"/files/hello.txt", "/files/../secret.txt"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Range", "bytes=7-11")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Content-Range"), w.Body)
	}
	// Output:
	// 206 bytes 7-11/13 World
	// 404  Not Found
}

// The test client, on the server's own port.
func ExampleCreateHTTP2Client() {
	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{Host: "localhost"})
	app.Get("/", func(_ *verb.Request, res *verb.Response) error { return res.Text("hello") })
	addr, _ := app.Listen(0)

	client, _ := verb.CreateHTTP2Client("http://" + addr.String())
	stream, _ := client.Request(context.Background(), events.H(":method", "GET", ":path", "/"))
	d := stream.Blocking()
	headers, _ := d.Response()
	body := make([]byte, 5)
	d.Read(body)
	fmt.Println(headers.Status(), string(body))
	d.Close()
	client.Close()
	app.Shutdown(context.Background())
	// Output: 200 hello
}

// Counters, and the page that shows them.
func ExampleHTTP2Metrics() {
	app := verb.CreateServer(verb.HTTP2)
	metrics := verb.NewHTTP2Metrics()
	app.Use(metrics.Middleware())
	app.Get("/metrics", metrics.Handler())
	app.Get("/stats", func(_ *verb.Request, res *verb.Response) error {
		return res.JSON(map[string]int64{
			"connections": metrics.GetActiveConnections(), "streams": metrics.GetActiveStreams(),
			"pushes": metrics.GetPushStreamCount(), "settings": metrics.GetSettingsExchanges(),
			"goaways": metrics.GetGoAwayCount(), "frameErrors": metrics.GetFrameErrors(),
		})
	})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/stats", nil)) // by net/http there are no sessions
	fmt.Println(w.Body)
	// Output: {"connections":0,"frameErrors":0,"goaways":0,"pushes":0,"settings":0,"streams":0}
}

// At most two requests at a time, whoever makes them.
func ExampleStreamPool() {
	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{Host: "localhost"})
	app.Get("/", func(_ *verb.Request, res *verb.Response) error { return res.Send(nil) })
	addr, _ := app.Listen(0)
	client, _ := verb.CreateHTTP2Client("http://" + addr.String())

	pool := verb.NewStreamPool(verb.StreamPoolOptions{MaxStreams: 2, MaxWaiting: events.Set(0)})
	ctx := context.Background()
	a, _ := pool.AcquireStream(ctx, client)
	b, _ := pool.AcquireStream(ctx, client)
	_, err := pool.AcquireStream(ctx, client)
	fmt.Println(err)
	b.Release()
	fmt.Println(pool.GetPool(client).Active(), "active,", pool.GetPool(client).Available(), "available")

	stream, _ := a.CreateStream(ctx, events.H(":path", "/"))
	d := stream.Blocking()
	headers, _ := d.Response()
	fmt.Println(headers.Status())
	d.Close()
	a.Release()
	client.Close()
	app.Shutdown(ctx)
	// Output:
	// verb: Max streams exceeded
	// 1 active, 1 available
	// 200
}

// An error middleware that branches on the code: silence for who has left.
func ExampleErrorCode() {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/", func(*verb.Request, *verb.Response) error { return events.ErrInvalidStream })
	app.UseError(func(err error, req *verb.Request, res *verb.Response, next verb.Next) {
		switch verb.ErrorCode(err) {
		case "ERR_HTTP2_STREAM_CANCEL", "ERR_HTTP2_GOAWAY_SESSION":
			return
		case "ERR_HTTP2_INVALID_STREAM":
			res.Status(http.StatusBadRequest).Text("invalid stream")
		default:
			next(err)
		}
	})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 400 invalid stream
}
