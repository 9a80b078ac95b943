package verb

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A middleware that gives up on what is further in answers at once, and the
// request is over when that has returned.
func TestWrapTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp()
		told := make(chan error, 1)
		app.Use(func(req *Request, res *Response, next Next) {
			next()
			if req.Path() == "/late" {
				told <- req.Context().Err()
			}
		})
		app.Use(Wrap(func(h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Second, "too slow") }))
		app.Get("/", func(_ *Request, res *Response) error { return res.Header("x-own", "1").Text("in time") })
		app.Get("/late", func(req *Request, res *Response) error {
			<-req.Context().Done()
			if err := req.Context().Err(); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			<-time.After(time.Second)
			if err := res.Header("x-own", "1").Text("late"); !errors.Is(err, http.ErrHandlerTimeout) {
				t.Error(err)
			}
			return errors.New("late")
		})
		app.Get("/panic", func(_ *Request, res *Response) error { panic("on purpose") })
		c := dial(t, app)
		if a := c.get("/"); a.status != 200 || a.body != "in time" || a.headers.Get("x-own") != "1" {
			t.Error(a)
		}
		c.get("/panic").is(t, 500, "Internal Server Error")
		began := time.Now()
		c.get("/late").is(t, 503, "too slow")
		if took := time.Since(began); took > time.Second+time.Millisecond {
			t.Errorf("the answer took %v", took)
		}
		<-told
		if took := time.Since(began); took < 2*time.Second {
			t.Errorf("the request was over after %v", took)
		}
	})
}

// A middleware that keeps the way in for later finds it closed.
func TestWrapLater(t *testing.T) {
	app := newApp()
	var later func()
	app.Use(Wrap(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			later = func() { h.ServeHTTP(w, r) }
			w.Write([]byte("now"))
		})
	}))
	app.Get("/", func(*Request, *Response) error { t.Error("served"); return nil })
	dial(t, app).get("/").is(t, 200, "now")
	later()
}
