package fourway

import (
	"weft/core"
	"weft/events"
)

// Pushes.

// push promises a path, watches the stream and has f give the response.
func (w *serverEnd) push(st *events.ServerStream, h events.Headers, f func(push *events.ServerStream)) {
	push, err := st.PushStream(h)
	if err != nil {
		w.say("push "+h.Path(), "failed: %s", errorText(err))
		return
	}
	w.watch(&push.Stream, "push "+h.Path(), true)
	f(push)
}

// pushOne is the server half in which one push is made and then the response
// given.
func pushOne(h events.Headers, f func(w *serverEnd, push *events.ServerStream)) func(w *serverEnd) {
	return func(w *serverEnd) {
		w.on("/", func(st *events.ServerStream, _ events.Headers) {
			w.push(st, h, func(push *events.ServerStream) { f(w, push) })
			st.Respond(events.Status(200))
			st.EndString("body")
		})
	}
}

// takeOne is the client half that takes pushes and makes one request.
func takeOne(w *clientEnd) {
	w.takePushes(nil)
	w.request(get("/"))
}

var pushScenarios = []scenario{
	{
		name: "push",
		server: pushOne(events.H(":path", "/pushed", "x-why", "you will want it"), func(w *serverEnd, push *events.ServerStream) {
			h := push.Headers()
			w.say("pushing", "null %s %s allowed=%t id=%d", h.Method(), h.Path(), push.PushAllowed(), push.ID())
			push.Respond(events.Status(200, "content-type", "text/css"))
			push.EndString("pushed body")
		}),
		client: takeOne,
	},
	{
		name: "push-several",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				for _, path := range []string{"/a", "/b", "/c"} {
					w.push(st, get(path), func(push *events.ServerStream) {
						push.Respond(events.Status(200))
						push.EndString("body of " + path)
					})
				}
				st.Respond(events.Status(200))
				st.EndString("body")
			})
		},
		client: takeOne,
	},
	{
		name: "push-head",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				w.push(st, events.H(":path", "/pushed", ":method", "HEAD"), func(push *events.ServerStream) {
					push.Respond(events.Status(200, "content-length", "99"))
				})
				st.Respond(events.Status(200), events.RespondOptions{EndStream: true})
			})
		},
		client: takeOne,
	},
	{
		name: "push-trailers",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				w.push(st, get("/pushed"), func(push *events.ServerStream) {
					push.Respond(events.Status(200), events.RespondOptions{WaitForTrailers: true})
					push.OnWantTrailers(func() { push.SendTrailers(events.H("x-end", "of push")) })
					push.EndString("body")
				})
				st.Respond(events.Status(200))
				st.End(nil)
			})
		},
		client: takeOne,
	},
	{
		name: "push-canceled",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				w.push(st, get("/pushed"), func(push *events.ServerStream) {
					push.OnClose(func() {
						st.Respond(events.Status(200))
						st.EndString("body")
					})
				})
			})
		},
		client: func(w *clientEnd) {
			w.takePushes(func(st *events.ClientStream, _ events.Headers) { st.Close(core.Cancel) })
			w.request(get("/"))
		},
	},
	{
		name: "push-unheard",
		server: pushOne(get("/pushed"), func(_ *serverEnd, push *events.ServerStream) {
			push.Respond(events.Status(200), events.RespondOptions{EndStream: true})
		}),
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name: "push-reset-by-server",
		server: pushOne(get("/pushed"), func(_ *serverEnd, push *events.ServerStream) {
			push.Close(core.InternalError)
		}),
		client: takeOne,
	},
	{
		name: "push-disabled",
		clientOptions: func(o *events.ConnectOptions) {
			o.Settings.EnablePush = events.Set(false)
		},
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				w.say("push", "allowed=%t", st.PushAllowed())
				_, err := st.PushStream(get("/pushed"))
				w.attempt("push", "push", err)
				st.Respond(events.Status(200))
				st.EndString("body")
			})
		},
		client: takeOne,
	},
	{
		name: "push-nested",
		server: pushOne(get("/pushed"), func(w *serverEnd, push *events.ServerStream) {
			_, err := push.PushStream(get("/more"))
			w.attempt("push", "nested", err)
			push.Respond(events.Status(200))
			push.EndString("pushed body")
		}),
		client: takeOne,
	},
}
