package verb

import (
	"io"
	"slices"
	"strings"

	"weft/events"
)

// PushPolicy says whether a resource is worth a push with the response to a
// request. It should be quick; it is called by the goroutine that serves the
// request.
type PushPolicy func(req *Request, r PushResource) bool

// PushResource is what may be pushed.
type PushResource struct {
	// Path is that of the request that is promised, with its query.
	Path string
	// Headers are those of the response, content-type among them.
	Headers events.Headers
	// Content is the body, as PushStream.SendFrom takes it; nil is none. It is
	// read once.
	Content io.Reader
}

// AcceptsPush is a policy: the client has not said "accept-push-policy: none".
// Other values of that field are taken as consent.
func AcceptsPush(req *Request, _ PushResource) bool {
	for _, list := range req.Headers().Values("accept-push-policy") {
		for one := range strings.SplitSeq(list, ",") {
			token, _, _ := strings.Cut(one, ";") // parameters do not matter
			if strings.EqualFold(strings.TrimSpace(token), "none") {
				return false
			}
		}
	}
	return true
}

// NotCached is a policy: the client has not said that it holds a copy, by a
// field named IfNoneMatchField of the path. If it lists the entity tags it holds,
// and the resource has a field etag with another one, that copy is an old one,
// and a push is worth while.
func NotCached(req *Request, r PushResource) bool {
	held := req.Headers().Values(IfNoneMatchField(r.Path))
	tag := r.Headers.Get("etag")
	for _, list := range held {
		for one := range strings.SplitSeq(list, ",") {
			one = strings.TrimSpace(one)
			if tag == "" || !strings.Contains(one, `"`) || weak(one) == weak(tag) {
				return false
			}
		}
	}
	return true
}

// weak is a tag for the weak comparison of RFC 9110 §8.8.3.2.
func weak(tag string) string { return strings.TrimPrefix(tag, "W/") }

// IfNoneMatchField is the name of the field by which a client says that it holds
// a copy of what is at a path: "if-none-match-" and the path, of which bytes that
// no field name may have (RFC 9110 §5.6.2), the slashes among them, are written
// as %2f. Names have no upper case: paths that differ by that share a field.
func IfNoneMatchField(path string) string {
	const hex = "0123456789abcdef"
	name := []byte("if-none-match-")
	for i := range len(path) {
		switch c := path[i]; {
		case c >= 'A' && c <= 'Z':
			name = append(name, c-'A'+'a')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
			name = append(name, c)
		default:
			name = append(name, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(name)
}

// FirstVisit makes a policy: the client has no cookie of that name. Whoever
// pushes by it sets the cookie with the response:
//
//	res.Cookie("visited", "yes", verb.CookieOptions{MaxAge: 24 * time.Hour})
func FirstVisit(cookie string) PushPolicy {
	return func(req *Request, _ PushResource) bool {
		_, visited := req.Cookie(cookie)
		return !visited
	}
}

// PushResources pushes, in order, the resources that every policy lets through,
// and returns the pushes. Where there are no pushes, see CanPush, it does nothing.
// It does not wait: see PushStream.SendFrom, which closes contents in the end;
// those that are not pushed are closed, too. Call it before the response is sent.
func (r *Response) PushResources(list []PushResource, policies ...PushPolicy) []*PushStream {
	var pushes []*PushStream
	can := r.CanPush()
	for _, resource := range list {
		refused := func(allows PushPolicy) bool { return !allows(r.request(), resource) }
		if !can || slices.ContainsFunc(policies, refused) {
			if c, ok := resource.Content.(io.Closer); ok {
				c.Close()
			}
			continue
		}
		p := r.Push(resource.Path, PushOptions{Headers: resource.Headers})
		pushes = append(pushes, p)
		if resource.Content != nil {
			p.SendFrom(resource.Content)
		} else {
			p.End(nil)
		}
	}
	return pushes
}
