package verb

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weft/events"
)

// A status that leaves no place for a body has none, whatever is sent, and no
// matter what brought the request (RFC 9110 §15.3.5, §15.3.6, §15.4.5).
func TestStatusWithoutBody(t *testing.T) {
	for name, send := range map[string]func(res *Response) error{
		"text": func(res *Response) error { return res.Text("x") },
		"json": func(res *Response) error { return res.JSON(1) },
		"from": func(res *Response) error { return res.SendFrom(strings.NewReader("x"), 1) },
		"write": func(res *Response) error {
			if n, err := res.Write([]byte("x")); n != 1 || err != nil {
				t.Error("writing what is dropped:", n, err)
			}
			return nil
		},
	} {
		for _, status := range []int{204, 205, 304} {
			app := newApp()
			app.Get("/", func(_ *Request, res *Response) error { return send(res.Status(status)) })
			a := dial(t, app).get("/")
			a.is(t, status, "")
			if a.headers.Has("content-length") || a.headers.Has("content-type") {
				t.Error(name, status, a.headers)
			}
			w := httptest.NewRecorder()
			err := guard(func() { app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)) })
			if err != nil || w.Code != status || w.Body.Len() > 0 || w.Header().Get("content-length") != "" {
				t.Error("by net/http:", name, status, err, w.Code, w.Body, w.Header())
			}
		}
	}
}

// The status of an answer after an error is its own, and so is its body.
func TestErrorAfterStatusWithoutBody(t *testing.T) {
	app := newApp()
	app.Get("/", func(_ *Request, res *Response) error {
		res.Status(204)
		return errors.New("then it broke")
	})
	dial(t, app).get("/").is(t, 500, "Internal Server Error")
}

// What fails before anything was sent leaves the response to the error.
func TestSendThatFailsIsAnswered(t *testing.T) {
	for want, send := range map[*events.Error]func(res *Response) error{
		events.ErrOutOfRange:    func(res *Response) error { return res.SendFrom(strings.NewReader("x"), -2) },
		events.ErrStatusInvalid: func(res *Response) error { return res.Status(600).End() },
	} {
		app := newApp()
		app.Get("/", func(_ *Request, res *Response) error {
			err := send(res)
			if !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
			return err
		})
		dial(t, app).get("/").is(t, 500, "Internal Server Error")
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 500 {
			t.Error("by net/http:", want, w.Code)
		}
	}
}

// A length that has no place in a response without a body is left out.
func TestLengthOfNoContent(t *testing.T) {
	app := newApp()
	app.Get("/", func(_ *Request, res *Response) error { return res.Status(204).Header("content-length", "0").End() })
	if a := dial(t, app).get("/"); a.status != 204 || a.headers.Has("content-length") {
		t.Error(a.status, a.headers)
	}
}

// A status that is none is a panic of an http.Handler, as with net/http.
func TestStatusOfHandler(t *testing.T) {
	for _, status := range []int{-1, 0, 99, 600, 1000} {
		app := newApp()
		app.Get("/", HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })))
		dial(t, app).get("/").is(t, 500, "Internal Server Error")
	}
}
