package events

import "strings"

// WriteContinue sends an informational response with status 100: the client
// may send its body. It reports whether that was still possible; after the
// headers it is not.
func (r *Response) WriteContinue() (sent bool) {
	r.req.st.s.lock()
	defer r.req.st.s.unlock()
	return r.inform(StatusContinue)
}

func (r *Response) inform(status int) bool {
	if r.over() || r.req.st.is(sentHeaders) {
		return false
	}
	return r.req.st.inform(Status(status)) == nil
}

// WriteEarlyHints sends an informational response with status 103, so that the
// client can load what the links name before the response is known. Fields of
// more go with them. It reports whether there was anything to send and it was
// not too late.
//
//	res.WriteEarlyHints([]string{"</style.css>; rel=preload; as=style"})
//
// Errors: ErrInvalidArg for what is no link (RFC 8288 §3), and those of
// SetHeader about the fields of more.
func (r *Response) WriteEarlyHints(links []string, more ...Headers) (sent bool, err error) {
	for _, link := range links {
		if !isLink(link) {
			return false, ErrInvalidArg.with(`The argument 'hints' is invalid: must be a list of links like "</styles.css>; rel=preload; as=style". Received '%s'`, link)
		}
	}
	if len(links) == 0 {
		return false, nil
	}
	h := Status(StatusEarlyHints)
	for _, m := range more {
		for _, f := range m.list {
			name, err := checkField(f.Name, f.Value)
			if err != nil {
				return false, err
			}
			if !isConnectionField(name) && name != "link" {
				f.Name, f.Value = name, trimValue(f.Value)
				h.list = append(h.list, f)
			}
		}
	}
	h.list = append(h.list, Field{Name: "link", Value: strings.Join(links, ", ")})
	r.req.st.s.lock()
	defer r.req.st.s.unlock()
	if r.over() || r.req.st.is(sentHeaders) {
		return false, nil
	}
	if err := r.req.st.inform(h); err != nil {
		return false, err
	}
	return true, nil
}

// isLink reports whether s is one link as a link field has it: <uri>; a=b; c.
func isLink(s string) bool {
	if !isValue(s) {
		return false
	}
	s = strings.TrimSpace(s)
	uri, rest, ok := strings.Cut(s, ">")
	if !ok || !strings.HasPrefix(uri, "<") || strings.ContainsAny(uri[1:], "< \t") {
		return false
	}
	for rest = strings.TrimLeft(rest, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		if rest, ok = strings.CutPrefix(rest, ";"); !ok {
			return false
		}
		if rest, ok = cutParameter(strings.TrimLeft(rest, " \t")); !ok {
			return false
		}
	}
	return true
}

// cutParameter takes a parameter off: a token that may have a value.
func cutParameter(s string) (rest string, ok bool) {
	end := strings.IndexAny(s, "=; \t\",<>")
	if end < 0 {
		end = len(s)
	}
	if end == 0 {
		return "", false
	}
	s = s[end:]
	if !strings.HasPrefix(s, "=") {
		return s, true
	}
	if s = s[1:]; !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, "; \t\",<>")
		if end < 0 {
			end = len(s)
		}
		return s[end:], end > 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[i+1:], true
		}
	}
	return "", false
}
