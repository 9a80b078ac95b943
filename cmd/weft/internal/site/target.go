package site

import (
	"net/url"
	"path/filepath"
	"strings"
)

// A target is a request's path, taken apart.
type target struct {
	segments []string // decoded; none is empty, "." or "..", none has a slash
	dir      bool     // it ended with a slash
	query    string   // as it came, with its question mark, or empty
}

// parseTarget reads a :path. A status other than 0 refuses it: 400 if it is not
// a path, 404 if no file can have it.
func parseTarget(s string) (t target, status int) {
	path := s
	if i := strings.IndexByte(s, '?'); i >= 0 {
		path, t.query = s[:i], s[i:]
	}
	if !strings.HasPrefix(path, "/") {
		return t, 400
	}
	t.dir = strings.HasSuffix(path, "/")

	for raw := range strings.SplitSeq(path, "/") {
		// Splitting comes before decoding: %2f is part of a name, and no
		// name has one. Runs of slashes count as one.
		seg, err := url.PathUnescape(raw)
		switch {
		case err != nil, strings.IndexByte(seg, 0) >= 0:
			return t, 400
		case seg == "":
			continue
		case seg == ".", seg == "..", strings.ContainsAny(seg, `/\`):
			// Clients resolve dot segments before they ask (RFC 3986 §5.2.4).
			status = 404
		}
		t.segments = append(t.segments, seg)
	}
	return t, status
}

// name returns the name of the file or directory in the system's own spelling,
// relative to the site; ok reports whether there can be such a file.
func (t *target) name() (name string, ok bool) {
	if len(t.segments) == 0 {
		return ".", true
	}
	// Localize refuses what Windows would read as more than a name: drives,
	// streams, devices.
	name, err := filepath.Localize(strings.Join(t.segments, "/"))
	return name, err == nil
}

// location returns the target with a slash at its end. It is put together from
// the decoded names, so that it begins with exactly one slash and can't be read
// as the address of another host.
func (t *target) location() string {
	var b strings.Builder
	b.WriteByte('/')
	for _, seg := range t.segments {
		b.WriteString(url.PathEscape(seg))
		b.WriteByte('/')
	}
	for i := range len(t.query) {
		if c := t.query[i]; c <= ' ' || c >= 0x7f {
			const hex = "0123456789ABCDEF"
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
