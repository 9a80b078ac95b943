package verb

import (
	"net/http"

	"weft/events"
)

// call is a request that is served, and its response. Most requests need nothing
// more, and so it is as small as can be: events' own object about the request has
// room for it (events.Attached). Request, Response and native are views of it,
// which differ in their methods.
type call struct {
	req   *events.Request // nil: it did not come by package events
	res   *events.Response
	app   *App         // that it came to
	todo  *step        // what is still to be tried there
	next  Next         // pass, once somebody was given it
	place *place       // nil for most
	more  *requestMore // nil for most

	get      bool // handlers for GET are for it, without asking further
	inline   bool // it is served within a turn: nothing may wait
	ended    bool // the response is, or is on its way to be
	served   bool // what answers has returned
	bodiless bool // what follows the headers is no body
	typed    bool // there is a content-type: all fields are set by way of native
	measured bool // and a content-length
	bare     bool // the status leaves no place for a body
}

// callOf returns the call of a request of package events.
func callOf(req *events.Request, res *events.Response) *call {
	x := events.Attached[call](req)
	x.req, x.res = req, res
	return x
}

// callBy returns the call of a request that came another way.
func callBy(c carrier, method string) *call {
	return &call{more: &requestMore{carrier: c, method: method}}
}

// carrier is what brought the request, or what Wrap has put in its place.
func (x *call) carrier() carrier {
	if x.more == nil || x.more.carrier == nil {
		return (*native)(x)
	}
	return x.more.carrier
}

// native is the carrier, if it is package events, or else nil.
func (x *call) native() *native {
	if x.more == nil || x.more.carrier == nil {
		return (*native)(x)
	}
	return nil
}

// inline returns a function that serves a request within the turn that brings it,
// if it has no body.
func (app *App) inline() func(req *events.Request, res *events.Response) {
	return func(req *events.Request, res *events.Response) {
		st, ok := req.Stream()
		if !ok || !st.EndAfterHeaders() {
			app.serveApart(req, res)
			return
		}
		if app.onStreamError.any() {
			app.watch(st)
		}
		x := callOf(req, res)
		x.inline = true
		x.arrive(app)
		defer x.done()
		// This is start, without the call: see makeNext about those.
		if s := x.todo; s != nil && s.sure && s.before != nil {
			x.todo, x.next = s.next, x.makeNext()
			s.before((*Request)(x), (*Response)(x), x.next)
		} else {
			x.search(nil, nil)
		}
		x.served = true
	}
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
	x := callOf(req, res)
	x.arrive(app)
	defer x.done()
	x.start()
	x.served = true
}

// serve serves a request that came another way.
func (app *App) serve(x *call) {
	x.app, x.todo = app, app.layersNow().find(x.carrier().target())
	defer x.done()
	x.start()
	x.served = true
}

// watch has the App told of errors of a stream.
func (app *App) watch(st *events.ServerStream) {
	st.OnError(func(err error) {
		app.onStreamError.each(func(f func(error, *events.ServerStream)) { f(err, st) })
	})
}

// done is deferred while the request goes through the layers. It answers one that
// panicked, and sees to what is left then.
func (x *call) done() {
	if !x.served {
		if v := recover(); v != nil {
			x.panicked(panicked(v))
			x.served = true
		} // else the goroutine ends
	}
	if x.more != nil {
		x.settle()
	}
	if x.inline && !x.ended {
		x.res.End(nil) // does nothing to what is over
	}
}

// settle lets go of what the request has made, once a WebSocket that it has
// become is done with.
func (x *call) settle() {
	more := x.more
	for _, f := range more.onEnd {
		f()
	}
	if more.form != nil {
		defer more.form.RemoveAll() // of parts that were too many for memory
	}
	// Failures that nobody has asked about while the request was served are
	// logged.
	for _, p := range more.pushes {
		p.settle()
	}
	if ws := more.socket; ws != nil {
		defer x.app.sockets.remove(ws)
		if x.served {
			ws.live((*Request)(x))
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
		err = guard(func() { x.search(x.in(), p) })
	}
	(*Response)(x).Destroy(nil)
}

// maxPanics is how many panics of one request, error middlewares included, are
// answered.
const maxPanics = 8
