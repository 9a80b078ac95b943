package fourway

import (
	"crypto/sha256"
	"encoding/json"

	"weft/events"
)

// What scenarios of the Compatibility API are written with, beside the rest of
// the kit.

type compatHandler = func(req *events.Request, res *events.Response)

// served is what serves a path by an event of the Compatibility API.
type served struct {
	f      compatHandler
	unread bool // nobody listens to the request's data
}

// onRequest serves a path by the request event. The server has no listener for
// streams then.
func (w *serverEnd) onRequest(path string, f compatHandler) { w.onExchange("request", path, f) }

// onRequestUnread is onRequest with nobody listening to the request's data.
func (w *serverEnd) onRequestUnread(path string, f compatHandler) {
	w.onExchange("request", path, f)
	w.exchanges["request"][path] = served{f, true}
}

// onExchange is onRequest for another event.
func (w *serverEnd) onExchange(event, path string, f compatHandler) {
	if w.exchanges[event] == nil {
		w.exchanges[event] = map[string]served{}
	}
	w.exchanges[event][path] = served{f: f}
}

// serveExchanges has the server listen for what there are handlers for.
func (w *serverEnd) serveExchanges() {
	on := map[string]func(f func(*events.Request, *events.Response)) events.Listener{
		"request":          w.server.OnRequest,
		"checkContinue":    w.server.OnCheckContinue,
		"checkExpectation": w.server.OnCheckExpectation,
		"connect":          w.server.OnConnect,
	}
	for event, handlers := range w.exchanges {
		on[event](func(req *events.Request, res *events.Response) {
			path := req.URL()
			if path == "" {
				path = req.Method()
			}
			s := handlers[path]
			name := w.named(path)
			w.say(name, "%s %s", event, fieldsText(req.Headers()))
			w.watchExchange(req, res, name, s.unread)
			if s.f != nil {
				s.f(req, res)
			}
		})
	}
}

// watchExchange writes down what a request and its response emit. What is said
// of the response has an object of its own, for it is chance what its finish
// falls between.
func (w *serverEnd) watchExchange(req *events.Request, res *events.Response, name string, unread bool) {
	v := &watcher{w: &w.end, name: name, hash: sha256.New()}
	if !unread {
		req.OnData(func(p []byte) {
			v.bytes += len(p)
			v.hash.Write(p)
		})
	}
	ofResponse := func(format string, args ...any) { w.say(name+" response", format, args...) }
	req.OnEnd(func() { v.say("end") })
	req.OnAborted(func() { v.say("aborted") })
	req.OnClose(func() { v.say("close") })
	req.OnTimeout(func() { v.say("timeout") }).Once()
	res.OnFinish(func() { ofResponse("finish") })
	res.OnTimeout(func() { ofResponse("timeout") }).Once()
	st, _ := req.Stream()
	closed := w.opened(name)
	st.OnClose(func() {
		code, _ := st.RSTCode()
		v.say("closed %d complete=%t aborted=%t destroyed=%t", code, req.Complete(), req.Aborted(), st.Destroyed())
		ofResponse("ended=%t headersSent=%t", res.WritableEnded(), res.HeadersSent())
		closed()
	})
}

// show writes down values as JSON.
func (w *serverEnd) show(what string, values ...any) {
	list := values
	if list == nil {
		list = []any{}
	}
	text, _ := json.Marshal(list)
	w.say("seen", "%s: %s", what, text)
}
