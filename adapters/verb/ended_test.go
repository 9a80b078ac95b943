package verb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weft/events"
)

// An answer that was complete before its handler failed stays so, however much of
// it is still on its way.
func TestFailureAfterAnswer(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	app := newApp()
	for path, after := range map[string]func() error{
		"/error": func() error { return errors.New("later") },
		"/panic": func() error { panic("later") },
		"/next":  func() error { return nil },
	} {
		app.Get(path, func(_ *Request, res *Response) error {
			if err := res.Text(long); err != nil {
				t.Error(err)
			}
			return after()
		}, func(req *Request, _ *Response, next Next) {
			next()
			if req.Path() == "/next" {
				next() // which must not have the handler answer again
				next(errors.New("later"))
			}
		})
	}
	c := dial(t, app)
	for _, path := range []string{"/error", "/panic", "/next"} {
		c.get(path).is(t, 200, long)
		w := httptest.NewRecorder()
		if err := guard(func() { app.ServeHTTP(w, httptest.NewRequest("GET", path, nil)) }); err != nil || w.Body.String() != long {
			t.Error("by net/http:", path, err, w.Body.Len())
		}
	}
}

// In the middlewares of a route next is for the first time only, and the first error
// is what is answered.
func TestNextOfRoute(t *testing.T) {
	app := newApp()
	served := 0
	app.Get("/:what", func(req *Request, res *Response) error {
		served++
		if req.Param("what") == "fails" {
			return &Error{Status: 418}
		}
		return nil
	}, func(req *Request, res *Response, next Next) {
		if req.Param("what") == "error" {
			next(nil, &Error{Status: 422})
		}
		next()
		next(&Error{Status: 409})
	})
	c := dial(t, app)
	c.get("/fails").is(t, 418, "I'm a teapot")
	c.get("/error").is(t, 422, "Unprocessable Entity")
	c.get("/other").is(t, 409, "Conflict")
	if served != 2 {
		t.Error("served", served, "times")
	}
}

// What is broken off without an error must not look complete either: to some clients
// NO_ERROR does, when headers without a content-length came before.
func TestBrokenOffCode(t *testing.T) {
	for _, inline := range []bool{false, true} {
		app := newApp().WithOptions(Options{Inline: events.Set(inline)})
		half := func(broken func(res *Response)) Handler {
			return func(_ *Request, res *Response) error {
				res.Write([]byte("half"))
				res.Flush()
				broken(res)
				return nil
			}
		}
		destroy := half(func(res *Response) { res.Destroy(nil) })
		app.Get("/destroy", destroy)
		app.Get("/abort", half(func(*Response) { panic(http.ErrAbortHandler) }))
		app.Get("/wrapped", destroy, Wrap(func(h http.Handler) http.Handler { return h }))
		c := dial(t, app)
		for _, path := range []string{"/destroy", "/abort", "/wrapped"} {
			codes := make(chan events.ErrCode, 1)
			c.Do(func() {
				st, err := c.Request(context.Background(), events.H(":path", path))
				if err != nil {
					t.Error(err)
					return
				}
				st.OnError(func(error) {})
				st.OnClose(func() {
					code, _ := st.RSTCode()
					codes <- code
				})
				st.OnData(func([]byte) {})
			})
			if code := <-codes; code != events.InternalError {
				t.Error(path, "was broken off with", code)
			}
		}
	}
}

// A client that leaves is nothing to be logged as a failure, whoever has noticed.
func TestClientGoneIsNotLogged(t *testing.T) {
	var log bytes.Buffer
	app := newApp().WithOptions(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	began, done := make(chan bool), make(chan bool)
	app.Use(func(_ *Request, _ *Response, next Next) { next(); close(done) })
	app.Get("/", func(req *Request, _ *Response) error {
		began <- true
		<-req.Context().Done()
		return fmt.Errorf("a query: %w", req.Context().Err())
	})
	c := dial(t, app)
	st, err := c.Request(context.Background(), events.H(":path", "/"))
	if err != nil {
		t.Fatal(err)
	}
	<-began
	st.Close(events.Cancel)
	<-done
	if log.Len() > 0 {
		t.Error("logged:", log.String())
	}
}

func TestRedirectEscapes(t *testing.T) {
	app := newApp()
	to := ""
	app.Get("/", func(_ *Request, res *Response) error { return res.Redirect(to) })
	c := dial(t, app)
	for url, want := range map[string]string{
		"/a?b=c&d=%20#e":   "/a?b=c&d=%20#e",
		"../é b":           "../%C3%A9%20b",
		`/"<>\^{|}` + "`":  "/%22%3C%3E%5C%5E%7B%7C%7D%60",
		"http://[::1]:8/~": "http://[::1]:8/~",
	} {
		to = url
		if a := c.get("/"); a.status != 302 || a.headers.Get("location") != want {
			t.Errorf("%q: %d %q", url, a.status, a.headers.Get("location"))
		}
	}
	to = "/\r\nset-cookie: a=b"
	c.get("/").is(t, 500, "Internal Server Error")
}
