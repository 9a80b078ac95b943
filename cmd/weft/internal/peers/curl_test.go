package peers

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// curl returns a curl command that speaks HTTP/2 over w and nothing else.
func curl(t testing.TB, w wire, args ...string) *exec.Cmd {
	t.Helper()
	flags := []string{"--silent", "--show-error", "--http2-prior-knowledge"}
	if w.secure {
		flags = []string{"--silent", "--show-error", "--http2", "--cacert", thePKI(t).ca}
	}
	return exec.Command(need(t, "curl"), append(flags, args...)...)
}

// told asks curl for one line per transfer: exit code, HTTP version, status,
// new connections.
const told = "%{exitcode} %{http_version} %{http_code} %{num_connects}\n"

func TestCurl(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)

		r := must(t, curl(t, w, "-w", told, s.base+"/"))
		if got, want := string(r.stdout), greeting+"0 2 200 1\n"; got != want {
			t.Errorf("GET /: got %q, want %q", got, want)
		}
		r = must(t, curl(t, w, "-I", s.base+"/1m.bin"))
		if head := string(r.stdout); !strings.HasPrefix(head, "HTTP/2 200") || !strings.Contains(head, "content-length: 1048576") {
			t.Errorf("HEAD: got %q", head)
		}
		r = must(t, curl(t, w, s.base+"/1m.bin"))
		if hash(r.stdout) != s.site.sum {
			t.Errorf("download: %d bytes with another hash", len(r.stdout))
		}
		r = must(t, curl(t, w, "-r", "1000-2999", "-w", told, "-o", filepath.Join(t.TempDir(), "part"), s.base+"/1m.bin"))
		if got, want := string(r.stdout), "0 2 206 1\n"; got != want {
			t.Errorf("range: got %q, want %q", got, want)
		}
		// A site takes no uploads, and says so without waiting for them.
		r = must(t, curl(t, w, "--data-binary", "@"+s.site.medium, "-w", told, "-o", filepath.Join(t.TempDir(), "no"), s.base+"/"))
		if got, want := string(r.stdout), "0 2 405 1\n"; got != want {
			t.Errorf("upload to a site: got %q, want %q", got, want)
		}
		s.healthy(t)
	})
}

// Several transfers at once on one connection.
func TestCurlParallel(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	w := wires[1] // curl 7.88 cannot use a cleartext connection twice
	s := serve(t, w)
	dir := t.TempDir()
	args := []string{"--parallel", "-w", told}
	for _, name := range strings.Fields("a b c d e f g h") {
		args = append(args, s.base+"/1m.bin", "-o", filepath.Join(dir, name))
	}
	r := must(t, curl(t, w, args...))
	if n := strings.Count(string(r.stdout), "0 2 200 0\n"); n != 7 {
		t.Errorf("%d of 7 further transfers on the first connection\n%s", n, r.stdout)
	}
	for _, name := range strings.Fields("a b c d e f g h") {
		if hashFile(t, filepath.Join(dir, name)) != s.site.sum {
			t.Errorf("%s has another hash", name)
		}
	}
}

// curl goes away in the middle of a download.
func TestCurlAbort(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		t.Run("stdout closed", func(t *testing.T) {
			p, body := startPiped(t, curl(t, w, s.base+"/heavy.bin"))
			readSome(t, body, 1<<16)
			body.Close()
			if code := p.wait(); code != 23 { // CURLE_WRITE_ERROR
				t.Errorf("exit %d, want 23", code)
			}
			s.healthy(t)
		})
		t.Run("killed", func(t *testing.T) {
			p, body := startPiped(t, curl(t, w, s.base+"/heavy.bin"))
			readSome(t, body, 1<<16)
			p.kill()
			s.healthy(t)
		})
		t.Run("upload killed", func(t *testing.T) {
			cmd := curl(t, w, "-T", ".", s.base+"/upload")
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			p := start(t, cmd)
			in.Write(make([]byte, 1<<16))
			p.kill()
			s.healthy(t)
		})
		if !w.secure {
			return // curl 7.88 cannot use a cleartext connection twice
		}
		t.Run("same connection", func(t *testing.T) {
			// Headers come first: only after them does curl know that the file
			// is over the maximum, and resets the stream.
			out := filepath.Join(t.TempDir(), "out")
			r := must(t, curl(t, w, "--max-filesize", "2000000", "-w", told,
				"-o", out, s.base+"/", "-o", out, s.base+"/heavy.bin", "-o", out, s.base+"/1m.bin"))
			if got, want := string(r.stdout), "0 2 200 1\n63 2 200 0\n0 2 200 0\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if hashFile(t, out) != s.site.sum {
				t.Error("the download after the abort has another hash")
			}
		})
	})
}

// A fresh clone, as a new user would: a certificate made up on the way.
func TestCurlSelfSigned(t *testing.T) {
	t.Parallel()
	path := need(t, "curl")
	cmd := weft(t, "serve", "--addr", "127.0.0.1:0")
	home := t.TempDir()
	cmd.Env = append(cmd.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
	base := start(t, cmd).line(printedURL)[1]
	r := must(t, exec.Command(path, "-sk", "--http2", "-o", filepath.Join(home, "page"), "-w", "%{http_version} %{http_code}\n", base+"/"))
	if got, want := string(r.stdout), "2 200\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
