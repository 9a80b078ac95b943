package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestAttacks holds attacks.md to what there is: each row once, a script or test
// for each, and a row for whatever a comment names.
func TestAttacks(t *testing.T) {
	page, err := os.ReadFile("attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| (AC-\d{3}) \|.*\| ([^|]*) \|$`)
	shown := regexp.MustCompile("`([^`]+)`")
	rows := make(map[string]bool)
	for line := range strings.Lines(string(page)) {
		m := row.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue
		}
		if rows[m[1]] {
			t.Errorf("%s has two rows", m[1])
		}
		rows[m[1]] = true
		names := shown.FindAllStringSubmatch(m[2], -1)
		if len(names) == 0 {
			t.Errorf("nothing shows %s", m[1])
		}
		for _, name := range names {
			if !isThere(name[1]) {
				t.Errorf("%s: there is no %s", m[1], name[1])
			}
		}
	}
	for i := range 100 {
		if id := fmt.Sprintf("AC-%03d", i+1); !rows[id] {
			t.Errorf("%s has no row", id)
		}
	}
	named := regexp.MustCompile(`AC-\d{3}`)
	filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && strings.HasPrefix(e.Name(), ".") && e.Name() != ".." {
			return fs.SkipDir
		}
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, id := range named.FindAllString(string(text), -1) {
			if !rows[id] {
				t.Errorf("%s names %s, which has no row", path, id)
			}
		}
		return err
	})
}

// isThere reports whether there is such a script, or test with its folder.
func isThere(name string) bool {
	dir, test, ok := strings.Cut(name, ":")
	if !ok {
		_, err := os.Stat(filepath.Join("../core/testdata", filepath.FromSlash(name)+".txt"))
		return err == nil
	}
	files, _ := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*_test.go"))
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), "\nfunc "+test+"(") {
			return true
		}
	}
	return false
}
