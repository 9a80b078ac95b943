package events

import (
	"strconv"
	"strings"
	"unsafe"
)

// Request is a request as the Compatibility API shows it: Node's
// Http2ServerRequest. Its methods never block; Body gives a reader that does.
//
// A Request may be kept. One that is over still tells its headers, and that it
// is Complete; methods that act on it do nothing then.
type Request struct {
	st *ServerStream // of an exchange
}

func (r *Request) exchange() *exchange { return (*exchange)(unsafe.Pointer(r.st)) }

// extra returns the request's extra, nil if there is none.
func (r *Request) extra() *requestExtra {
	if e := r.exchange().more.Load(); e != nil {
		return e.request.Load()
	}
	return nil
}

// requestExtra is what few requests have. It is not changed once it is
// published.
type requestExtra struct {
	headers  Headers // with what SetMethod and SetURL changed, if edited
	edited   bool
	minor    uint8   // by HTTP/1: the second number of the version
	trailers Headers // once the body has ended
}

// change publishes a changed copy of the request's extra. The session is
// locked.
func (r *Request) change(f func(x *requestExtra)) {
	var x requestExtra
	if old := r.extra(); old != nil {
		x = *old
	}
	f(&x)
	r.exchange().extras().request.Store(&x)
}

func (r *Request) setTrailers(h Headers) { r.change(func(x *requestExtra) { x.trailers = h }) }

// Stream returns the stream of the request. ok is false if it came by
// HTTP/1.1, where there is none.
func (r *Request) Stream() (st *ServerStream, ok bool) { return streamOf(r.st) }

func streamOf(st *ServerStream) (*ServerStream, bool) {
	if st.http1() != nil {
		return nil, false
	}
	return st, true
}

// HTTPVersion returns the version of the protocol the request came by, "2.0",
// or "1.1" or "1.0" where a server allows that.
// Before it uses what only HTTP/2 has, a handler asks for this, or for Stream.
func (r *Request) HTTPVersion() string {
	return strconv.Itoa(r.HTTPVersionMajor()) + "." + strconv.Itoa(r.HTTPVersionMinor())
}

// HTTPVersionMajor returns the first number of the version.
func (r *Request) HTTPVersionMajor() int {
	if r.st.http1() != nil {
		return 1
	}
	return 2
}

// HTTPVersionMinor returns the second number of the version.
func (r *Request) HTTPVersionMinor() int {
	if x := r.extra(); x != nil {
		return int(x.minor)
	}
	return 0
}

// Headers returns the header fields, pseudo-fields included, with lower-case
// names; by HTTP/1.1 there are no pseudo-fields. The list is a value: changing
// it leaves the request alone.
func (r *Request) Headers() Headers { return r.shown(r.all()) }

// RepeatsHeaders reports whether Headers is the very list of a request before this
// one on the connection, which many clients' requests are. Then whatever was found
// out about that list is worth keeping; see Headers.Is.
func (r *Request) RepeatsHeaders() bool { return r.st.facts&repeats != 0 }

// shown returns the fields of a list that the protocol has.
func (r *Request) shown(h Headers) Headers {
	if r.st.http1() != nil {
		for len(h.list) > 0 && h.list[0].Name[0] == ':' {
			h.list = h.list[1:]
		}
	}
	return h
}

// all returns the fields with the pseudo-fields, whatever the protocol.
func (r *Request) all() Headers {
	if x := r.extra(); x != nil && x.edited {
		return x.headers
	}
	return r.st.Headers()
}

// RawHeaders returns names and values in turn, as they were received; pieces of
// cookie are one field.
func (r *Request) RawHeaders() []string { return flat(r.shown(r.st.Headers())) }

func flat(h Headers) []string {
	list := make([]string, 0, 2*len(h.list))
	for _, f := range h.list {
		list = append(list, f.Name, f.Value)
	}
	return list
}

// Trailers returns the fields that followed the body; none before the end
// event.
func (r *Request) Trailers() Headers {
	if x := r.extra(); x != nil {
		return x.trailers
	}
	return Headers{}
}

// RawTrailers returns names and values of the trailers in turn, as they were
// received; none before the end event.
func (r *Request) RawTrailers() []string { return flat(r.Trailers()) }

// Method returns the method, for example "GET".
func (r *Request) Method() string { return r.all().Method() }

// SetMethod replaces the method, for who routes by it; what was received is
// still in RawHeaders. A blank one is ErrInvalidArg.
func (r *Request) SetMethod(method string) error {
	if strings.TrimSpace(method) == "" {
		return ErrInvalidArg.with("The argument 'method' is invalid. Received '%s'", method)
	}
	r.edit(":method", method)
	return nil
}

// URL returns path and query as they were sent, for example "/status?of=all":
// :path. Scheme and Authority say the rest.
func (r *Request) URL() string { return r.all().Path() }

// SetURL replaces what URL returns, for who rewrites it.
func (r *Request) SetURL(url string) { r.edit(":path", url) }

func (r *Request) edit(name, value string) {
	r.st.s.mu.Lock()
	defer r.st.s.mu.Unlock()
	h := r.all()
	h.Set(name, value)
	r.change(func(x *requestExtra) { x.headers, x.edited = h, true })
}

// Scheme returns :scheme, "http" or "https" as a rule.
func (r *Request) Scheme() string { return r.all().Scheme() }

// Authority returns :authority, or the host field if there is none.
func (r *Request) Authority() string {
	h := r.all()
	if a := h.Authority(); a != "" {
		return a
	}
	return h.Get("host")
}

// Aborted reports whether the request ended before the response had.
func (r *Request) Aborted() bool { return r.st.Aborted() }

// Complete reports whether nothing more comes: the request was received to its
// end and read, or it is over for another reason.
func (r *Request) Complete() bool {
	return r.st.asks(isAborted | isDestroyed | saidEnd | saidClose)
}

// Destroy destroys the stream of the request, which then emits error with err
// if that is not nil. It does nothing to one that is over.
func (r *Request) Destroy(err error) { r.st.Destroy(err) }
