package fourway

import (
	"fmt"

	"weft/events"
)

// Bodies: large ones, slow ones, padded ones.

const bodySize = 4 << 20

// download answers with a body of n bytes.
func download(n int) func(*events.ServerStream, events.Headers) {
	return answering(events.Status(200, "content-length", fmt.Sprint(n)), string(pattern(n)))
}

// upload answers once the request has ended.
func upload(st *events.ServerStream, h events.Headers) {
	st.OnEnd(func() { answering(events.Status(200), "thanks")(st, h) })
}

// severalBodies has bodies of several sizes echoed.
func severalBodies(w *clientEnd) {
	for _, n := range []int{1, 5000, 100000} {
		w.finish(w.request(post("/"), ending(pattern(n))))
	}
}

var bodiesScenarios = []scenario{
	{
		name:   "large-download",
		server: func(w *serverEnd) { w.on("/", download(bodySize)) },
		client: func(w *clientEnd) { w.request(get("/")) },
	},
	{
		name:   "large-upload",
		server: func(w *serverEnd) { w.on("/", upload) },
		client: func(w *clientEnd) { w.request(post("/"), ending(pattern(bodySize))) },
	},
	{
		name:   "large-both-ways",
		server: func(w *serverEnd) { w.on("/", echo) },
		client: func(w *clientEnd) { w.request(post("/"), ending(pattern(2<<20))) },
	},
	{
		name: "large-bodies-at-once",
		server: func(w *serverEnd) {
			for i := 1; i <= 3; i++ {
				w.on(fmt.Sprintf("/down%d", i), download(300000*i))
				w.on(fmt.Sprintf("/up%d", i), upload)
			}
		},
		client: func(w *clientEnd) {
			w.do(func() {
				for i := 1; i <= 3; i++ {
					w.ask(events.RequestOptions{}, get(fmt.Sprintf("/down%d", i)))
					w.ask(events.RequestOptions{}, post(fmt.Sprintf("/up%d", i)), ending(pattern(300000*i)))
				}
			})
		},
	},
	{
		name:   "small-pieces",
		server: func(w *serverEnd) { w.on("/", echo) },
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				for i := range 500 {
					st.WriteString(fmt.Sprintf("piece %d\n", i))
				}
				st.End(nil)
			})
		},
	},
	{
		name:          "small-windows",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings = window(300) },
		clientOptions: func(o *events.ConnectOptions) { o.Settings = window(300) },
		server:        func(w *serverEnd) { w.on("/", echo) },
		client:        func(w *clientEnd) { w.request(post("/"), ending(pattern(20000))) },
	},
	{
		name:   "pause-and-resume",
		server: func(w *serverEnd) { w.on("/", download(300000)) },
		client: func(w *clientEnd) {
			w.request(get("/"), func(st *events.ClientStream) {
				pauses := 0
				st.OnData(func([]byte) {
					if pauses++; pauses > 4 {
						return
					}
					st.Pause()
					w.session.Do(st.Resume)
				})
				st.OnEnd(func() { w.say("pauses", "%t %t", pauses > 3, st.IsPaused()) })
			})
		},
	},
	{
		name:   "drain",
		server: func(w *serverEnd) { w.on("/", upload) },
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				drains := 0
				more := func() {
					if drains == 5 {
						st.End(nil)
						return
					}
					if ready, _ := st.Write(pattern(200000)); ready {
						w.say("drain", "never asked to wait")
					}
				}
				st.OnDrain(func() {
					drains++
					more()
				})
				st.OnFinish(func() { w.say("drain", "%d", drains) })
				more()
			})
		},
	},
	{
		name:          "padding-max",
		serverOptions: func(o *events.SecureServerOptions) { o.PaddingStrategy = events.PaddingStrategyMax },
		clientOptions: func(o *events.ConnectOptions) { o.PaddingStrategy = events.PaddingStrategyMax },
		server:        func(w *serverEnd) { w.on("/", echo) },
		client:        severalBodies,
	},
	{
		name:          "padding-aligned",
		serverOptions: func(o *events.SecureServerOptions) { o.PaddingStrategy = events.PaddingStrategyAligned },
		clientOptions: func(o *events.ConnectOptions) { o.PaddingStrategy = events.PaddingStrategyAligned },
		server:        func(w *serverEnd) { w.on("/", echo) },
		client:        severalBodies,
	},
	{
		name: "text",
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				for _, b := range []byte("\u00e4\u20ac\U0001f600!") {
					st.Write([]byte{b})
				}
				st.End(nil)
			})
		},
		client: func(w *clientEnd) {
			w.unread = true
			w.request(get("/"), func(st *events.ClientStream) {
				all := ""
				st.OnText(func(s string) { all += s })
				st.OnEnd(func() { w.say("text", "%s", all) })
			})
		},
	},
	{
		name:   "write-callbacks",
		server: func(w *serverEnd) { w.on("/", upload) },
		client: func(w *clientEnd) {
			w.request(post("/"), func(st *events.ClientStream) {
				for _, piece := range []string{"one", "two", "three"} {
					st.WriteFunc([]byte(piece), func(err error) { w.say("written", "%s %s", piece, null(err)) })
				}
				st.End(nil)
				st.OnFinish(func() { w.say("written", "finish") })
			})
		},
	},
}
