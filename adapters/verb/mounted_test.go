package verb

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"weft/events"
)

// A limit counts in what is mounted, too, unless that has its own.
func TestBodyLimitMounted(t *testing.T) {
	app, plain, own, inner := newApp(), newApp(), newApp(), newApp()
	for _, a := range []*App{app, plain, own, inner} {
		a.Post("/body", func(req *Request, res *Response) error {
			b, err := req.Bytes()
			if err != nil {
				return err
			}
			return res.JSON(len(b))
		})
	}
	app.WithOptions(Options{BodyLimit: events.Set[int64](10)})
	own.WithOptions(Options{BodyLimit: events.Set[int64](20)})
	own.Mount("/inner", inner)
	app.Mount("/plain", plain)
	app.Mount("/own", own)
	c := dial(t, app)
	for path, limit := range map[string]int{"/body": 10, "/plain/body": 10, "/own/body": 20, "/own/inner/body": 20} {
		if a := c.do("POST", path, strings.Repeat("x", limit)); a.status != 200 {
			t.Error(path, a)
		}
		if a := c.do("POST", path, strings.Repeat("x", limit+1)); a.status != 413 {
			t.Error(path, "takes more:", a)
		}
	}
}

// When next has returned the request is where it was before: in the App that has
// the middleware.
func TestAppAfterNext(t *testing.T) {
	app, sub := newApp(), newApp()
	check := func(where *App) Middleware {
		return func(req *Request, _ *Response, next Next) {
			next()
			if req.App() != where {
				t.Error("the request is in another App:", req.Path())
			}
			if req.Query().Has("panic") && where == app {
				panic("after next")
			}
		}
	}
	says := func(s string) Handler { return func(_ *Request, res *Response) error { return res.Text(s) } }
	app.Use(check(app))
	sub.Use(check(sub))
	sub.Get("/in", says("in"))
	sub.Get("/open", func(*Request, *Response) error { return nil })
	sub.UseError(func(error, *Request, *Response, Next) { t.Error("an error of the App around it") })
	app.Mount("/sub", sub)
	app.Get("/sub/out", says("out"))
	app.UseError(func(err error, _ *Request, res *Response, _ Next) { res.Status(500).Text(err.Error()) })
	c := dial(t, app)
	c.get("/sub/in").is(t, 200, "in")
	c.get("/sub/out").is(t, 200, "out")
	c.get("/sub/open?panic").is(t, 500, "panic: after next")
}

// Of captures of the same name the one further in counts, however it is asked for.
func TestParamMounted(t *testing.T) {
	app, sub := newApp(), newApp()
	sub.Get("/:id", func(req *Request, res *Response) error {
		return res.Text(req.Param("id") + " " + req.Params()["id"] + " " + req.Param("of"))
	})
	sub.Get("/http/:id", HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.PathValue("id")+" "+r.PathValue("of"))
	})))
	app.Mount("/:of/:id", sub)
	app.Get("/:id/outer/:of", func(req *Request, res *Response) error { return res.Text(req.Param("id")) })
	c := dial(t, app)
	c.get("/a/outer/inner").is(t, 200, "inner inner a")
	c.get("/a/outer/http/inner").is(t, 200, "inner a")
}
