package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

// faultyServer is a server with a path for each way to fall short.
func faultyServer(t *testing.T) (url string, sessions *atomic.Int32) {
	t.Helper()
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sessions = new(atomic.Int32)
	srv.OnSession(func(*events.ServerSession) { sessions.Add(1) })
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		st.OnError(func(error) {})
		half := func(pairs ...string) {
			st.Respond(events.H(pairs...))
			st.WriteString("half")
		}
		switch path, _, _ := strings.Cut(h.Path(), "?"); path {
		case "/reset":
			half()
			st.Close(core.InternalError)
		case "/reset-noerror":
			half()
			st.Close(core.NoError)
		case "/short":
			half("content-length", "8")
			st.End(nil)
		case "/long":
			half("content-length", "2")
			st.End(nil)
		case "/cut":
			half()
			st.Session().Destroy(nil, core.NoError)
		case "/goaway":
			half()
			st.Session().Destroy(nil, core.EnhanceYourCalm)
		case "/silent":
			st.Close(core.RefusedStream)
		case "/wait":
			half()
		case "/missing":
			st.Respond(events.Status(404))
			st.EndString("not here\n")
		case "/trailers":
			st.Respond(events.H("x", "1"), events.RespondOptions{WaitForTrailers: true})
			st.OnWantTrailers(func() { st.SendTrailers(events.H("sum", "42")) })
			st.EndString("body\n")
		case "/what":
			st.Respond(events.Headers{})
			text := ""
			for name, value := range h.All() {
				text += name + ": " + value + "\n"
			}
			st.OnData(func(p []byte) { text += string(p) })
			st.OnEnd(func() { st.EndString(text) })
		default:
			st.EndString(h.Path() + "\n")
		}
	})
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.DestroyAll()
		srv.Wait()
	})
	return "http://" + addr.String(), sessions
}

// Whatever goes wrong is named, in one line, and is never exit 0.
func TestGetFaults(t *testing.T) {
	base, _ := faultyServer(t)
	for _, c := range []struct {
		path  string
		words []string
	}{
		{"/reset", []string{"INTERNAL_ERROR", "reset"}},
		{"/reset-noerror", []string{"before the response was complete"}},
		{"/short", []string{"content-length"}},
		{"/long", []string{"content-length"}},
		{"/cut", []string{"connection"}},
		{"/goaway", []string{"ENHANCE_YOUR_CALM"}},
		{"/silent", []string{"REFUSED_STREAM"}},
	} {
		r := runWeft(t, "", "get", base+c.path)
		if r.code != 1 || !oneLine(r.stderr, append(c.words, base+c.path)...) {
			t.Errorf("%s: exit %d, %q; want exit 1 and %q", c.path, r.code, r.stderr, c.words)
		}
	}
	// Beside others, which are whole.
	r := runWeft(t, "", "get", base+"/a", base+"/reset", base+"/b")
	if r.code != 1 || !strings.HasPrefix(r.stdout, "/a\n") || !strings.HasSuffix(r.stdout, "/b\n") || !oneLine(r.stderr, "/reset") {
		t.Errorf("beside others: %+v", r)
	}
}

func TestGetNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, scheme := range []string{"http", "https"} {
		r := runWeft(t, "", "get", scheme+"://"+l.Addr().String()+"/")
		if r.code != 1 || !oneLine(r.stderr, l.Addr().String(), "refused") {
			t.Errorf("%+v", r)
		}
	}
}

// A server that speaks something else.
func TestGetNotHTTP2(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.Read(make([]byte, 24))
				io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
			}()
		}
	}()
	r := runWeft(t, "", "get", "http://"+l.Addr().String()+"/")
	if r.code != 1 || !oneLine(r.stderr, "HTTP/2", "https://") {
		t.Errorf("http: %+v", r)
	}
	r = runWeft(t, "", "get", "https://"+l.Addr().String()+"/")
	if r.code != 1 || !oneLine(r.stderr, "TLS", "http://") {
		t.Errorf("https: %+v", r)
	}
}

func TestGetFail(t *testing.T) {
	base, _ := faultyServer(t)
	if r := runWeft(t, "", "get", base+"/missing"); r.code != 0 || r.stdout != "not here\n" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if r := runWeft(t, "", "get", "--fail", base+"/missing", base+"/x"); r.code != 22 || r.stdout != "/x\n" || !oneLine(r.stderr, "404", "/missing") {
		t.Errorf("--fail: %+v", r)
	}
	if r := runWeft(t, "", "get", "--fail", base+"/missing", base+"/reset"); r.code != 1 {
		t.Errorf("--fail beside a failure: %+v", r)
	}
}

// What is sent is what the flags say.
func TestGetRequest(t *testing.T) {
	base, _ := faultyServer(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("line\n\nend\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	authority := strings.TrimPrefix(base, "http://")
	for _, c := range []struct {
		args  []string
		stdin string
		has   []string
		not   []string
	}{
		{nil, "", []string{":method: GET\n", ":scheme: http\n", ":authority: " + authority + "\n", ":path: /what?a=b%20c\n", "user-agent: weft/", "accept: */*\n"}, []string{"content-"}},
		{[]string{"-X", "OPTIONS", "-H", "Accept: text/html", "-H", "X-One: 1", "-H", "x-one:2", "-H", "User-Agent:"}, "",
			[]string{":method: OPTIONS\n", "accept: text/html\n", "x-one: 1\nx-one: 2\n"}, []string{"*/*", "user-agent"}},
		{[]string{"-H", "Host: other.example"}, "", []string{":authority: other.example\n"}, []string{"host:"}},
		{[]string{"-d", "a=1", "-d", "b=2"}, "", []string{":method: POST\n", "content-type: application/x-www-form-urlencoded\n", "content-length: 7\n", "\na=1&b=2"}, nil},
		{[]string{"-d", "@" + file, "-H", "content-type: text/plain"}, "", []string{"content-length: 10\n", "content-type: text/plain\n", "\nline\n\nend\n"}, []string{"urlencoded"}},
		{[]string{"-X", "PUT", "-d", "@-"}, "from stdin", []string{":method: PUT\n", "\nfrom stdin"}, []string{"content-length"}},
		{[]string{"-d", "x=", "-d", "@" + file}, "", []string{"content-length: 13\n", "\nx=&line\n\nend\n"}, nil},
	} {
		r := runWeft(t, c.stdin, append(append([]string{"get"}, c.args...), base+"/what?a=b%20c#fragment")...)
		if r.code != 0 || r.stderr != "" {
			t.Errorf("%q: %+v", c.args, r)
		}
		for _, want := range c.has {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("%q: no %q in\n%s", c.args, want, r.stdout)
			}
		}
		for _, not := range c.not {
			if strings.Contains(r.stdout, not) {
				t.Errorf("%q: %q in\n%s", c.args, not, r.stdout)
			}
		}
	}
	r := runWeft(t, "", "get", strings.Replace(base, "http://", "http://me:secret@", 1)+"/what")
	if !strings.Contains(r.stdout, "authorization: Basic bWU6c2VjcmV0\n") || !strings.Contains(r.stdout, ":authority: "+authority) {
		t.Errorf("user and password: %+v", r)
	}
	r = runWeft(t, "", "get", base+"/what?q=a b&ü=1")
	if !strings.Contains(r.stdout, ":path: /what?q=a%20b&%C3%BC=1\n") {
		t.Errorf("a query that is not escaped: %+v", r)
	}
	for name, want := range map[string]string{"bad name: x": "bad name", "connection: close": "connection"} {
		if r := runWeft(t, "", "get", "-H", name, base+"/"); r.code != 1 || !oneLine(r.stderr, want) {
			t.Errorf("-H %q: %+v", name, r)
		}
	}
}

func TestGetOutput(t *testing.T) {
	base, sessions := faultyServer(t)
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	r := runWeft(t, "", "get", base+"/1", "-o", a, base+"/2", "-o", b, base+"/3", base+"/4")
	if r.code != 0 || r.stdout != "/3\n/4\n" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	for name, want := range map[string]string{a: "/1\n", b: "/2\n"} {
		if got, err := os.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if n := sessions.Load(); n != 1 {
		t.Errorf("%d connections for four URLs of one server", n)
	}
	if r := runWeft(t, "", "get", "-o", filepath.Join(dir, "no", "such"), base+"/1"); r.code != 1 || !oneLine(r.stderr, "such") {
		t.Errorf("a file that cannot be: %+v", r)
	}
	r = runWeft(t, "", "get", "-i", base+"/trailers")
	if want := "\nx: 1\n"; !strings.HasPrefix(r.stdout, "HTTP/2 200\n") || !strings.Contains(r.stdout, want) || !strings.HasSuffix(r.stdout, "\n\nbody\n\nsum: 42\n") {
		t.Errorf("-i: %q", r.stdout)
	}
}

// A pipe that nobody reads from.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestGetBrokenOutput(t *testing.T) {
	base, _ := faultyServer(t)
	var stderr buffer
	code := run([]string{"get", base + "/a"}, &env{ctx: context.Background(), stdout: brokenPipe{}, stderr: &stderr, signals: make(chan os.Signal)})
	if code != 1 || !oneLine(stderr.String(), "standard output", "broken pipe") {
		t.Errorf("exit %d, %q", code, stderr.String())
	}
}

func TestGetInterrupt(t *testing.T) {
	base, _ := faultyServer(t)
	var stdout, stderr buffer
	signals := make(chan os.Signal, 1)
	exited := make(chan int)
	go func() {
		exited <- run([]string{"get", base + "/wait"}, &env{ctx: context.Background(), stdout: &stdout, stderr: &stderr, signals: signals})
	}()
	signals <- os.Interrupt
	if code := <-exited; code != exitInterrupted || !oneLine(stderr.String(), "interrupted") {
		t.Errorf("exit %d, %q", code, stderr.String())
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		have, want int64
		elapsed    time.Duration
		line       string
	}{
		{512 << 10, 1 << 20, 2 * time.Second, "[===============>              ]  50%  512.0 KiB of 1.0 MiB  256.0 KiB/s  2s left"},
		{1 << 20, 1 << 20, 4 * time.Second, "[==============================] 100%  1.0 MiB of 1.0 MiB  256.0 KiB/s"},
		{0, 1000, time.Second, "[>                             ]   0%  0 B of 1000 B  0 B/s"},
		{3 << 30, -1, time.Second, "3.0 GiB  3.0 GiB/s"},
	} {
		if got := bar(c.have, c.want, c.elapsed); got != c.line {
			t.Errorf("bar(%d, %d, %v):\n%q, want\n%q", c.have, c.want, c.elapsed, got, c.line)
		}
	}
	var out buffer
	p := &progress{w: &out, start: time.Now(), stop: make(chan struct{})}
	m := p.meter(nil, events.H("content-length", "100"))
	m.add(50)
	p.draw(time.Second)
	p.end()
	if text := out.String(); !strings.HasPrefix(text, "\r[===============>") || !strings.HasSuffix(text, "\r") {
		t.Errorf("%q", text)
	}
}
