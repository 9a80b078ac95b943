package fourway

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"weft/core"
	"weft/events"
)

// Limits.

// manyFields adds 30 fields.
func manyFields(h events.Headers) events.Headers {
	for i := range 30 {
		h.Add(fmt.Sprintf("x-%d", i), "y")
	}
	return h
}

// rejected makes a request and says that the server's limit stopped it. Node
// resets such a stream twice, and it is chance which of the codes is heard.
func rejected(w *clientEnd, h events.Headers) {
	done := newSignal()
	w.do(func() {
		st, err := w.session.Request(context.Background(), h)
		if err != nil {
			w.say("rejected", "failed: %s", errorText(err))
			done.fire()
			return
		}
		st.OnClose(func() {
			code, _ := st.RSTCode()
			w.say("rejected", "%t", code == core.InternalError || code == core.EnhanceYourCalm)
			done.fire()
		})
	})
	w.await(done.ch, "rejection")
}

// implicit answers without a Respond.
func implicit(st *events.ServerStream, _ events.Headers) { st.EndString("ok") }

var limitsScenarios = []scenario{
	{
		name:          "limit-of-streams",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings.MaxConcurrentStreams = events.Set[uint32](2) },
		server: func(w *serverEnd) {
			// Pairs are answered together: less than two at once would end nowhere.
			var waiting []*events.ServerStream
			for i := range 8 {
				w.on(fmt.Sprintf("/%d", i), func(st *events.ServerStream, _ events.Headers) {
					if waiting = append(waiting, st); len(waiting) > 2 {
						w.say("streams", "more than two at once")
					}
					if len(waiting) == 2 {
						for _, each := range waiting {
							each.EndString("ok")
						}
						waiting = nil
					}
				})
			}
		},
		client: func(w *clientEnd) {
			w.announced()
			w.do(func() {
				for i := range 8 {
					w.ask(events.RequestOptions{}, get(fmt.Sprintf("/%d", i)))
				}
			})
		},
	},
	{
		name:          "limit-of-streams-unknown",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings.MaxConcurrentStreams = events.Set[uint32](1) },
		server: func(w *serverEnd) {
			// Answered when all the client has said so far has been heard.
			for i := range 3 {
				w.on(fmt.Sprintf("/%d", i), func(st *events.ServerStream, _ events.Headers) {
					st.Session().Ping(func(error, time.Duration, [8]byte) { st.EndString("ok") })
				})
			}
		},
		before: func(w *clientEnd) {
			for i := range 3 {
				w.ask(events.RequestOptions{}, get(fmt.Sprintf("/%d", i)))
			}
		},
	},
	{
		name:          "limit-of-fields",
		serverOptions: func(o *events.SecureServerOptions) { o.MaxHeaderListPairs = 20 },
		server:        func(w *serverEnd) { w.on("/", implicit) },
		client: func(w *clientEnd) {
			rejected(w, manyFields(get("/")))
			w.request(get("/"))
		},
	},
	{
		name:          "limit-of-field-bytes",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings.MaxHeaderListSize = events.Set[uint32](1000) },
		server:        func(w *serverEnd) { w.on("/", implicit) },
		client: func(w *clientEnd) {
			w.announced()
			rejected(w, manyFields(get("/")))
			w.request(get("/"))
		},
	},
	{
		name:          "limit-of-field-bytes-in-one-field",
		serverOptions: func(o *events.SecureServerOptions) { o.Settings.MaxHeaderListSize = events.Set[uint32](1000) },
		server:        func(w *serverEnd) { w.on("/", implicit) },
		client: func(w *clientEnd) {
			w.announced()
			rejected(w, events.H(":path", "/", "x-long", strings.Repeat("y", 2000)))
		},
	},
	{
		name:          "limit-of-sent-fields",
		clientOptions: func(o *events.ConnectOptions) { o.MaxSendHeaderBlockLength = 1000 },
		server:        func(w *serverEnd) { w.on("/", implicit) },
		client:        func(w *clientEnd) { w.request(events.H(":path", "/", "x-long", strings.Repeat("y", 5000))) },
	},
	{
		name:          "limit-assumed-of-the-peer",
		clientOptions: func(o *events.ConnectOptions) { o.PeerMaxConcurrentStreams = events.Set[uint32](1) },
		server: func(w *serverEnd) {
			w.on("/0", implicit)
			w.on("/1", implicit)
		},
		client: func(w *clientEnd) {
			w.do(func() {
				w.ask(events.RequestOptions{}, get("/0"))
				w.ask(events.RequestOptions{}, get("/1"))
			})
		},
	},
	{
		name:          "limit-of-pings",
		clientOptions: func(o *events.ConnectOptions) { o.MaxOutstandingPings = 2 },
		server:        func(*serverEnd) {},
		client: func(w *clientEnd) {
			w.connected()
			var back sync.WaitGroup
			back.Add(3)
			w.do(func() {
				for i := 1; i <= 3; i++ {
					name := fmt.Sprintf("ping %d", i)
					sent, _ := w.session.Ping(func(err error, _ time.Duration, _ [8]byte) {
						if err != nil {
							w.say(name, "%s", errorText(err))
						} else {
							w.say(name, "back")
						}
						back.Done()
					})
					w.say("sent", "%d %t", i, sent)
				}
			})
			back.Wait()
		},
	},
	{
		name:          "limit-of-pushes",
		clientOptions: func(o *events.ConnectOptions) { o.MaxReservedRemoteStreams = events.Set(1) },
		server: func(w *serverEnd) {
			w.on("/", func(st *events.ServerStream, _ events.Headers) {
				// First all promises, then all responses.
				var pushes []*events.ServerStream
				for _, path := range []string{"/a", "/b", "/c"} {
					if push, err := st.PushStream(get(path)); err == nil {
						pushes = append(pushes, push)
					}
				}
				st.Session().Ping(func(error, time.Duration, [8]byte) {
					for _, push := range pushes {
						push.EndString("pushed")
					}
					st.EndString("ok")
				})
			})
		},
		client: takeOne,
	},
	{
		name:          "limit-of-settings",
		clientOptions: func(o *events.ConnectOptions) { o.MaxOutstandingSettings = 2 },
		server:        (*serverEnd).mute,
		before: func(w *clientEnd) {
			w.session.OnConnect(func() {
				w.session.Settings(window(1000), nil)
				w.session.Settings(window(2000), nil)
			})
		},
		client: (*clientEnd).sessionClosed,
	},
	{
		name:          "limit-of-settings-entries",
		serverOptions: func(o *events.SecureServerOptions) { o.MaxSettings = 1 },
		clientOptions: func(o *events.ConnectOptions) {
			o.Settings.HeaderTableSize = events.Set[uint32](1000)
			o.Settings.InitialWindowSize = events.Set[uint32](70000)
			o.Settings.MaxFrameSize = events.Set[uint32](20000)
		},
		server: (*serverEnd).mute,
		before: func(w *clientEnd) { w.goaways(&w.session.Session) },
		client: (*clientEnd).sessionClosed,
	},
	{
		name: "limit-of-resets",
		serverOptions: func(o *events.SecureServerOptions) {
			o.StreamResetBurst, o.StreamResetRate = 3, 1
		},
		server: func(w *serverEnd) {
			w.mute()
			w.on("/", doNothing)
		},
		client: func(w *clientEnd) {
			w.connected()
			w.do(func() {
				for range 20 {
					if st, err := w.session.Request(context.Background(), get("/")); err == nil {
						st.Close(core.Cancel)
					}
				}
			})
			w.sessionClosed()
		},
	},
}
