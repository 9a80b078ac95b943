//go:build unix

package verb

import (
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe is not found, and does not keep who opens it: not even if it takes the
// name of a file that was looked at just before.
func TestSendFilePipe(t *testing.T) {
	dir := public(t)
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip("no pipes here:", err)
	}
	c := dial(t, fileApp(t, dir))
	c.get("/files/pipe").is(t, 404, "Not Found")
	c.get("/naive/pipe").is(t, 404, "Not Found")
	for name, o := range map[string]FileOptions{pipe: {}, "pipe": {Root: dir}} {
		_, open, done, err := o.source()
		if err != nil {
			t.Fatal(err)
		}
		f, err := open(name) // nobody will write to it
		if err != nil {
			t.Fatal(err)
		}
		if info, err := f.Stat(); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
			t.Error(info, err)
		}
		f.Close()
		done()
	}
}
