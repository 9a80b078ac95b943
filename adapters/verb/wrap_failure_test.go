package verb

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"weft/events"
)

// recorded is a middleware of net/http that holds a response back.
func recorded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		w.WriteHeader(rec.Code)
		io.WriteString(w, "["+rec.Body.String()+"]")
	})
}

func panics(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		panic("behind the answer")
	})
}

func writesOn(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if _, err := io.WriteString(w, "more"); err != http.ErrContentLength {
			w.Write([]byte(" without an error"))
		}
	})
}

// What fails behind a middleware is answered before the middleware's next returns,
// whether it was registered with the route or for a path.
func TestFailureBehindMiddleware(t *testing.T) {
	for _, inline := range []bool{false, true} {
		app := newApp().WithOptions(Options{Inline: events.Set(inline)})
		fails := func(*Request, *Response) error { return &Error{Status: 418} }
		half := func(_ *Request, res *Response) error {
			res.Write([]byte("half"))
			res.Flush()
			return errors.New("then it broke")
		}
		seen := 0
		app.Get("/status", fails, func(_ *Request, res *Response, next Next) { next(); seen = res.StatusCode() })
		app.Get("/route", fails, Wrap(recorded))
		app.UseAt("/path", Wrap(recorded))
		app.Get("/path", fails)
		app.Get("/half", half, Wrap(func(h http.Handler) http.Handler { return h }))
		app.Get("/text/panic", func(_ *Request, res *Response) error { return res.Text("text") }, Wrap(panics))
		app.Get("/none/panic", func(_ *Request, res *Response) error { return res.Status(204).End() }, Wrap(panics))
		app.Get("/longer", func(_ *Request, res *Response) error { return res.Text("text") }, Wrap(writesOn))
		c := dial(t, app)
		c.get("/status").is(t, 418, "I'm a teapot")
		if seen != 418 {
			t.Error("the middleware saw status", seen)
		}
		c.get("/route").is(t, 418, "[I'm a teapot\n]")
		c.get("/path").is(t, 418, "[I'm a teapot\n]")
		for _, path := range []string{"/half", "/text/panic"} {
			if a := c.get(path); a.err == nil {
				t.Error(path, "looks complete:", a)
			}
		}
		if a := c.get("/none/panic"); a.err == nil && a.status != 500 {
			t.Error("a panic behind an answer without a body:", a)
		}
		c.get("/longer").is(t, 200, "text")
	}
}

// A limit of net/http's is answered as one of ours is.
func TestMaxBytesAround(t *testing.T) {
	app := newApp()
	app.Post("/", func(req *Request, res *Response) error {
		b, err := req.Bytes()
		if err != nil {
			return err
		}
		return res.Text(string(b))
	}, Wrap(func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 4) }))
	c := dial(t, app)
	c.do("POST", "/", "1234").is(t, 200, "1234")
	c.do("POST", "/", "12345").is(t, 413, "Request Entity Too Large")
}
