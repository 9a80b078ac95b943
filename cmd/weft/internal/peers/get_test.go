package peers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A peerServer is a program that weft get fetches from.
type peerServer struct {
	name  string
	start func(t testing.TB, w wire) *server
	// upload is the path that takes a POST (or what method says) and answers
	// with answer.
	method, upload string
	answer         uploadAnswer
	// cutPath is the path whose response the server has to break off, because
	// what it proxies breaks off.
	cutPath string
}

type uploadAnswer int

const (
	answersEcho uploadAnswer = iota // the body itself
	answersHash                     // its SHA-256 in hex
	answersFile                     // nothing: it is in the upload directory
)

var peerServers = []peerServer{
	{name: "nghttpd", start: nghttpd, method: "POST", upload: "/echo", answer: answersEcho},
	{name: "node", start: nodeServer, method: "POST", upload: "/hash", answer: answersHash, cutPath: "/reset"},
	{name: "h2o", start: h2o, method: "POST", upload: "/echo", answer: answersEcho, cutPath: "/broken"},
	{name: "nginx", start: nginx, method: "PUT", upload: "/upload/put.bin", answer: answersFile, cutPath: "/broken"},
}

// get returns weft get over w.
func get(t testing.TB, w wire, args ...string) *exec.Cmd {
	t.Helper()
	flags := []string{"get"}
	if w.secure {
		flags = append(flags, "--cacert", thePKI(t).ca)
	}
	return weft(t, append(flags, args...)...)
}

// startServer starts a peer and waits until it accepts.
func startServer(t testing.TB, w wire, port int, cmd *exec.Cmd) *server {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	s := &server{process: start(t, cmd), wire: w, t: t, base: w.scheme + "://" + addr, site: theSite(t)}
	s.awaitAccept(addr)
	return s
}

func nghttpd(t testing.TB, w wire) *server {
	t.Helper()
	port := freePorts(t, 1)
	args := []string{"-a", "127.0.0.1", "-d", theSite(t).dir, "--echo-upload"}
	if w.secure {
		pki := thePKI(t)
		args = append(args, fmt.Sprint(port), pki.key, pki.cert)
	} else {
		args = append(args, "--no-tls", fmt.Sprint(port))
	}
	return startServer(t, w, port, exec.Command(need(t, "nghttpd"), args...))
}

func nodeServer(t testing.TB, w wire) *server {
	t.Helper()
	port := freePorts(t, 1)
	args := []string{"testdata/server.mjs", fmt.Sprint(port), theSite(t).dir}
	if w.secure {
		pki := thePKI(t)
		args = append(args, pki.cert, pki.key)
	}
	return startServer(t, w, port, exec.Command(need(t, "node"), args...))
}

func h2o(t testing.TB, w wire) *server {
	t.Helper()
	path := need(t, "h2o")
	port := freePorts(t, 1)
	var conf strings.Builder
	fmt.Fprintf(&conf, "listen:\n  host: 127.0.0.1\n  port: %d\n", port)
	if w.secure {
		pki := thePKI(t)
		fmt.Fprintf(&conf, "  ssl:\n    certificate-file: %s\n    key-file: %s\n", pki.cert, pki.key)
	}
	if os.Geteuid() == 0 {
		conf.WriteString("user: root\n") // else it becomes nobody, who can't read our files
	}
	fmt.Fprintf(&conf, `num-threads: 1
http2-idle-timeout: 60
hosts:
  default:
    paths:
      /:
        file.dir: %s
      /echo:
        mruby.handler: |
          Proc.new do |env|
            [200, {"content-type" => "application/octet-stream"}, [env["rack.input"] ? env["rack.input"].read : ""]]
          end
      /broken:
        proxy.reverse.url: "http://%s/"
`, theSite(t).dir, brokenOrigin(t))
	return startServer(t, w, port, exec.Command(path, "-c", writeConf(t, conf.String())))
}

func nginx(t testing.TB, w wire) *server {
	t.Helper()
	path := need(t, "nginx")
	port := freePorts(t, 1)
	dir := t.TempDir()
	listen, tls := "http2", ""
	if w.secure {
		pki := thePKI(t)
		listen, tls = "ssl http2", fmt.Sprintf("ssl_certificate %s; ssl_certificate_key %s;", pki.cert, pki.key)
	}
	conf := writeConf(t, fmt.Sprintf(`
daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen 127.0.0.1:%[2]d %[3]s;
		%[4]s
		root %[5]s;
		location /upload/ {
			alias %[1]s/;
			dav_methods PUT;
			client_max_body_size 10m;
		}
		location /broken {
			proxy_pass http://%[6]s;
			proxy_buffering off;
		}
	}
}
`, dir, port, listen, tls, theSite(t).dir, brokenOrigin(t)))
	s := startServer(t, w, port, exec.Command(path, "-e", "stderr", "-p", dir, "-c", conf))
	s.uploads = dir
	return s
}

func writeConf(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// brokenOrigin is an HTTP/1.1 server that announces 1 MiB and closes after half
// of it. It returns its address.
func brokenOrigin(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
					return
				}
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n", mebibyte)
				conn.Write(make([]byte, mebibyte/2))
			}()
		}
	}()
	return l.Addr().String()
}

func overPeers(t *testing.T, f func(t *testing.T, peer peerServer, w wire)) {
	for _, peer := range peerServers {
		t.Run(peer.name, func(t *testing.T) {
			need(t, peer.name)
			t.Parallel()
			overWires(t, func(t *testing.T, w wire) { f(t, peer, w) })
		})
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	overPeers(t, func(t *testing.T, peer peerServer, w wire) {
		s := peer.start(t, w)

		r := must(t, get(t, w, s.base+"/index.html"))
		if got := string(r.stdout); got != greeting {
			t.Errorf("GET: got %q, want %q", got, greeting)
		}
		if r.stderr != "" {
			t.Errorf("something on stderr\n%s", r)
		}
		r = must(t, get(t, w, "-i", s.base+"/index.html"))
		if got := string(r.stdout); !strings.HasPrefix(got, "HTTP/2 200") || !strings.HasSuffix(got, "\n"+greeting) {
			t.Errorf("GET with headers: got %q", got)
		}

		out := filepath.Join(t.TempDir(), "out")
		must(t, get(t, w, "-o", out, s.base+"/1m.bin"))
		if hashFile(t, out) != s.site.sum {
			t.Error("download: another hash")
		}
		r = must(t, get(t, w, s.base+"/1m.bin", s.base+"/1m.bin", s.base+"/index.html"))
		if n, want := len(r.stdout), 2*mebibyte+len(greeting); n != want {
			t.Errorf("three at once: %d bytes, want %d", n, want)
		}

		r = must(t, get(t, w, "-X", peer.method, "-d", "@"+s.site.medium, s.base+peer.upload))
		switch peer.answer {
		case answersEcho:
			if hash(r.stdout) != s.site.sum {
				t.Errorf("upload: %d bytes came back, with another hash", len(r.stdout))
			}
		case answersHash:
			if got := string(r.stdout); got != s.site.sum {
				t.Errorf("upload: the server has hash %s, want %s", got, s.site.sum)
			}
		case answersFile:
			if hashFile(t, filepath.Join(s.uploads, filepath.Base(peer.upload))) != s.site.sum {
				t.Error("upload: the server's file has another hash")
			}
		}

		if r := run(t, get(t, w, s.base+"/nothing-here")); r.code != 0 {
			t.Errorf("404 without --fail: want exit 0\n%s", r)
		}
		if r := run(t, get(t, w, "--fail", s.base+"/nothing-here")); r.code != 22 {
			t.Errorf("404 with --fail: want exit 22\n%s", r)
		}
		s.healthy(t)
	})
}

// weft get goes away in the middle of a download.
func TestGetAbort(t *testing.T) {
	t.Parallel()
	overPeers(t, func(t *testing.T, peer peerServer, w wire) {
		s := peer.start(t, w)
		for _, c := range []struct {
			name  string
			abort func(p *process, body *os.File)
		}{
			{"killed", func(p *process, _ *os.File) { p.kill() }},
			{"interrupted", func(p *process, _ *os.File) { p.interrupt() }},
			{"stdout closed", func(_ *process, body *os.File) { body.Close() }},
		} {
			t.Run(c.name, func(t *testing.T) {
				p, body := startPiped(t, get(t, w, s.base+"/heavy.bin"))
				readSome(t, body, 1<<16)
				c.abort(p, body)
				if code := p.wait(); code == 0 {
					t.Error("exit 0")
				}
				s.healthy(t)
			})
		}
	})
}

// The server goes away in the middle of a download.
func TestGetFromTheDead(t *testing.T) {
	t.Parallel()
	overPeers(t, func(t *testing.T, peer peerServer, w wire) {
		s := peer.start(t, w)
		p, body := startPiped(t, get(t, w, s.base+"/heavy.bin"))
		readSome(t, body, 1<<16)
		s.kill()
		n := 1<<16 + readRest(t, body)
		if code := p.wait(); code != 1 || p.printed.String() == "" {
			t.Errorf("exit %d after %d bytes of %d, want 1 and a line that says why", code, n, heavyBytes)
		}
		// And one that never was there.
		if r := run(t, get(t, w, s.base+"/")); r.code != 1 || !oneLine(r.stderr) || !strings.Contains(r.stderr, "refused") {
			t.Errorf("nobody listens: want exit 1 and a line that says so\n%s", r)
		}
	})
}

func oneLine(text string) bool {
	return strings.Count(text, "\n") == 1 && strings.HasSuffix(text, "\n")
}

// The server breaks one response off; the connection lives on.
func TestGetBroken(t *testing.T) {
	t.Parallel()
	overPeers(t, func(t *testing.T, peer peerServer, w wire) {
		if peer.cutPath == "" {
			return // nghttpd has no way to break off a response
		}
		s := peer.start(t, w)
		r := run(t, get(t, w, s.base+peer.cutPath))
		if r.code != 1 || r.stderr == "" || len(r.stdout) > mebibyte/2 {
			t.Errorf("want exit 1 and a reason, after at most half\n%s", r)
		}
		// Beside another URL, which must be whole: together they are still a
		// failure.
		r = run(t, get(t, w, s.base+peer.cutPath, s.base+"/index.html"))
		if r.code != 1 || !strings.Contains(string(r.stdout), greeting) {
			t.Errorf("beside another: want exit 1, and the other one whole\n%s", r)
		}
		s.healthy(t)
	})
}

// Each way a server can fall short is named, and none is exit 0.
func TestGetNodeFaults(t *testing.T) {
	t.Parallel()
	need(t, "node")
	overWires(t, func(t *testing.T, w wire) {
		s := nodeServer(t, w)
		for _, c := range []struct {
			path  string
			code  int
			named string // on stderr
		}{
			{"/reset", 1, `INTERNAL_ERROR`},
			{"/reset-unannounced", 1, `INTERNAL_ERROR`},
			{"/short", 1, `content-length`},
			{"/long", 1, `content-length`},
			{"/cut", 1, `.`},
			{"/goaway", 1, `ENHANCE_YOUR_CALM`},
			{"/silent-reset", 1, `INTERNAL_ERROR`},
			{"/leaving", 0, `^$`},
			{"/chatty", 0, `^$`},
			{"/missing", 0, `^$`},
		} {
			r := run(t, get(t, w, s.base+c.path))
			if r.code != c.code || !regexp.MustCompile(c.named).MatchString(r.stderr) {
				t.Errorf("%s: want exit %d and %q on stderr\n%s", c.path, c.code, c.named, r)
			}
		}
		s.healthy(t)
	})
}

// An upload that stops in the middle is nothing the server takes for whole.
func TestGetUploadAbort(t *testing.T) {
	t.Parallel()
	need(t, "node")
	overWires(t, func(t *testing.T, w wire) {
		s := nodeServer(t, w)
		fifo := filepath.Join(t.TempDir(), "fifo")
		if err := exec.Command("mkfifo", fifo).Run(); err != nil {
			t.Skip("mkfifo: ", err)
		}
		p := start(t, get(t, w, "-d", "@"+fifo, s.base+"/hash"))
		in, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(in, strings.Repeat("x", 1<<16))
		p.interrupt()
		if code := p.wait(); code == 0 {
			t.Error("exit 0")
		}
		in.Close()
		s.healthy(t)
	})
}

// A certificate nobody vouches for is not accepted unless told to.
func TestGetCertificate(t *testing.T) {
	t.Parallel()
	need(t, "nghttpd")
	s := nghttpd(t, wires[1])
	if r := run(t, weft(t, "get", s.base+"/")); r.code != 1 || !oneLine(r.stderr) || !strings.Contains(r.stderr, "certificate") {
		t.Errorf("unknown authority: want exit 1 and a line about the certificate\n%s", r)
	}
	r := must(t, weft(t, "get", "-k", s.base+"/"))
	if got := string(r.stdout); got != greeting {
		t.Errorf("-k: got %q, want %q", got, greeting)
	}
}
