package verb

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weft/core"
	"weft/events"
)

func says(s string) Handler {
	return func(_ *Request, res *Response) error { return res.Text(s) }
}

func TestRoutes(t *testing.T) {
	app := newApp()
	covers(t, "verb.class.App", "verb.createServer", "verb.ServerProtocol", "verb.ServerProtocol.HTTP2")
	params := func(req *Request, res *Response) error { return res.Text(fmt.Sprint(req.Path(), " ", req.Params())) }
	app.Get("/", says("root"))
	app.Get("/users/me", says("me"))
	app.Get("/users/:id", params)
	app.Post("/users/:id", says("post"))
	app.Put("/users/:id", says("put"))
	app.Delete("/users/:id", says("delete"))
	app.Patch("/users/:id", says("patch"))
	app.Head("/only", func(_ *Request, res *Response) error { return res.Header("x-head", "1").Send(nil) })
	app.Get("/only", says("get"))
	app.Options("/only", says("options"))
	app.All("/all", func(req *Request, res *Response) error { return res.Text(req.Method()) })
	app.Get("/files/*path", params)
	app.Get("/users/late", says("never reached"))
	app.Get("/café", says("escaped"))
	c := dial(t, app)

	c.get("/").is(t, 200, "root")
	c.get("/users/me").is(t, 200, "me")
	c.get("/users/me/").is(t, 200, "me")
	c.get("/users/7?x=1").is(t, 200, "/users/7 map[id:7]")
	covers(t, "verb.app.get", "verb.req.params")
	c.get("/users/a%2Fb").is(t, 200, "/users/a%2Fb map[id:a/b]")
	c.get("/users/late").is(t, 200, "/users/late map[id:late]")
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		c.do(method, "/users/7", "").is(t, 200, strings.ToLower(method))
	}
	if a := c.do("HEAD", "/only", ""); a.headers.Get("x-head") != "1" {
		t.Error("HEAD has a route of its own:", a.headers)
	}
	if a := c.do("HEAD", "/users/me", ""); a.status != 200 || a.body != "" || a.headers.Get("content-length") != "2" {
		t.Error("HEAD is answered by GET's route:", a)
	}
	c.do("OPTIONS", "/only", "").is(t, 200, "options")
	c.do("BREW", "/all", "").is(t, 200, "BREW")
	c.get("/files").is(t, 200, "/files map[path:]")
	c.get("/files/a/b.txt").is(t, 200, "/files/a/b.txt map[path:a/b.txt]")
	c.get("/caf%C3%A9").is(t, 200, "escaped")
	c.get("/nothing").is(t, 404, "Not Found")
	c.get("/users/%zz").is(t, 404, "Not Found")
	c.do("POST", "/users/me", "").is(t, 200, "post")
	if a := c.do("POST", "/only", ""); a.status != 405 || a.headers.Get("allow") != "GET, HEAD, OPTIONS" {
		t.Error("another method:", a)
	}
	if a := c.do("OPTIONS", "/users/x", ""); a.status != 204 || a.headers.Get("allow") != "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT" {
		t.Error("OPTIONS:", a)
	}
}

func TestPatternsThatMakeNoSense(t *testing.T) {
	for _, p := range []string{"", "a", "/a//b", "/:", "/:a/:a", "/*/b", "/*rest/:b"} {
		if err := guard(func() { newApp().Get(p, says("")) }); err == nil {
			t.Errorf("%q: no panic", p)
		}
	}
	if err := guard(func() { CreateServer(1) }); err == nil {
		t.Error("a server of another protocol")
	}
}

// What could only fail when a request comes fails when it is registered; an App
// within itself would then take the process with it.
func TestRegisteringNothing(t *testing.T) {
	pass := func(_ *Request, _ *Response, next Next) { next() }
	for what, register := range map[string]func(app *App){
		"no handler":                func(app *App) { app.Get("/", nil) },
		"no WebSocket handler":      func(app *App) { app.WebSocket("/", nil) },
		"no middleware":             func(app *App) { app.Use(pass, nil) },
		"no middleware of a path":   func(app *App) { app.UseAt("/a", nil) },
		"no middleware of a route":  func(app *App) { app.Get("/", says(""), pass, nil) },
		"no middleware for errors":  func(app *App) { app.UseError(nil) },
		"no http.Handler":           func(app *App) { app.All("/", HTTP(nil)) },
		"no middleware of net/http": func(app *App) { app.Use(Wrap(nil)) },
		"no method":                 func(app *App) { app.Route("G T", "/", says("")) },
		"no app":                    func(app *App) { app.Mount("/", nil) },
		"itself":                    func(app *App) { app.Mount("/", app) },
		"itself, further down": func(app *App) {
			sub, below := newApp(), newApp()
			app.Mount("/a", sub)
			sub.Mount("/", below)
			below.Mount("/", app)
		},
	} {
		if err := guard(func() { register(newApp()) }); err == nil {
			t.Errorf("%s: no panic", what)
		}
	}
	twice, app := newApp(), newApp() // is no circle
	app.Mount("/a", twice)
	app.Mount("/b", twice)
}

func TestMiddleware(t *testing.T) {
	app, sub := newApp(), newApp()
	var trace []string
	mark := func(s string) Middleware {
		return func(_ *Request, _ *Response, next Next) {
			trace = append(trace, s)
			next()
			trace = append(trace, "/"+s)
		}
	}
	traces := make(chan []string, 20) // of whole requests: the client may have its answer before
	app.Use(func(_ *Request, _ *Response, next Next) {
		trace = nil
		next()
		traces <- trace
	}, mark("a"), mark("b"))
	app.UseAt("/admin", func(req *Request, res *Response, next Next) {
		if req.Get("x-key") != "secret" {
			res.Status(403).Text("no")
			return
		}
		next()
	})
	app.Get("/one", says("one"), mark("r"), func(_ *Request, _ *Response, next Next) { next(nil) })
	app.Get("/refused", says("never"), func(_ *Request, _ *Response, next Next) { next(&Error{Status: 409}) })
	app.Get("/admin/x", says("x"))
	sub.Use(mark("sub"))
	sub.Get("/item/:n", func(req *Request, res *Response) error { return res.Text(fmt.Sprint(req.Params(), req.App() == sub)) })
	app.Mount("/shop/:shop", sub)
	app.Get("/shop/:shop/about", says("about"))
	app.Use(mark("last"))
	c := dial(t, app)

	c.get("/one").is(t, 200, "one")
	if got := strings.Join(<-traces, " "); got != "a b r /r /b /a" {
		t.Error("order:", got)
	}
	covers(t, "verb.app.use", "verb.next")
	then := func(a answer) answer { <-traces; return a }
	then(c.get("/refused")).is(t, 409, "Conflict")
	then(c.get("/admin/x")).is(t, 403, "no")
	then(c.get("/admin/x", "x-key", "secret")).is(t, 200, "x")
	then(c.get("/administrator")).is(t, 404, "Not Found")
	then(c.get("/shop/7/item/3")).is(t, 200, "map[n:3 shop:7] true")
	c.get("/shop/7/about").is(t, 200, "about")
	if got := strings.Join(<-traces, " "); got != "a b sub /sub /b /a" {
		t.Error("what the mounted app has no route for goes on:", got)
	}
	if a := c.do("POST", "/shop/7/item/3", ""); a.status != 405 || a.headers.Get("allow") != "GET, HEAD, OPTIONS" {
		t.Error("methods of a mounted app:", a)
	}
}

func TestErrors(t *testing.T) {
	app, sub := newApp(), newApp()
	app.UseError(func(err error, _ *Request, res *Response, _ Next) { res.Text("registered before") })
	app.Get("/teapot", func(*Request, *Response) error { return &Error{Status: 418, Message: "short and stout"} })
	app.Get("/odd", func(*Request, *Response) error { return &Error{Status: 200} })
	app.Get("/plain", func(*Request, *Response) error { return errors.New("secret") })
	app.Get("/panic", func(*Request, *Response) error { panic("oh") })
	app.Get("/cut", func(_ *Request, res *Response) error {
		res.Header("x-left", "1").Write([]byte("half"))
		return errors.New("then it broke")
	})
	app.Get("/abort", func(*Request, *Response) error { panic(http.ErrAbortHandler) })
	sub.Get("/", func(*Request, *Response) error { return io.ErrUnexpectedEOF })
	sub.UseError(func(err error, _ *Request, _ *Response, next Next) { next(fmt.Errorf("sub: %w", err)) })
	app.Mount("/sub", sub)
	app.UseError(func(err error, req *Request, res *Response, next Next) {
		if req.Path() == "/sub" {
			res.Status(502).Text(err.Error())
			return
		}
		next(err)
	}, func(err error, req *Request, _ *Response, next Next) {
		if req.Query().Has("again") {
			panic("in the error middleware")
		}
		next(err)
	})
	c := dial(t, app)
	c.get("/teapot").is(t, 418, "short and stout")
	c.get("/odd").is(t, 500, "Internal Server Error")
	c.get("/plain").is(t, 500, "Internal Server Error")
	c.get("/panic").is(t, 500, "Internal Server Error")
	c.get("/panic?again").is(t, 500, "Internal Server Error")
	c.get("/sub").is(t, 502, "sub: unexpected EOF")
	for _, path := range []string{"/cut", "/abort"} {
		if a := c.get(path); a.err == nil {
			t.Error(path, "looks complete:", a)
		}
	}
	app.WithOptions(Options{HTTP2: HTTP2Options{Debug: events.Set(true)}})
	c.get("/plain").is(t, 500, "secret")
}

func TestErrorCode(t *testing.T) {
	app := newApp()
	got, begun := make(chan error, 1), make(chan bool, 1)
	streams := make(chan events.StreamID, 1)
	app.OnStreamError(func(_ error, st *events.ServerStream) { streams <- st.ID() })
	app.OnStreamError(func(error, *events.ServerStream) { t.Error("was removed") })()
	app.Post("/", func(req *Request, _ *Response) error {
		req.Body().Read(make([]byte, 3))
		begun <- true
		_, err := req.Bytes()
		return err
	})
	app.UseError(func(err error, _ *Request, _ *Response, _ Next) { got <- err })
	c := dial(t, app)
	send := func(code core.ErrCode) error {
		st, err := c.Request(t.Context(), events.H(":method", "POST", "content-length", "5"))
		if err != nil {
			t.Fatal(err)
		}
		st.OnError(func(error) {})
		st.WriteString("abc")
		<-begun
		st.Close(code)
		return <-got
	}
	if err := send(core.Cancel); ErrorCode(err) != "ERR_HTTP2_STREAM_CANCEL" {
		t.Error("a client that went away:", err)
	}
	if err := send(core.InternalError); ErrorCode(err) != "ERR_HTTP2_STREAM_ERROR" || !strings.Contains(err.Error(), "INTERNAL_ERROR") {
		t.Error("a client that failed:", err)
	}
	covers(t, "verb.error.code", "verb.error.message")
	if id := <-streams; id == 0 {
		t.Error("streamError names the stream")
	}
	covers(t, "verb.app.on", "verb.app.event.streamError")
	if s := ErrorCode(io.EOF); s != "" {
		t.Error("an error of others:", s)
	}
}

// An App is an http.Handler, and has http.Handlers in it.
func TestNetHTTP(t *testing.T) {
	app := newApp()
	app.Use(Wrap(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("x-wrapped", r.Proto)
			if r.URL.Path == "/closed" {
				http.Error(w, "closed", http.StatusServiceUnavailable)
				return
			}
			h.ServeHTTP(w, r)
		})
	}))
	app.Get("/hello/:who", func(req *Request, res *Response) error {
		_, streams := req.Stream()
		return res.AddHeader("x-two", "a").AddHeader("x-two", "b").Text(req.Host() + " " + req.Param("who") + fmt.Sprint(streams))
	})
	app.Post("/echo/:name", HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(201)
		n, _ := io.Copy(w, r.Body)
		fmt.Fprint(w, " ", r.PathValue("name"), " ", r.Header.Get("X-In"), " ", r.ContentLength)
		w.Header().Set("X-Sum", fmt.Sprint(n))
	})))
	app.Get("/abort", func(_ *Request, res *Response) error {
		res.Write([]byte("half"))
		res.Destroy(nil)
		return nil
	})
	c := dial(t, app)
	a := c.get("/hello/you")
	a.is(t, 200, "localhost youfalse")
	if a.headers.Get("x-wrapped") != "HTTP/2.0" || a.headers.Get("x-two") != "a, b" {
		t.Error(a.headers)
	}
	c.get("/closed").is(t, 503, "closed")
	a = c.do("POST", "/echo/n", "body", "x-in", "1")
	a.is(t, 201, "body n 1 -1")
	if a.trailers.Get("x-sum") != "4" || a.headers.Has("x-sum") {
		t.Error("trailers:", a.headers, a.trailers)
	}
	if a := c.get("/abort"); a.err == nil {
		t.Error("looks complete:", a)
	}

	server := httptest.NewServer(http.StripPrefix("/in", app))
	defer server.Close()
	resp, err := http.Get(server.URL + "/in/hello/you?q=1")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	if got, want := string(b), strings.TrimPrefix(server.URL, "http://")+" youfalse"; got != want || resp.Header.Get("X-Wrapped") != "HTTP/1.1" {
		t.Errorf("%q %v, want %q", got, resp.Header, want)
	}
	resp, err = http.Post(server.URL+"/in/echo/n", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(resp.Body); string(b) != "body n  4" || resp.Trailer.Get("X-Sum") != "4" || resp.StatusCode != 201 {
		t.Errorf("%q %v %v", b, resp.Status, resp.Trailer)
	}
	if resp, err := http.Get(server.URL + "/in/abort"); err == nil {
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Error("looks complete")
		}
	}
}
