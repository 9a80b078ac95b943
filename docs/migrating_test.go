package docs

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestMigratingExamples compiles the examples of migrating.md.
func TestMigratingExamples(t *testing.T) {
	text, err := os.ReadFile("migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range example.FindAllStringSubmatch(string(text), -1) {
		bodies = append(bodies, m[1])
	}
	if len(bodies) < 4 {
		t.Fatalf("%d examples", len(bodies))
	}
	vetBodies(t, "ctx context.Context, handler http.Handler, file *os.File, app *verb.App, server *events.Server", bodies)
}

// TestMigratingNames holds the right-hand sides of the tables to what go doc
// knows: whatever looks like a name of weft is one.
func TestMigratingNames(t *testing.T) {
	text, err := os.ReadFile("migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	var known strings.Builder
	for _, path := range []string{"core", "events", "adapters/verb", "adapters/http1", "adapters/inspector"} {
		cmd := exec.Command("go", "doc", "-all", "./"+path)
		cmd.Dir = ".."
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go doc %s: %v", path, err)
		}
		known.Write(out)
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	name := regexp.MustCompile(`\b[A-Z][A-Za-z0-9]+\b`)
	foreign := map[string]bool{"SetDeadline": false, "Config": true, "EOF": true, "Copy": true}
	checked := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 2 || strings.HasPrefix(line, "|---") {
			continue
		}
		for _, q := range quoted.FindAllStringSubmatch(cells[1], -1) {
			for _, n := range name.FindAllString(q[1], -1) {
				if checked++; !foreign[n] && !regexp.MustCompile(`\b`+n+`\b`).MatchString(known.String()) {
					t.Errorf("there is no %s: %s", n, line)
				}
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d names were looked at", checked)
	}
}
