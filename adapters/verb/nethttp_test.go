package verb

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weft/events"
)

// By net/http a response is what it is by HTTP/2, after its beginning and its end,
// too.
func TestLateCallsByNetHTTP(t *testing.T) {
	app := newApp()
	app.Get("/", func(_ *Request, res *Response) error {
		io.WriteString(res, "a")
		if res.Status(404); res.StatusCode() != 200 {
			t.Error("a status that was not sent:", res.StatusCode())
		}
		res.Trailer("x-trailer", "t")
		if err := res.End(); err != nil {
			t.Error(err)
		}
		if _, err := io.WriteString(res, "b"); !errors.Is(err, events.ErrWriteAfterEnd) {
			t.Error("writing after the end:", err)
		}
		res.Trailer("x-late", "t")
		if err := res.failed(); !errors.Is(err, events.ErrTrailersAlreadySent) {
			t.Error("a trailer after the end:", err)
		}
		return nil
	})
	app.Get("/values", func(_ *Request, res *Response) error { return res.Header("x-none").Text("") })
	app.Get("/trailer", func(_ *Request, res *Response) error { return res.Trailer("content-length", "1").Text("") })
	s := httptest.NewServer(app)
	defer s.Close()
	for _, path := range []string{"/", "/values", "/trailer"} {
		r, err := s.Client().Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		a := dial(t, app).get(path)
		if err != nil || r.StatusCode != a.status || string(b) != a.body || r.Trailer.Get("x-trailer") != a.trailers.Get("x-trailer") {
			t.Errorf("%s: %d %q %v, %v; by HTTP/2 %+v", path, r.StatusCode, b, r.Trailer, err, a)
		}
	}
}

// What Bytes has read is there for an http.Handler, and so is its failure.
func TestBodyReadBeforeHTTP(t *testing.T) {
	app := newApp().WithOptions(Options{BodyLimit: events.Set[int64](5)})
	app.Use(func(req *Request, _ *Response, next Next) { req.Bytes(); next() })
	app.Post("/", HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %v", b, err)
	})))
	c := dial(t, app)
	for body, want := range map[string]string{"12345": "12345 <nil>", "123456": "413 Request Entity Too Large"} {
		c.do("POST", "/", body).is(t, 200, want)
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(body)))
		if strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("by net/http: %q", w.Body)
		}
	}
}

// A request that was made for a client has no body where one without is meant.
func TestNoBodyByNetHTTP(t *testing.T) {
	app := newApp()
	app.Get("/", func(req *Request, res *Response) error {
		b, err := req.Bytes()
		return errors.Join(err, res.JSON(len(b)))
	})
	r, _ := http.NewRequest("GET", "/", nil)
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.String() != "0" {
		t.Error(w.Code, w.Body)
	}
}
