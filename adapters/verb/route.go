package verb

import (
	"net/http"
	"slices"
	"strings"
)

// Handler answers a request, or returns an error, which the error middlewares
// get: an *Error says with which status the request is to be answered.
type Handler func(req *Request, res *Response) error

// Next passes a request on: to what was registered next or, with an error that
// is not nil, to the next error middleware. It returns when that has returned.
type Next func(err ...error)

// Middleware does its part about a request, and calls next or answers.
type Middleware func(req *Request, res *Response, next Next)

// ErrorMiddleware deals with an error of what was registered before it: it
// answers, or calls next with that error or another.
type ErrorMiddleware func(err error, req *Request, res *Response, next Next)

// layer is one registration: exactly one of the functions, or an app.
type layer struct {
	pattern   pattern
	method    string // of a handler; "" is any
	webSocket bool   // the handler is for those that ask for a WebSocket, and only for those
	handler   Handler
	before    Middleware
	onError   ErrorMiddleware
	mounted   *App
}

// serves reports whether the layer has an answer to a request for its path.
func (l *layer) serves(req *Request) bool {
	if l.webSocket || req.upgrade != nil {
		return l.webSocket && req.upgrade != nil
	}
	return l.method == "" || l.method == req.method || l.method == http.MethodGet && req.method == http.MethodHead
}

// table is what an app has, ready to be searched. It is not changed. Every layer
// is in one list, by what a path must have for the layer to be for it.
type table struct {
	layers []layer
	static map[string][]int // routes without captures, by their paths
	first  map[string][]int // patterns that begin with text, by that segment
	others []int
}

func makeTable(layers []layer) *table {
	t := &table{layers: slices.Clone(layers), static: make(map[string][]int), first: make(map[string][]int)}
	for i := range t.layers {
		l := &t.layers[i]
		if path, ok := l.pattern.static(); ok && l.handler != nil {
			t.static[path] = append(t.static[path], i)
		} else if segments := l.pattern.segments; len(segments) > 0 && segments[0].kind == literal {
			t.first[segments[0].text] = append(t.first[segments[0].text], i)
		} else {
			t.others = append(t.others, i)
		}
	}
	return t
}

// walk is a request's way through the layers of an app.
type walk struct {
	req    *Request
	res    *Response
	app    *App
	table  *table
	up     *walk // that of the app this one is mounted in
	path   string
	params int // of the request's params, how many belong to the mount

	todo [3][]int // layers that are still to be tried: each list in order
	next Next
}

func newWalk(req *Request, res *Response, app *App, path string, up *walk) *walk {
	return new(walk).init(req, res, app, path, up)
}

func (w *walk) init(req *Request, res *Response, app *App, path string, up *walk) *walk {
	*w = walk{req: req, res: res, app: app, table: app.layersNow(), up: up, path: path, params: len(req.params), next: w.pass}
	w.todo = [...][]int{w.table.static[staticKey(path)], nil, w.table.others}
	if len(w.table.first) > 0 {
		if first, ok := firstSegment(path); ok {
			w.todo[1] = w.table.first[first]
		}
	}
	return w
}

// pass is what middlewares call as next.
func (w *walk) pass(err ...error) {
	for _, err := range err {
		if err != nil {
			w.step(err)
			return
		}
	}
	w.step(nil)
}

// layer returns the next layer to be tried.
func (w *walk) layer() *layer {
	var from *[]int
	for i := range w.todo {
		if l := w.todo[i]; len(l) > 0 && (from == nil || l[0] < (*from)[0]) {
			from = &w.todo[i]
		}
	}
	if from == nil {
		return nil
	}
	i := (*from)[0]
	*from = (*from)[1:]
	return &w.table.layers[i]
}

// step gives the request, or an error about it, to the next layer that is for
// it.
func (w *walk) step(err error) {
	req, res := w.req, w.res
	for {
		req.walk = w
		l := w.layer()
		if l == nil {
			break
		}
		if (err != nil) != (l.onError != nil) || l.handler != nil && !l.serves(req) {
			continue
		}
		left, params, ok := l.pattern.match(w.path, req.params[:w.params])
		if !ok {
			continue
		}
		req.params = params
		switch {
		case l.mounted != nil:
			newWalk(req, res, l.mounted, left, w).step(nil)
			return
		case l.onError != nil:
			l.onError(err, req, res, w.next)
			return
		case l.before != nil:
			l.before(req, res, w.next)
			return
		}
		if err = l.handler(req, res); err == nil {
			return
		}
	}
	if w.up != nil {
		req.params = req.params[:w.up.params]
		w.up.step(err)
		return
	}
	if err == nil {
		err = w.unanswered()
	}
	if err != nil {
		w.app.fail(err, req, res)
	}
}

// unanswered is the answer to a request that no route is for.
func (w *walk) unanswered() error {
	if w.res.Sent() {
		return nil // a middleware answered, and called next all the same
	}
	t := w.app.layersNow()
	methods := t.methods(nil, w.path)
	if !slices.Contains(methods, http.MethodGet) && t.webSocketAt(w.path) {
		if get := w.req.method == http.MethodGet; get && w.byNetHTTP() && strings.EqualFold(w.req.Get("upgrade"), "websocket") {
			return &Error{Status: http.StatusNotImplemented}
		} else if get {
			return errNotWebSocket
		}
		methods = append(methods, http.MethodGet)
	}
	if len(methods) == 0 {
		return &Error{Status: http.StatusNotFound}
	}
	slices.Sort(methods)
	w.res.Header("allow", strings.Join(slices.Compact(methods), ", "))
	if w.req.method == http.MethodOptions {
		return w.res.Status(http.StatusNoContent).Send(nil)
	}
	return &Error{Status: http.StatusMethodNotAllowed}
}

// byNetHTTP reports whether the request came to App.ServeHTTP.
func (w *walk) byNetHTTP() bool {
	_, ok := w.req.carrier.(*borrowed)
	return ok && w.req.upgrade == nil
}

// methods appends the methods for which there are routes with the path.
func (t *table) methods(list []string, path string) []string {
	for i := range t.layers {
		l := &t.layers[i]
		left, _, ok := l.pattern.match(path, nil)
		switch {
		case !ok:
		case l.mounted != nil:
			list = l.mounted.layersNow().methods(list, left)
		case l.handler != nil && l.method == http.MethodGet:
			list = append(list, http.MethodGet, http.MethodHead, http.MethodOptions)
		case l.handler != nil && l.method != "":
			list = append(list, l.method, http.MethodOptions)
		}
	}
	return list
}
