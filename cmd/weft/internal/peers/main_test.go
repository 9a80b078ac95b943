package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// scratch holds what all tests of a run share: the command, the served
// directory, the certificates. TestMain removes it.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "weft-peers")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	if raceEnabled {
		// Or else every command waits a second before it exits.
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// moduleRoot is where .ci/install puts the peers that are Go programs.
const moduleRoot = "../../../.."

var buildWeft = sync.OnceValues(func() (string, error) {
	bin := filepath.Join(scratch, "weft")
	args := []string{"build", "-o", bin}
	if raceEnabled {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "weft/cmd/weft")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// weft returns the command that runs weft with args.
func weft(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	bin, err := buildWeft()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(bin, args...)
}

// debian names the package of each peer, as .ci/install installs it.
var debian = map[string]string{
	"curl":     "curl",
	"nghttp":   "nghttp2-client",
	"h2load":   "nghttp2-client",
	"nghttpd":  "nghttp2-server",
	"h2o":      "h2o",
	"nginx":    "nginx",
	"chromium": "chromium",
	"node":     "nodejs",
	"openssl":  "openssl",
}

// need returns the path of a peer. Without the peer the test is skipped, or
// fails if WEFT_REQUIRE_PEERS is 1.
func need(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{filepath.Join(moduleRoot, ".peers", "bin"), "/usr/sbin", "/usr/local/sbin"} {
		// Debian's servers are where only root's PATH looks.
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			path, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	missing := fmt.Sprintf("%s is not installed: bash .ci/install", name)
	if pkg := debian[name]; pkg != "" {
		missing = fmt.Sprintf("%s is not installed: Debian package %s", name, pkg)
	}
	if os.Getenv("WEFT_REQUIRE_PEERS") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}
