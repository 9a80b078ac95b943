package nodetest

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"weft/core"
	"weft/events"
)

// openTemp opens a file with the content.
func openTemp(t *testing.T, content string) *os.File {
	t.Helper()
	f, err := os.Open(tempFile(t, content))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// isOpen checks that a descriptor was not closed.
func isOpen(t *testing.T, f *os.File) {
	t.Helper()
	if _, err := f.Stat(); err != nil {
		t.Errorf("the descriptor was closed: %v", err)
	}
}

func TestNode_respond_file_fd(t *testing.T) {
	for _, id := range []string{"respond-file-fd", "respond-file-filehandle"} {
		t.Run(id, func(t *testing.T) {
			text := strings.Repeat("größer·", 3000)
			f := openTemp(t, text)
			w := newWorld(t, setup{})
			w.serve(func(st *events.ServerStream, _ events.Headers) {
				size := fmt.Sprint(len(text))
				if err := st.RespondWithFD(f, events.H("content-type", "text/plain", "content-length", size)); err != nil {
					t.Error(err)
				}
				if _, err := st.WriteString("more"); err != events.ErrWriteAfterEnd {
					t.Errorf("Write: %v", err)
				}
				covers(t, "rule.respondWithFD.duplex-closed")
			})
			got := w.fetch()
			got.is(t, 200, text)
			covers(t, "serverStream.method.respondWithFD")
			if h := got.response; h.Get("content-type") != "text/plain" || h.Get("content-length") != fmt.Sprint(len(text)) {
				t.Errorf("response: %v", h)
			}
			if !w.saw("client end") {
				t.Errorf("happened: %q", w.log)
			}
			isOpen(t, f)
			covers(t, "rule.respondWithFD.not-closed")
		})
	}

	t.Run("respond-file-fd-errors.2", func(t *testing.T) {
		f := openTemp(t, digits)
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			for _, status := range []string{"204", "205", "304"} {
				isError(t, status, st.RespondWithFD(f, events.H(":status", status)),
					"ERR_HTTP2_PAYLOAD_FORBIDDEN", "Responses with "+status+" status must not have a payload")
			}
			st.Respond(events.Headers{})
			isError(t, "after Respond", st.RespondWithFD(f, events.Headers{}), "ERR_HTTP2_HEADERS_SENT", "Response has already been initiated.")
			st.Destroy(nil)
			isError(t, "after Destroy", st.RespondWithFD(f, events.Headers{}), "ERR_HTTP2_INVALID_STREAM", "The stream has been destroyed")
		})
		w.fetch()
		isOpen(t, f)
	})

	t.Run("respond-file-fd-invalid", func(t *testing.T) {
		f := openTemp(t, digits)
		f.Close()
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if err := st.RespondWithFD(f, events.Headers{}); err != nil || !st.HeadersSent() {
				t.Errorf("RespondWithFD: %v, headers sent %v", err, st.HeadersSent())
			}
			covers(t, "rule.respondWithFD.no-validation")
		})
		got := w.fetch()
		w.happened("client ready 1", "client finish", "server error "+internal, "server close 2",
			"client response 200 flags=4", "client error "+internal, "client close 2")
		if code, _ := got.RSTCode(); code != core.InternalError || got.body.Len() > 0 || got.Complete() {
			t.Errorf("closed with %v after %d bytes", code, got.body.Len())
		}
		covers(t, "rule.respondWithFD.read-error")
	})

	t.Run("respond-file-fd-range.1", func(t *testing.T) {
		f := openTemp(t, "0123456789abcdefg")
		w := newWorld(t, setup{})
		checks := 0
		w.serve(func(st *events.ServerStream, h events.Headers) {
			length := int64(3)
			if h.Path() == "/rest" {
				length = 20
			}
			st.RespondWithFD(f, events.Headers{}, events.FDOptions{
				Offset: 8,
				Length: events.Set(length),
				StatCheck: func(info fs.FileInfo, h *events.Headers, part *events.FilePart) bool {
					checks++
					if part.Offset != 8 || part.Length != length {
						t.Errorf("part: %+v", *part)
					}
					h.Set("content-length", fmt.Sprint(min(part.Length, info.Size()-part.Offset)))
					return true
				},
			})
		})
		// Both at once.
		one := w.request(events.H(":path", "/three"), events.RequestOptions{})
		two := w.fetch(":path", "/rest")
		two.is(t, 200, "89abcdefg")
		covers(t, "serverStream.respondWithFD.option.offset")
		if n := two.response.Get("content-length"); n != "9" || checks != 2 {
			t.Errorf("%d checks, content-length %s", checks, n)
		}
		covers(t, "serverStream.respondWithFD.option.statCheck")
		if !w.saw("client data 89a") || !one.Complete() {
			t.Errorf("happened: %q", w.log)
		}
		covers(t, "serverStream.respondWithFD.option.length")
		isOpen(t, f)
		w.fetch(":path", "/three").is(t, 200, "89a") // and again
		covers(t, "rule.respondWithFD.no-concurrent-use")
	})

	t.Run("respond-file-fd-range.2", func(t *testing.T) {
		f := openTemp(t, digits)
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.RespondWithFD(f, events.Headers{}, events.FDOptions{
				StatCheck: func(_ fs.FileInfo, _ *events.Headers, part *events.FilePart) bool {
					if want := (events.FilePart{Offset: 0, Length: -1}); *part != want {
						t.Errorf("part: %+v", *part)
					}
					return true
				},
			})
		})
		got := w.fetch()
		got.is(t, 200, digits)
		if got.response.Has("content-length") {
			t.Error("a content-length was added")
		}
	})

	t.Run("respond-file-push", func(t *testing.T) {
		f := openTemp(t, digits)
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			st.EndString("page")
			push, err := st.PushStream(events.H(":path", "/file.txt", ":method", "GET"))
			if err != nil {
				t.Error(err)
				return
			}
			w.watch("pushed", &push.Stream)
			info, _ := f.Stat()
			if err := push.RespondWithFD(f, events.H("content-type", "text/plain",
				"content-length", fmt.Sprint(info.Size()), "last-modified", "Thu, 01 Jan 1970 00:00:00 GMT")); err != nil {
				t.Error(err)
			}
			if err := st.End(nil); err != nil {
				t.Errorf("End again: %v", err)
			}
		})
		var body strings.Builder
		w.client.OnStream(func(st *events.ClientStream, h events.Headers, _ events.Flags) {
			w.note("client stream %s", h.Path())
			st.OnPush(func(h events.Headers, _ events.Flags) {
				w.note("client push %d %s %s %s", h.Status(), h.Get("content-type"), h.Get("content-length"), h.Get("last-modified"))
			})
			st.OnData(func(p []byte) { body.Write(p) })
			st.OnEnd(func() { w.note("push end") })
		})
		w.fetch().is(t, 200, "page")
		if !w.saw("client stream /file.txt") || !w.saw("client push 200 text/plain 30000 Thu, 01 Jan 1970 00:00:00 GMT") ||
			!w.saw("push end") || body.String() != digits {
			t.Errorf("%d bytes; happened: %q", body.Len(), w.log)
		}
	})
}

func TestFDTrailers(t *testing.T) {
	f := openTemp(t, digits)
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.OnWantTrailers(func() { st.SendTrailers(events.H("x-sum", "45")) })
		st.RespondWithFD(f, events.Headers{}, events.FDOptions{WaitForTrailers: true})
	})
	w.fetch().is(t, 200, digits)
	if !w.saw("client trailers x-sum=45 flags=5") {
		t.Errorf("happened: %q", w.log)
	}
	covers(t, "serverStream.respondWithFD.option.waitForTrailers")
}
