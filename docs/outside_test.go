package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const outsideProgram = `package main

import (
	"fmt"
	"time"

	"weft/core"
)

func main() {
	c, err := core.NewServer(time.Unix(0, 0), core.Config{})
	if err != nil {
		panic(err)
	}
	_, why := c.NextDeadline()
	fmt.Println(why)
}
`

// TestOutsideModule builds a module of its own on this checkout, the way the
// README says.
func TestOutsideModule(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(outsideProgram), 0o666); err != nil {
		t.Fatal(err)
	}
	run("go", "mod", "init", "example.org/outside")
	run("go", "mod", "edit", "-require=weft@v0.0.0", "-replace=weft="+root)
	// The checksums of what weft needs are those of the checkout.
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o666); err != nil {
		t.Fatal(err)
	}
	run("go", "mod", "tidy")
	if got := run("go", "run", "."); got != "preface\n" {
		t.Errorf("the program printed %q", got)
	}
}
