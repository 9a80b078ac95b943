package verb

import (
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"weft/events"
)

// Request is a request as a handler sees it.
type Request struct {
	app     *App
	carrier carrier
	first   carrier // as the request came; Wrap puts others in its place
	walk    *walk
	upgrade upgrader // nil: it asks for no WebSocket

	method, url, path, query string
	params                   []param
	headers                  events.Headers

	onPush []func(*events.ServerStream) // of who counts
	more   *requestMore                 // nil for most
}

// requestMore is what few requests have.
type requestMore struct {
	values url.Values // of the query, once they were asked for
	body   []byte
	read   bool // body is there
	bodyOf error
	form   *multipart.Form
}

// extra returns what few requests have, to change it.
func (r *Request) extra() *requestMore {
	if r.more == nil {
		r.more = new(requestMore)
	}
	return r.more
}

func (r *Request) init(app *App, c carrier, method, target string, h events.Headers) {
	r.app, r.carrier, r.first, r.method, r.url, r.headers = app, c, c, method, target, h
	r.path, r.query = splitTarget(target)
}

// splitTarget returns path and query of a request's target.
func splitTarget(target string) (path, query string) {
	path, query, _ = strings.Cut(target, "?")
	if !strings.HasPrefix(path, "/") {
		path = "/" // of OPTIONS *, or a whole URL
		if u, err := url.Parse(target); err == nil && strings.HasPrefix(u.EscapedPath(), "/") {
			path = u.EscapedPath()
		}
	}
	return path, query
}

// HTTPVersion returns the version of the protocol the request came by, "2.0"
// by HTTP/2, "1.1" or "1.0" by what stands in for it.
func (r *Request) HTTPVersion() string { return r.carrier.version() }

// Method returns the method, for example "GET".
func (r *Request) Method() string { return r.method }

// URL returns path and query as they were sent.
func (r *Request) URL() string { return r.url }

// Path returns the path as it was sent, without the query.
func (r *Request) Path() string { return r.path }

// Param returns what a capture of the pattern got, with its escapes undone, "" if
// the pattern has none of that name.
func (r *Request) Param(name string) string {
	for _, p := range r.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// Params returns all that was captured, by names.
func (r *Request) Params() map[string]string {
	m := make(map[string]string, len(r.params))
	for _, p := range r.params {
		m[p.name] = p.value
	}
	return m
}

// Query returns the values in the query. Parts of it that make no sense are
// left out.
func (r *Request) Query() url.Values {
	more := r.extra()
	if more.values == nil {
		more.values, _ = url.ParseQuery(r.query)
	}
	return more.values
}

// Headers returns the header fields, pseudo-fields included, with lower-case
// names; by HTTP/1.1 there are no pseudo-fields.
func (r *Request) Headers() events.Headers { return r.headers }

// Get returns the value of a header field, whatever the case of the name, ""
// if there is none; see events.Headers.Get.
func (r *Request) Get(name string) string { return r.headers.Get(name) }

// Host returns the host and port the request is for, as the client named them.
func (r *Request) Host() string {
	if a := r.headers.Authority(); a != "" {
		return a
	}
	return r.headers.Get("host")
}

// Cookies returns the cookies, in order.
func (r *Request) Cookies() []*http.Cookie {
	return (&http.Request{Header: http.Header{"Cookie": r.headers.Values("cookie")}}).Cookies()
}

// Cookie returns the value of the first cookie of a name. ok is false if there
// is none.
func (r *Request) Cookie(name string) (value string, ok bool) {
	for _, c := range r.Cookies() {
		if c.Name == name {
			return c.Value, true
		}
	}
	return "", false
}

// Stream returns the stream of the request: its id, state, priority and events.
// ok is false if there is none: by HTTP/1.1 and by net/http. Its callbacks run
// beside the handler, in turns of the connection, and must not block.
func (r *Request) Stream() (st *events.ServerStream, ok bool) { return r.carrier.stream() }

// Context returns a context that ends when the client has gone, or the exchange
// is complete.
func (r *Request) Context() context.Context { return r.carrier.context() }

// App returns the App that serves the request: the one that is mounted, if the
// request has come to one.
func (r *Request) App() *App {
	if r.walk != nil {
		return r.walk.app
	}
	return r.app
}
