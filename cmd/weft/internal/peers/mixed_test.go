package peers

import (
	"context"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"weft/adapters/http1"
	"weft/events"
)

// mixed is a server of both versions on one port.
func mixed(t testing.TB, w wire) (srv *events.Server, base string) {
	t.Helper()
	opts := events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New()}
	scheme := "http"
	if w.secure {
		secure, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: opts, TLS: thePKI(t).config(t)})
		if err != nil {
			t.Fatal(err)
		}
		srv, scheme = &secure.Server, "https"
	} else {
		var err error
		if srv, err = events.CreateServer(opts); err != nil {
			t.Fatal(err)
		}
	}
	addr, err := srv.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.DestroyAll()
		srv.Wait()
	})
	_, port, _ := net.SplitHostPort(addr.String())
	return srv, scheme + "://localhost:" + port
}

// curl speaks either version with one port, and one handler answers.
func TestCurlMixed(t *testing.T) {
	t.Parallel()
	path := need(t, "curl")
	overWires(t, func(t *testing.T, w wire) {
		srv, base := mixed(t, w)
		srv.OnRequest(events.InGoroutine(func(req *events.Request, res *events.Response) {
			res.SetHeader("x-version", req.HTTPVersion())
			res.SetHeader("content-type", "text/plain")
			if req.URL() == "/echo" {
				if _, err := io.Copy(res.Blocking(), req.Body()); err != nil {
					t.Error(err)
				}
				return
			}
			res.WriteString(req.Method() + " " + req.URL() + " of " + req.Headers().Get("user-agent") + "\n")
		}))
		both := []string{"--http1.1", "--http2"}
		if !w.secure {
			// --http2 alone asks for an upgrade, and is served as it came.
			both = append(both, "--http2-prior-knowledge")
		}
		run := func(t *testing.T, version string, args ...string) string {
			t.Helper()
			args = append([]string{"-sS", "--cacert", thePKI(t).ca, "-A", "curl", version}, args...)
			return string(must(t, exec.Command(path, args...)).stdout)
		}
		for _, version := range both {
			spoken := "2"
			if version == "--http1.1" || version == "--http2" && !w.secure {
				spoken = "1.1"
			}
			long := map[string]string{"1.1": "1.1", "2": "2.0"}[spoken]
			t.Run(version, func(t *testing.T) {
				got := run(t, version, "-D", "-", base+"/a?b")
				if head, body, _ := strings.Cut(got, "\r\n\r\n"); !strings.HasPrefix(head, "HTTP/"+spoken+" 200") ||
					!strings.Contains(strings.ToLower(head), "x-version: "+long) || body != "GET /a?b of curl\n" {
					t.Errorf("got %q", got)
				}
				if got := run(t, version, "-I", base+"/"); !strings.HasPrefix(got, "HTTP/"+spoken+" 200") {
					t.Errorf("HEAD: got %q", got)
				}
				got = run(t, version, "--data-binary", "@"+theSite(t).medium, "-H", "Expect: 100-continue", "-w", told, base+"/echo")
				body, ok := strings.CutSuffix(got, "0 "+spoken+" 200 1\n")
				if !ok || hash([]byte(body)) != theSite(t).sum {
					t.Errorf("echo: %d bytes with another hash, or not as told: %v", len(body), ok)
				}
				// A length nobody knows beforehand.
				cmd := exec.Command(path, "-sS", "--cacert", thePKI(t).ca, version, "-T", "-", "-X", "POST", base+"/echo")
				cmd.Stdin = strings.NewReader("piece by piece")
				if got := string(must(t, cmd).stdout); got != "piece by piece" {
					t.Errorf("chunked: got %q", got)
				}
			})
		}
		if w.secure {
			t.Run("--no-alpn", func(t *testing.T) {
				got := run(t, "--no-alpn", "-w", told, base+"/")
				if got != "GET / of curl\n0 1.1 200 1\n" {
					t.Errorf("got %q", got)
				}
			})
		}
		t.Run("one connection", func(t *testing.T) {
			got := run(t, "--http1.1", "-w", told, base+"/", base+"/")
			if want := "GET / of curl\n0 1.1 200 1\nGET / of curl\n0 1.1 200 0\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	})
}

// curl reaches a server through a proxy that it speaks HTTP/1.1 with.
func TestCurlThroughProxy(t *testing.T) {
	t.Parallel()
	path := need(t, "curl")
	target, base := mixed(t, wires[1])
	target.OnRequest(func(req *events.Request, res *events.Response) { res.EndString(req.HTTPVersion()) })
	proxy, at := mixed(t, wires[0])
	proxy.OnConnect(events.InGoroutine(func(req *events.Request, res *events.Response) {
		if !slices.Contains([]string{strings.TrimPrefix(base, "https://")}, req.Authority()) {
			res.SetStatusCode(403)
			return
		}
		up, err := new(net.Dialer).DialContext(context.Background(), "tcp", req.Authority())
		if err != nil {
			res.SetStatusCode(502)
			return
		}
		defer up.Close()
		res.WriteHead(200)
		res.FlushHeaders()
		go func() {
			io.Copy(up, req.Body())
			up.(*net.TCPConn).CloseWrite()
		}()
		io.Copy(res.Blocking(), up)
	}))
	for version, want := range map[string]string{"--http1.1": "1.1", "--http2": "2.0"} {
		r := must(t, exec.Command(path, "-sS", "--cacert", thePKI(t).ca, version, "-x", at, "--noproxy", "", base+"/"))
		if got := string(r.stdout); got != want {
			t.Errorf("%s: got %q, want %q", version, got, want)
		}
	}
	r := run(t, exec.Command(path, "-sS", "-x", at, "--noproxy", "", "https://localhost:1/"))
	if r.code == 0 || !strings.Contains(r.stderr, "403") {
		t.Errorf("a target that is not allowed: %s", r)
	}
}
