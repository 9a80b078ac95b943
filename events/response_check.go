package events

import "strings"

// What a field of a response or a trailer may be. A name or a value with
// anything in it that could end a field early is refused: no header can be
// smuggled into another.

// check checks a field with its values, and returns the name as it is sent.
func (r *Response) check(name string, values []string) (string, error) {
	if len(values) == 0 {
		return "", ErrInvalidHeaderValue.with(`Invalid value "undefined" for header %q`, normalName(name))
	}
	n, err := checkField(name, values[0])
	if err != nil {
		return "", err
	}
	for _, v := range values[1:] {
		if _, err := checkField(name, v); err != nil {
			return "", err
		}
	}
	if len(values) > 1 && r.isStrict(n) {
		return "", errSingle(n)
	}
	return n, nil
}

// isStrict reports whether the field may be given only once.
func (r *Response) isStrict(name string) bool {
	return isSingle(name) && (name == "content-length" || r.req.st.s.opts.StrictSingleValueFields.Or(true))
}

func errSingle(name string) error {
	return ErrHeaderSingleValue.with("Header field %q must only have a single value", name)
}

func checkField(name, value string) (string, error) {
	if !isToken(name) { // with upper case, say, or white space around it
		name = normalName(name)
		switch {
		case strings.HasPrefix(name, ":"):
			return "", ErrPseudoNotAllowed
		case !isToken(name):
			return "", ErrInvalidToken.with("Header name must be a valid HTTP token [%q]", name)
		}
	}
	if !isValue(trimValue(value)) {
		return "", ErrInvalidChar.with("Invalid character in header content [%q]", name)
	}
	if name == "content-length" && !isNumber(trimValue(value)) {
		return "", ErrInvalidHeaderValue.with("Invalid value %q for header %q", value, name)
	}
	return name, nil
}

// normalName returns a name as it is sent.
func normalName(name string) string { return lower(strings.TrimSpace(name)) }

// trimValue takes off the white space around a value, which is not part of it
// (RFC 9110 §5.5) and may not be sent (RFC 9113 §8.2.1).
func trimValue(v string) string {
	if v == "" || v[0] > ' ' && v[len(v)-1] > ' ' {
		return v
	}
	return strings.Trim(v, " \t")
}

func isNumber(v string) bool {
	if v == "" || len(v) > 18 {
		return false
	}
	for i := range len(v) {
		if !isDigit(v[i]) {
			return false
		}
	}
	return true
}

// leavesOut reports whether a field is not sent by the protocol.
func (r *Response) leavesOut(name string) bool {
	return isConnectionField(name) && r.req.st.http1() == nil
}

// isConnectionField reports whether a field is one of HTTP/1's connections,
// which HTTP/2 does not have (RFC 9113 §8.2.2).
func isConnectionField(name string) bool {
	switch name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings",
		"te": // which only requests may have
		return true
	}
	return false
}
