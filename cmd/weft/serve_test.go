package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	wefttls "weft/transport/tls"
)

// serving is a weft serve that runs within the test.
type serving struct {
	t              *testing.T
	url            string
	signals        chan os.Signal
	stdout, stderr buffer
	exited         chan int
}

func startServe(t *testing.T, args ...string) *serving {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	s := &serving{t: t, signals: make(chan os.Signal, 2), exited: make(chan int, 1)}
	url := make(chan string, 1)
	go func() {
		s.exited <- run(append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), &env{
			ctx: context.Background(), stdin: strings.NewReader(""), stdout: &s.stdout, stderr: &s.stderr,
			signals: s.signals, serving: func(u string) { url <- u },
		})
	}()
	select {
	case s.url = <-url:
	case code := <-s.exited:
		t.Fatalf("weft serve: exit %d, %s", code, s.stderr.String())
	}
	t.Cleanup(func() {
		select {
		case s.signals <- os.Interrupt:
		default:
		}
		select {
		case s.signals <- os.Interrupt:
		default:
		}
		<-s.exited
		s.exited <- 0
	})
	return s
}

// wait waits for the end and returns the exit code.
func (s *serving) wait() int {
	code := <-s.exited
	s.exited <- code
	return code
}

func (s *serving) get(args ...string) result {
	s.t.Helper()
	for i, a := range args {
		if strings.HasPrefix(a, "/") && (i == 0 || args[i-1] != "-o") {
			args[i] = strings.TrimSuffix(s.url, "/") + a
		}
	}
	return runWeft(s.t, "", append([]string{"get", "-k"}, args...)...)
}

func makeSite(t *testing.T) (dir string, large []byte) {
	t.Helper()
	dir = t.TempDir()
	large = make([]byte, 1<<20)
	for i := range large {
		large[i] = byte(i * 7 >> 3)
	}
	for name, text := range map[string][]byte{"index.html": []byte("<h1>hello</h1>"), "large.bin": large} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, large
}

func TestServeSite(t *testing.T) {
	for _, mode := range []string{"", "--cleartext"} {
		dir, large := makeSite(t)
		s := startServe(t, append(strings.Fields(mode), dir)...)
		if want := fmt.Sprintf("serving %s on %s\n", dir, s.url); s.stdout.String() != want {
			t.Errorf("printed %q, want %q", s.stdout.String(), want)
		}
		if r := s.get("/"); r.code != 0 || r.stdout != "<h1>hello</h1>" || r.stderr != "" {
			t.Errorf("/: %+v", r)
		}
		if r := s.get("/large.bin", "/large.bin"); r.code != 0 || r.stdout != string(large)+string(large) {
			t.Errorf("/large.bin: exit %d, %d bytes, %q", r.code, len(r.stdout), r.stderr)
		}
		r := s.get("-i", "-H", "range: bytes=10-19", "/large.bin")
		if r.code != 0 || !strings.HasPrefix(r.stdout, "HTTP/2 206\n") || !strings.HasSuffix(r.stdout, "\n\n"+string(large[10:20])) {
			t.Errorf("range: %+v", r)
		}
		if r := s.get("-X", "HEAD", "-i", "/large.bin"); r.code != 0 || !strings.Contains(r.stdout, "content-length: 1048576\n") {
			t.Errorf("HEAD: %+v", r)
		}
		if r := s.get("-X", "DELETE", "-i", "/"); r.code != 0 || !strings.HasPrefix(r.stdout, "HTTP/2 405\n") || !strings.Contains(r.stdout, "allow: GET, HEAD\n") {
			t.Errorf("DELETE: %+v", r)
		}
		// An upload to a site is taken to its end, and refused.
		if r := s.get("-d", "@"+filepath.Join(dir, "large.bin"), "-i", "/"); r.code != 0 || !strings.HasPrefix(r.stdout, "HTTP/2 405\n") {
			t.Errorf("POST: %+v", r)
		}
		if r := s.get("/../../etc/passwd"); r.code != 0 || strings.Contains(r.stdout, "root:") {
			t.Errorf("outside: %+v", r)
		}
	}
}

// Without a directory, uploads are answered with their hash.
func TestServeUpload(t *testing.T) {
	dir, large := makeSite(t)
	s := startServe(t)
	if r := s.get("-X", "DELETE", "-i", "/"); !strings.Contains(r.stdout, "allow: GET, HEAD, POST, PUT\n") {
		t.Errorf("DELETE: %+v", r)
	}
	want := fmt.Sprintf("length %d\nsha256 %x\n", len(large), sha256.Sum256(large))
	for _, args := range []string{"-d @" + filepath.Join(dir, "large.bin"), "-X PUT -H expect:100-continue -d @" + filepath.Join(dir, "large.bin")} {
		if r := s.get(append(strings.Fields(args), "/any")...); r.code != 0 || r.stdout != want {
			t.Errorf("%s: %+v", args, r)
		}
	}
	if r := s.get("-d", "", "/"); r.code != 0 || !strings.HasPrefix(r.stdout, "length 0\n") {
		t.Errorf("an empty body: %+v", r)
	}
}

// -v shows the frames of both directions.
func TestServeVerbose(t *testing.T) {
	s := startServe(t, "-v", "--cleartext")
	if r := s.get("-v", "/"); r.code != 0 || !strings.Contains(r.stderr, "recv HEADERS") || !strings.Contains(r.stderr, "send HEADERS") {
		t.Errorf("get -v: %+v", r)
	}
	s.signals <- os.Interrupt
	s.wait()
	for _, want := range []string{"recv connection preface", "recv HEADERS", ":path: /", "send HEADERS", ":status: 200", "send DATA"} {
		if !strings.Contains(s.stderr.String(), want) {
			t.Errorf("serve -v does not print %q:\n%s", want, s.stderr.String())
		}
	}
}

func TestServeTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := runWeft(t, "", "serve", "--cleartext", "--addr", l.Addr().String())
	if r.code != 1 || !oneLine(r.stderr, l.Addr().String(), "taken", "--addr") {
		t.Errorf("%+v", r)
	}
}

// A key that belongs to another certificate.
func TestServeKeyMismatch(t *testing.T) {
	var certs, keys []string
	for range 2 {
		dir := t.TempDir()
		_, cert, err := wefttls.DevelopmentCertificate(dir)
		if err != nil {
			t.Fatal(err)
		}
		certs = append(certs, cert)
		keys = append(keys, strings.Replace(cert, "cert", "key", 1))
	}
	r := runWeft(t, "", "serve", "--addr", "127.0.0.1:0", "--cert", certs[0], "--key", keys[1])
	if r.code != 1 || !oneLine(r.stderr, keys[1], certs[0], "does not belong") {
		t.Errorf("%+v", r)
	}
	s := startServe(t, "--cert", certs[0], "--key", keys[0])
	if r := runWeft(t, "", "get", "--cacert", certs[0], s.url); r.code != 0 {
		t.Errorf("with the right one: %+v", r)
	}
	if r := runWeft(t, "", "get", s.url); r.code != 1 || !oneLine(r.stderr, "certificate", "--cacert", "-k") {
		t.Errorf("trusting nobody: %+v", r)
	}
	if r := runWeft(t, "", "get", "-k", strings.Replace(s.url, "https", "http", 1)); r.code != 1 || !oneLine(r.stderr, "https://") {
		t.Errorf("http to a port with TLS: %+v", r)
	}
}

// The first signal drains, the second ends.
func TestServeSignals(t *testing.T) {
	dir, _ := makeSite(t)
	for _, twice := range []bool{false, true} {
		s := startServe(t, "--cleartext", dir)
		client, err := events.Connect(t.Context(), s.url, events.ConnectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		st, err := client.Request(t.Context(), events.H(":path", "/large.bin"))
		if err != nil {
			t.Fatal(err)
		}
		d := st.Blocking()
		if _, err := d.Response(); err != nil {
			t.Fatal(err)
		}
		goaway := make(chan struct{})
		client.OnGoaway(func(core.ErrCode, events.StreamID, []byte) { close(goaway) }).Once()
		s.signals <- os.Interrupt
		<-goaway
		if twice {
			s.signals <- os.Interrupt
			if code := s.wait(); code != exitInterrupted {
				t.Errorf("second signal: exit %d", code)
			}
			if _, err := io.ReadAll(d); err == nil {
				t.Error("second signal: the response looks complete")
			}
		} else {
			if body, err := io.ReadAll(d); len(body) != 1<<20 || err != nil {
				t.Errorf("%d bytes, %v", len(body), err)
			}
			if code := s.wait(); code != 0 {
				t.Errorf("exit %d", code)
			}
		}
		client.Wait()
	}
}

// HTTP/1 bytes get an answer that says what is spoken there.
func TestServeHTTP1(t *testing.T) {
	s := startServe(t, "--cleartext")
	conn, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(s.url, "http:"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(conn, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") || !strings.Contains(string(answer), "HTTP/2") {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestListenError(t *testing.T) {
	if err := listenError("x:1", errors.New("odd")); !strings.Contains(err.Error(), "odd") {
		t.Error(err)
	}
	if err := listenError("x:1", os.ErrPermission); !strings.Contains(err.Error(), "permission") {
		t.Error(err)
	}
}
