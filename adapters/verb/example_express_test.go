package verb_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"weft/adapters/verb"
	"weft/events"
)

// get asks an App without a network, and tells what it answers.
func get(app http.Handler, path string) {
	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
}

// Captures, what is left of a path, the query; and an App within another.
func ExampleApp_Get() {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/users/:id/posts/:post", func(req *verb.Request, res *verb.Response) error {
		return res.JSON(req.Params())
	})
	app.Get("/files/*path", func(req *verb.Request, res *verb.Response) error {
		return res.Text(req.Param("path") + " as " + req.Query().Get("as"))
	})
	api := verb.CreateServer(verb.HTTP2)
	api.Get("/time", func(_ *verb.Request, res *verb.Response) error { return res.JSON("noon") })
	app.Mount("/api", api)

	get(app, "/users/7/posts/caf%C3%A9")
	get(app, "/files/a/b.txt?as=text")
	get(app, "/api/time")
	get(app, "/nowhere")
	// Output:
	// 200 {"id":"7","post":"café"}
	// 200 a/b.txt as text
	// 200 "noon"
	// 404 Not Found
}

// Middlewares come in order; one that answers, and does not call next, is the last.
func ExampleApp_Use() {
	app := verb.CreateServer(verb.HTTP2)
	app.Use(func(req *verb.Request, res *verb.Response, next verb.Next) {
		next()
		fmt.Println("log:", req.Method(), req.URL(), res.StatusCode())
	})
	app.UseAt("/admin", func(req *verb.Request, res *verb.Response, next verb.Next) {
		if req.Get("authorization") == "" {
			next(&verb.Error{Status: http.StatusUnauthorized, Message: "who are you?"})
			return
		}
		next()
	})
	app.Get("/admin/door", func(_ *verb.Request, res *verb.Response) error { return res.Text("open") })
	app.Get("/", func(_ *verb.Request, res *verb.Response) error { return res.Text("hello") })
	get(app, "/")
	get(app, "/admin/door")
	// Output:
	// log: GET / 200
	// 200 hello
	// log: GET /admin/door 401
	// 401 who are you?
}

// An http.Handler as a route, a middleware of net/http, and an App within net/http.
func ExampleHTTP() {
	app := verb.CreateServer(verb.HTTP2)
	app.Use(verb.Wrap(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-From", "net/http")
			h.ServeHTTP(w, r)
		})
	}))
	app.Get("/old/:name", verb.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s, %s", r.PathValue("name"), w.Header().Get("X-From"))
	})))
	mux := http.NewServeMux()
	mux.Handle("/app/", http.StripPrefix("/app", app))
	get(mux, "/app/old/friend")
	// Output: 200 friend, net/http
}

// What a handler can know of how a request came: by HTTP/2 there is a stream.
func ExampleRequest_Stream() {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/protocol", func(req *verb.Request, res *verb.Response) error {
		info := map[string]any{"version": req.HTTPVersion(), "stream": nil}
		if st, ok := req.Stream(); ok {
			// The heaviest of all streams, and of nobody's making.
			st.Priority(events.PriorityOptions{Weight: 256, Silent: true})
			info["stream"] = map[string]any{"id": st.ID(), "pending": st.Pending(), "weight": st.State().Weight}
		}
		return res.JSON(info)
	})
	visit(app, "/protocol")
	get(app, "/protocol")
	// Output:
	// page: {"stream":{"id":1,"pending":false,"weight":256},"version":"2.0"}
	// 200 {"stream":null,"version":"1.1"}
}

// A route for WebSockets says to others what it is.
func ExampleResponse_Upgrade() {
	app := verb.CreateServer(verb.HTTP2)
	app.WebSocket("/echo", func(req *verb.Request, res *verb.Response) error {
		ws, err := res.Upgrade()
		if err != nil {
			return err
		}
		ws.SendText("hello")
		return ws.Close(1000, "")
	})
	visit(app, "/echo")
	get(app, "/echo")
	// Output:
	// page: a WebSocket is to be opened here
	//
	// 400 a WebSocket is to be opened here
}

// A table of what is being served, kept by a middleware.
func Example_streamTracking() {
	var (
		mu     sync.Mutex
		active = make(map[events.StreamID]string)
		gone   = make(chan events.StreamID, 1)
	)
	app := verb.CreateServer(verb.HTTP2)
	app.Use(func(req *verb.Request, _ *verb.Response, next verb.Next) {
		if st, ok := req.Stream(); ok {
			id := st.ID()
			mu.Lock()
			active[id] = req.Method() + " " + req.URL()
			mu.Unlock()
			st.OnClose(func() {
				mu.Lock()
				delete(active, id)
				mu.Unlock()
				gone <- id
			})
		}
		next()
	})
	app.Get("/streams", func(_ *verb.Request, res *verb.Response) error {
		mu.Lock()
		defer mu.Unlock()
		return res.JSON(active)
	})
	visit(app, "/streams")
	fmt.Println("closed:", <-gone, "left:", len(active))
	// Output:
	// page: {"1":"GET /streams"}
	// closed: 1 left: 0
}

// Flow control without a goroutine that waits: write until told to stop, go on at
// drain. Response.Write and io.Copy do the same by waiting.
func Example_flowControl() {
	const total = 1 << 20
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/large", func(req *verb.Request, res *verb.Response) error {
		st, ok := req.Stream()
		if !ok {
			_, err := io.CopyN(res, endless{}, total)
			return err
		}
		done, left := make(chan error, 1), total
		pump := func() {
			piece := make([]byte, 16<<10)
			for left > 0 {
				left -= len(piece)
				ready, err := st.Write(piece)
				if err != nil {
					done <- err
					return
				}
				if !ready {
					return // until drain
				}
			}
			done <- nil
		}
		st.OnDrain(pump)
		st.Session().Do(pump) // in a turn of the connection, as drain is
		select {
		case err := <-done:
			return err
		case <-req.Context().Done():
			return context.Cause(req.Context())
		}
	})

	server, _ := app.Server()
	addr, _ := server.Listen("localhost:0")
	client, _ := verb.CreateHTTP2Client("http://" + addr.String())
	stream, _ := client.Request(context.Background(), events.H(":path", "/large"))
	d := stream.Blocking()
	n, err := io.Copy(io.Discard, d)
	fmt.Println(n, err)
	d.Close()
	client.Close()
	app.Shutdown(context.Background())
	// Output: 1048576 <nil>
}

// endless is a reader of zeros.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }
