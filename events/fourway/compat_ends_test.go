package fourway

import (
	"fmt"
	"net"
	"time"

	"weft/events"
)

// The Compatibility API: how exchanges end, well or not, what calls say then,
// timeouts and sockets.

// ends writes down the events of an exchange in their order, with how its flags
// stand.
func ends(w *serverEnd, req *events.Request, res *events.Response, object string) {
	say := func(what string) func() {
		return func() {
			w.say(object, "%s %t %t %t %t", what, req.Complete(), req.Aborted(), res.WritableEnded(), res.HeadersSent())
		}
	}
	req.OnEnd(say("request end"))
	req.OnAborted(say("request aborted"))
	req.OnClose(say("request close"))
	res.OnFinish(say("response finish"))
	res.OnClose(say("response close"))
}

// beginning begins a response.
func beginning(req *events.Request, res *events.Response) {
	res.WriteHead(200)
	res.WriteString("part")
}

// wholeAtEnd answers at the end of the request.
func wholeAtEnd(w *serverEnd) compatHandler {
	return func(req *events.Request, res *events.Response) {
		ends(w, req, res, "ends")
		req.OnEnd(func() { res.EndString("whole") })
	}
}

var compatEndsScenarios = []scenario{
	{
		name:   "compat-ends-of-a-get",
		server: func(w *serverEnd) { w.onRequest("/", wholeAtEnd(w)) },
		client: getEach("/"),
	},
	{
		name:   "compat-ends-of-a-post",
		server: func(w *serverEnd) { w.onRequest("/", wholeAtEnd(w)) },
		client: posting([]byte("body")),
	},
	{
		name: "compat-aborted-upload",
		server: func(w *serverEnd) {
			for _, code := range []int{2, 8} {
				w.onRequest(fmt.Sprintf("/%d", code), func(req *events.Request, res *events.Response) {
					ends(w, req, res, fmt.Sprintf("ends%d", code))
					req.OnData(func([]byte) { beginning(req, res) }).Once()
				})
			}
		},
		client: func(w *clientEnd) {
			for _, err := range []error{errOnPurpose, nil} {
				path := "/8"
				if err != nil {
					path = "/2"
				}
				w.finish(w.request(post(path), func(st *events.ClientStream) {
					st.WriteString("part")
					st.OnData(func([]byte) { st.Destroy(err) }).Once()
				}))
			}
		},
	},
	{
		name: "compat-aborted-download",
		server: func(w *serverEnd) {
			for _, code := range []int{2, 8} {
				w.onRequest(fmt.Sprintf("/%d", code), func(req *events.Request, res *events.Response) {
					ends(w, req, res, fmt.Sprintf("ends%d", code))
					beginning(req, res)
				})
			}
		},
		client: func(w *clientEnd) {
			for _, code := range []events.ErrCode{2, 8} {
				w.finish(w.request(get(fmt.Sprintf("/%d", code)), func(st *events.ClientStream) {
					st.OnData(func([]byte) { st.Close(code) }).Once()
				}))
			}
		},
	},
	{
		name: "compat-aborted-before-the-answer",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				ends(w, req, res, "ends")
				st, _ := req.Stream()
				session := st.Session()
				req.OnClose(func() {
					session.Do(func() {
						w.attempt("seen", "writeHead", res.WriteHead(200))
						w.attempt("seen", "flushHeaders", res.FlushHeaders())
						w.attempt("seen", "setHeader", res.SetHeader("a", "b"))
						w.attempt("seen", "setTimeout", res.SetTimeout(100*time.Millisecond, nil))
						w.attempt("seen", "requestSetTimeout", req.SetTimeout(100*time.Millisecond, nil))
						w.attempt("seen", "end", res.EndString("late"))
						w.show("flags", res.HeadersSent(), res.WritableEnded(), res.Socket() == nil)
					})
				})
			})
		},
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) { st.OnReady(func() { st.Close(events.Cancel) }) })
		},
	},
	{
		name: "compat-destroyed-request",
		server: func(w *serverEnd) {
			w.onRequest("/silent", func(req *events.Request, res *events.Response) { req.Destroy(nil) })
			w.onRequest("/error", func(req *events.Request, res *events.Response) { req.Destroy(errOnPurpose) })
			w.onRequest("/part", func(req *events.Request, res *events.Response) {
				beginning(req, res)
				st, _ := req.Stream()
				st.Session().Do(func() { req.Destroy(errOnPurpose) })
			})
		},
		client: getEach("/silent", "/error", "/part"),
	},
	{
		name: "compat-destroyed-response",
		server: func(w *serverEnd) {
			w.onRequest("/silent", func(req *events.Request, res *events.Response) { res.Destroy(nil) })
			w.onRequest("/error", func(req *events.Request, res *events.Response) { res.Destroy(errOnPurpose) })
			w.onRequest("/late", func(req *events.Request, res *events.Response) {
				res.Destroy(nil)
				w.attempt("seen", "writeHead", res.WriteHead(200))
				res.Destroy(nil)
				w.attempt("seen", "again", nil)
			})
		},
		client: getEach("/silent", "/error", "/late"),
	},
	{
		name: "compat-after-the-end",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.WriteString("one ")
				w.show("before", res.WritableEnded(), res.Finished())
				res.EndString("two")
				w.show("after", res.WritableEnded(), res.Finished())
				res.WriteFunc([]byte("three"), func(err error) { w.say("write", "%s", errorText(err)) })
				w.attempt("seen", "end", res.End(nil))
				w.attempt("seen", "setHeader", res.SetHeader("a", "b"))
				res.WriteContinue()
				w.attempt("seen", "writeContinue", nil)
				w.attempt("seen", "flushHeaders", res.FlushHeaders())
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-end-callbacks",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.EndFunc([]byte("once"), func() { w.say("called", "first") })
				res.EndFunc(nil, func() { w.say("called", "second") })
				res.OnFinish(func() { w.say("called", "finish") })
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-flags",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				flags := func(what string) {
					w.show(what, res.HeadersSent(), res.WritableEnded(), res.WritableFinished(), res.WritableLength() > 0)
				}
				flags("begin")
				res.WriteString("part")
				res.OnFinish(func() { flags("finish") })
				req.OnEnd(func() {
					w.show("request", req.Complete(), req.Aborted())
					res.End(nil)
				})
				w.show("request", req.Complete(), req.Aborted())
			})
		},
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				st.OnResponse(func(events.Headers, events.Flags) { st.EndString("body") })
			})
		},
	},
	{
		name: "compat-request-timeout",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				req.SetTimeout(50*time.Millisecond, func() {
					w.say("seen", "timeout")
					res.EndString("too late")
				})
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-response-timeout",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				beginning(req, res)
				res.SetTimeout(50*time.Millisecond, func() {
					w.say("seen", "timeout")
					res.EndString(", and the rest")
				})
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-timeout-off",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				req.SetTimeout(50*time.Millisecond, func() { w.say("seen", "timeout") })
				res.SetTimeout(0, nil)
				time.AfterFunc(150*time.Millisecond, func() { res.EndString("quiet") })
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-socket",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				socket := req.Socket()
				st, _ := req.Stream()
				encrypted, _ := st.Session().Encrypted()
				w.show("same", socket == res.Socket(), socket == req.Connection(), socket == res.Connection(), socket == req.Socket())
				w.show("session", encrypted, st.Session().ALPNProtocol())
				remote, local := socket.RemoteAddr().(*net.TCPAddr), socket.LocalAddr().(*net.TCPAddr)
				w.show("peer", remote.IP.String(), remote.Port > 0, local.IP.String())
				w.show("state", socket.Destroyed(), socket.Writable(), socket.Readable())
				_, err := socket.Write([]byte("x"))
				w.attempt("seen", "write", err)
				_, err = socket.Read(nil)
				w.attempt("seen", "read", err)
				w.attempt("seen", "pause", socket.Pause())
				w.attempt("seen", "resume", socket.Resume())
				res.OnFinish(func() {
					other, _ := res.Stream()
					w.say("finish", "%t %t %t", res.Socket() == nil, res.Connection() == nil, other == st)
				})
				res.EndString("done")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-socket-destroyed",
		server: func(w *serverEnd) {
			w.onRequest("/gone", func(req *events.Request, res *events.Response) { req.Socket().Destroy(nil) })
			w.onRequest("/", func(req *events.Request, res *events.Response) { res.EndString("the connection is not") })
		},
		client: getEach("/gone", "/"),
	},
	{
		name: "compat-by-the-stream",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				st, _ := res.Stream()
				st.AdditionalHeaders(events.Status(102))
				st.Respond(events.Status(203, "x-by", "stream"))
				w.show("sent", res.HeadersSent())
				w.attempt("seen", "writeHead", res.WriteHead(200))
				res.WriteString("by response, ")
				st.EndString("by stream")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-session-destroyed",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				ends(w, req, res, "ends")
				beginning(req, res)
			})
		},
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) {
				st.OnData(func([]byte) { w.session.Destroy(nil, 0) }).Once()
			})
		},
	},
}
