package verb

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

type userKey struct{}

// user is what a middleware has put into the context.
func user(ctx context.Context) string {
	name, _ := ctx.Value(userKey{}).(string)
	return name
}

// The address is that of the connection, by every way a request comes.
func TestRemoteAddr(t *testing.T) {
	app := newApp()
	app.Get("/", func(req *Request, res *Response) error { return res.Text(req.RemoteAddr()) })
	app.Get("/in", func(req *Request, res *Response) error { return res.Text(req.RemoteAddr()) },
		Wrap(func(h http.Handler) http.Handler { return h }))
	c := dial(t, app)
	if err := c.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := c.LocalAddr().String()
	for _, path := range []string{"/", "/in"} {
		c.get(path).is(t, 200, want)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Body.String() != "192.0.2.1:1234" {
			t.Errorf("%s by net/http: %q", path, w.Body)
		}
	}
}

// What a middleware puts into the context is there for all that comes after it,
// through middlewares and handlers of net/http, by every way a request comes.
func TestSetContext(t *testing.T) {
	app := newApp()
	app.Use(func(req *Request, _ *Response, next Next) {
		before := req.Context()
		req.SetContext(context.WithValue(before, userKey{}, req.Get("x-user")))
		next()
		if user(before) != "" || user(req.Context()) != req.Get("x-user") {
			t.Errorf("%s: %q before, %q after", req.Path(), user(before), user(req.Context()))
		}
	})
	app.Get("/own", func(req *Request, res *Response) error { return res.Text(user(req.Context())) })
	old := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, user(r.Context())) })
	app.Get("/old", HTTP(old))
	more := Wrap(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, user(r.Context())+"+")))
		})
	})
	app.Get("/more", func(req *Request, res *Response) error {
		req.SetContext(context.WithValue(req.Context(), userKey{}, user(req.Context())+"!"))
		return res.Text(user(req.Context()))
	}, more)
	app.Get("/moreold", HTTP(old), more)

	c := dial(t, app)
	for path, want := range map[string]string{"/own": "me", "/old": "me", "/more": "me+!", "/moreold": "me+"} {
		c.get(path, "x-user", "me").is(t, 200, want)
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("X-User", "me")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s by net/http: %d %q", path, w.Code, w.Body)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a nil context was taken")
		}
	}()
	var none context.Context
	new(Request).SetContext(none)
}
