package fourway

import (
	"context"

	"weft/core"
	"weft/events"
)

// CONNECT, plain and extended.

var connectTo = events.H(":method", "CONNECT", ":authority", "example.org:443")

var connectScenarios = []scenario{
	{
		name:   "connect-tunnel",
		server: func(w *serverEnd) { w.on("CONNECT", echo) },
		client: func(w *clientEnd) {
			w.request(connectTo, func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) {
					st.WriteString("through the tunnel")
					once(&st.Stream, func() { st.EndString(", and back") })
				})
			})
		},
	},
	{
		name:   "connect-refused",
		server: func(w *serverEnd) { w.on("CONNECT", answering(events.Status(403), "not there")) },
		client: func(w *clientEnd) {
			w.request(connectTo, func(st *events.ClientStream) { st.OnEnd(func() { st.End(nil) }) })
		},
	},
	{
		name: "connect-reset",
		server: func(w *serverEnd) {
			w.on("CONNECT", func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Status(200))
				once(&st.Stream, func() { st.Close(core.ConnectError) })
			})
		},
		client: func(w *clientEnd) {
			w.request(connectTo, func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { st.WriteString("hello?") })
			})
		},
	},
	{
		name: "connect-half-closed",
		server: func(w *serverEnd) {
			w.on("CONNECT", func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Status(200))
				st.OnEnd(func() {
					st.WriteString("still ")
					st.Session().Do(func() { st.EndString("here") })
				})
			})
		},
		client: func(w *clientEnd) {
			w.request(connectTo, func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { st.EndString("that is all") })
			})
		},
	},
	{
		name:   "connect-malformed",
		server: func(w *serverEnd) { w.on("/", func(st *events.ServerStream, _ events.Headers) { st.EndString("ok") }) },
		client: func(w *clientEnd) {
			bad := func(what string, h events.Headers) {
				_, err := w.session.Request(context.Background(), h)
				w.attempt("request", what, err)
			}
			bad("scheme", events.H(":method", "CONNECT", ":authority", "example.org:443", ":scheme", "https"))
			bad("path", events.H(":method", "CONNECT", ":authority", "example.org:443", ":path", "/"))
			bad("authority", events.H(":method", "CONNECT"))
			w.request(get("/"))
		},
	},
	{
		name:          "connect-extended",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings.EnableConnectProtocol = events.Set(true) },
		server:        func(w *serverEnd) { w.on("/chat", echo) },
		client: func(w *clientEnd) {
			w.say("settings", "enableConnectProtocol=%s", optText(w.announced().EnableConnectProtocol))
			h := events.H(":method", "CONNECT", ":protocol", "websocket", ":path", "/chat", "sec-websocket-version", "13")
			w.request(h, func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) {
					st.WriteString("frames")
					once(&st.Stream, func() { st.End(nil) })
				})
			})
		},
	},
	{
		name:   "connect-extended-unwanted",
		server: func(w *serverEnd) {},
		client: func(w *clientEnd) {
			w.announced()
			w.request(events.H(":method", "CONNECT", ":protocol", "websocket", ":path", "/chat"))
		},
	},
}
