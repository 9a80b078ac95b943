package verb

import (
	"net/http"
	"slices"
	"strings"
)

// A request goes through the layers of the App that it came to, and of those that
// are mounted there. Where it is in the former, the call has itself (todo and
// next); a walk is where it is in one of the latter.

// walk is a request's way through the layers of an app that is mounted.
type walk struct {
	call   *call
	app    *App
	up     *walk // of the app it is mounted in; nil: that is the one the request came to
	path   string
	params int // of the request's params, how many belong to the mount

	todo *step // what is still to be tried
	next Next  // pass
}

// place is what is to be known of where a request is, once that is not only its
// todo.
type place struct {
	params []param // that were captured on the way
	in     *walk   // nil: it is in the App that it came to
	few    [2]param
}

// there returns the request's place, to change it.
func (x *call) there() *place {
	if x.place == nil {
		x.place = new(place)
		x.place.params = x.place.few[:0]
	}
	return x.place
}

// in returns the walk the request is in, nil for the App that it came to.
func (x *call) in() *walk {
	if x.place == nil {
		return nil
	}
	return x.place.in
}

// backTo notes that the request has come to a walk or, nil, to the App that it came
// to; or that it has come back there.
func (x *call) backTo(w *walk) {
	p := x.place
	if p == nil {
		return // it has never been elsewhere
	}
	p.in = w
	if w == nil {
		p.params = p.params[:0]
	} else {
		p.params = p.params[:w.params]
	}
}

// start gives the request to the first layer that is for it.
func (x *call) start() {
	if s := x.todo; s != nil && s.sure && s.before != nil {
		x.todo, x.next = s.next, x.makeNext()
		s.before((*Request)(x), (*Response)(x), x.next)
		return
	}
	x.search(nil, nil)
}

// makeNext makes what middlewares get as next. It gives the request, or an error
// about it, to the next layer that is for it.
//
// A request is as deep in calls as there are middlewares, and a processor foresees
// where to return to from some sixteen of them. So what most middlewares need is
// all in this function, and none is around it.
func (x *call) makeNext() Next {
	return func(errs ...error) {
		s := x.todo
		if len(errs) > 0 || s == nil || !s.sure {
			x.search(nil, firstError(errs))
			return
		}
		if x.place != nil {
			x.backTo(nil)
		}
		switch {
		case s.before != nil:
			x.todo = s.next
			s.before((*Request)(x), (*Response)(x), x.next)
		case s.handler != nil && (x.get && s.forGet || s.serves((*Request)(x))):
			x.todo = s.next
			if err := s.handler((*Request)(x), (*Response)(x)); err != nil {
				x.search(nil, err)
			}
		default:
			x.search(nil, nil)
		}
	}
}

func (w *walk) pass(errs ...error) { w.call.search(w, firstError(errs)) }

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// search is pass for one error, or nil, and whatever comes next: of a walk or, nil,
// of the App that the request came to.
func (x *call) search(w *walk, err error) {
	req, res := (*Request)(x), (*Response)(x)
	todo, path := &x.todo, ""
	if w != nil {
		todo, path = &w.todo, w.path
	}
	for {
		x.backTo(w)
		s := *todo
		if s == nil {
			break
		}
		*todo = s.next
		if (err != nil) != (s.onError != nil) || s.handler != nil && !s.serves(req) {
			continue
		}
		left := path
		if !s.sure {
			if left == "" {
				path = req.Path()
				left = path
			}
			ok := false
			if s.pattern.captures {
				p := x.there()
				left, p.params, ok = s.pattern.match(left, p.params)
			} else {
				left, _, ok = s.pattern.match(left, nil)
			}
			if !ok {
				continue
			}
		}
		if s.mounted != nil {
			x.enter(s.mounted, left, w)
			x.place.in = w // for who called next, whose turn it is again
			return
		}
		if s.handler != nil {
			if err = s.handler(req, res); err == nil {
				return
			}
			continue
		}
		if s.onError != nil {
			s.onError(err, req, res, x.nextOf(w))
		} else {
			s.before(req, res, x.nextOf(w))
		}
		return
	}
	switch {
	case w != nil:
		x.search(w.up, err)
		x.place.in = w
	case err != nil:
		x.app.fail(err, req, res)
	default:
		if err = x.unanswered(); err != nil {
			x.app.fail(err, req, res)
		}
	}
}

// nextOf returns what a middleware is given as next.
func (x *call) nextOf(w *walk) Next {
	if w != nil {
		return w.next
	}
	if x.next == nil {
		x.next = x.makeNext()
	}
	return x.next
}

// enter has the request go through a mounted app, which sees the path that is left.
func (x *call) enter(app *App, path string, up *walk) {
	if path == "" { // of a mount for every path, which was not compared with
		path = (*Request)(x).Path()
	}
	w := &walk{call: x, app: app, up: up, path: path, params: len(x.there().params)}
	w.todo, w.next = app.layersNow().find(path), w.pass
	w.pass()
}

// unanswered is the answer to a request that no route is for.
func (x *call) unanswered() error {
	req, res := (*Request)(x), (*Response)(x)
	if res.Sent() {
		return nil // a middleware answered, and called next all the same
	}
	method, path := req.Method(), req.Path()
	t := x.app.layersNow()
	methods := t.methods(nil, path)
	if !slices.Contains(methods, http.MethodGet) && t.webSocketAt(path) {
		if get := method == http.MethodGet; get && x.byNetHTTP() && strings.EqualFold(req.Get("upgrade"), "websocket") {
			return &Error{Status: http.StatusNotImplemented}
		} else if get {
			return errNotWebSocket
		}
		methods = append(methods, http.MethodGet)
	}
	if len(methods) == 0 || method != http.MethodOptions && slices.Contains(methods, method) {
		// Or else its route has failed, and an error middleware made nothing of it.
		return &Error{Status: http.StatusNotFound}
	}
	slices.Sort(methods)
	res.Header("allow", strings.Join(slices.Compact(methods), ", "))
	if method == http.MethodOptions {
		return res.Status(http.StatusNoContent).Send(nil)
	}
	return &Error{Status: http.StatusMethodNotAllowed}
}

// byNetHTTP reports whether the request came to App.ServeHTTP.
func (x *call) byNetHTTP() bool {
	_, ok := x.carrier().(*borrowed)
	return ok && x.more.upgrade == nil
}
