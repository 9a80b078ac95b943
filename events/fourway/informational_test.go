package fourway

import "weft/events"

// Informational responses.
var informationalScenarios = []scenario{
	{
		name: "continue",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				st.AdditionalHeaders(events.Status(100))
				st.OnEnd(func() { answering(events.Status(200), "got it")(st, h) })
			})
		},
		client: func(w *clientEnd) {
			w.request(events.H(":method", "POST", ":path", "/", "expect", "100-continue"), func(st *events.ClientStream) {
				st.OnContinue(func() { st.EndString("the body") })
			})
		},
	},
	{
		name: "early-hints",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				st.AdditionalHeaders(events.Status(103, "link", "</a.css>; rel=preload", "link", "</b.js>; rel=preload"))
				answering(events.Status(200, "content-type", "text/html"), "<html>")(st, h)
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "several-informational",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.AdditionalHeaders(events.Status(102))
				st.AdditionalHeaders(events.Status(103, "link", "<a>"))
				st.AdditionalHeaders(events.Status(199, "x-odd", "1"))
				st.Respond(events.Status(204))
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "bad-informational",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				w.attempt("info", "101", st.AdditionalHeaders(events.Status(101)))
				w.attempt("info", "200", st.AdditionalHeaders(events.Status(200)))
				w.attempt("info", "99", st.AdditionalHeaders(events.Status(99)))
				w.attempt("info", "connection", st.AdditionalHeaders(events.Status(103, "connection", "close")))
				st.Respond(events.Status(200))
				w.attempt("info", "late", st.AdditionalHeaders(events.Status(103)))
				st.End(nil)
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
}
