package site

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenErrors(t *testing.T) {
	dir, _ := testDir(t)
	for _, tt := range []struct{ dir, want string }{
		{filepath.Join(dir, "none"), "no such directory"},
		{filepath.Join(dir, "a.txt"), "not a directory"},
		{filepath.Join(dir, "a.txt", "x"), "not a directory"},
		{"", "no such directory"},
		{"a\x00b", "invalid argument"},
	} {
		s, err := Open(tt.dir)
		if err == nil {
			s.Close()
			t.Errorf("Open(%q) succeeded", tt.dir)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, tt.want) || strings.Contains(text, "\n") || !strings.HasPrefix(text, "cannot serve ") {
			t.Errorf("Open(%q): %v, want %q", tt.dir, err, tt.want)
		}
	}
}

func TestPermissions(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("this user may read everything")
	}
	dir, s := testDir(t)
	if err := os.Chmod(filepath.Join(dir, "a.txt"), 0); err != nil {
		t.Fatal(err)
	}
	if r, _ := ask(t, s, "GET", "/a.txt"); r.Status != 403 {
		t.Errorf("an unreadable file: %d, want 403", r.Status)
	}
	if err := os.Chmod(filepath.Join(dir, "dir"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "dir"), 0o755) // so that it can be removed
	if r, _ := ask(t, s, "GET", "/dir/index.html"); r.Status != 403 {
		t.Errorf("in a directory that can't be searched: %d, want 403", r.Status)
	}
	for _, mode := range []os.FileMode{0, 0o600} {
		closed := filepath.Join(t.TempDir(), "closed")
		if err := os.Mkdir(closed, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(closed); err == nil || !strings.Contains(err.Error(), "no permission") {
			t.Errorf("a directory of mode %o: %v", mode, err)
		}
	}
}

func TestSymlinks(t *testing.T) {
	dir, s := testDir(t)
	outside := filepath.Join(filepath.Dir(dir), "outside")
	for name, to := range map[string]string{
		"in.txt":         "a.txt",
		"dir/up.txt":     "../a.txt",
		"there":          "dir",
		"out.txt":        "../outside/secret.txt",
		"absolute.txt":   filepath.Join(outside, "secret.txt"),
		"outdir":         outside,
		"parent":         "..",
		"hop":            "parent/outside",
		"loop":           "loop",
		"dangling":       "nowhere",
		"bare/index.htm": "../../outside/secret.txt",
		"away":           "bare/../../outside",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for path, want := range map[string]int{
		"/in.txt":                    200,
		"/dir/up.txt":                200,
		"/there/":                    200,
		"/there":                     301,
		"/out.txt":                   404,
		"/absolute.txt":              404,
		"/outdir":                    404,
		"/outdir/":                   404,
		"/outdir/secret.txt":         404,
		"/parent/":                   404,
		"/parent/outside/secret.txt": 404,
		"/hop/secret.txt":            404,
		"/loop":                      404,
		"/dangling":                  404,
		"/bare/index.htm":            404,
		"/away/secret.txt":           404,
	} {
		r, body := ask(t, s, "GET", path)
		if r.Status != want || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %q, want %d", path, r.Status, body, want)
		}
	}
}

func TestContentTypes(t *testing.T) {
	dir, s := testDir(t)
	for name, tt := range map[string]struct{ content, want string }{
		"x.html":       {"", "text/html; charset=utf-8"},
		"X.HTML":       {"", "text/html; charset=utf-8"},
		"x.min.js":     {"", "text/javascript; charset=utf-8"},
		"x.tar.gz":     {"", "application/gzip"},
		"x.wasm":       {"", "application/wasm"},
		"x.json":       {"<html>", "application/json"},
		"x.svg":        {"", "image/svg+xml"},
		"README":       {"hello", "text/plain; charset=utf-8"},
		"x.ts":         {"let x = 1", "text/plain; charset=utf-8"},
		"page.unknown": {"<!doctype html><p>", "text/html; charset=utf-8"},
		"png.unknown":  {"\x89PNG\r\n\x1a\n", "image/png"},
		"data":         {"\x00\x01\x02", "application/octet-stream"},
	} {
		write(t, filepath.Join(dir, name), tt.content)
		r, body := ask(t, s, "GET", "/"+name)
		if got := r.Field("content-type"); got != tt.want || body != tt.content {
			t.Errorf("%s: %q %q, want %q %q", name, got, body, tt.want, tt.content)
		}
	}
}

// A file that changes its length while it is sent must not end a body early
// without an error, nor make it longer than announced.
func TestFileChangesLength(t *testing.T) {
	dir, s := testDir(t)
	path := filepath.Join(dir, "a.txt")

	r := s.Answer(Request{Method: "GET", Path: "/a.txt"})
	if err := os.Truncate(path, 4); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r.Body)
	if string(b) != "0123" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that became shorter: %q, %v", b, err)
	}
	r.Body.Close()

	r = s.Answer(Request{Method: "GET", Path: "/a.txt"})
	write(t, path, "0123456789")
	b, err = io.ReadAll(r.Body)
	if string(b) != "0123" || err != nil {
		t.Errorf("a file that became longer: %q, %v", b, err)
	}
	r.Body.Close()
}

func TestBodyOutlivesSite(t *testing.T) {
	_, s := testDir(t)
	r := s.Answer(Request{Method: "GET", Path: "/a.txt"})
	s.Close()
	b, err := io.ReadAll(r.Body)
	if string(b) != "0123456789" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	r.Body.Close()
	if r, _ := ask(t, s, "GET", "/a.txt"); r.Status != 404 {
		t.Errorf("after Close: %d, want 404", r.Status)
	}
}
