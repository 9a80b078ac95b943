package events_test

import (
	"io/fs"

	"weft/events"
)

// A file, with its time and an answer of one's own if there is none.
func ExampleServerStream_RespondWithFile() {
	server, _ := events.CreateServer(events.ServerOptions{})
	server.OnStream(func(stream *events.ServerStream, _ events.Headers, _ events.Flags) {
		stream.RespondWithFile("testdata/hello.txt", events.H("content-type", "text/plain"), events.FileOptions{
			StatCheck: func(info fs.FileInfo, headers *events.Headers) bool {
				headers.Set("last-modified", info.ModTime().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
				return true
			},
			OnError: func(err error) {
				stream.Respond(events.Status(404), events.RespondOptions{EndStream: true})
			},
		})
	})
}
