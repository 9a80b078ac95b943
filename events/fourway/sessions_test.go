package fourway

import (
	"context"
	"net"
	"time"

	"weft/core"
	"weft/events"
)

// Pings, GOAWAY, and the ends of sessions.

// ok answers a request.
func ok(st *events.ServerStream, _ events.Headers) {
	st.Respond(events.Status(200))
	st.EndString("ok")
}

// null is how JavaScript prints that there is no error.
func null(err error) string {
	if err == nil {
		return "null"
	}
	return errorText(err)
}

// connected waits for the connect event.
func (w *clientEnd) connected() {
	if err := w.session.Ready(context.Background()); err != nil {
		w.say("session", "not connected: %v", err)
	}
}

// sessionClosed waits for the session's close event.
func (w *clientEnd) sessionClosed() {
	w.mu.Lock()
	ch := w.open["session"]
	w.mu.Unlock()
	w.await(ch, "close")
}

// settled waits until both ends have each other's settings: nothing is on its
// way then that would reset the connection of an end that leaves.
func (w *clientEnd) settled() {
	w.announced()
	w.acknowledged()
}

// partAnd begins a response and has f done with the session once it has left.
func partAnd(f func(w *serverEnd, ss *events.ServerSession)) func(w *serverEnd) {
	return func(w *serverEnd) {
		w.on("/", func(st *events.ServerStream, h events.Headers) {
			ss := st.Session()
			st.Respond(events.Status(200))
			st.WriteFunc([]byte("part"), func(error) { f(w, ss) })
		})
	}
}

// headersOnly begins a response without a body.
func headersOnly(st *events.ServerStream, _ events.Headers) { st.Respond(events.Status(200)) }

// untilClosed is the client half that makes a request and waits for the
// session's end.
func untilClosed(w *clientEnd) {
	w.settled()
	w.goaways(&w.session.Session)
	w.request(get("/"))
	w.sessionClosed()
}

// onResponse is the client half that makes a request, does something when its
// response comes, and waits for the session's end.
func onResponse(f func(w *clientEnd)) func(w *clientEnd) {
	return func(w *clientEnd) {
		w.settled()
		w.request(get("/"), func(st *events.ClientStream) {
			st.OnResponse(func(events.Headers, events.Flags) { f(w) })
		})
		w.sessionClosed()
	}
}

func (w *clientEnd) tryRequest() {
	_, err := w.session.Request(context.Background(), get("/c"))
	w.attempt("session", "request", err)
}

var sessionsScenarios = []scenario{
	{
		name: "ping-by-client",
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) {
				ss.OnPing(func(p [8]byte) { w.say("ping", "got %s", p[:]) })
			})
		},
		client: func(w *clientEnd) {
			w.connected()
			back := newSignal()
			w.do(func() {
				sent, _ := w.session.Ping(func(err error, rtt time.Duration, p [8]byte) {
					w.say("ping", "back %s %t %s", null(err), rtt >= 0, p[:])
					back.fire()
				}, [8]byte([]byte("weftpeer")))
				w.say("ping", "sent %t", sent)
			})
			w.await(back.ch, "ping")
		},
	},
	{
		name: "ping-by-server",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				st.Session().Ping(func(err error, rtt time.Duration, p [8]byte) {
					w.say("ping", "back %s %t %s", null(err), rtt >= 0, p[:])
					ok(st, h)
				}, [8]byte([]byte("12345678")))
			})
		},
		client: func(w *clientEnd) {
			w.session.OnPing(func(p [8]byte) { w.say("ping", "got %s", p[:]) })
			w.request(get("/"))
		},
	},
	{
		name:   "ping-canceled",
		server: (*serverEnd).mute,
		client: func(w *clientEnd) {
			w.connected()
			w.do(func() {
				w.session.Ping(func(err error, _ time.Duration, _ [8]byte) { w.say("ping", "back %s", null(err)) })
				w.session.Destroy(nil, core.NoError)
			})
		},
	},
	{
		name: "goaway-by-server",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				ss := st.Session()
				ss.Goaway(core.NoError, 0, nil)
				ok(st, h)
				st.OnClose(ss.Close)
			})
		},
		client: func(w *clientEnd) {
			untilClosed(w)
			w.say("session", "closed=%t destroyed=%t", w.session.Closed(), w.session.Destroyed())
		},
	},
	{
		name: "goaway-by-server-with-code",
		server: partAnd(func(_ *serverEnd, ss *events.ServerSession) {
			ss.Goaway(core.EnhanceYourCalm, 0, []byte("calm"))
		}),
		client: untilClosed,
	},
	{
		name: "goaway-by-client",
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) { w.goaways(&ss.Session) })
			w.on("/", ok)
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/"), func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { w.session.Goaway(core.NoError, 0, []byte("bye")) })
			}))
		},
	},
	{
		name: "goaway-by-client-with-code",
		server: func(w *serverEnd) {
			w.session(func(ss *events.ServerSession) { w.goaways(&ss.Session) })
			w.on("/", headersOnly)
		},
		client: onResponse(func(w *clientEnd) { w.session.Goaway(core.InternalError, 0, []byte("broken")) }),
	},
	{
		name: "close-by-server",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				ss := st.Session()
				ss.Close()
				w.say("session", "closed=%t destroyed=%t", ss.Closed(), ss.Destroyed())
				ss.Do(func() { ok(st, h) })
			})
		},
		client: untilClosed,
	},
	{
		name: "close-by-client",
		server: func(w *serverEnd) {
			later := func(st *events.ServerStream, h events.Headers) { st.Session().Do(func() { ok(st, h) }) }
			w.on("/a", later)
			w.on("/b", later)
		},
		client: func(w *clientEnd) {
			w.do(func() {
				w.ask(events.RequestOptions{}, get("/a"), func(st *events.ClientStream) {
					st.OnResponse(func(events.Headers, events.Flags) {
						w.session.Close()
						w.tryRequest()
						w.say("session", "closed=%t destroyed=%t", w.session.Closed(), w.session.Destroyed())
					})
				})
				w.ask(events.RequestOptions{}, get("/b"))
			})
			w.sessionClosed()
			w.tryRequest()
			w.say("session", "closed=%t destroyed=%t", w.session.Closed(), w.session.Destroyed())
		},
	},
	{
		name: "request-after-goaway",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				ss := st.Session()
				ss.Goaway(core.NoError, 0, nil)
				st.OnClose(ss.Close)
				st.Respond(events.Status(200))
				st.OnEnd(func() { st.EndString("bye") })
			})
		},
		client: func(w *clientEnd) {
			told := newSignal()
			w.session.OnGoaway(func(core.ErrCode, events.StreamID, []byte) { told.fire() })
			st := w.request(post("/"))
			w.await(told.ch, "goaway")
			w.do(func() {
				w.tryRequest()
				st.EndString("that was it")
			})
			w.sessionClosed()
		},
	},
	{
		name:   "destroy-session-by-server",
		server: partAnd(func(_ *serverEnd, ss *events.ServerSession) { ss.Destroy(nil, core.NoError) }),
		client: func(w *clientEnd) {
			w.settled()
			w.request(get("/"))
			w.sessionClosed()
		},
	},
	{
		name:   "destroy-session-by-server-with-code",
		server: partAnd(func(_ *serverEnd, ss *events.ServerSession) { ss.Destroy(nil, core.EnhanceYourCalm) }),
		client: untilClosed,
	},
	{
		name:   "destroy-session-by-server-with-error",
		server: partAnd(func(_ *serverEnd, ss *events.ServerSession) { ss.Destroy(errOnPurpose, core.NoError) }),
		client: untilClosed,
	},
	{
		name:   "destroy-session-by-client",
		server: func(w *serverEnd) { w.on("/", headersOnly) },
		client: onResponse(func(w *clientEnd) { w.session.Destroy(nil, core.NoError) }),
	},
	{
		name: "destroy-session-by-client-with-code",
		server: func(w *serverEnd) {
			w.mute() // over TLS Node's client may be gone before its GOAWAY is
			w.on("/", headersOnly)
		},
		client: onResponse(func(w *clientEnd) { w.session.Destroy(nil, core.EnhanceYourCalm) }),
	},
	{
		name:   "destroy-session-before-connect",
		server: (*serverEnd).mute,
		before: func(w *clientEnd) {
			w.ask(events.RequestOptions{}, get("/"))
			w.session.Destroy(nil, core.NoError)
		},
		client: (*clientEnd).sessionClosed,
	},
	{
		name: "connection-cut-by-server",
		server: func(w *serverEnd) {
			conns := make(chan net.Conn, 1)
			w.server.OnConnection(func(conn net.Conn) { conns <- conn })
			w.on("/", part)
			w.on("/cut", func(*events.ServerStream, events.Headers) { (<-conns).Close() })
		},
		client: func(w *clientEnd) {
			w.settled()
			w.request(get("/"), func(st *events.ClientStream) {
				once(&st.Stream, func() { w.ask(events.RequestOptions{}, get("/cut")) })
			})
			w.sessionClosed()
		},
	},
	{
		name: "close-of-the-server",
		server: func(w *serverEnd) {
			closed := w.opened("server")
			w.server.OnClose(func() {
				w.say("server", "closed")
				closed()
			})
			w.on("/a", func(st *events.ServerStream, h events.Headers) {
				w.server.Close()
				ok(st, h)
			})
			w.on("/b", ok)
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/a")))
			w.do(func() {
				st, err := w.session.Request(context.Background(), get("/b"))
				if err != nil {
					w.say("/b", "refused")
					return
				}
				st.Resume()
				st.OnError(func(error) {})
				st.OnResponse(func(events.Headers, events.Flags) { w.say("/b", "served") })
			})
		},
	},
}
