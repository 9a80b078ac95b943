//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"weft/events"
)

// need returns where a peer is; without it the test is skipped, or fails with
// WEFT_REQUIRE_PEERS=1.
func need(t *testing.T, name string) string {
	t.Helper()
	ours, err := filepath.Abs(filepath.Join("..", "..", ".peers", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{ours, name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("WEFT_REQUIRE_PEERS") == "1" {
		t.Fatalf("%s is not installed: bash .ci/install", name)
	}
	t.Skipf("%s is not installed: bash .ci/install", name)
	return ""
}

func TestH2spec(t *testing.T) {
	h2spec := need(t, "h2spec")
	opts := events.ServerOptions{Pump: start(t, 1).Pump}
	opts.Settings.MaxConcurrentStreams = events.Set(uint32(100)) // for it tries one more
	srv, err := events.CreateServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		st.OnData(func([]byte) {})
		st.OnEnd(func() {
			st.Respond(events.Status(200, "content-type", "text/plain"))
			st.EndString("as much as h2spec wants to see\n")
		})
	})
	t.Cleanup(srv.DestroyAll)
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr.String())
	out, err := exec.Command(h2spec, "--strict", "--host", "127.0.0.1", "--port", port).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "146 passed, 0 skipped, 0 failed") {
		text := string(out)
		if i := strings.Index(text, "Failures:"); i >= 0 {
			text = text[i:]
		}
		t.Errorf("%v\n%s", err, text)
	}
}

func TestCurl(t *testing.T) {
	curl := need(t, "curl")
	_, addr := serve(t, start(t, 1))
	got, err := exec.Command(curl, "-sS", "--http2-prior-knowledge", "-d", "said by curl", "http://"+addr+"/").Output()
	if string(got) != "said by curl" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	got, err = exec.Command(curl, "-sS", "--http2-prior-knowledge", "http://"+addr+"/big").Output()
	if string(got) != big || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
