package answers

import (
	"strconv"

	"weft/events"
)

var (
	eventsText = events.Status(200, "content-type", "text/plain")
	eventsFile = events.Status(200, "content-type", "application/octet-stream")
	eventsNone = events.Status(404)
)

// Stream returns what answers each request of a server: it is what
// events.Server.OnStream wants. file is what /file is; "" is nothing.
func Stream(file string) func(*events.ServerStream, events.Headers, events.Flags) {
	return func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		path := h.Path()
		if h.Method() == "POST" {
			n := 0
			st.OnData(func(p []byte) { n += len(p) })
			st.OnEnd(func() {
				st.Respond(eventsText)
				st.EndString(strconv.Itoa(n))
			})
			return
		}
		if path == "/file" && file != "" {
			st.RespondWithFile(file, eventsFile)
			return
		}
		a := Lookup(path)
		if a == nil {
			st.Respond(eventsNone)
			st.End(nil)
			return
		}
		st.Respond(a.Headers)
		if body, ok := a.Whole(); ok {
			st.EndString(body)
		} else {
			st.SendFrom(a.Reader(), a.Size)
		}
	}
}
