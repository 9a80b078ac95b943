package verb

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"weft/events"
)

// Request is a request as a handler sees it.
type Request call

func (r *Request) carrier() carrier { return (*call)(r).carrier() }

// requestMore is what few requests have.
type requestMore struct {
	carrier carrier         // what brings the request; nil: package events
	context context.Context // of SetContext; nil: the carrier's
	method  string          // if it did not come by that
	err     error           // the first of the response

	upgrade upgrader                     // nil: it asks for no WebSocket
	socket  *WebSocket                   // what it has become
	pushes  []*PushStream                // of its response
	onPush  []func(*events.ServerStream) // of who counts
	onEnd   []func()                     // once it was served, errors and panics included

	in     io.Reader  // the body
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

var noRequestMore requestMore

// rare returns what few requests have, to look at it.
func (r *Request) rare() *requestMore {
	if r.more == nil {
		return &noRequestMore
	}
	return r.more
}

// pathOf returns the path of a request's target.
func pathOf(target string) string {
	path := target
	if i := strings.IndexByte(target, '?'); i >= 0 {
		path = target[:i]
	}
	if strings.HasPrefix(path, "/") {
		return path
	}
	// It is that of OPTIONS *, or a whole URL.
	if u, err := url.Parse(target); err == nil && strings.HasPrefix(u.EscapedPath(), "/") {
		return u.EscapedPath()
	}
	return "/"
}

// HTTPVersion returns the version of the protocol the request came by, "2.0"
// by HTTP/2, "1.1" or "1.0" by what stands in for it.
func (r *Request) HTTPVersion() string { return r.carrier().version() }

// Method returns the method, for example "GET".
func (r *Request) Method() string {
	if r.req != nil {
		return r.req.Method()
	}
	return r.rare().method
}

// URL returns path and query as they were sent.
func (r *Request) URL() string { return r.carrier().target() }

// Path returns the path as it was sent, without the query.
func (r *Request) Path() string { return pathOf(r.URL()) }

// Param returns what a capture of the pattern got, with its escapes undone, "" if
// the pattern has none of that name. If a mount's has the same, the one further in
// counts.
func (r *Request) Param(name string) string {
	params := r.params()
	for i := len(params) - 1; i >= 0; i-- {
		if params[i].name == name {
			return params[i].value
		}
	}
	return ""
}

// Params returns all that was captured, by names.
func (r *Request) Params() map[string]string {
	params := r.params()
	m := make(map[string]string, len(params))
	for _, p := range params {
		m[p.name] = p.value
	}
	return m
}

// Query returns the values in the query. Parts of it that make no sense are
// left out.
func (r *Request) Query() url.Values {
	more := r.extra()
	if more.values == nil {
		_, query, _ := strings.Cut(r.URL(), "?")
		more.values, _ = url.ParseQuery(query)
	}
	return more.values
}

// Headers returns the header fields, pseudo-fields included, with lower-case
// names; by HTTP/1.1 there are no pseudo-fields.
func (r *Request) Headers() events.Headers { return r.carrier().headers() }

// Get returns the value of a header field, whatever the case of the name, ""
// if there is none; see events.Headers.Get.
func (r *Request) Get(name string) string { return r.Headers().Get(name) }

// Host returns the host and port the request is for, as the client named them.
func (r *Request) Host() string {
	h := r.Headers()
	if a := h.Authority(); a != "" {
		return a
	}
	return h.Get("host")
}

// Cookies returns the cookies, in order.
func (r *Request) Cookies() []*http.Cookie {
	return (&http.Request{Header: http.Header{"Cookie": r.Headers().Values("cookie")}}).Cookies()
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

// RemoteAddr returns the address that the request came from, host and port. With
// a proxy in front of the server that is the proxy's; fields such as
// x-forwarded-for, which any client may send, are for the App to believe.
func (r *Request) RemoteAddr() string { return r.carrier().peer() }

// Stream returns the stream of the request: its id, state, priority and events.
// ok is false if there is none: by HTTP/1.1 and by net/http. Its callbacks run
// beside the handler, in turns of the connection, and must not block.
func (r *Request) Stream() (st *events.ServerStream, ok bool) { return r.carrier().stream() }

// Context returns a context that ends when the client has gone, or the exchange
// is complete, or the one of SetContext.
func (r *Request) Context() context.Context {
	if ctx := r.rare().context; ctx != nil {
		return ctx
	}
	return r.carrier().context()
}

// SetContext has Context return ctx for the rest of the request, also to handlers
// of net/http: how a middleware hands on what it found out, as res.locals does in
// Express, or sets a deadline. ctx should come of Context, so that it ends when
// the client has gone. Nil is a panic.
//
//	req.SetContext(context.WithValue(req.Context(), userKey{}, user))
func (r *Request) SetContext(ctx context.Context) {
	if ctx == nil {
		panic("verb: a context that is nil")
	}
	r.extra().context = ctx
}

// App returns the App that serves the request: the one that is mounted, if the
// request has come to one.
func (r *Request) App() *App {
	if w := (*call)(r).in(); w != nil {
		return w.app
	}
	return r.app
}

// params returns what was captured on the way to where the request is.
func (r *Request) params() []param {
	if r.place == nil {
		return nil
	}
	return r.place.params
}
