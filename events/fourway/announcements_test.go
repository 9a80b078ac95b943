package fourway

import (
	"fmt"
	"net"
	"strings"

	"weft/events"
)

// ALTSVC, ORIGIN, priorities, and what sessions and streams tell of themselves.

// tellAnnounced says what a client hears of alternative services and origins.
func tellAnnounced(w *clientEnd) {
	w.session.OnAltsvc(func(alt, origin string, stream events.StreamID) { w.say("altsvc", "%s %s %d", alt, origin, stream) })
	w.session.OnOrigin(func(origins []string) {
		for _, origin := range origins {
			w.say("origin", "%s", origin)
		}
	})
}

// properties says what a session tells of itself.
func (w *end) properties(s *events.Session) {
	encrypted, _ := s.Encrypted()
	w.say("properties", "alpnProtocol=%s encrypted=%t type=%d connecting=%t closed=%t destroyed=%t",
		s.ALPNProtocol(), encrypted, s.Type(), s.Connecting(), s.Closed(), s.Destroyed())
}

// inSession returns a handler that does something with the session first.
func inSession(f func(ss *events.ServerSession)) func(*events.ServerStream, events.Headers) {
	return func(st *events.ServerStream, h events.Headers) {
		f(st.Session())
		implicit(st, h)
	}
}

// getOne is the client half that makes one request.
func getOne(w *clientEnd) { w.request(get("/")) }

var announcementsScenarios = []scenario{
	{
		name: "altsvc",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				ss := st.Session()
				ss.Altsvc(`h2=":8000"`, "https://example.org:8111/a/path?and=more")
				ss.AltsvcStream(`h2=":8000"; ma=60`, st.ID())
				ss.Altsvc("clear", "https://example.org")
				implicit(st, h)
			})
		},
		before: tellAnnounced,
		client: getOne,
	},
	{
		name: "altsvc-wrong",
		server: func(w *serverEnd) {
			w.on("/", inSession(func(ss *events.ServerSession) {
				w.attempt("altsvc", "not ASCII", ss.Altsvc("h2=\u4e00", "https://example.org"))
				w.attempt("altsvc", "no URL", ss.Altsvc("h2", "example"))
				w.attempt("altsvc", "no origin", ss.Altsvc("h2", "foo:"))
				w.attempt("altsvc", "too long", ss.Altsvc(strings.Repeat("a", 17000), "https://example.org"))
			}))
		},
		before: tellAnnounced,
		client: getOne,
	},
	{
		name: "origin",
		server: func(w *serverEnd) {
			w.on("/", inSession(func(ss *events.ServerSession) {
				ss.Origin("https://a.example", "https://b.example:8443/path", "http://c.example:80")
			}))
		},
		before: tellAnnounced,
		client: func(w *clientEnd) {
			w.finish(w.request(get("/")))
			set := w.session.OriginSet()
			if len(set) == 0 {
				set = []string{"", "none"}
			}
			w.say("origin set", "%s", strings.Join(set[1:], " "))
		},
	},
	{
		name: "origin-by-option",
		serverOptions: func(o *events.SecureServerOptions) {
			o.Origins = []string{"https://a.example", "https://b.example"}
		},
		server: func(w *serverEnd) { w.on("/", implicit) },
		before: tellAnnounced,
		client: getOne,
	},
	{
		name: "origin-wrong",
		server: func(w *serverEnd) {
			w.on("/", inSession(func(ss *events.ServerSession) {
				w.attempt("origin", "no URL", ss.Origin("example"))
				w.attempt("origin", "no origin", ss.Origin("foo:"))
				var many []string
				for i := range 1000 {
					many = append(many, fmt.Sprintf("https://%d.example.example", i))
				}
				w.attempt("origin", "too long", ss.Origin(many...))
			}))
		},
		before: tellAnnounced,
		client: getOne,
	},
	{
		name: "priority",
		server: func(w *serverEnd) {
			for _, path := range []string{"/a", "/b", "/c"} {
				w.on(path, func(st *events.ServerStream, h events.Headers) {
					w.say("weight of "+path, "%d", st.State().Weight)
					implicit(st, h)
				})
			}
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/a")))
			w.finish(w.requestWith(events.RequestOptions{Weight: 200}, get("/b")))
			w.request(post("/c"), func(st *events.ClientStream) {
				st.Priority(events.PriorityOptions{Weight: 3})
				st.End(nil)
			})
		},
	},
	{
		name: "properties",
		server: func(w *serverEnd) {
			w.on("/", inSession(func(ss *events.ServerSession) { w.properties(&ss.Session) }))
		},
		before: func(w *clientEnd) { w.say("properties", "connecting=%t", w.session.Connecting()) },
		client: func(w *clientEnd) {
			w.connected()
			w.properties(&w.session.Session)
			w.finish(w.request(get("/")))
			host, _, _ := net.SplitHostPort(w.session.Socket().RemoteAddr().String())
			w.say("properties", "socket address=%s", host)
		},
	},
	{
		name: "socket-is-guarded",
		server: func(w *serverEnd) {
			w.on("/", inSession(func(ss *events.ServerSession) {
				socket := ss.Socket()
				_, err := socket.Write([]byte("x"))
				w.attempt("socket", "write", err)
				w.attempt("socket", "pause", socket.Pause())
				w.attempt("socket", "resume", socket.Resume())
				w.attempt("socket", "end", socket.End())
			}))
		},
		client: getOne,
	},
	{
		name: "state-of-a-session",
		server: func(w *serverEnd) {
			w.on("/3", inSession(func(ss *events.ServerSession) {
				state := ss.State()
				w.say("state", "next=%d processed=%d", state.NextStreamID, state.LastProcStreamID)
			}))
			w.on("/1", implicit)
		},
		client: func(w *clientEnd) {
			w.finish(w.request(get("/1")))
			w.finish(w.request(get("/3")))
			state := w.session.State()
			w.say("state", "next=%d queue=%d effective=%d", state.NextStreamID, state.OutboundQueueSize, state.EffectiveLocalWindowSize)
		},
	},
	{
		name: "state-of-a-stream",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, h events.Headers) {
				tell := func(when string) {
					state := st.State()
					w.say("state", "%s state=%d local=%t remote=%t", when, state.State, state.LocalClose, state.RemoteClose)
				}
				tell("at first")
				st.OnEnd(func() {
					st.Session().Do(func() {
						tell("at the request's end")
						implicit(st, h)
					})
				})
			})
		},
		client: func(w *clientEnd) { w.request(post("/"), ending([]byte("body"))) },
	},
	{
		name: "ids-chosen",
		server: func(w *serverEnd) {
			for _, path := range []string{"/a", "/b"} {
				w.on(path, func(st *events.ServerStream, h events.Headers) {
					w.say("ids", "%d", st.ID())
					implicit(st, h)
				})
			}
		},
		client: func(w *clientEnd) {
			w.connected()
			w.do(func() {
				w.session.SetNextStreamID(101)
				a := w.ask(events.RequestOptions{}, get("/a"))
				b := w.ask(events.RequestOptions{}, get("/b"))
				w.say("ids", "%d %d", a.ID(), b.ID())
			})
		},
	},
}
