package fourway

import (
	"time"

	"weft/core"
	"weft/events"
)

// Timeouts, which are real time here: they are short, begin when all else is
// said, and nothing happens meanwhile.

const short = 30 * time.Millisecond

var timeoutsScenarios = []scenario{
	{
		name:   "timeout-of-a-client-stream",
		server: func(w *serverEnd) { w.on("/", doNothing) },
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) {
				st.OnReady(func() { st.SetTimeout(short, func() { st.Close(core.Cancel) }) })
			})
		},
	},
	{
		name: "timeout-of-a-server-stream",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				st.SetTimeout(short, func() { answering(events.Status(503), "too late")(st, h) })
			})
		},
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "timeout-of-a-client-session",
		server: func(w *serverEnd) { w.on("/", doNothing) },
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) {
				st.OnReady(func() {
					w.session.SetTimeout(short, func() {
						w.say("session", "timeout")
						st.Close(core.Cancel)
					})
				})
			})
		},
	},
	{
		name: "timeout-of-a-server-session",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				ss := st.Session()
				ss.SetTimeout(short, func() {
					w.say("session", "timeout")
					ss.Destroy(nil, core.NoError)
				})
			})
		},
		client: func(w *clientEnd) {
			w.settled()
			w.request(get("/"))
			w.sessionClosed()
		},
	},
}
