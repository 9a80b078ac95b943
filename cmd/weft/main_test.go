package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// result is what a command line came to.
type result struct {
	code           int
	stdout, stderr string
}

func runWeft(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr buffer
	code := run(args, &env{
		ctx: context.Background(), stdin: strings.NewReader(stdin), stdout: &stdout, stderr: &stderr,
		signals: make(chan os.Signal),
	})
	return result{code, stdout.String(), stderr.String()}
}

// oneLine reports whether text is one line that has all the words.
func oneLine(text string, words ...string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return strings.Count(text, "\n") == 1 && strings.HasSuffix(text, "\n")
}

// Whatever is wrong with a command line, one line says so and what would work.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	for _, c := range []struct {
		args  string
		code  int
		words []string
	}{
		{"", 2, []string{"no command", "serve"}},
		{"fetch", 2, []string{`"fetch"`, "get"}},
		{"help fetch", 2, []string{`"fetch"`, "get"}},

		{"serve --port 80", 2, []string{"--port", "weft help serve"}},
		{"serve --addr", 2, []string{"addr", "argument"}},
		{"serve a b", 2, []string{`"b"`}},
		{"serve --cert x", 2, []string{"--key"}},
		{"serve --cleartext --cert x --key y", 2, []string{"--cleartext", "--cert"}},
		{"serve " + missing, 1, []string{missing, "no such directory"}},
		{"serve " + file, 1, []string{file, "not a directory"}},
		{"serve --cert " + missing + " --key " + missing, 1, []string{missing, "PEM"}},
		{"serve --cert " + file + " --key " + file, 1, []string{file, "PEM"}},
		{"serve --cleartext --addr nonsense", 1, []string{"nonsense", "--addr", "localhost:8443"}},
		{"serve --cleartext --addr 192.0.2.1:80", 1, []string{"192.0.2.1:80", "--addr"}},

		{"serve --addr=", 1, []string{"--addr is empty"}},
		{"serve --cert= --key=", 1, []string{"--cert is empty"}},
		{"serve --cleartext=maybe", 2, []string{"--cleartext", "true or false", `"maybe"`}},
		{"serve --cleartext --addr localhost:99999", 1, []string{"localhost:99999", "65535"}},
		{"serve --cleartext --addr localhost:8x", 1, []string{"localhost:8x", "65535"}},
		{"version x", 2, []string{`"x"`}},
		{"help serve x", 2, []string{`"x"`}},

		{"get", 2, []string{"no URL", "https://"}},
		{"get --frob https://localhost/", 2, []string{"--frob", "weft help get"}},
		{"get -z https://localhost/", 2, []string{"-z"}},
		{"get https://localhost/ -o", 2, []string{"-o", "argument"}},
		{"get -o a -o b https://localhost/", 2, []string{"-o b"}},
		{"get -k --cacert x https://localhost/", 2, []string{"-k", "--cacert"}},
		{"get localhost:8443", 1, []string{"localhost:8443", "https://"}},
		{"get https://", 1, []string{"host"}},
		{"get https://local%zzhost/", 1, []string{"not a URL"}},
		{"get ftp://localhost/", 1, []string{"ftp://localhost/", "https://"}},
		{"get https://localhost:99999/", 1, []string{"99999", "1 to 65535"}},
		{"get https://localhost:0/", 1, []string{"port 0", "1 to 65535"}},
		{"get -k=5 https://localhost/", 2, []string{"-k is true or false", `"5"`}},
		{"get --output", 2, []string{"--output", "argument"}},
		{"get -o= https://localhost/", 1, []string{"-o", "standard output"}},
		{"get -o " + missing + " -o " + missing + " https://localhost/ https://localhost/b", 1, []string{missing, "two URLs"}},
		{"get -X= https://localhost/", 1, []string{"-X is empty"}},
		{"get -X A/B https://localhost/", 1, []string{`-X "A/B"`, "letters"}},
		{"get -X CONNECT https://localhost/", 1, []string{"-X CONNECT"}},
		{"get --cacert= https://localhost/", 1, []string{"--cacert is empty"}},
		{"get -H host: https://localhost/", 1, []string{`"host:"`, "host: name"}},
		{"get -H :path:/x https://localhost/", 1, []string{`":path:/x"`, "URL"}},
		{"get -H nonsense https://localhost/", 1, []string{"nonsense", "name: value"}},
		{"get -d @" + missing + " https://localhost/", 1, []string{missing}},
		{"get -d @" + dir + " https://localhost/", 1, []string{dir, "directory"}},
		{"get -d @ https://localhost/", 1, []string{"@-"}},
		{"get -d @- https://localhost/ https://localhost/b", 1, []string{"standard input", "once"}},
		{"get --cacert " + missing + " https://localhost/", 1, []string{missing}},
		{"get --cacert " + file + " https://localhost/", 1, []string{file, "PEM"}},
	} {
		r := runWeft(t, "", strings.Fields(c.args)...)
		if r.code != c.code || !oneLine(r.stderr, c.words...) || r.stdout != "" {
			t.Errorf("weft %s: exit %d, %q on stderr, %q on stdout; want exit %d and one line with %q", c.args, r.code, r.stderr, r.stdout, c.code, c.words)
		}
	}
}

func TestHelp(t *testing.T) {
	for args, want := range map[string]string{
		"help": overview, "--help": overview, "-h": overview,
		"help serve": serveHelp, "serve --help": serveHelp, "serve -h": serveHelp,
		"help get": getHelp, "get --help": getHelp, "get https://localhost/ -h": getHelp,
	} {
		if r := runWeft(t, "", strings.Fields(args)...); r.code != 0 || r.stdout != want || r.stderr != "" {
			t.Errorf("weft %s: exit %d, %q", args, r.code, r.stdout+r.stderr)
		}
	}
	if r := runWeft(t, "", "version"); r.code != 0 || !oneLine(r.stdout, "weft ") {
		t.Errorf("weft version: exit %d, %q", r.code, r.stdout+r.stderr)
	}
}

// The help names every flag, and no other.
func TestHelpIsComplete(t *testing.T) {
	for _, flag := range strings.Fields("-X -H -d -o -i -k -v --fail --cacert") {
		if !strings.Contains(getHelp, "\n  "+flag+" ") {
			t.Errorf("weft help get does not explain %s", flag)
		}
	}
	for _, flag := range strings.Fields("--request --header --data --data-binary --output --include --insecure --verbose") {
		if !strings.Contains(getHelp, flag) {
			t.Errorf("weft help get does not name %s", flag)
		}
	}
	for _, flag := range strings.Fields("--addr --cleartext --cert --key -v,") {
		if !strings.Contains(serveHelp, "\n  "+flag+" ") {
			t.Errorf("weft help serve does not explain %s", flag)
		}
	}
}
