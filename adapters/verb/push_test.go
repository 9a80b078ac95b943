package verb

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"weft/events"
)

// What is pushed is promised before the page that refers to it.
func TestPush(t *testing.T) {
	app := newApp()
	app.Get("/", func(_ *Request, res *Response) error {
		if !res.CanPush() {
			t.Error("the client takes pushes")
		}
		style := res.Push("/style.css?v=1", PushOptions{Headers: events.H("content-type", "text/css")})
		script := res.Push("/a.js", PushOptions{Method: "GET", Headers: events.H(":status", "203", "content-type", "text/javascript")})
		if st, ok := style.Stream(); !ok || st.ID() != 2 || style.Path() != "/style.css?v=1" {
			t.Error("the promised stream:", st, ok)
		}
		if err := res.HTML("<link href=/style.css?v=1><script src=/a.js>"); err != nil {
			t.Error(err)
		}
		io.WriteString(style, "p{")
		if err := style.EndString("}"); err != nil {
			t.Error(err)
		}
		return script.End([]byte("f()"))
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		same(t, l.get("/"),
			"promise GET /style.css?v=1",
			"push /style.css?v=1 200 text/css",
			"promise GET /a.js",
			"push /a.js 203 text/javascript",
			"response / 200",
			`end / "44 bytes" NO_ERROR`,
			`end /style.css?v=1 "p{}" NO_ERROR`,
			`end /a.js "f()" NO_ERROR`,
		)
		covers(t, "verb.res.push", "verb.res.push.option.headers", "verb.class.PushStream", "verb.push.end", "rule.verb.push-before-response")
	})
	if len(app.pushes.open) != 0 {
		t.Error("places that were not given back:", app.pushes.open)
	}
}

// There are pushes behind a middleware of net/http, and in a mounted app.
func TestPushInside(t *testing.T) {
	inner := newApp().WithOptions(Options{HTTP2: HTTP2Options{EnablePush: events.Set(false)}}) // which is of a server it does not have
	inner.Use(Wrap(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("x-wrapped", "1")
			h.ServeHTTP(w, r)
		})
	}))
	inner.Get("/page", func(_ *Request, res *Response) error {
		if !res.CanPush() {
			t.Error("the client takes pushes")
		}
		res.Push("/pushed").EndString("x")
		return res.Text("page")
	})
	app := newApp()
	app.Mount("/in", inner)
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		same(t, l.get("/in/page"), "promise GET /pushed", "push /pushed 200 ", `end /pushed "x" NO_ERROR`, "response /in/page 200", `end /in/page "page" NO_ERROR`)
	})
}

func TestPushOptions(t *testing.T) {
	app := newApp()
	push := func(path string, o PushOptions, then func(p *PushStream)) {
		app.Get(path, func(_ *Request, res *Response) error {
			then(res.Push("/pushed", o))
			return res.Text("page")
		})
	}
	push("/head", PushOptions{Method: "HEAD", Headers: events.H("content-type", "a")}, func(p *PushStream) {
		if n, err := p.Write([]byte("dropped")); n != 7 || err != nil {
			t.Error(n, err)
		}
		if err := p.EndString("dropped"); err != nil {
			t.Error(err)
		}
	})
	c := &closer{Reader: strings.NewReader("dropped")}
	push("/304", PushOptions{Headers: events.H(":status", "304")}, func(p *PushStream) {
		if err := p.SendFrom(c); err != nil || !c.closed {
			t.Error(err, c.closed)
		}
	})
	push("/request", PushOptions{Request: events.H("accept-language", "de")}, func(p *PushStream) {
		st, _ := p.Stream()
		if h := st.Headers(); h.Get("accept-language") != "de" || h.Authority() != "example.org" || h.Scheme() != "http" {
			t.Error(h)
		}
		p.End(nil)
		if err := p.End(nil); err != nil {
			t.Error("ending again:", err)
		}
		if _, err := p.Write([]byte("x")); !errors.Is(err, events.ErrWriteAfterEnd) {
			t.Error("writing after the end:", err)
		}
	})
	fails := func(path string, o PushOptions, want error) {
		push(path, o, func(p *PushStream) {
			if p.Err() == nil || want != nil && !errors.Is(p.Err(), want) {
				t.Errorf("%s: %v, want %v", path, p.Err(), want)
			}
			if err := p.EndString("x"); err != p.Err() {
				t.Errorf("%s: End: %v", path, err)
			}
		})
	}
	fails("/post", PushOptions{Method: "POST"}, nil)
	fails("/field", PushOptions{Headers: events.H("a b", "c")}, events.ErrInvalidToken)
	fails("/pseudo", PushOptions{Request: events.H(":authority", "evil.example")}, nil)
	app.Get("/relative", func(_ *Request, res *Response) error {
		if err := res.Push("pushed").Err(); err == nil {
			t.Error("a relative path was promised")
		}
		return res.Text("page")
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		same(t, l.get("/head"), "promise HEAD /pushed", "push /pushed 200 a", `end /pushed "" NO_ERROR`, "response /head 200", `end /head "page" NO_ERROR`)
		covers(t, "verb.res.push.option.method")
		same(t, l.get("/304"), "promise GET /pushed", "push /pushed 304 ", `end /pushed "" NO_ERROR`, "response /304 200", `end /304 "page" NO_ERROR`)
		same(t, l.get("/request"), "promise GET /pushed", "push /pushed 200 ", `end /pushed "" NO_ERROR`, "response /request 200", `end /request "page" NO_ERROR`)
		same(t, l.get("/field"), "promise GET /pushed", `end /pushed "" CANCEL`, "response /field 200", `end /field "page" NO_ERROR`)
		for _, path := range []string{"/post", "/pseudo", "/relative"} {
			same(t, l.get(path), "response "+path+" 200", `end `+path+` "page" NO_ERROR`)
		}
	})
}

// A push that the client does not want is told to those who listen to it, and
// to nobody else.
func TestPushRefused(t *testing.T) {
	failures := make(chan error, 9)
	handler := func(_ *Request, res *Response) error {
		p := res.Push("/pushed")
		p.OnError(func(error) { t.Error("was removed") })()
		p.OnError(func(err error) { failures <- err })
		io.WriteString(p, "half")
		if p.Err() == nil {
			<-p.done
		}
		if _, err := io.WriteString(p, "more"); err == nil || err != p.Err() {
			t.Error("writing to it:", err)
		}
		p.OnError(func(err error) { // has been, and is told all the same
			if err != p.Err() {
				t.Error(err)
			}
			failures <- nil
		})
		return res.Text("page")
	}
	for _, x := range []struct {
		name   string
		accept func(st *events.ClientStream, path string)
		code   events.ErrCode
		is     error
		named  string
	}{
		{"refused", func(st *events.ClientStream, _ string) { st.Close(events.RefusedStream) }, events.RefusedStream, events.ErrStreamError, "ERR_HTTP2_STREAM_ERROR"},
		{"cancelled", func(st *events.ClientStream, _ string) { st.Close(events.Cancel) }, events.Cancel, events.ErrStreamCancel, "ERR_HTTP2_STREAM_CANCEL"},
		{"reset without an error", func(st *events.ClientStream, _ string) { st.Close(events.NoError) }, events.NoError, events.ErrStreamCancel, "ERR_HTTP2_STREAM_CANCEL"},
	} {
		app := newApp()
		app.OnStreamError(func(err error, _ *events.ServerStream) { t.Error("the request failed:", err) })
		app.Get("/", handler)
		onLink(t, app, events.SessionOptions{}, func(l *linked) {
			l.accept = x.accept
			same(t, l.get("/"), "promise GET /pushed", `end /pushed "" `+x.code.String(), "response / 200", `end / "page" NO_ERROR`)
			err := <-failures
			var e *events.Error
			if !errors.Is(err, x.is) || !errors.As(err, &e) || e.HTTP2 != x.code || e.ByPeer != (x.code != events.NoError) || ErrorCode(err) != x.named {
				t.Errorf("%s: %#v", x.name, err)
			}
			if err := <-failures; err != nil {
				t.Error("told twice:", err)
			}
			covers(t, "verb.push.on", "verb.push.event.error", "rule.verb.push-error-isolated")
		})
	}
}

// What was ended, but has not been sent when the client resets it, is a failure
// too, whatever the code.
// Without pushes there is a PushStream all the same, which has failed.
func TestNoPush(t *testing.T) {
	app := newApp()
	app.Get("/", func(_ *Request, res *Response) error {
		if res.CanPush() {
			t.Error("there are no pushes")
		}
		p := res.Push("/pushed")
		failed := make(chan error)
		p.OnError(func(err error) { failed <- err })
		if err := <-failed; !errors.Is(err, events.ErrPushDisabled) {
			t.Error(err)
		}
		c := &closer{Reader: strings.NewReader("x")}
		_, write := p.Write([]byte("x"))
		for i, err := range []error{write, p.End(nil), p.PipeFrom(strings.NewReader("x")), p.SendFrom(c), p.Err()} {
			if !errors.Is(err, events.ErrPushDisabled) {
				t.Error(i, err)
			}
		}
		p.Destroy(nil)
		if _, ok := p.Stream(); ok || !c.closed {
			t.Error("stream:", ok, "source closed:", c.closed)
		}
		c.closed = false
		if list := res.PushResources([]PushResource{{Path: "/a"}, {Path: "/b", Content: c}}); len(list) != 0 || !c.closed {
			t.Error(list, c.closed)
		}
		return res.Text("page")
	})
	onLink(t, app, events.SessionOptions{Settings: events.Settings{EnablePush: events.Set(false)}}, func(l *linked) {
		same(t, l.get("/"), "response / 200", `end / "page" NO_ERROR`)
	})
	w := httptest.NewRecorder() // as by HTTP/1.1, there is no stream
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Body.String() != "page" {
		t.Error(w.Body)
	}
	covers(t, "rule.verb.push-feature-test")
}

func TestEnablePush(t *testing.T) {
	type opt = events.Opt[bool]
	on, off := events.Set(true), events.Set(false)
	for _, x := range []struct {
		settings, http2 opt
		pushes          bool
	}{{opt{}, opt{}, true}, {opt{}, on, true}, {opt{}, off, false}, {on, off, true}, {off, on, false}, {off, opt{}, false}} {
		app := newApp().WithOptions(Options{HTTP2: HTTP2Options{EnablePush: x.http2, Settings: events.Settings{EnablePush: x.settings}}})
		app.Get("/", func(_ *Request, res *Response) error {
			if res.CanPush() != x.pushes {
				t.Error("CanPush:", res.CanPush(), "with", x)
			}
			res.Push("/pushed").End(nil)
			return res.Text("page")
		})
		onLink(t, app, events.SessionOptions{}, func(l *linked) {
			if got := len(l.get("/")) > 2; got != x.pushes {
				t.Error("pushed:", got, "with", x)
			}
			if v := l.client.RemoteSettings().EnablePush.Or(true); v != x.pushes {
				t.Error("announced:", v, "with", x)
			}
		})
	}
	covers(t, "verb.option.http2.enablePush", "verb.option.http2.settings.enablePush")
}

// No more pushes are open at once than may be, by either side.
func TestPushLimit(t *testing.T) {
	left := make(chan *PushStream, 9)
	limited := func(n int) *App {
		app := newApp().WithOptions(Options{HTTP2: HTTP2Options{PushStreams: PushStreamOptions{MaxConcurrent: events.Set(n)}}})
		app.Get("/", func(_ *Request, res *Response) error {
			for range 3 {
				left <- res.Push("/pushed")
			}
			return res.Text("page")
		})
		return app
	}
	open := func(l *linked, want int) {
		t.Helper()
		log := l.get("/")
		n := 0
		for range 3 {
			if p := <-left; p.Err() == nil {
				n++
				defer p.End(nil)
			} else if !errors.Is(p.Err(), ErrPushLimit) {
				t.Error(p.Err())
			}
		}
		if n != want || strings.Count(strings.Join(log, "\n"), "promise") != want {
			t.Errorf("%d pushes, want %d: %q", n, want, log)
		}
	}
	onLink(t, limited(2), events.SessionOptions{}, func(l *linked) {
		open(l, 2)
		l.settle()
		open(l, 2) // those before have ended
		covers(t, "verb.option.http2.pushStreams", "verb.option.http2.pushStreams.maxConcurrent")
	})
	onLink(t, limited(2), events.SessionOptions{Settings: events.Settings{MaxConcurrentStreams: events.Set[uint32](1)}}, func(l *linked) { open(l, 1) })
	onLink(t, limited(0), events.SessionOptions{}, func(l *linked) { open(l, 0) })
	for _, o := range []PushStreamOptions{{MaxConcurrent: events.Set(-1)}, {Timeout: events.Set(-time.Second)}} {
		if _, err := newApp().WithOptions(Options{HTTP2: HTTP2Options{PushStreams: o}}).Server(); err == nil {
			t.Error("is no error:", o)
		}
	}
}

// A push that was sent in time is not broken off.
// Contents larger than any window go out as the client takes them.
// A Write to a push that the client does not read waits, and ends with it.
// A promise, or its response, that is longer than we may send harms neither
// the page nor the program.
// What nobody has listened for is logged: mistakes of the program's, and for
// debugging what a client has brought about.
