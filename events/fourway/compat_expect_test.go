package fourway

import "weft/events"

// The Compatibility API: 100, 103, expectations, CONNECT, pushes.

// expecting posts a body once the server has said to continue. then, if any,
// gets the stream as well.
func expecting(w *clientEnd, path, expect string, then ...func(st *events.ClientStream)) {
	h := events.H(":method", "POST", ":path", path, "expect", expect)
	w.finish(w.request(h, append(then, func(st *events.ClientStream) {
		st.OnContinue(func() { st.EndString("the body") })
	})...))
}

// endingAtResponse ends a request when the response comes.
func endingAtResponse(st *events.ClientStream) {
	st.OnResponse(func(events.Headers, events.Flags) { st.End(nil) })
}

// thanks answers at the end of the request.
func thanks(req *events.Request, res *events.Response) { req.OnEnd(func() { res.EndString("thanks") }) }

var compatExpectScenarios = []scenario{
	{
		name: "compat-early-hints",
		server: func(w *serverEnd) {
			w.onRequest("/one", func(req *events.Request, res *events.Response) {
				res.WriteEarlyHints([]string{"</a.css>; rel=preload; as=style"})
				res.EndString("page")
			})
			w.onRequest("/several", func(req *events.Request, res *events.Response) {
				res.WriteEarlyHints([]string{"</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"})
				res.WriteEarlyHints([]string{"</c.js>; rel=preload"}, events.H("X-Trace", "7"))
				res.EndString("page")
			})
			w.onRequest("/none", func(req *events.Request, res *events.Response) {
				_, err := res.WriteEarlyHints(nil)
				w.attempt("seen", "no link", err)
				for _, link := range []string{"a.css", "<a.css", "</a.css> rel=preload", ""} {
					_, err := res.WriteEarlyHints([]string{link})
					w.attempt("seen", "link "+link, err)
				}
				res.EndString("page")
			})
		},
		client: getEach("/one", "/several", "/none"),
	},
	{
		name:   "compat-continue-automatic",
		server: func(w *serverEnd) { w.onRequest("/", thanks) },
		client: func(w *clientEnd) { expecting(w, "/", "100-continue") },
	},
	{
		name: "compat-continue-by-hand",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.WriteContinue()
				w.attempt("seen", "first", nil)
				res.WriteContinue()
				w.attempt("seen", "second", nil)
				thanks(req, res)
			})
		},
		client: posting([]byte("unasked")),
	},
	{
		name: "compat-check-continue",
		server: func(w *serverEnd) {
			w.onRequest("/plain", thanks)
			w.onExchange("checkContinue", "/accepted", func(req *events.Request, res *events.Response) {
				res.WriteContinue()
				thanks(req, res)
			})
			w.onExchange("checkContinue", "/refused", func(req *events.Request, res *events.Response) {
				res.WriteHead(413, events.H("x-why", "too large"))
				res.EndString("no, thanks")
			})
		},
		client: func(w *clientEnd) {
			w.finish(w.request(post("/plain"), ending([]byte("unasked"))))
			expecting(w, "/accepted", "100-continue")
			expecting(w, "/refused", "100-continue", endingAtResponse)
		},
	},
	{
		name:   "compat-expectation-failed",
		server: func(w *serverEnd) { w.onRequest("/", thanks) },
		client: func(w *clientEnd) { expecting(w, "/", "a-miracle", endingAtResponse) },
	},
	{
		name: "compat-check-expectation",
		server: func(w *serverEnd) {
			w.onRequest("/", thanks)
			w.onExchange("checkExpectation", "/", func(req *events.Request, res *events.Response) {
				res.SetStatusCode(200)
				res.SetHeader("x-expected", req.Headers().Get("expect"))
				res.EndString("a miracle")
			})
		},
		client: func(w *clientEnd) { w.request(events.H(":path", "/", "expect", "a-miracle")) },
	},
	{
		name: "compat-connect-refused",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) { res.EndString("alive") })
		},
		client: func(w *clientEnd) {
			w.finish(w.request(events.H(":method", "CONNECT", ":authority", "example.org:443"), endingAtResponse))
			w.finish(w.request(get("/")))
		},
	},
	{
		name: "compat-connect",
		server: func(w *serverEnd) {
			w.onRequest("/", func(*events.Request, *events.Response) {})
			w.onExchange("connect", "CONNECT", func(req *events.Request, res *events.Response) {
				w.show("to", req.Authority(), req.Method(), req.URL(), req.Scheme())
				res.WriteHead(200)
				req.Pipe(res)
			})
		},
		client: func(w *clientEnd) {
			w.request(events.H(":method", "CONNECT", ":authority", "example.org:443"), func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { st.End(pattern(1000)) })
			})
		},
	},
	{
		name: "compat-push",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.CreatePushResponse(events.H(":path", "/style.css", "x-of", "page"), func(err error, push *events.Response) {
					w.show("push", err == nil, push.HeadersSent(), push.StatusCode())
					push.OnFinish(func() { w.say("pushed", "finish") })
					push.SetHeader("content-type", "text/css")
					push.EndString("h1 {}")
				})
				res.EndString("page")
			})
		},
		client: func(w *clientEnd) {
			w.takePushes(nil)
			w.request(get("/"))
		},
	},
	{
		name: "compat-push-with-status",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				for path, status := range map[string]int{"/404": 404, "/204": 204} {
					res.CreatePushResponse(get(path), func(_ error, push *events.Response) {
						push.WriteHead(status, events.H("x-a", "1"))
						push.End(nil)
					})
				}
				res.EndString("page")
			})
		},
		client: func(w *clientEnd) {
			w.takePushes(nil)
			w.request(get("/"))
		},
	},
	{
		name: "compat-push-large",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.CreatePushResponse(get("/large"), func(_ error, push *events.Response) {
					push.Write(pattern(300000))
					push.End(pattern(100))
				})
				res.EndString("page")
			})
		},
		client: func(w *clientEnd) {
			w.takePushes(nil)
			w.request(get("/"))
		},
	},
	{
		name:          "compat-push-off",
		clientOptions: func(o *events.ConnectOptions) { o.Settings.EnablePush = events.Set(false) },
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				w.show("allowed", res.CanPush())
				res.CreatePushResponse(get("/pushed"), func(err error, _ *events.Response) {
					w.say("seen", "pushed: %s", errorText(err))
				})
				res.EndString("page")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-push-without-callback",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				w.attempt("seen", "push", res.CreatePushResponse(get("/pushed"), nil))
				res.EndString("page")
			})
		},
		client: getEach("/"),
	},
}
