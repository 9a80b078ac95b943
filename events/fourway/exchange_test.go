package fourway

import (
	"fmt"
	"strings"

	"weft/events"
)

// Requests and responses.

// answer returns a handler that responds with a body.
func answering(h events.Headers, body string) func(*events.ServerStream, events.Headers) {
	return func(st *events.ServerStream, _ events.Headers) {
		st.Respond(h)
		st.EndString(body)
	}
}

// bare returns a handler that responds without a body.
func bare(h events.Headers) func(*events.ServerStream, events.Headers) {
	return func(st *events.ServerStream, _ events.Headers) {
		st.Respond(h, events.RespondOptions{EndStream: true})
	}
}

// echo responds with the body of the request.
func echo(st *events.ServerStream, _ events.Headers) {
	st.Respond(events.Status(200))
	st.OnData(func(p []byte) { st.Write(p) })
	st.OnEnd(func() { st.End(nil) })
}

// ending ends a request with a body.
func ending(body []byte) func(*events.ClientStream) {
	return func(st *events.ClientStream) { st.End(body) }
}

// get is a request for a path, and post one with a body.
func get(path string) events.Headers  { return events.H(":path", path) }
func post(path string) events.Headers { return events.H(":method", "POST", ":path", path) }

// doNothing is a handler that leaves the stream open, or half a scenario
// without a part.
func doNothing(*events.ServerStream, events.Headers) {}

var exchangeScenarios = []scenario{
	{
		name: "get",
		server: func(w *serverEnd) {
			w.on("/", answering(events.Status(200, "content-type", "text/plain", "x-two", "2"), "hello"))
		},
		client: func(w *clientEnd) { w.request(events.H(":path", "/", "accept", "*/*")) },
	},
	{
		name:   "post-echo",
		server: func(w *serverEnd) { w.on("/echo", echo) },
		client: func(w *clientEnd) { w.request(post("/echo"), ending(pattern(100))) },
	},
	{
		name:   "post-empty",
		server: func(w *serverEnd) { w.on("/", answering(events.Status(200), "")) },
		client: func(w *clientEnd) {
			w.connected()
			w.request(post("/"), ending(nil))
		},
	},
	{
		name:   "post-endstream",
		server: func(w *serverEnd) { w.on("/", answering(events.Status(200), "no body")) },
		client: func(w *clientEnd) {
			w.requestWith(events.RequestOptions{EndStream: events.Set(true)}, post("/"))
		},
	},
	{
		name:   "get-with-body",
		server: func(w *serverEnd) { w.on("/", echo) },
		client: func(w *clientEnd) {
			w.requestWith(events.RequestOptions{EndStream: events.Set(false)}, get("/"), ending([]byte("a body")))
		},
	},
	{
		name:   "response-without-body",
		server: func(w *serverEnd) { w.on("/", bare(events.Status(200, "x-a", "b"))) },
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "head",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) { st.Respond(events.Status(200, "content-length", "5")) })
		},
		client: func(w *clientEnd) { w.request(events.H(":method", "HEAD", ":path", "/")) },
	},
	{
		name: "status-without-body",
		server: func(w *serverEnd) {
			for _, h := range []events.Headers{events.Status(204), events.Status(205), events.Status(304, "etag", `"x"`)} {
				w.on(fmt.Sprintf("/%d", h.Status()), func(st *events.ServerStream, _ events.Headers) { st.Respond(h) })
			}
		},
		client: func(w *clientEnd) {
			for _, path := range []string{"/204", "/205", "/304"} {
				w.finish(w.request(get(path)))
			}
		},
	},
	{
		name: "status-codes",
		server: func(w *serverEnd) {
			for _, status := range statuses {
				w.on(fmt.Sprintf("/%d", status), answering(events.Status(status, "location", "/"), fmt.Sprint(status)))
			}
		},
		client: func(w *clientEnd) {
			for _, status := range statuses {
				w.finish(w.request(get(fmt.Sprintf("/%d", status))))
			}
		},
	},
	{
		name: "many-at-once",
		server: func(w *serverEnd) {
			for i := range 20 {
				w.on(fmt.Sprintf("/%d", i), answering(events.Status(200, "x-number", fmt.Sprint(i)), string(pattern(1000*i))))
			}
		},
		client: func(w *clientEnd) {
			w.do(func() {
				for i := range 20 {
					w.ask(events.RequestOptions{}, get(fmt.Sprintf("/%d", i)))
				}
			})
		},
	},
	{
		name: "implicit-response",
		server: func(w *serverEnd) {
			w.on("/end", func(st *events.ServerStream, _ events.Headers) { st.EndString("ended") })
			w.on("/write", func(st *events.ServerStream, _ events.Headers) {
				st.WriteString("one ")
				st.EndString("two")
			})
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/end")))
			w.finish(w.request(get("/write")))
		},
	},
	{
		name: "repeated-fields",
		server: func(w *serverEnd) {
			w.on("/", answering(events.Status(200, "set-cookie", "a=1", "set-cookie", "b=2",
				"x-list", "1", "x-list", "2", "vary", "accept", "vary", "te"), ""))
		},
		client: func(w *clientEnd) {
			w.request(events.H(":path", "/", "cookie", "a=1", "cookie", "b=2",
				"x-list", "1", "x-list", "2", "accept", "text/html", "accept", "*/*"))
		},
	},
	{
		name: "sensitive-fields",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				w.say("sensitive", "%s", strings.Join(h.Sensitive(), ","))
				back := events.Status(200, "x-secret", "s", "x-open", "o")
				back.MarkSensitive("x-secret")
				st.Respond(back, events.RespondOptions{EndStream: true})
			})
		},
		client: func(w *clientEnd) {
			h := events.H(":path", "/", "x-mine", "m")
			h.MarkSensitive("x-mine")
			w.request(h, func(st *events.ClientStream) {
				st.OnResponse(func(h events.Headers, _ events.Flags) { w.say("sensitive", "%s", strings.Join(h.Sensitive(), ",")) })
			})
		},
	},
	{
		name:   "authority-and-query",
		server: func(w *serverEnd) { w.on("/a/b?c=d&e", bare(events.Status(200))) },
		client: func(w *clientEnd) {
			w.request(events.H(":authority", "example.org:8443", ":path", "/a/b?c=d&e"))
		},
	},
	{
		name: "other-methods",
		server: func(w *serverEnd) {
			for _, method := range []string{"PUT", "DELETE", "OPTIONS", "PROPFIND"} {
				w.on("/"+method, answering(events.Status(200), method))
			}
		},
		client: func(w *clientEnd) {
			for _, method := range []string{"PUT", "OPTIONS", "PROPFIND"} {
				w.finish(w.request(events.H(":method", method, ":path", "/"+method), ending([]byte("body of "+method))))
			}
			w.finish(w.request(events.H(":method", "DELETE", ":path", "/DELETE")))
		},
	},
	{
		name: "long-fields",
		server: func(w *serverEnd) {
			w.on("/", answering(events.Status(200, "x-long", strings.Repeat("s", 20000), "x-longer", strings.Repeat("t", 30000)), ""))
		},
		client: func(w *clientEnd) {
			w.request(events.H(":path", "/", "x-long", strings.Repeat("c", 20000), "x-longer", strings.Repeat("d", 30000)))
		},
	},
	{
		name: "names-in-any-case",
		server: func(w *serverEnd) {
			w.on("/", answering(events.Status(200, "X-Mixed", "Case"), ""))
		},
		client: func(w *clientEnd) {
			w.request(events.H(":path", "/", "X-Mixed", "Case", "TE", "trailers", "Content-Type", "A/B"))
		},
	},
	{
		name: "respond-twice",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				w.attempt("respond", "first", st.Respond(events.Status(200)))
				w.attempt("respond", "second", st.Respond(events.Status(500)))
				w.attempt("respond", "informational", st.AdditionalHeaders(events.Status(103)))
				st.EndString("once")
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "finish-of-an-upload",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				st.OnEnd(func() { answering(events.Status(200), "thanks")(st, h) })
			})
		},
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				st.OnFinish(func() { w.say("upload", "finish") })
				st.OnResponse(func(events.Headers, events.Flags) { w.say("upload", "response") })
				st.EndString("all of it")
			})
		},
	},
}

var statuses = []int{201, 302, 404, 418, 500, 599}
