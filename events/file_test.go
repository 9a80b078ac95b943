package events_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"weft/core"
	"weft/events"
)

// answer is what a client got of one response.
type answer struct {
	*events.ClientStream
	headers events.Headers
	body    strings.Builder
}

// ask makes a request without waiting for its answer.
func (p *pair) ask(namesAndValues ...string) *answer {
	p.t.Helper()
	a := new(answer)
	a.ClientStream = p.request(events.H(namesAndValues...))
	a.OnResponse(func(h events.Headers, _ events.Flags) { a.headers = h })
	a.OnData(func(b []byte) { a.body.Write(b) })
	return a
}

// serveFile answers all requests with a file of that size, "0123…".
func (p *pair) serveFile(size int, opts ...events.FileOptions) (path string) {
	p.t.Helper()
	path = filepath.Join(p.t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(strings.Repeat("0123456789", size/10+1)[:size]), 0o666); err != nil {
		p.t.Fatal(err)
	}
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		if err := st.RespondWithFile(path, events.Headers{}, opts...); err != nil {
			p.t.Error(err)
		}
	})
	return path
}

// A file that changes while it is sent: one that grows is sent as it was, one
// that shrinks never looks complete.
func TestFileChanges(t *testing.T) {
	const size = 1 << 20
	for _, c := range []struct {
		now  int64
		good bool
	}{{size, true}, {2 * size, true}, {size - 1, false}, {0, false}} {
		p := newPair(t, pairOptions{})
		path := p.serveFile(size)
		a := p.ask()
		p.link.Run(func() bool { return a.body.Len() > 0 })
		if err := os.Truncate(path, c.now); err != nil {
			t.Fatal(err)
		}
		p.settle()
		if a.Complete() != c.good || c.good && a.body.Len() != size {
			t.Errorf("changed to %d bytes: got %d, complete %v", c.now, a.body.Len(), a.Complete())
		}
		if code, _ := a.RSTCode(); !c.good && code != core.InternalError {
			t.Errorf("changed to %d bytes: closed with %v", c.now, code)
		}
		if !c.good && !strings.Contains(p.logged.String(), "the source ended before the announced size") {
			t.Errorf("logged %q", p.logged.String())
		}
	}
}

// Many files at once wait for room on the disk, not in memory.
func TestManyFiles(t *testing.T) {
	const count, size = 150, 100000
	p := newPair(t, pairOptions{client: events.SessionOptions{FixedWindows: true}})
	var streams []*events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { streams = append(streams, st) })
	p.serveFile(size)
	var asked []*answer
	for range count {
		asked = append(asked, p.ask())
	}
	most := 0
	for steps := 0; p.link.Step(); steps++ {
		if steps%10 > 0 {
			continue
		}
		waits := 0
		for _, st := range streams {
			waits += st.BufferSize()
		}
		most = max(most, waits)
	}
	if most > 0 || len(streams) != count {
		t.Errorf("%d bytes of %d streams waited in memory", most, len(streams))
	}
	for i, a := range asked {
		if a.body.Len() != size || !a.Complete() {
			t.Fatalf("response %d: %d bytes, complete %v", i, a.body.Len(), a.Complete())
		}
	}
}

// Whoever responds while the file is being opened has responded.
func TestFileTooLate(t *testing.T) {
	opened := 0
	disk := openFunc(func(name string) (fs.File, error) {
		opened++
		return fstest.MapFS{"file": {Data: []byte("of the file")}}.Open(name)
	})
	for name, c := range map[string]struct {
		then func(st *events.ServerStream)
		want string
	}{
		"respond":    {func(st *events.ServerStream) { st.Respond(events.Headers{}); st.EndString("mine") }, "mine"},
		"write":      {func(st *events.ServerStream) { st.EndString("mine") }, "mine"},
		"destroy":    {func(st *events.ServerStream) { st.Destroy(nil) }, ""},
		"file again": {func(st *events.ServerStream) { st.RespondWithFS(disk, "file", events.Headers{}) }, "of the file"},
	} {
		opened = 0
		p := newPair(t, pairOptions{})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.RespondWithFS(disk, "file", events.Headers{}, events.FileOptions{OnError: func(err error) { t.Error(err) }})
			c.then(st)
		})
		a := p.ask()
		p.settle()
		if a.body.String() != c.want || opened > 1 {
			t.Errorf("%s: %q, opened %d times", name, a.body.String(), opened)
		}
	}
}

type openFunc func(name string) (fs.File, error)

func (f openFunc) Open(name string) (fs.File, error) { return f(name) }

// In its callbacks a file response may do whatever other callbacks may.
func TestFileCallbacks(t *testing.T) {
	for name, opts := range map[string]func(st *events.ServerStream) events.FileOptions{
		"panic": func(*events.ServerStream) events.FileOptions {
			return events.FileOptions{StatCheck: func(fs.FileInfo, *events.Headers) bool { panic("no") }}
		},
		"destroy": func(st *events.ServerStream) events.FileOptions {
			return events.FileOptions{StatCheck: func(fs.FileInfo, *events.Headers) bool { st.Destroy(nil); return true }}
		},
		"no body": func(*events.ServerStream) events.FileOptions {
			return events.FileOptions{StatCheck: func(_ fs.FileInfo, h *events.Headers) bool { h.Set(":status", "304"); return true }}
		},
		"refuse": func(st *events.ServerStream) events.FileOptions {
			return events.FileOptions{StatCheck: func(fs.FileInfo, *events.Headers) bool { return false }}
		},
	} {
		closed := 0
		disk := openFunc(func(name string) (fs.File, error) {
			f, err := fstest.MapFS{"file": {Data: []byte("of the file")}}.Open(name)
			return countClose{f, &closed}, err
		})
		p := newPair(t, pairOptions{})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.RespondWithFS(disk, "file", events.Headers{}, opts(st))
		})
		a := p.ask()
		p.settle()
		want := map[string]int{"panic": 500, "no body": 304}[name]
		if closed != 1 || a.headers.Status() != want || a.body.Len() > 0 || a.Destroyed() != (name != "refuse") {
			t.Errorf("%s: closed %d times, status %d, over %v", name, closed, a.headers.Status(), a.Destroyed())
		}
	}
}

type countClose struct {
	fs.File
	closed *int
}

func (c countClose) Close() error {
	*c.closed++
	return c.File.Close()
}

// What a file can't do shows before anything is sent.
func TestFileAbilities(t *testing.T) {
	disk := fstest.MapFS{"dir/file": {Data: []byte("0123456789")}}
	for _, c := range []struct {
		fsys   fs.FS
		name   string
		offset int64
		want   string // or the error's code
	}{
		{disk, "dir/file", 3, "3456789"},
		{onlyReads(disk, false), "dir/file", 0, "0123456789"},
		{onlyReads(disk, false), "dir/file", 3, "ERR_HTTP2_SEND_FILE_NOSEEK"},
		{onlyReads(disk, true), "dir/file", 3, "3456789"},
		{disk, "dir", 0, "ERR_HTTP2_SEND_FILE"},
		{disk, "missing", 0, "ENOENT"},
		{os.DirFS("."), "../file", 0, "EINVAL"},
		{openFunc(func(string) (fs.File, error) { return nil, errors.New("odd") }), "x", 0, "ERR_SYSTEM_ERROR"},
	} {
		p := newPair(t, pairOptions{})
		code := ""
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.RespondWithFS(c.fsys, c.name, events.Headers{}, events.FileOptions{Offset: c.offset, OnError: func(err error) {
				var e *events.Error
				if errors.As(err, &e) {
					code = e.Code
				}
				st.Respond(events.Status(404))
				st.End(nil)
			}})
		})
		a := p.ask()
		p.settle()
		if got := code + a.body.String(); got != c.want {
			t.Errorf("%s from %d: %q, want %q", c.name, c.offset, got, c.want)
		}
	}
}

// onlyReads makes files that have no ReadAt, and perhaps no Seek.
func onlyReads(fsys fs.FS, seek bool) fs.FS {
	return openFunc(func(name string) (fs.File, error) {
		f, err := fsys.Open(name)
		if seek {
			return struct {
				fs.File
				io.Seeker
			}{f, f.(io.Seeker)}, err
		}
		return struct{ fs.File }{f}, err
	})
}

// A content-length that the descriptor does not keep never looks complete.
func TestFDLength(t *testing.T) {
	for length, good := range map[string]bool{"10": true, "5": true, "11": false, "many": true} {
		p := newPair(t, pairOptions{})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			f, err := fstest.MapFS{"file": {Data: []byte("0123456789")}}.Open("file")
			if err != nil {
				t.Error(err)
			}
			if err := st.RespondWithFD(f, events.H("content-length", length)); err != nil && length != "many" {
				t.Errorf("content-length %s: %v", length, err)
			} else if err != nil {
				st.EndString("refused")
			}
		})
		a := p.ask()
		p.settle()
		if a.Complete() != good {
			t.Errorf("content-length %s: %q, complete %v", length, a.body.String(), a.Complete())
		}
	}
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		if err := st.RespondWithFD(nil, events.Headers{}); !errors.Is(err, events.ErrInvalidArg) {
			t.Errorf("no descriptor: %v", err)
		}
		st.End(nil)
	})
	p.ask()
	p.settle()
}

// A goroutine that responds with a file and lets go of the stream has
// responded; if it turns out that there is no file, the stream is reset.
func TestFileDuplex(t *testing.T) {
	disk := fstest.MapFS{"file": {Data: []byte("of the file")}}
	for name, want := range map[string]core.ErrCode{"file": core.NoError, "missing": core.InternalError} {
		p := newPair(t, pairOptions{})
		var conn *events.Duplex
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { conn = st.Blocking() })
		var server *events.ServerStream
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { server = st })
		a := p.ask()
		p.settle()
		server.RespondWithFS(disk, name, events.Headers{}, events.FileOptions{OnError: func(error) {}}) // outside a turn
		conn.Close()
		p.settle()
		code, over := a.RSTCode()
		if code != want || !over || want == core.NoError && a.body.String() != "of the file" {
			t.Errorf("%s: closed with %v, %q", name, code, a.body.String())
		}
	}
}
