package verb

import (
	"net/url"
	"strings"
)

// pattern is a path to compare with.
type pattern struct {
	segments []segment
	prefix   bool // of a middleware or a mounted app: more may follow
	captures bool // not all segments are literal
}

type segment struct {
	kind segmentKind
	text string // to be found, or the name of what is captured
}

type segmentKind uint8

const (
	literal segmentKind = iota
	capture
	rest
)

type param struct{ name, value string }

// compile reads a pattern. It panics if that makes no sense.
func compile(s string, prefix bool) pattern {
	p := pattern{prefix: prefix}
	if s == "*" {
		s = "/*"
	}
	if !strings.HasPrefix(s, "/") {
		panic("verb: a pattern begins with a slash: " + s)
	}
	names := make(map[string]bool)
	for part := range strings.SplitSeq(strings.Trim(s, "/"), "/") {
		seg := segment{literal, part}
		switch {
		case part == "" && s == "/":
			continue
		case part == "":
			panic("verb: a pattern with an empty segment: " + s)
		case len(p.segments) > 0 && p.segments[len(p.segments)-1].kind == rest:
			panic("verb: nothing can follow a wildcard: " + s)
		case part[0] == ':':
			seg = segment{capture, part[1:]}
		case part == "*":
			seg = segment{rest, "*"}
		case part[0] == '*':
			seg = segment{rest, part[1:]}
		}
		if seg.kind != literal {
			if seg.text == "" || names[seg.text] {
				panic("verb: a capture without a name, or with another's: " + s)
			}
			names[seg.text] = true
			p.captures = true
		}
		p.segments = append(p.segments, seg)
	}
	return p
}

// any reports whether the pattern is for every path.
func (p *pattern) any() bool { return p.prefix && len(p.segments) == 0 }

// static returns the one path the pattern stands for, if that is so.
func (p *pattern) static() (path string, ok bool) {
	if p.prefix {
		return "", false
	}
	for _, s := range p.segments {
		if s.kind != literal {
			return "", false
		}
		path += "/" + s.text
	}
	return path, true
}

// staticKey is what static paths are found by: a path as it was sent, without
// its escapes and a slash at its end. A path with an escaped slash, or a wrong
// escape, is no static one.
func staticKey(path string) string {
	if strings.IndexByte(path, '%') >= 0 {
		plain, err := url.PathUnescape(path)
		if err != nil || strings.Count(plain, "/") != strings.Count(path, "/") {
			return "?"
		}
		path = plain
	}
	return strings.TrimSuffix(path, "/")
}

// firstSegment returns the first segment of a path as it was sent, without its
// escapes. ok is false for one with a wrong escape, which no text is like.
func firstSegment(path string) (s string, ok bool) {
	s = path[1:]
	if i := strings.IndexByte(s, '/'); i >= 0 {
		s = s[:i]
	}
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	s, err := url.PathUnescape(s)
	return s, err == nil
}

// match compares with a path as it was sent. It returns what follows a prefix,
// and params with what was captured.
func (p *pattern) match(path string, params []param) (left string, out []param, ok bool) {
	left = path
	for i := range p.segments {
		s := &p.segments[i]
		if s.kind == rest {
			v, err := url.PathUnescape(strings.TrimPrefix(left, "/"))
			return "/", append(params, param{s.text, v}), err == nil
		}
		if left == "" || left == "/" {
			return "", params, false
		}
		piece := left[1:]
		left = ""
		if slash := strings.IndexByte(piece, '/'); slash >= 0 {
			piece, left = piece[:slash], piece[slash:]
		}
		if strings.IndexByte(piece, '%') >= 0 {
			plain, err := url.PathUnescape(piece)
			if err != nil {
				return "", params, false
			}
			piece = plain
		}
		switch {
		case s.kind == literal && piece != s.text, piece == "":
			return "", params, false
		case s.kind == capture:
			params = append(params, param{s.text, piece})
		}
	}
	if left == "" {
		left = "/"
	}
	return left, params, p.prefix || left == "/"
}
