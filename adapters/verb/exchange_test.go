package verb

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"weft/events"
)

func TestRequest(t *testing.T) {
	app := newApp()
	app.Get("/see", func(req *Request, res *Response) error {
		theme, ok := req.Cookie("theme")
		_, none := req.Cookie("none")
		return res.Text(fmt.Sprint(req.Method(), " ", req.URL(), " ", req.Query()["q"], " ", req.Get("X-In"), " ",
			req.Headers().Has("upgrade"), " ", theme, ok, none, " ", req.Host(), " ", len(req.Cookies())))
	})
	c := dial(t, app)
	c.get("/see?q=1&q=2&%zz", "x-in", "a", "x-in", "b", "cookie", "a=b; theme=dark").is(t, 200,
		"GET /see?q=1&q=2&%zz [1 2] a, b false darktrue false localhost 2")
	covers(t, "verb.req.method", "verb.req.url", "verb.req.get", "verb.req.headers")
}

func TestStream(t *testing.T) {
	app := newApp()
	closed := make(chan events.StreamID, 1)
	app.Get("/", func(req *Request, res *Response) error {
		st, ok := req.Stream()
		if !ok || !st.Writable() {
			return &Error{Status: 503}
		}
		st.OnClose(func() { closed <- st.ID() })
		if err := st.Priority(events.PriorityOptions{Weight: 256, Silent: true}); err != nil {
			return err
		}
		return res.JSON(map[string]any{"id": st.ID(), "pending": st.Pending(), "state": st.State().State})
	})
	c := dial(t, app)
	c.get("/").is(t, 200, `{"id":1,"pending":false,"state":6}`)
	covers(t, "verb.req.stream.id", "verb.req.stream.pending", "verb.req.stream.state", "verb.req.stream.priority", "verb.req.stream.writable")
	if id := <-closed; id != 1 {
		t.Error(id)
	}
	covers(t, "verb.req.stream.on", "verb.req.stream.event.close")
}

// The largest limit there can be is none.
func TestBodyWithoutLimit(t *testing.T) {
	app := newApp().WithOptions(Options{BodyLimit: events.Set[int64](math.MaxInt64)})
	app.Post("/", func(req *Request, res *Response) error {
		b, err := req.Bytes()
		if err != nil {
			return err
		}
		return res.Text(strconv.Itoa(len(b)))
	})
	dial(t, app).do("POST", "/", strings.Repeat("x", 3<<20)).is(t, 200, strconv.Itoa(3<<20))
}

func TestBodies(t *testing.T) {
	app := newApp().WithOptions(Options{BodyLimit: events.Set[int64](100)})
	app.Post("/json", func(req *Request, res *Response) error {
		var v struct{ Requests []int }
		if err := req.JSON(&v); err != nil {
			return err
		}
		again, err := req.Bytes()
		return res.Text(fmt.Sprint(v.Requests, len(again), err))
	})
	app.Post("/form", func(req *Request, res *Response) error {
		form, err := req.Form()
		if err != nil {
			return err
		}
		return res.Text(form.Get("a"))
	})
	app.Post("/bytes", func(req *Request, res *Response) error {
		b, err := req.Bytes()
		if err != nil {
			return err
		}
		return res.Text(strings.ToUpper(string(b)))
	})
	app.Post("/stream", func(req *Request, res *Response) error {
		var n int
		for p := make([]byte, 1000); ; {
			k, err := req.Body().Read(p)
			if n += k; err != nil {
				return res.Text(fmt.Sprint(n, err))
			}
		}
	})
	c := dial(t, app)
	c.do("POST", "/json", `{"requests":[1,2]}`, "content-type", "application/json").is(t, 200, "[1 2] 18 <nil>")
	covers(t, "verb.req.body")
	c.do("POST", "/json", `{"requests":[]}`, "content-type", "application/hal+json; charset=utf-8").is(t, 200, "[] 15 <nil>")
	c.do("POST", "/json", `{}`, "content-type", "text/plain").is(t, 415, "Unsupported Media Type")
	c.do("POST", "/json", `{`).is(t, 400, "the body is not the JSON that is expected")
	c.do("POST", "/form", "a=1+2&b=3", "content-type", "application/x-www-form-urlencoded").is(t, 200, "1 2")
	c.do("POST", "/form", "a=%zz", "content-type", "application/x-www-form-urlencoded").is(t, 400, "the form is malformed")
	c.do("POST", "/form", "a=1").is(t, 415, "Unsupported Media Type")
	c.do("POST", "/bytes", strings.Repeat("x", 100)).is(t, 200, strings.Repeat("X", 100))
	c.do("POST", "/bytes", strings.Repeat("x", 101)).is(t, 413, "Request Entity Too Large")
	c.do("POST", "/bytes", strings.Repeat("x", 101), "content-length", "101").is(t, 413, "Request Entity Too Large")
	c.do("POST", "/stream", strings.Repeat("x", 100_000)).is(t, 200, "100000 EOF")
}

func TestMultipart(t *testing.T) {
	app := newApp()
	app.Post("/", func(req *Request, res *Response) error {
		form, err := req.Multipart()
		if err != nil {
			return err
		}
		f, err := form.File["file"][0].Open()
		if err != nil {
			return err
		}
		defer f.Close()
		var b bytes.Buffer
		b.ReadFrom(f)
		again, _ := req.Multipart()
		return res.Text(fmt.Sprint(form.Value["name"], b.String(), form == again))
	})
	c := dial(t, app)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	w.WriteField("name", "value")
	f, _ := w.CreateFormFile("file", "a.txt")
	f.Write([]byte("content"))
	w.Close()
	c.do("POST", "/", b.String(), "content-type", w.FormDataContentType()).is(t, 200, "[value]contenttrue")
	c.do("POST", "/", b.String()[:80], "content-type", w.FormDataContentType()).is(t, 400, "the form is malformed")
	c.do("POST", "/", "x").is(t, 415, "Unsupported Media Type")
}

func TestResponse(t *testing.T) {
	app := newApp()
	app.Get("/json", func(_ *Request, res *Response) error { return res.Status(201).JSON(map[string]int{"a": 1}) })
	app.Get("/html", func(_ *Request, res *Response) error { return res.HTML("<p>") })
	app.Get("/bytes", func(_ *Request, res *Response) error { return res.Send([]byte{1}) })
	app.Get("/own", func(_ *Request, res *Response) error {
		return res.Header("Content-Type", "text/css").Header("x-many", "a", "b").Text("p{}")
	})
	app.Get("/redirect", func(_ *Request, res *Response) error { return res.Redirect("/html") })
	app.Get("/moved", func(_ *Request, res *Response) error { return res.Redirect("/html", 308) })
	app.Get("/stream", func(_ *Request, res *Response) error {
		res.Trailer("x-sum", "6")
		for _, s := range []string{"ab", "cd", "ef"} {
			if _, err := res.Write([]byte(s)); err != nil {
				return err
			}
			res.Flush()
		}
		return nil
	})
	app.Get("/from", func(_ *Request, res *Response) error { return res.SendFrom(strings.NewReader("123456789"), 5) })
	app.Get("/short", func(_ *Request, res *Response) error { return res.SendFrom(strings.NewReader("123"), 5) })
	app.Get("/hints", func(_ *Request, res *Response) error {
		if err := res.EarlyHints("</a.css>; rel=preload; as=style"); err != nil {
			return err
		}
		return res.Text("later")
	})
	for path, f := range map[string]func(res *Response) error{
		"/bad/json":     func(res *Response) error { return res.JSON(make(chan int)) },
		"/bad/status":   func(res *Response) error { return res.Status(99).Text("x") },
		"/bad/header":   func(res *Response) error { return res.Header("a b", "c").HTML("x") },
		"/bad/cookie":   func(res *Response) error { return res.Cookie("a", "b\x00").Send(nil) },
		"/bad/redirect": func(res *Response) error { return res.Redirect("/", 200) },
	} {
		app.Get(path, func(_ *Request, res *Response) error { return f(res) })
	}
	app.Get("/twice", func(_ *Request, res *Response) error {
		res.Text("once")
		if err := res.Text("twice"); !errors.Is(err, events.ErrHeadersSent) {
			t.Error("sending again:", err)
		}
		return nil
	})
	c := dial(t, app)
	for _, x := range []struct{ row, path, contentType, body string }{
		{"verb.res.json", "/json", "application/json; charset=utf-8", `{"a":1}`},
		{"verb.res.html", "/html", "text/html; charset=utf-8", "<p>"},
		{"", "/bytes", "application/octet-stream", "\x01"},
		{"verb.res.header", "/own", "text/css", "p{}"},
	} {
		a := c.get(x.path)
		if a.body != x.body || a.headers.Get("content-type") != x.contentType || a.headers.Get("content-length") != fmt.Sprint(len(x.body)) {
			t.Errorf("%s: %q %v", x.path, a.body, a.headers)
		}
		if x.row != "" {
			covers(t, x.row)
		}
	}
	if a := c.get("/json"); a.status != 201 {
		t.Error("status:", a.status)
	}
	covers(t, "verb.res.status")
	if a := c.get("/redirect"); a.status != 302 || a.headers.Get("location") != "/html" || a.body != "" {
		t.Error("redirect:", a)
	}
	if a := c.get("/moved"); a.status != 308 {
		t.Error("redirect:", a)
	}
	if a := c.get("/stream"); a.body != "abcdef" || a.trailers.Get("x-sum") != "6" {
		t.Error("stream:", a)
	}
	if a := c.get("/from"); a.body != "12345" || a.headers.Get("content-length") != "5" {
		t.Error("from a reader:", a)
	}
	if a := c.get("/short"); a.err == nil {
		t.Error("a reader that ends early looks complete:", a)
	}
	for path, want := range map[string]string{"/from": "12345", "/short": ""} {
		w := httptest.NewRecorder()
		err := guard(func() { app.ServeHTTP(w, httptest.NewRequest("GET", path, nil)) })
		if (err != nil) != (want == "") || want != "" && w.Body.String() != want {
			t.Error("by net/http:", path, w.Body, err)
		}
	}
	if a := c.get("/hints"); a.body != "later" || fmt.Sprint(a.hints) != "[</a.css>; rel=preload; as=style]" {
		t.Error("hints:", a)
	}
	for _, path := range []string{"json", "status", "header", "cookie", "redirect"} {
		c.get("/bad/"+path).is(t, 500, "Internal Server Error")
	}
	c.get("/twice").is(t, 200, "once")
}

func TestCookie(t *testing.T) {
	app := newApp()
	app.Get("/", func(_ *Request, res *Response) error {
		res.Cookie("plain", "1")
		res.Cookie("visited", "yes", CookieOptions{MaxAge: 86400000 * time.Millisecond})
		res.Cookie("all", "x", CookieOptions{
			Path: "/p", Domain: "example.com", Expires: time.Unix(1e9, 0), Secure: true, HTTPOnly: true,
			SameSite: http.SameSiteNoneMode, Partitioned: true,
		})
		res.Cookie("short", "", CookieOptions{MaxAge: time.Millisecond})
		return res.ClearCookie("old", CookieOptions{Path: "/o"}).ClearCookie("older").Send(nil)
	})
	want := []string{
		"plain=1; Path=/",
		"visited=yes; Path=/; Max-Age=86400",
		"all=x; Path=/p; Domain=example.com; Expires=Sun, 09 Sep 2001 01:46:40 GMT; HttpOnly; Secure; SameSite=None; Partitioned",
		"short=; Path=/; Max-Age=0",
		"old=; Path=/o; Max-Age=0",
		"older=; Path=/; Max-Age=0",
	}
	if got := dial(t, app).get("/").headers.Values("set-cookie"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q", got)
	}
	covers(t, "verb.res.cookie", "verb.res.cookie.option.maxAge")
}

// Values that make no sense are an error that names them, and send nothing.
func TestBadValues(t *testing.T) {
	app := newApp()
	for want, f := range map[string]func(res *Response) error{
		"the status of a redirection is 200, must be 300 to 399, and not 304": func(res *Response) error { return res.Redirect("/", 200) },
		"the status of a redirection is 304, must be 300 to 399, and not 304": func(res *Response) error { return res.Redirect("/", 304) },
		"SameSite is 9, must be 0 or a constant of net/http":                  func(res *Response) error { return res.Cookie("a", "b", CookieOptions{SameSite: 9}).Send(nil) },
		"MaxAge is -1s, must be 0 or more":                                    func(res *Response) error { return res.SendFile("x", FileOptions{MaxAge: -time.Second}) },
		"the method of a push is POST, must be GET or HEAD":                   func(res *Response) error { return res.Push("/x", PushOptions{Method: "POST"}).Err() },
	} {
		app.Get("/", func(_ *Request, res *Response) error {
			err := f(res)
			if !errors.Is(err, events.ErrOutOfRange) || !strings.HasSuffix(err.Error(), "verb: "+want) {
				t.Errorf("%v, want %q", err, want)
			}
			return err
		})
		dial(t, app).get("/").is(t, 500, "Internal Server Error")
		app = newApp()
	}
}
