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

// table is what an app has, ready to be searched. It is not changed. A path has
// one list of what may be for it, in order: that of the path itself if there are
// routes without captures for it, or else that of its first segment if there are
// patterns that begin with that, or else others. So each list has all of the
// more general ones in it.
type table struct {
	layers []layer
	static map[string][]*layer
	first  map[string][]*layer
	others []*layer
}

func makeTable(layers []layer) *table {
	t := &table{layers: slices.Clone(layers), static: make(map[string][]*layer), first: make(map[string][]*layer)}
	for i := range t.layers { // what lists there are to be
		if path, ok := t.layers[i].static(); ok {
			t.static[path] = nil
		} else if text, ok := t.layers[i].first(); ok {
			t.first[text] = nil
		}
	}
	for i := range t.layers {
		l := &t.layers[i]
		path, static := l.static()
		text, begins := l.first()
		if !static && !begins {
			t.others = append(t.others, l)
		}
		if !static {
			for first := range t.first {
				if !begins || first == text {
					t.first[first] = append(t.first[first], l)
				}
			}
		}
		for p := range t.static {
			first, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
			if static && p == path || !static && (!begins || first == text) {
				t.static[p] = append(t.static[p], l)
			}
		}
	}
	return t
}

// static returns the key of the one path that a route is for, if that is so.
func (l *layer) static() (path string, ok bool) {
	if l.handler == nil {
		return "", false
	}
	return l.pattern.static()
}

// first returns the text a pattern begins with, if it does.
func (l *layer) first() (text string, ok bool) {
	if s := l.pattern.segments; len(s) > 0 && s[0].kind == literal {
		return s[0].text, true
	}
	return "", false
}

// find returns what may be for a path.
func (t *table) find(path string) []*layer {
	if list, ok := t.static[staticKey(path)]; ok {
		return list
	}
	if len(t.first) > 0 {
		if first, ok := firstSegment(path); ok {
			if list, ok := t.first[first]; ok {
				return list
			}
		}
	}
	return t.others
}

// walk is a request's way through the layers of an app.
type walk struct {
	req    *Request
	res    *Response
	app    *App
	up     *walk // that of the app this one is mounted in
	path   string
	params int // of the request's params, how many belong to the mount

	todo []*layer // that are still to be tried
	next Next
}

func newWalk(req *Request, res *Response, app *App, path string, up *walk) *walk {
	return new(walk).init(req, res, app, path, up)
}

func (w *walk) init(req *Request, res *Response, app *App, path string, up *walk) *walk {
	w.req, w.res, w.app, w.up, w.path, w.params = req, res, app, up, path, len(req.params)
	w.todo, w.next = app.layersNow().find(path), w.pass
	return w
}

// step is pass for one error, or nil.
func (w *walk) step(err error) { w.pass(err) }

// pass gives the request, or an error about it, to the next layer that is for
// it. It is what middlewares call as next, and a request is as deep in calls as
// there are middlewares: hence one function.
func (w *walk) pass(errs ...error) {
	var err error
	for _, e := range errs {
		if e != nil {
			err = e
			break
		}
	}
	req, res := w.req, w.res
	if req.walk != w {
		req.walk = w
	}
	for len(w.todo) > 0 {
		l := w.todo[0]
		w.todo = w.todo[1:]
		if (err != nil) != (l.onError != nil) || l.handler != nil && !l.serves(req) {
			continue
		}
		left := w.path
		if l.pattern.any() {
			req.params = req.params[:w.params]
		} else {
			var ok bool
			var params []param
			if left, params, ok = l.pattern.match(left, req.params[:w.params]); !ok {
				continue
			}
			req.params = params
		}
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
