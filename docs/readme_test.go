package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// programs returns the complete Go programs of a document.
func programs(t *testing.T, file string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "```go\n")[1:] {
		code, _, ok := strings.Cut(part, "```")
		if ok && strings.HasPrefix(code, "package main") {
			list = append(list, code)
		}
	}
	return list
}

// TestREADMEPrograms builds the programs of the README, and runs the one that
// ends by itself.
func TestREADMEPrograms(t *testing.T) {
	list := programs(t, "../README.md")
	if len(list) < 2 {
		t.Fatalf("the README has %d programs, want the loop and the server with its client", len(list))
	}
	for _, code := range list {
		// Inside the module, so that nothing has to be resolved.
		dir, err := os.MkdirTemp(".", "readme")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(code), 0o666); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "vet", "./"+dir).CombinedOutput(); err != nil {
			t.Errorf("go vet: %v\n%s\n%s", err, out, code)
			continue
		}
		if strings.Contains(code, "for {") {
			continue // serves for ever
		}
		out, err := exec.Command("go", "run", "./"+dir).CombinedOutput()
		if err != nil || string(out) != "200\nhello, /you\n" {
			t.Errorf("got %v, %q", err, out)
		}
	}
}
