package verb

import (
	"net/http"

	"weft/events"
)

// call is a request that is served. It is one object, for most requests need
// nothing more.
type call struct {
	req    Request
	res    Response
	walk   walk
	native native // if it is one of package events
}

// serveEvents serves a request of package events.
func (app *App) serveEvents(req *events.Request, res *events.Response) {
	c := new(call)
	c.native.req, c.native.res = req, res
	app.serve(c, &c.native, req.Method(), req.URL(), req.Headers())
}

// serveInline serves a request of package events within the turn that brings
// it.
func (app *App) serveInline(req *events.Request, res *events.Response) {
	c := new(call)
	c.native.req, c.native.res, c.native.inline = req, res, true
	app.serve(c, &c.native, req.Method(), req.URL(), req.Headers())
	if !c.res.ended {
		res.End(nil) // does nothing to what is over
	}
}

func (app *App) serve(x *call, c carrier, method, target string, h events.Headers) {
	req, res := &x.req, &x.res
	req.init(app, c, method, target, h)
	res.req, res.carrier = req, c
	defer req.done()
	app.answer(x)
	if ws := res.socket; ws != nil {
		defer app.sockets.remove(ws)
		ws.live(req)
	}
}

// answer has the request go through the layers.
func (app *App) answer(x *call) {
	req, res := &x.req, &x.res
	defer res.settlePushes()
	x.walk.init(req, res, app, req.path, nil)
	err := x.start()
	for range maxPanics {
		p, ok := err.(*PanicError)
		if !ok {
			return
		}
		if p.Value == http.ErrAbortHandler {
			break
		}
		// What panicked is behind the walk; what comes now is for errors.
		err = guard(func() { req.walk.step(p) })
	}
	res.Destroy(nil)
}

// start is guard of the first step.
func (x *call) start() (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	x.walk.step(nil)
	return nil
}

// maxPanics is how many panics of one request, error middlewares included, are
// answered.
const maxPanics = 8
