package fourway

import (
	"fmt"
	"slices"
	"strings"

	"weft/events"
)

// The Compatibility API: header fields and statuses.

// getEach asks for paths, one after the other.
func getEach(paths ...string) func(w *clientEnd) {
	return func(w *clientEnd) {
		for _, path := range paths {
			w.finish(w.request(get(path)))
		}
	}
}

var compatFieldsScenarios = []scenario{
	{
		name: "compat-hello",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.SetHeader("Content-Type", "text/plain")
				res.EndString("hello")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-implicit-head",
		server: func(w *serverEnd) {
			w.onRequest("/end", func(req *events.Request, res *events.Response) {
				res.SetStatusCode(404)
				res.EndString("none")
			})
			w.onRequest("/write", func(req *events.Request, res *events.Response) {
				res.SetStatusCode(201)
				w.show("before", res.HeadersSent())
				res.WriteString("one ")
				w.show("after", res.HeadersSent(), res.StatusCode())
				res.EndString("two")
			})
			w.onRequest("/flush", func(req *events.Request, res *events.Response) {
				res.SetHeader("x-a", "1")
				res.FlushHeaders()
				w.show("flushed", res.HeadersSent())
				w.attempt("seen", "again", res.FlushHeaders())
				res.EndString("body")
			})
			w.onRequest("/empty", func(req *events.Request, res *events.Response) { res.End(nil) })
		},
		client: getEach("/end", "/write", "/flush", "/empty"),
	},
	{
		name: "compat-write-head",
		server: func(w *serverEnd) {
			w.onRequest("/over", func(req *events.Request, res *events.Response) {
				res.SetHeader("x-a", "1")
				res.SetHeader("x-b", "1")
				res.SetStatusCode(500)
				res.WriteHead(202, events.H("X-A", "2", "x-c", "2"))
				w.show("sent", res.StatusCode(), res.HeadersSent())
				res.EndString("ok")
			})
			w.onRequest("/lists", func(req *events.Request, res *events.Response) {
				res.SetHeader("x-list", "1", "2")
				res.SetHeader("x-kept", "1", "2")
				res.WriteHead(200, events.H("x-list", "3", "x-list", "4", "set-cookie", "a=1", "set-cookie", "b=2"))
				res.End(nil)
			})
			w.onRequest("/bare", func(req *events.Request, res *events.Response) {
				res.SetHeader("x-a", "1")
				res.WriteHead(418)
				res.EndString("teapot")
			})
		},
		client: getEach("/over", "/lists", "/bare"),
	},
	{
		name: "compat-write-head-twice",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				w.attempt("seen", "first", res.WriteHead(200, events.H("x-a", "1")))
				w.attempt("seen", "second", res.WriteHead(500))
				res.EndString("once")
				w.attempt("seen", "after the end", res.WriteHead(500))
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-append-header",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.AppendHeader("x-list", "1")
				res.AppendHeader("X-List", "2")
				res.AppendHeader("x-list", "3", "4")
				res.SetHeader("set-cookie", "a=1")
				res.AppendHeader("set-cookie", "b=2")
				w.show("queued", res.GetHeaderValues("x-list"), res.GetHeaderValues("Set-Cookie"))
				res.End(nil)
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-header-queries",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.SetHeader("X-One", "1")
				res.SetHeader("x-two", "2")
				res.SetHeader(" x-three ", "3")
				w.show("get", res.GetHeader("x-one"), res.GetHeader("X-TWO"), res.GetHeader("x-none"))
				w.show("names", anys(res.GetHeaderNames())...)
				w.show("has", res.HasHeader("x-ONE"), res.HasHeader("x-none"))
				res.RemoveHeader("X-Two")
				res.RemoveHeader("x-none")
				res.SetHeader("x-one", "changed")
				var all []string
				for name, value := range res.GetHeaders().All() {
					all = append(all, name, value)
				}
				w.show("all", all)
				res.End(nil)
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-date",
		server: func(w *serverEnd) {
			w.onRequest("/default", func(req *events.Request, res *events.Response) {
				w.show("default", res.SendDate())
				res.End(nil)
			})
			w.onRequest("/off", func(req *events.Request, res *events.Response) {
				res.SetSendDate(false)
				w.show("off", res.SendDate())
				res.End(nil)
			})
			w.onRequest("/own", func(req *events.Request, res *events.Response) {
				res.SetHeader("date", "Thu, 01 Jan 1970 00:00:00 GMT")
				res.End(nil)
			})
		},
		client: func(w *clientEnd) {
			for _, path := range []string{"/default", "/off", "/own"} {
				w.finish(w.request(get(path), func(st *events.ClientStream) {
					st.OnResponse(func(h events.Headers, _ events.Flags) {
						date := h.Get("date")
						w.say("date", "%t %t", date != "", strings.Contains(date, "1970"))
					})
				}))
			}
		},
	},
	{
		name: "compat-bad-fields",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				bad := func(what string, err error) { w.attempt("seen", what, err) }
				bad("pseudo", res.SetHeader(":status", "200"))
				bad("pseudo appended", res.AppendHeader(":path", "/"))
				bad("pseudo trailer", res.SetTrailer(":status", "200"))
				bad("space", res.SetHeader("a b", "1"))
				bad("no name", res.SetHeader("", "1"))
				bad("no value", res.SetHeader("x-a"))
				bad("no trailer value", res.SetTrailer("x-a"))
				bad("pseudo in the head", res.WriteHead(200, events.H(":status", "200", ":path", "/")))
				bad("space in the head", res.WriteHead(200, events.H("a b", "1")))
				res.EndString("alive")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-bad-status",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				for _, code := range []int{99, 101, 199, 600, 0} {
					w.attempt("seen", fmt.Sprintf("statusCode %d", code), res.SetStatusCode(code))
				}
				for _, code := range []int{99, 101, 600} {
					w.attempt("seen", fmt.Sprintf("writeHead %d", code), res.WriteHead(code))
				}
				res.SetStatusCode(299)
				res.EndString("alive")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-connection-fields",
		server: func(w *serverEnd) {
			w.onRequest("/connection", func(req *events.Request, res *events.Response) {
				w.attempt("seen", "connection", res.SetHeader("connection", "close"))
				w.show("has", res.HasHeader("connection"))
				res.WriteHead(200, events.H("connection", "keep-alive"))
				res.EndString("alive")
			})
			w.onRequest("/others", func(req *events.Request, res *events.Response) {
				for _, name := range []string{"Keep-Alive", "transfer-encoding", "upgrade", "proxy-connection", "http2-settings", "te"} {
					w.attempt("seen", name, res.SetHeader(name, "x"))
				}
				w.show("queued", anys(res.GetHeaderNames())...)
				res.EndString("alive")
			})
		},
		client: getEach("/connection", "/others"),
	},
	{
		name: "compat-late-fields",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.SetHeader("x-a", "1")
				res.WriteHead(200)
				late := func(what string, err error) { w.attempt("seen", what, err) }
				late("setHeader", res.SetHeader("x-b", "1"))
				late("appendHeader", res.AppendHeader("x-b", "1"))
				late("removeHeader", res.RemoveHeader("x-a"))
				late("flushHeaders", res.FlushHeaders())
				res.WriteContinue()
				late("writeContinue", nil)
				_, err := res.WriteEarlyHints([]string{"</a>; rel=preload"})
				late("writeEarlyHints", err)
				w.show("still", res.GetHeader("x-a"), res.HasHeader("x-b"))
				res.EndString("fine")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-request-fields",
		server: func(w *serverEnd) {
			w.onRequest("/a?b=c", func(req *events.Request, res *events.Response) {
				w.show("line", req.Method(), req.URL(), req.HTTPVersion(), req.HTTPVersionMajor(), req.HTTPVersionMinor())
				raw := req.RawHeaders()
				w.show("raw", anys(raw[slices.Index(raw, "x-first"):])...)
				h := req.Headers()
				w.show("get", h.Get("cookie"), h.Get("x-list"), h.Get("x-first"))
				w.show("ends", req.Complete(), req.Aborted(), res.Req() == req)
				res.End(nil)
			})
		},
		client: func(w *clientEnd) {
			w.request(events.H(":method", "OPTIONS", ":path", "/a?b=c", "X-First", "1", "cookie", "a=1", "cookie", "b=2",
				"x-list", "1", "x-list", "2", "accept", "*/*"), ending(nil))
		},
	},
	{
		name: "compat-host",
		server: func(w *serverEnd) {
			for _, path := range []string{"/authority", "/host", "/both"} {
				w.onRequest(path, func(req *events.Request, res *events.Response) {
					w.show(path, req.Authority(), req.Headers().Get("host"))
					res.End(nil)
				})
			}
		},
		client: func(w *clientEnd) {
			w.finish(w.request(events.H(":path", "/authority", ":authority", "one.example")))
			w.finish(w.request(events.H(":path", "/host", "host", "two.example")))
			w.finish(w.request(events.H(":path", "/both", ":authority", "three.example", "host", "three.example")))
		},
	},
	{
		name: "compat-changed-request",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				req.SetMethod("PUT")
				req.SetURL("/other")
				w.attempt("seen", "blank", req.SetMethod(" "))
				w.show("changed", req.Method(), req.URL(), req.Headers().Method(), req.Headers().Path())
				res.End(nil)
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-cookies",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				w.show("cookie", req.Headers().Get("cookie"))
				res.SetHeader("set-cookie", "a=1; Path=/", "b=2")
				w.show("set", res.GetHeaderValues("set-cookie"))
				res.End(nil)
			})
		},
		client: func(w *clientEnd) { w.request(events.H(":path", "/", "cookie", "a=1; b=2", "cookie", "c=3")) },
	},
	{
		name: "compat-status-message",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.SetStatusMessage("Better than OK")
				w.show("message", res.StatusMessage())
				res.End(nil)
			})
		},
		client: getEach("/"),
	},
}

// anys are strings for show.
func anys(list []string) []any {
	all := make([]any, len(list))
	for i, s := range list {
		all[i] = s
	}
	return all
}
