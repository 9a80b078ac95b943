package fourway

import (
	"fmt"
	"io/fs"
	"os"

	"weft/events"
)

// Files as responses.

const story = "testdata/story.txt"

var plain = events.H("content-type", "text/plain")

// file returns a handler that responds with a file.
func file(path string, h events.Headers, o events.FileOptions) func(*events.ServerStream, events.Headers) {
	return func(st *events.ServerStream, _ events.Headers) { st.RespondWithFile(path, h, o) }
}

var filesScenarios = []scenario{
	{
		name: "file",
		server: func(w *serverEnd) {
			w.on("/", file(story, events.Status(200, "content-type", "text/plain"), events.FileOptions{}))
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "file-part",
		server: func(w *serverEnd) {
			w.on("/middle", file(story, plain, events.FileOptions{Offset: 5, Length: events.Set[int64](20)}))
			w.on("/rest", file(story, plain, events.FileOptions{Offset: 100}))
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/middle")))
			w.request(get("/rest"))
		},
	},
	{
		name: "file-missing",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				st.RespondWithFile(story+".not", plain, events.FileOptions{OnError: func(err error) {
					w.say("file", "%s", errorText(err))
					answering(events.Status(404), "no such file")(st, h)
				}})
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "file-is-a-directory",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				st.RespondWithFile("testdata", plain, events.FileOptions{OnError: func(err error) {
					w.say("file", "%s", errorText(err))
					bare(events.Status(404))(st, h)
				}})
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "file-checked",
		server: func(w *serverEnd) {
			w.on("/changed", file(story, plain, events.FileOptions{StatCheck: func(info fs.FileInfo, h *events.Headers) bool {
				w.say("file", "%d", info.Size())
				h.Set("x-size", fmt.Sprint(info.Size()))
				return true
			}}))
			w.on("/refused", func(st *events.ServerStream, h events.Headers) {
				st.RespondWithFile(story, plain, events.FileOptions{StatCheck: func(fs.FileInfo, *events.Headers) bool {
					bare(events.Status(304))(st, h)
					return false
				}})
			})
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/changed")))
			w.request(get("/refused"))
		},
	},
	{
		name: "file-with-trailers",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.RespondWithFile(story, plain, events.FileOptions{WaitForTrailers: true})
				st.OnWantTrailers(func() { st.SendTrailers(events.H("x-end", "of file")) })
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "file-by-descriptor",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				f, err := os.Open(story)
				if err != nil {
					w.say("file", "%v", err)
					return
				}
				st.RespondWithFD(f, plain, events.FDOptions{Offset: 10, Length: events.Set[int64](30)})
				st.OnClose(func() { f.Close() })
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "file-twice",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Status(200))
				w.attempt("file", "late", st.RespondWithFile(story, plain))
				st.EndString("no file")
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
}
