package site

import (
	"net/http"
	"strings"
	"time"
)

// validators are what tells one version of a file from another.
type validators struct {
	etag     string    // strong, with its quotes
	modified time.Time // whole seconds, the zero Time if not known
}

// checkPreconditions evaluates the conditions of a GET or HEAD in the order of
// RFC 9110 §13.2.2 and returns 412, 304, or 0 to go on.
func checkPreconditions(req *Request, v *validators) int {
	// "When recipient is the origin server and If-Match is present, evaluate
	// the If-Match precondition"
	if m := req.header("if-match"); m != "" {
		// RFC 9110 §13.1.1: "An origin server MUST use the strong comparison
		// function when comparing entity tags for If-Match".
		if !anyTag(m, v.etag, false) {
			return 412
		}
	} else if since, ok := v.date(req, "if-unmodified-since"); ok && v.modified.After(since) {
		return 412
	}

	// "When If-None-Match is present, evaluate the If-None-Match precondition
	// […] if false for GET/HEAD, respond 304". It silences If-Modified-Since.
	if m := req.header("if-none-match"); m != "" {
		// RFC 9110 §13.1.2: "A recipient MUST use the weak comparison function
		// when comparing entity tags for If-None-Match".
		if anyTag(m, v.etag, true) {
			return 304
		}
	} else if since, ok := v.date(req, "if-modified-since"); ok && !v.modified.After(since) {
		return 304
	}
	return 0
}

// isCurrent reports whether If-Range lets the range apply: it is absent, or it
// names the version we have (RFC 9110 §13.1.5).
func isCurrent(req *Request, v *validators) bool {
	value := req.header("if-range")
	if value == "" {
		return true
	}
	if tag, weak, _, ok := cutTag(value); ok {
		return !weak && tag == v.etag
	}
	// "If the HTTP-date validator provided exactly matches the Last-Modified
	// field value for the selected representation, the condition is true."
	date, ok := v.date(req, "if-range")
	return ok && date.Equal(v.modified)
}

// date returns the date in a header field; ok is false where RFC 9110 has the
// field ignored: it is absent, or no date, or the file's own date is unknown.
func (v *validators) date(req *Request, name string) (date time.Time, ok bool) {
	value := req.header(name)
	if value == "" || v.modified.IsZero() {
		return date, false
	}
	date, err := http.ParseTime(value)
	return date, err == nil
}

// anyTag reports whether a list of entity-tags is "*" or has etag in it; weak
// says whether the mark of a weak one is overlooked. What comes after something
// that is no entity-tag doesn't count.
func anyTag(list, etag string, weak bool) bool {
	list = strings.Trim(list, " \t,")
	if list == "*" {
		return true
	}
	for list != "" {
		tag, isWeak, rest, ok := cutTag(list)
		if !ok {
			return false
		}
		if tag == etag && (weak || !isWeak) {
			return true
		}
		list = strings.TrimLeft(rest, " \t,")
	}
	return false
}

// cutTag takes the entity-tag at the start of s (RFC 9110 §8.8.3). The tag has
// its quotes but not its mark of weakness.
func cutTag(s string) (tag string, weak bool, rest string, ok bool) {
	s, weak = strings.CutPrefix(s, "W/")
	if !strings.HasPrefix(s, `"`) {
		return "", false, "", false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return "", false, "", false
	}
	return s[:end+2], weak, s[end+2:], true
}
