package verb

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/events"
)

// lockedBuffer is what a logger writes to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

func (l *lockedBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// The environment turns debugging on, and an option has the last word.
func TestDebugEnvironment(t *testing.T) {
	for _, x := range []struct {
		word   string
		option events.Opt[bool]
		on     bool
	}{
		{"", events.Opt[bool]{}, false}, {"0", events.Opt[bool]{}, false}, {"false", events.Opt[bool]{}, false},
		{"1", events.Opt[bool]{}, true}, {"http2", events.Opt[bool]{}, true},
		{"1", events.Set(false), false}, {"", events.Set(true), true},
	} {
		t.Setenv("DEBUG_HTTP2", x.word)
		var lines lockedBuffer
		app := newApp().WithOptions(Options{Logger: lines.logger(), HTTP2: HTTP2Options{Debug: x.option}})
		app.Get("/", func(*Request, *Response) error { return io.ErrNoProgress })
		want := "Internal Server Error"
		if x.on {
			want = io.ErrNoProgress.Error()
		}
		dial(t, app).get("/").is(t, 500, want)
		if logged := lines.take(); strings.Contains(logged, "HEADERS") != x.on {
			t.Errorf("%q %v: logged %s", x.word, x.option, logged)
		}
	}
	covers(t, "rule.verb.debug-env", "rule.verb.debug-logger")
}

// Without a logger what the environment turns on is printed, although the
// default logger's level is info.
func TestDebugPrints(t *testing.T) {
	t.Setenv("DEBUG_HTTP2", "1")
	var printed, info lockedBuffer
	defer log.SetOutput(log.Writer())
	log.SetOutput(&printed)
	// Who gives a logger says what it takes.
	for _, given := range []*slog.Logger{slog.New(slog.NewTextHandler(&info, nil)), nil} {
		app := CreateServer(HTTP2).WithOptions(Options{Logger: given})
		app.Get("/", func(_ *Request, res *Response) error { return res.Text("ok") })
		dial(t, app).get("/").is(t, 200, "ok")
		lines := printed.take() + info.take()
		if given != nil && lines != "" {
			t.Errorf("a logger of level info: %q", lines)
		}
		if given == nil && (!strings.Contains(lines, "DEBUG") || !strings.Contains(lines, "HEADERS") || !strings.Contains(lines, "peer=")) {
			t.Errorf("without a logger: %q", lines)
		}
	}
}

// The default error handler tells clients nothing of what is inside.
func TestNothingLeaks(t *testing.T) {
	app := newApp()
	const secret = "dsn://admin:hunter2@db"
	app.Get("/error", func(*Request, *Response) error { return fmt.Errorf("dial %s", secret) })
	app.Get("/cause", func(*Request, *Response) error {
		return &Error{Status: 409, Message: "already there", Cause: fmt.Errorf("dial %s", secret)}
	})
	app.Get("/panic", func(_ *Request, res *Response) error {
		res.Header("x-internal", secret).Cookie("c", "secret")
		panic(secret)
	})
	c := dial(t, app)
	for _, path := range []string{"/error", "/cause", "/panic"} {
		a := c.get(path)
		if text := fmt.Sprint(a.headers, a.body); a.status < 400 || strings.Contains(text, "hunter2") || strings.Contains(text, "goroutine") {
			t.Error(path, "tells", text)
		}
	}
	c.get("/cause").is(t, 409, "already there")
	covers(t, "rule.verb.error-middleware")
}

func TestTLS12(t *testing.T) {
	app := newApp().WithOptions(Options{TLS: identity(t)})
	app.Get("/", says("ok"))
	addr := listen(t, app)
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		conn, err := tls.Dial("tcp", addr, &tls.Config{
			InsecureSkipVerify: true, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS10, MaxVersion: version,
		})
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			conn.Close()
		}
	}
	covers(t, "rule.verb.tls12")
}

// Fields that repeat, set by a middleware, cost next to nothing once they are
// in the compression table.
func TestConsistentHeaders(t *testing.T) {
	app := newApp()
	app.Use(func(_ *Request, res *Response, next Next) {
		res.Header("server", "a name that takes its time").Header("cache-control", "public, max-age=12345")
		next()
	})
	app.Get("/:n", func(req *Request, res *Response) error { return res.Send(nil) })
	c := dial(t, app)
	c.get("/0")
	var took []int64
	for _, path := range []string{"/1", "/2"} {
		before := c.Socket().BytesRead()
		if a := c.get(path); a.headers.Get("server") != "a name that takes its time" {
			t.Error(a.headers)
		}
		took = append(took, c.Socket().BytesRead()-before)
	}
	if took[1] > 40 {
		t.Error(took, "bytes for responses whose fields repeat")
	}
	covers(t, "rule.verb.consistent-headers")
}

// The configuration for long-lived sessions of many streams, with a fallback:
// one connection carries them all, and the same handler answers by HTTP/1.1,
// where there is no stream.
func TestConnectionReuse(t *testing.T) {
	app := newApp().WithOptions(Options{TLS: identity(t), HTTP2: HTTP2Options{
		AllowHTTP1: events.Set(true), MaxSessionMemory: 50, SessionTimeout: events.Set(300_000 * time.Millisecond),
		Settings: events.Settings{MaxConcurrentStreams: events.Set[uint32](100)},
	}})
	if n := app.Settings().HTTP2.Settings.MaxConcurrentStreams.Or(100); n != 100 || newApp().Settings().HTTP2.Settings.MaxConcurrentStreams.Or(100) != 100 {
		t.Error(n)
	}
	covers(t, "rule.verb.default-max-streams")
	m := NewHTTP2Metrics()
	app.Use(m.Middleware())
	app.Get("/info", func(req *Request, res *Response) error {
		var stream any
		if st, ok := req.Stream(); ok {
			stream = st.Pending()
		}
		return res.JSON(map[string]any{"version": req.HTTPVersion(), "stream": stream})
	})
	url := "https://" + listen(t, app) + "/info"
	for _, x := range []struct {
		http2 bool
		want  string
	}{{true, `{"stream":false,"version":"2.0"}`}, {false, `{"stream":null,"version":"1.1"}`}} {
		tr := &http.Transport{ForceAttemptHTTP2: x.http2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		client := &http.Client{Transport: tr}
		get := func() string {
			resp, err := client.Get(url)
			if err != nil {
				return err.Error()
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			return string(b)
		}
		get() // the connection stands
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got := get(); got != x.want {
					t.Error(got)
				}
			})
		}
		all.Wait()
		tr.CloseIdleConnections()
	}
	if s := m.Metrics().Snapshot(); s.ConnectionsTotal != 1 || s.RequestsTotal != 102 {
		t.Errorf("%+v", s)
	}
	covers(t, "rule.verb.connection-reuse", "rule.verb.http1-response-parity", "rule.verb.fallback-advice", "rule.verb.stream-feature-test")
}

// The requests of a batch are served at the same time, and fail one by one.
func TestBatch(t *testing.T) {
	app := newApp()
	meet := make(chan bool)
	app.Get("/a", func(_ *Request, res *Response) error { meet <- true; return res.JSON("a") })
	app.Get("/b", func(_ *Request, res *Response) error { <-meet; return res.JSON("b") })
	app.Get("/panic", func(*Request, *Response) error { panic("oh") })
	app.Post("/batch", func(req *Request, res *Response) error {
		var in struct{ Requests []string }
		if err := req.JSON(&in); err != nil {
			return err
		}
		codes := make([]int, len(in.Requests))
		var all sync.WaitGroup
		for i, path := range in.Requests {
			all.Go(func() {
				w := httptest.NewRecorder()
				app.ServeHTTP(w, httptest.NewRequestWithContext(req.Context(), "GET", path, nil))
				codes[i] = w.Code
			})
		}
		all.Wait()
		return res.JSON(codes)
	})
	dial(t, app).do("POST", "/batch", `{"requests":["/a","/none","/panic","/b"]}`).is(t, 200, "[200,404,500,200]")
	covers(t, "rule.verb.batch")
}
