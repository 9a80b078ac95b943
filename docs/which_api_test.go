package docs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// given are the variables that the examples of which-api.md do not declare.
const given = "ctx context.Context, conn net.Conn, server *events.Server, session *events.ClientSession, stream *events.ServerStream"

// imports are the packages by the names the examples have for them.
var imports = map[string]string{
	"context": "context", "fmt": "fmt", "html": "html", "http": "net/http", "httptest": "net/http/httptest", "io": "io", "net": "net",
	"os": "os", "slog": "log/slog", "strings": "strings", "time": "time", "tls": "crypto/tls",
	"core": "weft/core", "events": "weft/events", "transport": "weft/transport", "mem": "weft/transport/mem",
	"http1": "weft/adapters/http1", "inspector": "weft/adapters/inspector", "verb": "weft/adapters/verb",
}

var (
	example   = regexp.MustCompile("(?s)```go\n(.*?)```")
	qualifier = regexp.MustCompile(`\b([a-z][a-z0-9]*)\.[A-Z]`)
	heading   = regexp.MustCompile(`(?m)^## (.*)$`)
	anchor    = regexp.MustCompile(`\]\(#([^)]*)\)`)
)

// TestWhichAPIExamples compiles the examples of which-api.md, each as the body
// of a function.
func TestWhichAPIExamples(t *testing.T) {
	text, err := os.ReadFile("which-api.md")
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for i, m := range example.FindAllStringSubmatch(string(text), -1) {
		if n := strings.Count(m[1], "\n"); n > 6 {
			t.Errorf("example %d has %d lines", i+1, n)
		}
		bodies = append(bodies, m[1])
	}
	if len(bodies) < 10 {
		t.Fatalf("%d examples", len(bodies))
	}
	vetBodies(t, given, bodies)
}

// vetBodies vets examples as bodies of functions with the given parameters.
func vetBodies(t *testing.T, given string, bodies []string) {
	t.Helper()
	var functions, head strings.Builder
	for i, body := range bodies {
		fmt.Fprintf(&functions, "func example%d(%s) {\n\t{\n%s}\n}\n\n", i+1, given, body) // in a block: one may have an app of its own
	}
	used := map[string]bool{}
	for _, m := range qualifier.FindAllStringSubmatch(given+functions.String(), -1) {
		if path := imports[m[1]]; path != "" && !used[path] {
			used[path] = true
			fmt.Fprintf(&head, "import %q\n", path)
		}
	}
	dir, err := os.MkdirTemp(".", "which") // inside the module, so that nothing has to be resolved
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	code := "package examples\n\n" + head.String() + functions.String()
	if err := os.WriteFile(filepath.Join(dir, "examples.go"), []byte(code), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "vet", "./"+dir).CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s\n%s", err, out, code)
	}
}

// TestWhichAPILinks holds the links within the page to its headings.
func TestWhichAPILinks(t *testing.T) {
	text, err := os.ReadFile("which-api.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		name := strings.ToLower(m[1])
		there[strings.NewReplacer(" ", "-", ".", "", "/", "").Replace(name)] = true
	}
	for _, m := range anchor.FindAllStringSubmatch(string(text), -1) {
		if !there[m[1]] {
			t.Errorf("no heading has the anchor #%s", m[1])
		}
	}
}
