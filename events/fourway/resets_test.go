package fourway

import (
	"context"
	"errors"
	"fmt"

	"weft/core"
	"weft/events"
)

// Streams that end before their time.

var resetCodes = []core.ErrCode{core.NoError, core.ProtocolError, core.InternalError, core.RefusedStream, core.Cancel, core.EnhanceYourCalm}

var errOnPurpose = errors.New("on purpose")

// part begins a response and leaves it open.
func part(st *events.ServerStream, _ events.Headers) {
	st.Respond(events.Status(200))
	st.WriteString("part")
}

// once calls f with the first data of a stream.
func once(st *events.Stream, f func()) {
	st.OnData(func([]byte) { f() }).Once()
}

// closing closes each path with its code.
func closing(w *serverEnd) {
	for _, code := range resetCodes {
		w.on(fmt.Sprintf("/%d", code), func(st *events.ServerStream, _ events.Headers) { st.Close(code) })
	}
}

// eachCode makes a request for each code, one after the other.
func eachCode(w *clientEnd, method string, then func(st *events.ClientStream, code core.ErrCode)) {
	for _, code := range resetCodes {
		w.finish(w.request(events.H(":method", method, ":path", fmt.Sprintf("/%d", code)), func(st *events.ClientStream) {
			if then != nil {
				then(st, code)
			}
		}))
	}
}

var resetsScenarios = []scenario{
	{
		name:   "reset-by-server",
		server: closing,
		client: func(w *clientEnd) { eachCode(w, "GET", nil) },
	},
	{
		name:   "reset-by-server-of-an-upload",
		server: closing,
		client: func(w *clientEnd) { eachCode(w, "POST", nil) },
	},
	{
		name: "reset-by-server-in-the-response",
		server: func(w *serverEnd) {
			for _, code := range resetCodes {
				w.on(fmt.Sprintf("/%d", code), func(st *events.ServerStream, _ events.Headers) {
					st.Respond(events.Status(200))
					st.WriteString("part")
					st.Session().Do(func() { st.Close(code) })
				})
			}
		},
		client: func(w *clientEnd) { eachCode(w, "GET", nil) },
	},
	{
		name: "reset-by-client",
		server: func(w *serverEnd) {
			for _, code := range resetCodes {
				w.on(fmt.Sprintf("/%d", code), part)
			}
		},
		client: func(w *clientEnd) {
			eachCode(w, "GET", func(st *events.ClientStream, code core.ErrCode) {
				once(&st.Stream, func() { st.Close(code) })
			})
		},
	},
	{
		name: "reset-by-client-at-once",
		server: func(w *serverEnd) {
			w.on("/canceled", doNothing)
			w.on("/", func(st *events.ServerStream, _ events.Headers) { st.EndString("alive") })
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/")))
			w.finish(w.request(get("/canceled"), func(st *events.ClientStream) { st.Close(core.Cancel) }))
			w.request(get("/"))
		},
	},
	{
		name: "reset-by-client-of-an-upload",
		server: func(w *serverEnd) {
			for _, code := range resetCodes {
				w.on(fmt.Sprintf("/%d", code), func(st *events.ServerStream, _ events.Headers) {
					once(&st.Stream, func() { st.Respond(events.Status(200)) })
				})
			}
		},
		client: func(w *clientEnd) {
			eachCode(w, "POST", func(st *events.ClientStream, code core.ErrCode) {
				st.WriteString("part")
				st.OnResponse(func(events.Headers, events.Flags) { st.Close(code) })
			})
		},
	},
	{
		name: "destroy-by-server",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				part(st, h)
				st.Session().Do(func() { st.Destroy(errOnPurpose) })
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "destroy-by-server-without-error",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				part(st, h)
				st.Session().Do(func() { st.Destroy(nil) })
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "destroy-by-client",
		server: func(w *serverEnd) { w.on("/", part) },
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) { once(&st.Stream, func() { st.Destroy(errOnPurpose) }) })
		},
	},
	{
		name:   "destroy-by-client-without-error",
		server: func(w *serverEnd) { w.on("/", part) },
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) { once(&st.Stream, func() { st.Destroy(nil) }) })
		},
	},
	{
		name:   "abort-by-signal",
		server: func(w *serverEnd) { w.on("/", part) },
		client: func(w *clientEnd) {
			ctx, abort := context.WithCancel(context.Background())
			w.ctx = ctx
			w.request(get("/"), func(st *events.ClientStream) { once(&st.Stream, abort) })
		},
	},
	{
		name: "abort-by-signal-before",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) { st.EndString("alive") })
		},
		client: func(w *clientEnd) {
			ctx, abort := context.WithCancel(context.Background())
			abort()
			w.ctx = ctx
			w.finish(w.request(get("/never")))
			w.ctx = nil
			w.request(get("/"))
		},
	},
	{
		name:   "early-response",
		server: func(w *serverEnd) { w.onUnread("/", answering(events.Status(413), "too much")) },
		client: func(w *clientEnd) {
			w.apart = true
			w.request(post("/"), func(st *events.ClientStream) { st.WriteString("the beginning") })
		},
	},
	{
		name:   "response-ahead-of-the-upload",
		server: func(w *serverEnd) { w.on("/", answering(events.Status(200), "go on")) },
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				st.WriteString("the beginning")
				st.OnEnd(func() { st.EndString(" and the rest") })
			})
		},
	},
	{
		name: "close-after-end",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.Respond(events.Status(200))
				st.End(pattern(50000))
				st.Close(core.NoError)
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "respond-after-close",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				st.Close(core.Cancel)
				w.attempt("late", "respond", st.Respond(events.Status(200)))
				w.attempt("late", "informational", st.AdditionalHeaders(events.Status(103)))
				_, err := st.PushStream(get("/p"))
				w.attempt("late", "push", err)
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "respond-after-reset",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				part(st, h)
				st.OnClose(func() {
					w.attempt("late", "respond", st.Respond(events.Status(200)))
					w.attempt("late", "informational", st.AdditionalHeaders(events.Status(103)))
					w.attempt("late", "trailers", st.SendTrailers(events.H("a", "b")))
				})
			})
		},
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) { once(&st.Stream, func() { st.Close(core.Cancel) }) })
		},
	},
	{
		name: "resets-among-others",
		server: func(w *serverEnd) {
			for i := range 10 {
				w.on(fmt.Sprintf("/%d", i), func(st *events.ServerStream, _ events.Headers) {
					if i%2 == 1 {
						st.Close(core.InternalError)
						return
					}
					st.Respond(events.Status(200))
					st.End(pattern(10000))
				})
			}
		},
		client: func(w *clientEnd) {
			w.do(func() {
				for i := range 10 {
					w.ask(events.RequestOptions{}, get(fmt.Sprintf("/%d", i)))
				}
			})
		},
	},
}
