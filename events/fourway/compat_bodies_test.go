package fourway

import (
	"fmt"

	"weft/events"
)

// The Compatibility API: bodies and trailers, both ways.

const (
	compatSize  = 2 << 20
	compatPiece = 64 << 10
)

// pipeBack answers with the body of the request.
func pipeBack(req *events.Request, res *events.Response) { req.Pipe(res) }

// posting posts a body to the path "/".
func posting(body []byte) func(w *clientEnd) {
	return func(w *clientEnd) { w.request(post("/"), ending(body)) }
}

// withTrailers posts a body to the path "/", and fields after it.
func withTrailers(body []byte, trailers events.Headers) func(w *clientEnd) {
	return func(w *clientEnd) {
		w.requestWith(events.RequestOptions{WaitForTrailers: true}, post("/"), func(st *events.ClientStream) {
			st.OnWantTrailers(func() { st.SendTrailers(trailers) })
			st.End(body)
		})
	}
}

var compatBodiesScenarios = []scenario{
	{
		name: "compat-head",
		server: func(w *serverEnd) {
			w.onRequest("/end", func(req *events.Request, res *events.Response) {
				res.SetHeader("content-length", "5")
				res.EndString("hello")
			})
			w.onRequest("/write", func(req *events.Request, res *events.Response) {
				_, err := res.WriteString("hello")
				w.attempt("seen", "write", err)
				_, err = res.WriteString("hello")
				w.attempt("seen", "write again", err)
				res.End(nil)
			})
			w.onRequest("/head", func(req *events.Request, res *events.Response) {
				res.WriteHead(404, events.H("x-a", "1"))
				res.End(nil)
			})
		},
		client: func(w *clientEnd) {
			for _, path := range []string{"/end", "/write", "/head"} {
				w.finish(w.request(events.H(":method", "HEAD", ":path", path)))
			}
		},
	},
	{
		name: "compat-no-body",
		server: func(w *serverEnd) {
			for _, code := range []int{204, 205, 304} {
				w.onRequest(fmt.Sprintf("/%d", code), func(req *events.Request, res *events.Response) {
					res.SetStatusCode(code)
					res.SetHeader("x-code", fmt.Sprint(code))
					res.EndString("not to be seen")
				})
			}
			w.onRequest("/written", func(req *events.Request, res *events.Response) {
				res.WriteHead(204)
				_, err := res.WriteString("not to be seen")
				w.attempt("seen", "write", err)
				w.attempt("seen", "end", res.EndString("nor this"))
			})
		},
		client: getEach("/204", "/205", "/304", "/written"),
	},
	{
		name: "compat-echo",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.WriteHead(200, events.H("content-type", req.Headers().Get("content-type")))
				req.Pipe(res)
			})
		},
		client: func(w *clientEnd) {
			w.request(events.H(":method", "POST", ":path", "/", "content-type", "text/plain"), ending(pattern(1000)))
		},
	},
	{
		name: "compat-large-download",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				left, waits := compatSize/compatPiece, false
				more := func() {
					for ; left > 0; left-- {
						if ready, _ := res.Write(pattern(compatPiece)); !ready {
							waits = true
							left--
							return
						}
					}
					w.show("waited", waits)
					res.End(nil)
				}
				res.OnDrain(more)
				more()
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-large-download-at-once",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) { res.End(pattern(compatSize)) })
		},
		client: getEach("/"),
	},
	{
		name: "compat-large-upload",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				all := 0
				req.OnData(func(p []byte) { all += len(p) })
				req.OnEnd(func() { res.EndString(fmt.Sprintf("%d bytes", all)) })
			})
		},
		client: posting(pattern(compatSize)),
	},
	{
		name:   "compat-large-both-ways",
		server: func(w *serverEnd) { w.onRequest("/", pipeBack) },
		client: posting(pattern(compatSize)),
	},
	{
		name:          "compat-small-windows",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings = window(300) },
		clientOptions: func(o *events.ConnectOptions) { o.Settings = window(300) },
		server:        func(w *serverEnd) { w.onRequest("/", pipeBack) },
		client:        posting(pattern(20000)),
	},
	{
		name: "compat-pause",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				st, _ := req.Stream()
				pauses := 0
				req.OnData(func([]byte) {
					if pauses++; pauses > 4 {
						return
					}
					req.Pause()
					st.Session().Do(req.Resume)
				})
				req.OnEnd(func() {
					w.show("pauses", pauses > 3, req.IsPaused())
					res.End(nil)
				})
			})
		},
		client: posting(pattern(300000)),
	},
	{
		name: "compat-unread-upload",
		server: func(w *serverEnd) {
			w.onRequestUnread("/", func(req *events.Request, res *events.Response) { res.EndString("not read") })
		},
		client: func(w *clientEnd) { w.finish(w.request(post("/"), ending(pattern(1000)))) },
	},
	{
		name: "compat-write-callbacks",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				for _, piece := range []string{"one", "two"} {
					res.WriteFunc([]byte(piece), func(err error) { w.say("written", "%s %s", piece, null(err)) })
				}
				res.EndFunc([]byte("three"), func() { w.say("ended", "finish") })
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-cork",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				res.WriteHead(200)
				res.Cork()
				res.Cork()
				w.show("corked", res.WritableCorked())
				for _, piece := range []string{"one ", "two ", "three"} {
					res.WriteString(piece)
				}
				res.Uncork()
				w.show("corked", res.WritableCorked(), res.WritableLength())
				res.Uncork()
				w.show("corked", res.WritableCorked())
				res.EndString(" four")
			})
		},
		client: getEach("/"),
	},
	{
		name: "compat-text",
		server: func(w *serverEnd) {
			w.onRequestUnread("/", func(req *events.Request, res *events.Response) {
				all := ""
				req.OnText(func(s string) { all += s })
				req.OnEnd(func() { res.EndString("got " + all) })
			})
		},
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				for _, b := range []byte("\u00e4\u20ac\U0001f600!") {
					st.Write([]byte{b})
				}
				st.End(nil)
			})
		},
	},
	{
		name: "compat-many-at-once",
		server: func(w *serverEnd) {
			for i := range 20 {
				w.onRequest(fmt.Sprintf("/%d", i), func(req *events.Request, res *events.Response) {
					res.SetHeader("x-number", fmt.Sprint(i))
					res.End(pattern(1000*i + 1))
				})
			}
		},
		client: func(w *clientEnd) {
			w.do(func() {
				for i := range 20 {
					w.ask(events.RequestOptions{}, get(fmt.Sprintf("/%d", i)))
				}
			})
		},
	},
	{
		name: "compat-trailers",
		server: func(w *serverEnd) {
			w.onRequest("/add", func(req *events.Request, res *events.Response) {
				res.SetHeader("trailer", "x-sum")
				res.WriteString("seven")
				res.AddTrailers(events.H("X-Sum", "7", "x-list", "a", "x-list", "b"))
				res.SetTrailer("x-sum", "8")
				res.End(nil)
			})
			w.onRequest("/alone", func(req *events.Request, res *events.Response) {
				res.AddTrailers(events.H("grpc-status", "12"))
				res.End(nil)
			})
			w.onRequest("/early", func(req *events.Request, res *events.Response) {
				res.SetTrailer("x-early", "1")
				res.EndString("with a body")
			})
		},
		client: getEach("/add", "/alone", "/early"),
	},
	{
		name: "compat-received-trailers",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				w.show("before", req.Trailers().Len(), len(req.RawTrailers()))
				req.OnEnd(func() {
					h := req.Trailers()
					w.show("after", h.Get("x-sum"), h.Get("x-list"))
					w.show("raw", anys(req.RawTrailers())...)
					res.EndString(digest([]byte(h.Get("x-sum"))))
				})
			})
		},
		client: withTrailers([]byte("seven"), events.H("X-Sum", "7", "x-list", "a", "x-list", "b")),
	},
	{
		name: "compat-trailers-through",
		server: func(w *serverEnd) {
			w.onRequest("/", func(req *events.Request, res *events.Response) {
				req.OnData(func(p []byte) { res.Write(p) })
				req.OnEnd(func() {
					res.AddTrailers(events.H("x-back", req.Trailers().Get("x-sum")))
					res.End(nil)
				})
			})
		},
		client: withTrailers(pattern(100000), events.H("x-sum", "9")),
	},
}
