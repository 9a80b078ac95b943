package peers

import (
	"os/exec"
	"strings"
	"testing"

	"weft/events"
)

// answerTo is what weft serve answers to an upload of site.medium.
func answerTo(s *site) string { return "length 1048576\nsha256 " + s.sum + "\n" }

// echo is a server of package events within the test, whose answer to a POST
// comes back while it comes in: both directions of a stream at once.
func echo(t testing.TB, w wire) *server {
	t.Helper()
	srv := newEventsServer(t, w)
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		st.OnError(func(error) {}) // clients that leave are part of the tests
		st.Respond(events.Status(200))
		st.OnData(func(p []byte) {
			if ready, _ := st.Write(p); !ready {
				st.Pause()
			}
		})
		st.OnDrain(st.Resume)
		st.OnEnd(func() { st.End(nil) })
	})
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.DestroyAll()
		srv.Wait()
	})
	return &server{wire: w, t: t, base: w.scheme + "://" + addr.String()}
}

func newEventsServer(t testing.TB, w wire) *events.Server {
	t.Helper()
	if !w.secure {
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return srv
	}
	srv, err := events.CreateSecureServer(events.SecureServerOptions{TLS: thePKI(t).config(t)})
	if err != nil {
		t.Fatal(err)
	}
	return &srv.Server
}

func TestUploadCurl(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	overWires(t, func(t *testing.T, w wire) {
		sent := theSite(t)
		s := serveBuiltin(t, w)
		for _, flags := range [][]string{
			{"--data-binary", "@" + sent.medium},
			{"-T", sent.medium},
			{"-T", sent.medium, "-H", "expect: 100-continue"},
		} {
			r := must(t, curl(t, w, append(flags, s.base+"/upload")...))
			if got, want := string(r.stdout), answerTo(sent); got != want {
				t.Errorf("%s: got %q, want %q", flags, got, want)
			}
		}
		s.healthy(t)

		s = echo(t, w)
		r := must(t, curl(t, w, "-T", sent.medium, s.base+"/echo"))
		if hash(r.stdout) != sent.sum {
			t.Errorf("echo: %d bytes with another hash", len(r.stdout))
		}
		s.healthy(t)
	})
}

// An upload that stops in the middle.
func TestUploadCurlAbort(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	overWires(t, func(t *testing.T, w wire) {
		s := echo(t, w)
		// ("-T -" would make curl wait for its input and nothing else.)
		cmd := curl(t, w, "-T", ".", "--no-buffer", s.base+"/echo")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		p, back := startPiped(t, cmd)
		in.Write(make([]byte, 1<<16))
		readSome(t, back, 1<<14) // it has arrived
		p.kill()
		s.healthy(t)
	})
}

func TestUploadNghttp(t *testing.T) {
	t.Parallel()
	nghttp := need(t, "nghttp")
	overWires(t, func(t *testing.T, w wire) {
		sent := theSite(t)
		s, e := serveBuiltin(t, w), echo(t, w)
		for _, flags := range []string{"", "--trailer=x-sum:yes --no-content-length", "-b100 -w14 -W15", "--expect-continue"} {
			args := append(strings.Fields(flags), "-d", sent.medium)
			r := must(t, exec.Command(nghttp, append(args, s.base+"/upload")...))
			if got, want := string(r.stdout), answerTo(sent); got != want {
				t.Errorf("%s: got %q, want %q", flags, got, want)
			}
			if flags == "--expect-continue" {
				continue // which the echo does not do
			}
			r = must(t, exec.Command(nghttp, append(args, e.base+"/echo")...))
			if hash(r.stdout) != sent.sum {
				t.Errorf("%s: echo: %d bytes with another hash", flags, len(r.stdout))
			}
		}
		s.healthy(t)
		e.healthy(t)
	})
}

func TestUploadH2load(t *testing.T) {
	t.Parallel()
	h2load := need(t, "h2load")
	overWires(t, func(t *testing.T, w wire) {
		for _, s := range []*server{serveBuiltin(t, w), echo(t, w)} {
			r := must(t, exec.Command(h2load, "-n40", "-c4", "-m5", "-d", theSite(t).medium, s.base+"/"))
			if !strings.Contains(string(r.stdout), " 40 succeeded, 0 failed, 0 errored, 0 timeout") {
				t.Error(r)
			}
			s.healthy(t)
		}
	})
}

func TestUploadNode(t *testing.T) {
	t.Parallel()
	need(t, "node")
	overWires(t, func(t *testing.T, w wire) {
		sent := theSite(t)
		s := serveBuiltin(t, w)
		r := must(t, nodeClient(t, s, "upload", sent.medium))
		if found, want := parseFound(t, string(r.stdout)), answerTo(sent); found.Text != want {
			t.Errorf("got %q, want %q", found.Text, want)
		}
		s.healthy(t)

		s = echo(t, w)
		r = must(t, nodeClient(t, s, "upload", sent.medium))
		if found := parseFound(t, string(r.stdout)); found.Hash != sent.sum {
			t.Errorf("echo: %d bytes with another hash", found.Bytes)
		}
		s.healthy(t)
	})
}
