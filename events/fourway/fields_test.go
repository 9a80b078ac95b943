package fourway

import (
	"context"
	"strconv"
	"strings"

	"weft/events"
)

// What is refused of header fields, what announces too much, and what is
// remembered.

var fieldsScenarios = []scenario{
	{
		name: "bad-response-fields",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				w.attempt("respond", "connection", st.Respond(events.H("connection", "close")))
				w.attempt("respond", "transfer-encoding", st.Respond(events.H("transfer-encoding", "chunked")))
				w.attempt("respond", "pseudo", st.Respond(events.H(":path", "/")))
				w.attempt("respond", "good", st.Respond(events.Status(200)))
				st.End(nil)
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "bad-request-fields",
		server: func(w *serverEnd) { w.on("/", bare(events.Status(200))) },
		client: func(w *clientEnd) {
			for _, c := range [][3]string{
				{"connection", "connection", "close"},
				{"upgrade", "upgrade", "h2c"},
				{"te", "te", "gzip"},
				{"pseudo", ":strange", "x"},
				{"name", "bad name", "x"},
			} {
				_, err := w.session.Request(context.Background(), events.H(c[1], c[2]))
				w.attempt("request", c[0], err)
			}
			w.request(get("/"))
		},
	},
	{
		name:   "bad-path",
		server: func(w *serverEnd) { w.on("/", bare(events.Status(200))) },
		client: func(w *clientEnd) {
			w.finish(w.request(get("/a b")))
			w.request(get("/"))
		},
	},
	{
		name: "what-was-sent",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				tell := func(when string) {
					w.say("sent", "%s: headersSent=%t pushAllowed=%t endAfterHeaders=%t id=%d pending=%t aborted=%t", when,
						st.HeadersSent(), st.PushAllowed(), st.EndAfterHeaders(), st.ID(), st.Pending(), st.Aborted())
				}
				tell("before")
				st.AdditionalHeaders(events.Status(103, "link", "<a>"))
				st.Respond(events.Status(202, "x-a", "b"), events.RespondOptions{WaitForTrailers: true, NoDate: true})
				tell("after")
				st.OnWantTrailers(func() {
					st.SendTrailers(events.H("x-end", "yes"))
					var infos []string
					for _, h := range st.SentInfoHeaders() {
						infos = append(infos, h.Get(":status")+" "+h.Get("link"))
					}
					w.say("sent", "info %s", strings.Join(infos, ","))
					date := "undefined"
					if st.SentHeaders().Has("date") {
						date = st.SentHeaders().Get("date")
					}
					w.say("sent", "headers %s %s %s", st.SentHeaders().Get(":status"), st.SentHeaders().Get("x-a"), date)
					w.say("sent", "trailers %s", st.SentTrailers().Get("x-end"))
				})
				st.End(nil)
			})
		},
		client: func(w *clientEnd) {
			w.request(events.H(":path", "/", "x-q", "1"), func(st *events.ClientStream) {
				st.OnClose(func() {
					h := st.SentHeaders()
					w.say("sent", "%s %s %s %.4s id=%d pending=%t destroyed=%t closed=%t", h.Method(), h.Path(), h.Get("x-q"), h.Scheme(),
						st.ID(), st.Pending(), st.Destroyed(), st.Closed())
				})
			})
		},
	},
	{
		name:   "response-shorter-than-announced",
		server: func(w *serverEnd) { w.on("/", answering(events.Status(200, "content-length", "10"), "short")) },
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "response-longer-than-announced",
		server: func(w *serverEnd) { w.on("/", answering(events.Status(200, "content-length", "3"), "longer")) },
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "request-shorter-than-announced",
		server: func(w *serverEnd) { w.on("/", doNothing) },
		client: func(w *clientEnd) {
			w.request(events.H(":method", "POST", ":path", "/", "content-length", strconv.Itoa(10)), ending([]byte("short")))
		},
	},
}
