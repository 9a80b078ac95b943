package verb

import (
	"net/http"

	"weft/events"
)

// call is a request that is served. It is one object, as small as can be, for
// most requests need nothing more.
type call struct {
	req  Request
	res  Response
	walk walk
}

// A request is as deep in calls as there are middlewares, and a processor foresees
// where to return to from some sixteen of them. So there are few around them: what
// follows calls the first step itself.

// serveInline serves a request within the turn that brings it, if it has no body.
func (app *App) serveInline(req *events.Request, res *events.Response) {
	st, ok := req.Stream()
	if !ok || !st.EndAfterHeaders() {
		app.serveApart(req, res)
		return
	}
	if app.onStreamError.any() {
		app.watch(st)
	}
	x := new(call)
	x.req.native.req, x.req.native.res, x.req.native.inline = req, res, true
	x.init(app, &x.req.native)
	defer x.done()
	x.walk.pass()
	x.res.served = true
}

// serveApart has a request served in a goroutine.
func (app *App) serveApart(req *events.Request, res *events.Response) {
	if st, ok := req.Stream(); ok && app.onStreamError.any() {
		app.watch(st)
	}
	app.hire(req, res)
}

// serveEvents serves a request in a goroutine.
func (app *App) serveEvents(req *events.Request, res *events.Response) {
	x := new(call)
	x.req.native.req, x.req.native.res = req, res
	x.init(app, &x.req.native)
	defer x.done()
	x.walk.pass()
	x.res.served = true
}

// serve serves a request that came another way.
func (app *App) serve(x *call, c carrier) {
	x.init(app, c)
	defer x.done()
	x.walk.pass()
	x.res.served = true
}

// watch has the App told of errors of a stream.
func (app *App) watch(st *events.ServerStream) {
	st.OnError(func(err error) {
		app.onStreamError.each(func(f func(error, *events.ServerStream)) { f(err, st) })
	})
}

func (x *call) init(app *App, c carrier) {
	x.req.carrier, x.req.method, x.req.walk = c, c.method(), &x.walk
	x.res.req = &x.req
	x.walk.init(x, app, pathOf(c.target()), nil)
}

// done is deferred while the request goes through the layers. It answers one that
// panicked, and sees to what is left then.
func (x *call) done() {
	if !x.res.served {
		if v := recover(); v != nil {
			x.panicked(panicked(v))
			x.res.served = true
		} // else the goroutine ends
	}
	if x.req.more != nil {
		x.settle()
	}
	if n := &x.req.native; n.inline && !x.res.ended {
		n.res.End(nil) // does nothing to what is over
	}
}

// settle lets go of what the request has made, once a WebSocket that it has
// become is done with.
func (x *call) settle() {
	more := x.req.more
	if more.form != nil {
		defer more.form.RemoveAll() // of parts that were too many for memory
	}
	// Failures that nobody has asked about while the request was served are
	// logged.
	for _, p := range more.pushes {
		p.settle()
	}
	if ws := more.socket; ws != nil {
		defer x.walk.app.sockets.remove(ws)
		if x.res.served {
			ws.live(&x.req)
		}
	}
}

// panicked answers a request whose handler, or a middleware, panicked.
func (x *call) panicked(err error) {
	for range maxPanics {
		p, ok := err.(*PanicError)
		if !ok {
			return
		}
		if p.Value == http.ErrAbortHandler {
			break
		}
		// What panicked is behind the walk; what comes now is for errors.
		err = guard(func() { x.req.walk.pass(p) })
	}
	x.res.Destroy(nil)
}

// maxPanics is how many panics of one request, error middlewares included, are
// answered.
const maxPanics = 8
