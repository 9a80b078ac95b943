package verb_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing/fstest"
	"time"

	"weft/adapters/verb"
	"weft/events"
	"weft/transport/mem"
)

// visit has a client get a page of an app, and tells what comes: whatever was
// promised, and then the page. fields are those of the request.
func visit(app *verb.App, path string, fields ...string) {
	server, err := app.Server()
	if err != nil {
		fmt.Println(err)
		return
	}
	near, far := mem.Pipe()
	go server.ServeConn(far)
	client, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Destroy(nil, events.NoError)
	pushes := make(chan *events.Duplex, 10)
	client.OnStream(func(st *events.ClientStream, request events.Headers, _ events.Flags) {
		fmt.Println("promised:", request.Path())
		pushes <- st.Blocking()
	})
	st, err := client.Request(context.Background(), events.H(append([]string{":path", path}, fields...)...))
	if err != nil {
		fmt.Println(err)
		return
	}
	page := st.Blocking()
	defer page.Close()
	body, _ := io.ReadAll(page)
	fmt.Printf("page: %s\n", body)
	for len(pushes) > 0 {
		push := <-pushes
		h, _ := push.Response()
		body, _ := io.ReadAll(push)
		fmt.Printf("pushed: %s: %s\n", h.Get("content-type"), body)
		push.Close()
	}
}

func ExampleResponse_Push() {
	app := verb.CreateServer(verb.HTTP2)
	app.Get("/", func(req *verb.Request, res *verb.Response) error {
		if res.CanPush() {
			style := res.Push("/style.css", verb.PushOptions{Headers: events.H("content-type", "text/css")})
			style.OnError(func(err error) { fmt.Println("the client does not want it:", err) })
			style.EndString("body { color: navy }")
		}
		return res.HTML(`<link rel=stylesheet href=/style.css>`)
	})
	visit(app, "/")
	// Output:
	// promised: /style.css
	// page: <link rel=stylesheet href=/style.css>
	// pushed: text/css: body { color: navy }
}

// A cache learns which of the assets a page needs.
func ExampleServerPushCache() {
	assets := fstest.MapFS{ // os.DirFS("assets"), say
		"style.css": {Data: []byte("body { color: navy }")},
		"other.css": {Data: []byte("p { color: red }")},
	}
	cache := verb.NewServerPushCache()
	cache.ProvideFS("/assets/", assets)

	app := verb.CreateServer(verb.HTTP2)
	app.Use(cache.Middleware()) // learns from referers
	app.Get("/", func(req *verb.Request, res *verb.Response) error {
		res.PushResources(cache.GetResourcesForPage("/", req.Get("user-agent")), verb.AcceptsPush)
		return res.HTML(`<link rel=stylesheet href=/assets/style.css>`)
	})
	app.Get("/assets/:name", func(req *verb.Request, res *verb.Response) error {
		b, err := assets.ReadFile(req.Param("name"))
		if err != nil {
			return &verb.Error{Status: 404, Cause: err}
		}
		return res.Header("content-type", "text/css").Send(b)
	})
	visit(app, "/")
	for range 2 { // clients that see the page ask for what it refers to
		visit(app, "/assets/style.css", "referer", "http://localhost/")
	}
	visit(app, "/")
	// Output:
	// page: <link rel=stylesheet href=/assets/style.css>
	// page: body { color: navy }
	// page: body { color: navy }
	// promised: /assets/style.css
	// page: <link rel=stylesheet href=/assets/style.css>
	// pushed: text/css; charset=utf-8: body { color: navy }
}

// Policies push only to who has a use for it.
func ExampleResponse_PushResources() {
	cache := verb.NewServerPushCache()
	cache.ProvideBytes("/style.css", "text/css", []byte("body { color: navy }"))
	cache.Tell("/", "/style.css")

	app := verb.CreateServer(verb.HTTP2)
	app.Get("/", func(req *verb.Request, res *verb.Response) error {
		list := cache.GetResourcesForPage("/", req.Get("user-agent"))
		pushes := res.PushResources(list, verb.AcceptsPush, verb.NotCached, verb.FirstVisit("visited"))
		res.Cookie("visited", "yes", verb.CookieOptions{MaxAge: 24 * time.Hour})
		return res.HTML(fmt.Sprint("with ", len(pushes), " pushes"))
	})
	visit(app, "/")
	visit(app, "/", "cookie", "visited=yes")
	visit(app, "/", "accept-push-policy", "none")
	visit(app, "/", verb.IfNoneMatchField("/style.css"), `"1"`)
	// Output:
	// promised: /style.css
	// page: with 1 pushes
	// pushed: text/css: body { color: navy }
	// page: with 0 pushes
	// page: with 0 pushes
	// page: with 0 pushes
}
