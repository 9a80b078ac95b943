package verb

import (
	"cmp"
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
	if asks := req.more != nil && req.more.upgrade != nil; l.webSocket || asks {
		return l.webSocket && asks
	}
	if l.method == "" {
		return true
	}
	method := req.Method()
	return l.method == method || l.method == http.MethodGet && method == http.MethodHead
}

// table is what an app has, ready to be searched. It is not changed. A path has
// one list of what may be for it, in order: that of the path itself if there are
// routes without captures for it, or else that of its first segment if there are
// patterns that begin with that, or else others. So each list has all of the
// more general ones in it.
type table struct {
	layers []layer
	static pathMap // by what staticKey makes of paths
	exact  pathMap // by paths as most clients write them
	first  map[string]*step
	others *step
}

// pathMap finds lists by paths. Few paths of an app are as long as one another,
// and to compare with those costs less than a hash.
type pathMap struct {
	few  [32][]pathList   // by the path's length
	many map[string]*step // those of lengths that have too many
}

type pathList struct {
	path string
	list *step
}

const fewPaths = 4

func (m *pathMap) add(path string, list *step) {
	if n := len(path); n < len(m.few) && len(m.few[n]) < fewPaths {
		m.few[n] = append(m.few[n], pathList{path, list})
		return
	}
	if m.many == nil {
		m.many = make(map[string]*step)
	}
	m.many[path] = list
}

func (m *pathMap) find(path string) (list *step, ok bool) {
	if n := len(path); n < len(m.few) {
		few := m.few[n]
		for i := range few {
			if few[i].path == path {
				return few[i].list, true
			}
		}
		if len(few) < fewPaths {
			return nil, false
		}
	}
	list, ok = m.many[path]
	return list, ok
}

// step is a layer in a list, and what comes after it there. What most requests
// need of it is all here.
type step struct {
	before  Middleware // the layer's
	handler Handler    // the layer's
	next    *step      // nil: none
	sure    bool       // the layer is for every path the list is for
	forGet  bool       // the handler is for GET
	*layer
}

// chain makes a list.
func chain(layers []*layer) *step {
	steps := make([]step, len(layers))
	for i, l := range layers {
		_, static := l.static()
		steps[i] = step{layer: l, before: l.before, handler: l.handler, sure: static || l.pattern.any(), forGet: !l.webSocket && (l.method == "" || l.method == http.MethodGet)}
		if i > 0 {
			steps[i-1].next = &steps[i]
		}
	}
	if len(steps) == 0 {
		return nil
	}
	return &steps[0]
}

func makeTable(layers []layer) *table {
	layers = slices.Clone(layers)
	static, first := make(map[string][]*layer), make(map[string][]*layer)
	var others []*layer
	for i := range layers { // what lists there are to be
		if path, ok := layers[i].static(); ok {
			static[path] = nil
		} else if text, ok := layers[i].first(); ok {
			first[text] = nil
		}
	}
	for i := range layers {
		l := &layers[i]
		path, isStatic := l.static()
		text, begins := l.first()
		if !isStatic && !begins {
			others = append(others, l)
		}
		if !isStatic {
			for key := range first {
				if !begins || key == text {
					first[key] = append(first[key], l)
				}
			}
		}
		for key := range static {
			segment, _, _ := strings.Cut(strings.TrimPrefix(key, "/"), "/")
			if isStatic && key == path || !isStatic && (!begins || segment == text) {
				static[key] = append(static[key], l)
			}
		}
	}
	t := &table{layers: layers, first: make(map[string]*step), others: chain(others)}
	for key, list := range static {
		steps := chain(list)
		t.static.add(key, steps)
		if !strings.ContainsAny(key, "?%") { // which mean something else in a path
			t.exact.add(cmp.Or(key, "/"), steps)
		}
	}
	for key, list := range first {
		t.first[key] = chain(list)
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

// find returns what may be for a request's target, or the path that is left of
// it.
func (t *table) find(target string) *step {
	if list, ok := t.exact.find(target); ok {
		return list
	}
	path := pathOf(target)
	if list, ok := t.static.find(staticKey(path)); ok {
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
