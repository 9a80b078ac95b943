package nodetest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
)

// tempFile makes a file and returns its path.
func tempFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.txt")
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// digits is the content of a file of 30,000 bytes.
var digits = strings.Repeat("0123456789", 3000)

// fetched is what a client got.
type fetched struct {
	*events.ClientStream
	response events.Headers
	body     strings.Builder
}

// fetch makes a request, has the link settle and returns what came.
func (w *world) fetch(namesAndValues ...string) *fetched {
	w.t.Helper()
	got := new(fetched)
	got.ClientStream = w.request(events.H(namesAndValues...), events.RequestOptions{}, func(st *events.ClientStream) {
		st.OnResponse(func(h events.Headers, _ events.Flags) { got.response = h })
		st.OnData(func(p []byte) { got.body.Write(p) })
	})
	w.settle()
	return got
}

// is checks status and body of a message that came whole.
func (got *fetched) is(t *testing.T, status int, body string) {
	t.Helper()
	if got.response.Status() != status || got.body.String() != body || !got.Complete() {
		t.Errorf("got status %d, %d bytes of body, complete %v; want %d, %d bytes",
			got.response.Status(), got.body.Len(), got.Complete(), status, len(body))
	}
}

// isError checks the code, and unless it is empty the message, of an error.
func isError(t *testing.T, what string, err error, code, message string) {
	t.Helper()
	var e *events.Error
	if !errors.As(err, &e) || e.Code != code || message != "" && e.Message != message {
		t.Errorf("%s: %v; want %s: %s", what, err, code, message)
	}
}

const internal = "ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR"

func TestNode_respond_file(t *testing.T) {
	t.Run("respond-file", func(t *testing.T) {
		path := tempFile(t, digits)
		w := newWorld(t, setup{})
		modified := ""
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			err := st.RespondWithFile(path, events.H("content-type", "text/plain"), events.FileOptions{
				StatCheck: func(info fs.FileInfo, h *events.Headers) bool {
					modified = info.ModTime().UTC().Format(time.RFC1123)
					h.Set("last-modified", modified)
					h.Set("content-length", fmt.Sprint(info.Size()))
					covers(t, "serverStream.respondWithFile.option.statCheck")
					return true
				},
			})
			if err != nil {
				t.Error(err)
			}
			if st.HeadersSent() {
				t.Error("the method has sent the headers; it is to wait for StatCheck")
			}
		})
		got := w.fetch()
		got.is(t, 200, digits)
		covers(t, "serverStream.method.respondWithFile")
		h := got.response
		if h.Get("content-type") != "text/plain" || h.Get("last-modified") != modified || h.Get("content-length") != "30000" {
			t.Errorf("response: %v", text(h))
		}
		if _, err := time.Parse(time.RFC1123, h.Get("date")); err != nil {
			t.Errorf("date: %v", err)
		}
		covers(t, "rule.respond.date-header")
	})

	for status, ids := range map[string]string{"204": "respond-file-204", "304": "respond-file-errors.2", "205": "respond-file-errors.2"} {
		t.Run(ids, func(t *testing.T) {
			w := newWorld(t, setup{})
			w.serve(func(st *events.ServerStream, _ events.Headers) {
				err := st.RespondWithFile(tempFile(t, "x"), events.H(":status", status, "content-type", "text/plain"))
				isError(t, "RespondWithFile", err, "ERR_HTTP2_PAYLOAD_FORBIDDEN", "Responses with "+status+" status must not have a payload")
				st.Respond(events.Headers{})
				st.End(nil)
			})
			w.fetch().is(t, 200, "")
		})
	}

	t.Run("respond-file-304", func(t *testing.T) {
		path := tempFile(t, digits)
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.RespondWithFile(path, events.H("content-type", "text/plain"), events.FileOptions{
				StatCheck: func(fs.FileInfo, *events.Headers) bool {
					if err := st.Respond(events.Status(304)); err != nil {
						t.Error(err)
					}
					return false
				},
			})
		})
		got := w.fetch()
		got.is(t, 304, "")
		if got.response.Has("content-type") || got.response.Has("content-length") {
			t.Errorf("response: %v", text(got.response))
		}
		covers(t, "rule.respondWithFile.statCheck-false-cancels")
	})

	t.Run("respond-file-404", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "missing")
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.RespondWithFile(path, events.H("content-type", "text/plain"), events.FileOptions{
				StatCheck: func(fs.FileInfo, *events.Headers) bool { t.Error("StatCheck was called"); return true },
				OnError: func(err error) {
					isError(t, "OnError", err, "ENOENT", "no such file or directory, open '"+path+"'")
					if want := "ENOENT: no such file or directory, open '" + path + "'"; err.Error() != want {
						t.Errorf("%q, want %q", err, want)
					}
					if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, events.ErrNotExist) {
						t.Errorf("%v does not match", err)
					}
					covers(t, "error.ENOENT")
					st.Respond(events.Status(404))
					st.End(nil)
				},
			})
		})
		w.fetch().is(t, 404, "")
		covers(t, "serverStream.respondWithFile.option.onError")
		w.happened("client ready 1", "client finish", "server end", "server finish", "server close 0",
			"client response 404 flags=4", "client end", "client close 0")
	})

	t.Run("error-order", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "missing")
		w := newWorld(t, setup{})
		w.watchSession("session", &w.client.Session)
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			w.note("server stream")
			st.RespondWithFile(path, events.H("content-type", "text/plain"))
		})
		st := w.get()
		st.OnClose(func() { w.client.Close() })
		w.settle()
		w.happened("session connect", "client ready 1", "client finish", "server stream", "server end", "server aborted",
			"server error ENOENT: no such file or directory, open '"+path+"'", "server close 2",
			"client error "+internal, "client close 2", "session close")
		if !w.fromServer.has("RST_STREAM 1 INTERNAL_ERROR") {
			t.Errorf("the server sent %q", w.fromServer.list())
		}
	})

	t.Run("respond-file-errors.3", func(t *testing.T) {
		path := tempFile(t, digits)
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			isError(t, "after Respond", st.RespondWithFile(path, events.Headers{}), "ERR_HTTP2_HEADERS_SENT", "Response has already been initiated.")
			st.Destroy(nil)
			isError(t, "after Destroy", st.RespondWithFile(path, events.Headers{}), "ERR_HTTP2_INVALID_STREAM", "The stream has been destroyed")
		})
		w.fetch()
		if !w.saw("client close 0") || len(w.of("client error")) > 0 {
			t.Errorf("happened: %q", w.log)
		}
	})

	t.Run("respond-file-fd-leak", func(t *testing.T) {
		disk := &countedFS{t: t, FS: os.DirFS(filepath.Dir(tempFile(t, digits)))}
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnClose(func() {
				if disk.opened != 1 || disk.closed != 1 {
					t.Errorf("before the close event: opened %d times, closed %d times", disk.opened, disk.closed)
				}
			})
			if err := st.RespondWithFS(disk, "file.txt", events.H(":method", "GET")); err != nil {
				t.Errorf("RespondWithFS: %v", err)
			}
		})
		w.fetch()
		if list := w.of("server error"); len(list) != 1 || !strings.HasPrefix(list[0], "ERR_HTTP2_INVALID_PSEUDOHEADER: ") {
			t.Errorf("errors of the server's: %q", list)
		}
		if !w.saw("client error "+internal) || !w.saw("client close 2") || disk.closed != 1 {
			t.Errorf("closed %d times; happened: %q", disk.closed, w.log)
		}
	})

	t.Run("respond-file-compat", func(t *testing.T) {
		// A handler of the compatibility classes reaches the same stream.
		path := tempFile(t, digits)
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.RespondWithFile(path, events.Headers{}) })
		got := w.fetch()
		got.is(t, 200, digits)
		if h := got.response; !h.Has("date") || h.Get("content-length") != "30000" || h.Has("content-type") {
			t.Errorf("response: %v", text(h))
		}
		covers(t, "rule.respondWithFile.content-length")
	})

	t.Run("generic-streams-sendfile", func(t *testing.T) {
		path := tempFile(t, digits)
		w := newWorld(t, setup{base: "http://localhost:80", link: mem.Options{Bandwidth: 1 << 20}})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.RespondWithFile(path, events.Headers{}) })
		w.fetch().is(t, 200, digits)
	})

	t.Run("respond-with-fd-errors", func(t *testing.T) {
		// A client that takes no such header list makes the core refuse it.
		path := tempFile(t, digits)
		w := newWorld(t, setup{client: events.SessionOptions{Settings: events.Settings{MaxHeaderListSize: events.Set[uint32](40000)}}})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.RespondWithFile(path, events.H("x-long", strings.Repeat("x", 50000)))
		})
		w.watchSession("session", &w.server.Session)
		w.fetch()
		if list := w.of("server error"); len(list) != 1 || !strings.HasPrefix(list[0], "ERR_HTTP2_ERROR: ") {
			t.Errorf("errors of the server's: %q", list)
		}
		if !w.saw("client error "+internal) || !w.saw("client close 2") || w.saw("client end") || len(w.of("session error")) > 0 {
			t.Errorf("happened: %q", w.log)
		}
	})
}

// countedFS counts the files it opens and those that are closed.
type countedFS struct {
	t *testing.T
	fs.FS
	opened, closed int
}

func (c *countedFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err == nil {
		c.opened++
	}
	return countedFile{f, c}, err
}

type countedFile struct {
	fs.File
	c *countedFS
}

func (f countedFile) Close() error {
	if f.c.closed++; f.c.closed > f.c.opened {
		f.c.t.Error("closed more often than opened")
	}
	return f.File.Close()
}

func TestFileParts(t *testing.T) {
	path := tempFile(t, "0123456789abcdefg")
	for _, c := range []struct {
		opts events.FileOptions
		want string
		row  string // what it shows
	}{
		{events.FileOptions{}, "0123456789abcdefg", ""},
		{events.FileOptions{Offset: 8}, "89abcdefg", "serverStream.respondWithFile.option.offset"},
		{events.FileOptions{Length: events.Set[int64](3)}, "012", "serverStream.respondWithFile.option.length"},
		{events.FileOptions{Offset: 8, Length: events.Set[int64](3)}, "89a", "rule.file.range"},
		{events.FileOptions{Offset: 8, Length: events.Set[int64](20)}, "89abcdefg", "rule.file.range"},
		{events.FileOptions{Length: events.Set[int64](0)}, "", "serverStream.respondWithFile.option.length"},
		{events.FileOptions{Offset: 50}, "", "serverStream.respondWithFile.option.offset"},
	} {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.RespondWithFile(path, events.Headers{}, c.opts) })
		got := w.fetch()
		got.is(t, 200, c.want)
		if cl := got.response.Get("content-length"); cl != fmt.Sprint(len(c.want)) {
			t.Errorf("content-length %s of %q", cl, c.want)
		}
		head := w.fetch(":method", "HEAD")
		head.is(t, 200, "")
		if cl := head.response.Get("content-length"); cl != fmt.Sprint(len(c.want)) {
			t.Errorf("HEAD: content-length %s of %q", cl, c.want)
		}
		if c.row != "" {
			covers(t, c.row)
		}
	}
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		isError(t, "offset", st.RespondWithFile(path, events.Headers{}, events.FileOptions{Offset: -1}), "ERR_OUT_OF_RANGE", "")
		isError(t, "length", st.RespondWithFile(path, events.Headers{}, events.FileOptions{Length: events.Set[int64](-1)}), "ERR_OUT_OF_RANGE", "")
		isError(t, "status", st.RespondWithFile(path, events.Status(99)), "ERR_HTTP2_STATUS_INVALID", "")
		st.End(nil)
	})
	w.fetch().is(t, 200, "")
}

func TestFileIrregular(t *testing.T) {
	for _, onError := range []bool{false, true} {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			var opts events.FileOptions
			if onError {
				opts.OnError = func(err error) {
					isError(t, "OnError", err, "ERR_HTTP2_SEND_FILE", "Directories cannot be sent")
					st.Respond(events.Status(404), events.RespondOptions{EndStream: true})
				}
			}
			st.RespondWithFile(t.TempDir(), events.Headers{}, opts)
		})
		got := w.fetch()
		if onError {
			got.is(t, 404, "")
		} else if !w.saw("server error ERR_HTTP2_SEND_FILE: Directories cannot be sent") || !w.saw("client close 2") {
			t.Errorf("happened: %q", w.log)
		}
	}
	covers(t, "rule.respondWithFile.regular-file")
}

func TestFileReadError(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for _, onError := range []bool{false, true} {
		w := newWorld(t, setup{})
		var told error
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			var opts events.FileOptions
			if onError {
				opts.OnError = func(err error) { told = err }
			}
			st.RespondWithFS(failingFS{os.DirFS(filepath.Dir(tempFile(t, digits))), broken}, "file.txt", events.Headers{}, opts)
		})
		got := w.fetch()
		if code, _ := got.RSTCode(); code != core.InternalError || got.Complete() || onError != errors.Is(told, broken) {
			t.Errorf("closed with %v, complete %v, told %v", code, got.Complete(), told)
		}
		if !w.saw("server error "+internal) || !w.fromServer.has("RST_STREAM 1 INTERNAL_ERROR") {
			t.Errorf("happened: %q", w.log)
		}
	}
	covers(t, "rule.respondWithFile.read-error")
}

// failingFS has files that can be opened and not read.
type failingFS struct {
	fs.FS
	err error
}

func (f failingFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	return failingFile{file, f.err}, err
}

type failingFile struct {
	fs.File
	err error
}

func (f failingFile) Read([]byte) (int, error) { return 0, f.err }

func TestFileTrailers(t *testing.T) {
	path := tempFile(t, digits)
	w := newWorld(t, setup{})
	var server *events.ServerStream
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		server = st
		st.OnWantTrailers(func() { w.note("server wantTrailers") })
		st.RespondWithFile(path, events.Headers{}, events.FileOptions{WaitForTrailers: true})
	})
	got := w.fetch()
	if !w.saw("server wantTrailers") || got.body.String() != digits || w.saw("client end") || server.Closed() {
		t.Errorf("got %d bytes; happened: %q", got.body.Len(), w.log)
	}
	covers(t, "rule.trailers.waitForTrailers-keeps-open")
	if err := server.SendTrailers(events.H("x-sum", "45")); err != nil {
		t.Error(err)
	}
	w.settle()
	if !w.saw("client trailers x-sum=45 flags=5") || !w.saw("client close 0") {
		t.Errorf("happened: %q", w.log)
	}
	covers(t, "serverStream.respondWithFile.option.waitForTrailers")
}

// The whole of a response is on the wire what a peer may expect.
func TestFileFrames(t *testing.T) {
	path := tempFile(t, digits)
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.RespondWithFile(path, events.Headers{}, events.FileOptions{NoDate: true})
	})
	r := newRaw(t, w.server, false)
	r.send(r.peer.Handshake(true).Headers(1, true, coretest.Request("GET", "/")...))
	if !r.saw("HEADERS 1 :status=200 content-length=30000") {
		t.Errorf("the server sent %q", r.got.list())
	}
}
