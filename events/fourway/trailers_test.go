package fourway

import "weft/events"

// Trailers, both ways.

// trailing returns a handler whose response has trailers.
func trailing(body string, wanted func(st *events.ServerStream)) func(*events.ServerStream, events.Headers) {
	return func(st *events.ServerStream, _ events.Headers) {
		st.Respond(events.Status(200), events.RespondOptions{WaitForTrailers: true})
		if wanted != nil {
			st.OnWantTrailers(func() { wanted(st) })
		}
		st.EndString(body)
	}
}

var trailersScenarios = []scenario{
	{
		name: "response-trailers",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Status(200, "trailer", "x-sum"), events.RespondOptions{WaitForTrailers: true})
				st.OnWantTrailers(func() {
					w.say("trailers", "wanted")
					st.SendTrailers(events.H("x-sum", "7", "x-list", "a", "x-list", "b"))
				})
				st.EndString("seven")
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "response-trailers-alone",
		server: func(w *serverEnd) {
			w.on("/", trailing("", func(st *events.ServerStream) { st.SendTrailers(events.H("grpc-status", "12")) }))
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "request-trailers",
		server: func(w *serverEnd) { w.on("/", echo) },
		client: func(w *clientEnd) {
			w.requestWith(events.RequestOptions{WaitForTrailers: true}, post("/"), func(st *events.ClientStream) {
				st.OnWantTrailers(func() {
					w.say("trailers", "wanted")
					st.SendTrailers(events.H("x-sum", "7"))
				})
				st.EndString("seven")
			})
		},
	},
	{
		name: "trailers-both-ways",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Status(200), events.RespondOptions{WaitForTrailers: true})
				sum := ""
				st.OnTrailers(func(h events.Headers, _ events.Flags) { sum = h.Get("x-sum") })
				st.OnWantTrailers(func() { st.SendTrailers(events.H("x-back", sum)) })
				st.OnData(func(p []byte) { st.Write(p) })
				st.OnEnd(func() { st.End(nil) })
			})
		},
		client: func(w *clientEnd) {
			w.requestWith(events.RequestOptions{WaitForTrailers: true}, post("/"), func(st *events.ClientStream) {
				st.OnWantTrailers(func() { st.SendTrailers(events.H("x-sum", "9")) })
				st.End(pattern(100000))
			})
		},
	},
	{
		name: "trailers-later",
		server: func(w *serverEnd) {
			w.on("/", trailing("body", func(st *events.ServerStream) {
				st.Session().Do(func() { st.SendTrailers(events.H("x-late", "yes")) })
			}))
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "trailers-empty",
		server: func(w *serverEnd) {
			w.on("/", trailing("body", func(st *events.ServerStream) { st.SendTrailers(events.Headers{}) }))
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "trailers-unheard",
		server: func(w *serverEnd) { w.on("/", trailing("body", nil)) },
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "trailers-out-of-turn",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Status(200), events.RespondOptions{WaitForTrailers: true})
				w.attempt("trailers", "early", st.SendTrailers(events.H("a", "1")))
				st.OnWantTrailers(func() {
					w.attempt("trailers", "pseudo", st.SendTrailers(events.H(":status", "200")))
					w.attempt("trailers", "connection", st.SendTrailers(events.H("connection", "close")))
					w.attempt("trailers", "first", st.SendTrailers(events.H("a", "2")))
					w.attempt("trailers", "second", st.SendTrailers(events.H("a", "3")))
				})
				st.EndString("body")
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "trailers-of-head",
		server: func(w *serverEnd) {
			w.on("/", trailing("", func(*events.ServerStream) { w.say("trailers", "wanted") }))
		},
		client: func(w *clientEnd) { w.request(events.H(":method", "HEAD", ":path", "/")) },
	},
}
