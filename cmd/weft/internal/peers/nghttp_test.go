package peers

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// nghttp exits with 0 whatever happened: its output is what counts.

func TestNghttp(t *testing.T) {
	t.Parallel()
	nghttp := need(t, "nghttp")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		r := must(t, exec.Command(nghttp, s.base+"/"))
		if got := string(r.stdout); got != greeting {
			t.Errorf("GET /: got %q, want %q", got, greeting)
		}
		r = must(t, exec.Command(nghttp, s.base+"/1m.bin"))
		if hash(r.stdout) != s.site.sum {
			t.Errorf("download: %d bytes with another hash", len(r.stdout))
		}
		// Small windows, padding, priorities of nghttp's own tree, and several
		// requests for the same page at once.
		r = must(t, exec.Command(nghttp, "-n", "-s", "-m", "20", "-w", "12", "-W", "14", "-b", "200", "-p", "256",
			s.base+"/1m.bin", s.base+"/"))
		if n := len(regexp.MustCompile(`(?m) 200 .* /(1m\.bin)?$`).FindAllString(string(r.stdout), -1)); n != 40 {
			t.Errorf("%d of 40 requests\n%s", n, r)
		}
		// A header block of 18 KiB, in several frames.
		r = must(t, exec.Command(nghttp, "-v", "--continuation", s.base+"/"))
		if !strings.Contains(string(r.stdout), ":status: 200") {
			t.Errorf("with CONTINUATION frames\n%s", r)
		}
		s.healthy(t)
	})
}

func TestNghttpAbort(t *testing.T) {
	t.Parallel()
	nghttp := need(t, "nghttp")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		p, body := startPiped(t, exec.Command(nghttp, s.base+"/heavy.bin"))
		readSome(t, body, 1<<16)
		p.kill()
		s.healthy(t)
	})
}

func TestH2load(t *testing.T) {
	t.Parallel()
	h2load := need(t, "h2load")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		for _, c := range []struct{ n, shape, path string }{
			{"2000", "-c10 -m10", "/"},
			{"2000", "-c1 -m100", "/"},
			{"40", "-c4 -m5", "/1m.bin"},
			{"100", "-c2 -m10 -w10 -W12", "/"}, // windows of 1 and 4 KiB
		} {
			args := append(strings.Fields(c.shape), "-n"+c.n, s.base+c.path)
			r := must(t, exec.Command(h2load, args...))
			text := string(r.stdout)
			want := "requests: " + c.n + " total, " + c.n + " started, " + c.n + " done, " + c.n + " succeeded, 0 failed, 0 errored, 0 timeout"
			if !strings.Contains(text, want) || !strings.Contains(text, "status codes: "+c.n+" 2xx") {
				t.Errorf("%s: want %q\n%s", c.shape, want, text)
			}
		}
		s.healthy(t)
	})
}

func TestH2loadAbort(t *testing.T) {
	t.Parallel()
	h2load := need(t, "h2load")
	overWires(t, func(t *testing.T, w wire) {
		s := serve(t, w)
		p := start(t, exec.Command(h2load, "-n200", "-c10", "-m10", s.base+"/heavy.bin"))
		p.line(regexp.MustCompile(`Application protocol: h2`))
		p.kill()
		s.healthy(t)
	})
}
