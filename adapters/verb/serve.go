package verb

import (
	"net/http"

	"weft/events"
)

// serveEvents serves a request of package events, in a goroutine of its own.
func (app *App) serveEvents(req *events.Request, res *events.Response) {
	c := &native{req: req, res: res}
	app.serve(c, req.Method(), req.URL(), req.Headers(), nil)
}

func (app *App) serve(c carrier, method, target string, h events.Headers, up upgrader) {
	req := newRequest(app, c, method, target, h)
	req.upgrade = up
	res := &Response{req: req, carrier: c}
	defer req.done()
	app.answer(req, res)
	if ws := res.socket; ws != nil {
		defer app.sockets.remove(ws)
		ws.live(req)
	}
}

// answer has the request go through the layers.
func (app *App) answer(req *Request, res *Response) {
	defer res.settlePushes()
	err := guard(newWalk(req, res, app, req.path, nil).start)
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

// maxPanics is how many panics of one request, error middlewares included, are
// answered.
const maxPanics = 8

func (w *walk) start() { w.step(nil) }
