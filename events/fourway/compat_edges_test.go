package fourway

import "weft/events"

// The Compatibility API: what is rare.

// afterClose has f called in a turn of its own after the request has closed.
func afterClose(req *events.Request, f func()) {
	st, _ := req.Stream()
	session := st.Session()
	req.OnClose(func() { session.Do(f) })
}

// answered serves the path "/" with a few words.
func answered(w *serverEnd) {
	w.onRequest("/", func(req *events.Request, res *events.Response) { res.EndString("answer") })
}

var compatEdgesScenarios = []scenario{
	{
		name: "compat-trailers-without-a-body",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.SetTrailer("x-sum", "1")
				res.EndString("not sent")
			})
			w.onRequest("/204", func(req *events.Request, res *events.Response) {
				res.SetStatusCode(204)
				res.SetTrailer("x-sum", "1")
				res.End(nil)
			})
		},
		client: func(w *clientEnd) {
			w.finish(w.request(events.H(":method", "HEAD", ":path", "/")))
			w.finish(w.request(get("/204")))
		},
	},
	{
		name: "compat-late-trailers",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.EndString("whole")
				w.attempt("seen", "setTrailer", res.SetTrailer("x-sum", "1"))
				w.attempt("seen", "addTrailers", res.AddTrailers(events.H("x-sum", "1")))
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-late-push",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				afterClose(req, func() {
					w.attempt("seen", "call", res.CreatePushResponse(get("/p"), func(err error, _ *events.Response) {
						w.say("pushed", "%s", errorText(err))
					}))
				})
				res.EndString("page")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-returned",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				w.show("continue", res.WriteContinue())
				hint := func(links ...string) bool {
					sent, _ := res.WriteEarlyHints(links)
					return sent
				}
				w.show("hints", hint("</a>; rel=preload"), hint())
				ready, _ := res.WriteString("part")
				w.show("write", ready)
				w.show("late", res.WriteContinue(), hint("</a>; rel=preload"))
				res.End(nil)
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-empty-writes",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.WriteString("body")
				_, err := res.WriteString("")
				w.attempt("seen", "write", err)
				w.attempt("seen", "end", res.EndString(""))
			})
		},
		client: getEach("/"),
	},
	{
		name:   "compat-expectation-of-a-get",
		server: answered,
		client: func(w *clientEnd) { w.request(events.H(":path", "/", "expect", "100-continue")) },
	},
	{
		name:   "compat-expectation-in-any-case",
		server: answered,
		client: func(w *clientEnd) { w.request(events.H(":path", "/", "expect", "100-Continue")) },
	},
	{
		name: "compat-unasked-body",
		server: func(w *serverEnd) {
			w.onRequest("/", func(*events.Request, *events.Response) {})
			w.onExchange("checkContinue", "/", func(req *events.Request, res *events.Response) {
				res.WriteHead(401)
				res.EndString("who are you?")
			})
		},
		client: func(w *clientEnd) {
			w.request(events.H(":method", "POST", ":path", "/", "expect", "100-continue"), ending([]byte("sent all the same")))
		},
	},
	{
		name:          "compat-extended-connect",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings.EnableConnectProtocol = events.Set(true) },
		server: func(w *serverEnd) {
			w.onRequest("/", func(*events.Request, *events.Response) {})
			w.onExchange("connect", "/chat", func(req *events.Request, res *events.Response) {
				w.show("protocol", req.Headers().Get(":protocol"), req.Method(), req.URL())
				res.WriteHead(200, events.H("sec-websocket-protocol", "chat"))
				req.Pipe(res)
			})
		},
		client: func(w *clientEnd) {
			w.await(w.heard.ch, "settings")
			w.request(events.H(":method", "CONNECT", ":protocol", "websocket", ":path", "/chat"), func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { st.EndString("hello") })
			})
		},
	},
	{
		name:   "compat-pipe-cut-short",
		server: func(w *serverEnd) { w.onRequest("/", pipeBack) },
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				st.WriteString("part")
				st.OnData(func([]byte) { st.Destroy(nil) }).Once()
			})
		},
	},
	{
		name: "compat-session-closed-meanwhile",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.WriteString("part, ")
				st, _ := req.Stream()
				st.Session().Close()
				req.OnEnd(func() { res.EndString("and the rest") })
			})
		},
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				st.OnData(func([]byte) { st.End(pattern(100000)) }).Once()
			})
		},
	},
	{
		name: "compat-writes-to-what-is-gone",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.WriteHead(200)
				afterClose(req, func() {
					w.show("write", res.WriteFunc([]byte("x"), func(err error) { w.say("written", "%s", errorText(err)) }))
					w.show("again", res.WritableEnded())
				})
			})
		},
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { st.Close(events.Cancel) })
			})
		},
	},
	{
		name: "compat-kept-request",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				afterClose(req, func() {
					w.show("request", req.Method(), req.URL(), req.Headers().Get("x-a"), req.Complete(), req.Aborted())
					w.show("response", res.StatusCode(), res.HeadersSent(), res.GetHeader("x-b"), res.HasHeader("x-c"))
				})
				res.SetStatusCode(203)
				res.SetHeader("x-b", "2")
				res.EndString("done")
			})
		},
		client: func(w *clientEnd) { w.request(events.H(":path", "/", "x-a", "1")) },
	},
}
