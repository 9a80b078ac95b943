package verb

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"weft/events"
)

func TestPushCut(t *testing.T) {
	for _, code := range []events.ErrCode{events.Cancel, events.NoError, events.RefusedStream} {
		app := newApp()
		var p *PushStream
		app.Get("/", func(_ *Request, res *Response) error {
			p = res.Push("/pushed")
			p.End(make([]byte, 100_000))
			return res.Text("page")
		})
		onLink(t, app, events.SessionOptions{}, func(l *linked) {
			var push *events.ClientStream
			l.accept = func(st *events.ClientStream, _ string) {
				push = st
				st.Pause()
			}
			l.get("/")
			if p.Err() != nil {
				t.Error(p.Err())
			}
			push.Close(code)
			if l.settle(); p.Err() == nil {
				t.Error("is no failure:", code)
			}
		})
	}
}

func TestPushTimeout(t *testing.T) {
	for _, x := range []struct {
		limit events.Opt[time.Duration]
		late  time.Duration
	}{{events.Set(time.Second), time.Second}, {events.Opt[time.Duration]{}, 30 * time.Second}, {events.Set[time.Duration](0), 0}} {
		app := newApp().WithOptions(Options{HTTP2: HTTP2Options{PushStreams: PushStreamOptions{Timeout: x.limit}}})
		pushes := make(chan *PushStream, 1)
		app.Get("/", func(_ *Request, res *Response) error {
			p := res.Push("/pushed")
			io.WriteString(p, "half")
			pushes <- p
			return res.Text("page")
		})
		onLink(t, app, events.SessionOptions{}, func(l *linked) {
			l.get("/")
			p := <-pushes
			if x.late == 0 {
				<-time.After(time.Hour)
				same(t, l.took())
				return
			}
			<-time.After(x.late - time.Millisecond)
			io.WriteString(p, "a little more") // which is not enough
			same(t, l.took())
			<-time.After(2 * time.Millisecond)
			same(t, l.took(), `end /pushed "halfa little more" CANCEL`)
			if err := p.Err(); !errors.Is(err, ErrPushTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			covers(t, "verb.option.http2.pushStreams.timeout")
		})
		if len(app.pushes.open) != 0 {
			t.Error("places that were not given back:", app.pushes.open)
		}
	}
}

func TestPushInTime(t *testing.T) {
	app := newApp()
	var p *PushStream
	app.Get("/", func(_ *Request, res *Response) error {
		p = res.Push("/pushed")
		p.EndString("x")
		return res.Text("page")
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		l.get("/")
		<-time.After(time.Hour)
		if l.settle(); p.Err() != nil {
			t.Error(p.Err())
		}
	})
}

func TestPushPipe(t *testing.T) {
	const size = 300_000
	big := bytes.Repeat([]byte("0123456789"), size/10)
	app := newApp()
	failed := errors.New("the disk is gone")
	source := &closer{Reader: bytes.NewReader(big)}
	app.Get("/pipe", func(_ *Request, res *Response) error {
		p := res.Push("/pushed")
		res.Text("page")
		return p.PipeFrom(iotest.OneByteReader(bytes.NewReader(big)))
	})
	app.Get("/send", func(_ *Request, res *Response) error {
		if err := res.Push("/pushed").SendFrom(source); err != nil {
			t.Error(err)
		}
		return res.Text("page")
	})
	app.Get("/fails/pipe", func(_ *Request, res *Response) error {
		p := res.Push("/pushed")
		r := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(failed))
		if err := p.PipeFrom(r); err != failed || p.Err() != failed {
			t.Error(err, p.Err())
		}
		return res.Text("page")
	})
	app.Get("/fails/send", func(_ *Request, res *Response) error {
		p := res.Push("/pushed")
		p.SendFrom(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(failed)))
		<-p.done
		if !errors.Is(p.Err(), failed) {
			t.Error(p.Err())
		}
		return res.Text("page")
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		same(t, l.get("/pipe"), "promise GET /pushed", "push /pushed 200 ", "response /pipe 200", `end /pipe "page" NO_ERROR`, `end /pushed "300000 bytes" NO_ERROR`)
		covers(t, "verb.push.pipeTo")
		same(t, l.get("/send"), "promise GET /pushed", "push /pushed 200 ", "response /send 200", `end /send "page" NO_ERROR`, `end /pushed "300000 bytes" NO_ERROR`)
		if !source.closed {
			t.Error("the source is left open")
		}
		for _, path := range []string{"/fails/pipe", "/fails/send"} {
			same(t, l.get(path), "promise GET /pushed", "push /pushed 200 ", `end /pushed "half" INTERNAL_ERROR`, "response "+path+" 200", `end `+path+` "page" NO_ERROR`)
		}
	})
}

func TestPushBackPressure(t *testing.T) {
	app := newApp()
	wrote := make(chan int, 1)
	app.Get("/", func(_ *Request, res *Response) error {
		p := res.Push("/pushed")
		res.Text("page")
		n, err := p.Write(make([]byte, 10<<20))
		if !errors.Is(err, events.ErrStreamCancel) {
			t.Error(err)
		}
		wrote <- n
		return nil
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		var push *events.ClientStream
		l.accept = func(st *events.ClientStream, _ string) {
			push = st
			st.Pause()
		}
		l.get("/")
		push.Close(events.Cancel)
		l.settle()
		if n := <-wrote; n < 65535 || n > 65535+3*pushPiece {
			t.Error("taken while nobody read:", n)
		}
	})
}

func TestPushTooLong(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, push := range []func(res *Response) *PushStream{
		func(res *Response) *PushStream { return res.Push("/" + long) },
		func(res *Response) *PushStream { return res.Push("/p", PushOptions{Headers: events.H("long", long)}) },
	} {
		app := newApp().WithOptions(Options{HTTP2: HTTP2Options{MaxSendHeaderBlockLength: 800}})
		var p *PushStream
		app.Get("/", func(_ *Request, res *Response) error {
			p = push(res)
			p.EndString("x")
			return res.Text("page")
		})
		onLink(t, app, events.SessionOptions{}, func(l *linked) {
			log := l.get("/")
			if p.Err() == nil {
				t.Error("is no failure")
			}
			same(t, log[len(log)-2:], "response / 200", `end / "page" NO_ERROR`)
		})
	}
}

func TestPushLog(t *testing.T) {
	for _, x := range []struct {
		path, level string
		listen      bool
		push        func(res *Response) *PushStream
	}{
		{"/mistake", "WARN", false, func(res *Response) *PushStream { return res.Push("no-slash") }},
		{"/pseudo", "WARN", false, func(res *Response) *PushStream { return res.Push("/p", PushOptions{Request: events.H(":a", "b")}) }},
		{"/status", "WARN", false, func(res *Response) *PushStream {
			return res.Push("/p", PushOptions{Headers: events.H(":status", "99")})
		}},
		{"/known", "", false, func(res *Response) *PushStream {
			p := res.Push("no-slash")
			if p.Err() == nil {
				t.Error("was promised")
			}
			return p
		}},
		{"/late", "DEBUG", false, func(res *Response) *PushStream {
			res.Text("page")
			<-res.req.Context().Done()
			return res.Push("/p")
		}},
		{"/heard", "", true, func(res *Response) *PushStream { return res.Push("no-slash") }},
		{"/refused", "DEBUG", false, func(res *Response) *PushStream { return res.Push("/pushed") }},
	} {
		var b bytes.Buffer
		app := newApp().WithOptions(Options{Logger: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		app.Get(x.path, func(_ *Request, res *Response) error {
			p := x.push(res)
			if x.listen {
				p.OnError(func(error) {})
			}
			if res.Sent() {
				return nil
			}
			return res.Text("page")
		})
		onLink(t, app, events.SessionOptions{}, func(l *linked) {
			l.accept = func(st *events.ClientStream, _ string) { st.Close(events.RefusedStream) }
			l.get(x.path)
		})
		got := ""
		if _, line, ok := strings.Cut(b.String(), "level="); ok && strings.Contains(line, "a push failed") {
			got, _, _ = strings.Cut(line, " ")
		}
		if got != x.level {
			t.Errorf("%s: logged %q, want %q", x.path, b.String(), x.level)
		}
	}
}

// A listener that panics harms nobody, wherever it runs.
func TestPushListenerPanics(t *testing.T) {
	var b bytes.Buffer
	app := CreateServer(HTTP2).WithOptions(Options{Logger: slog.New(slog.NewTextHandler(&b, nil))})
	app.Get("/", func(_ *Request, res *Response) error {
		res.Push("/pushed").OnError(func(error) { panic("oh") })
		return res.Text("page")
	})
	logged := func(what string) {
		if n := strings.Count(b.String(), "a listener of a push panicked"); n != 1 {
			t.Errorf("%s: %d panics logged, want 1: %s", what, n, b.String())
		}
		b.Reset()
	}
	synctest.Test(t, func(t *testing.T) {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) // where nothing can be pushed
		synctest.Wait()
		logged("by net/http")
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		l.accept = func(st *events.ClientStream, _ string) { st.Close(events.RefusedStream) }
		l.get("/")
		logged("refused")
		if l.client.Closed() || l.client.Destroyed() {
			t.Error("the session ended with it")
		}
	})
}
