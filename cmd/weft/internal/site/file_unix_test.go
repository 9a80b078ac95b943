//go:build unix

package site

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"
)

// Neither a FIFO, whose opening would wait for a writer, nor a socket is a page.
func TestOnlyRegularFiles(t *testing.T) {
	dir, s := testDir(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo.txt"), 0o644); err != nil {
		t.Skip(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "bare", "index.html"), 0o644); err != nil {
		t.Skip(err)
	}
	if l, err := net.Listen("unix", filepath.Join(dir, "s")); err == nil {
		defer l.Close()
	}
	for _, path := range []string{"/fifo.txt", "/bare/", "/s"} {
		if r, _ := ask(t, s, "GET", path); r.Status != 404 {
			t.Errorf("%s: %d, want 404", path, r.Status)
		}
	}
	if _, err := Open(filepath.Join(dir, "fifo.txt")); err == nil {
		t.Error("a FIFO can be opened as a site")
	}
}
