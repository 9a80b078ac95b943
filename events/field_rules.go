package events

import (
	"errors"
	"strings"

	"weft/core"
)

// What may be sent is checked when it is given. Package core knows the rules of
// RFC 9113; here are those Node adds, and Node's code and words for each error.

// checkRequest finds what is wrong with the fields of a request before it is
// queued: errBadPath if it is only the :path.
func (s *Session) checkRequest(fields []Field) error {
	h := Headers{fields}
	if h.Method() == "CONNECT" && h.find(":protocol") < 0 {
		switch {
		case h.find(":scheme") >= 0:
			return ErrConnectScheme
		case h.find(":path") >= 0:
			return ErrConnectPath
		case h.find(":authority") < 0:
			return ErrConnectAuthority
		}
	}
	if err := s.checkSingle(fields); err != nil {
		return err
	}
	if err := core.CheckRequest(fields, !s.opts.StrictFieldWhitespaceValidation.Or(true)); err != nil {
		var f *core.FieldError
		if errors.As(err, &f) && f.Name == ":path" && len(h.Values(":path")) == 1 {
			return errBadPath
		}
		return refused(err, fields)
	}
	return nil
}

// errBadPath is for the stream to report: a path is often made of what somebody
// typed. In Node's words it is a protocol error.
var errBadPath = streamError(core.ProtocolError, core.StreamReset{Fault: core.FaultPath})

// checkSingle finds a field given twice that has one value.
func (s *Session) checkSingle(fields []Field) error {
	if !s.opts.StrictSingleValueFields.Or(true) {
		return nil
	}
	for i := range fields {
		name := fields[i].Name
		if !isSingle(name) {
			continue
		}
		for j := range fields[:i] {
			if fields[j].Name == name {
				return ErrHeaderSingleValue.with("Header field %q must only have a single value", name)
			}
		}
	}
	return nil
}

// refused is the error of a call whose fields package core refused.
func refused(err error, fields []Field) error {
	var f *core.FieldError
	if !errors.As(err, &f) {
		return misuse(err)
	}
	return fieldError(f, fields).because(err)
}

func fieldError(f *core.FieldError, fields []Field) *Error {
	switch f.Name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings", "te":
		return ErrInvalidConnection.with("HTTP/1 Connection specific headers are forbidden: %q", f.Name)
	}
	switch {
	case strings.HasPrefix(f.Name, ":"):
		return ErrInvalidPseudo.with("%q is an invalid pseudoheader or is used incorrectly", f.Name)
	case !isToken(f.Name):
		return ErrInvalidToken.with("Header name must be a valid HTTP token [%q]", f.Name)
	}
	for i := range fields {
		if fields[i].Name == f.Name && !isValue(fields[i].Value) {
			return ErrInvalidChar.with("Invalid character in header content [%q]", f.Name)
		}
	}
	return ErrInvalidHeaderValue.with("Invalid value for header %q", f.Name)
}

// statusOf returns the :status of a final response, 200 unless given.
func statusOf(h Headers) (string, error) {
	i := h.find(":status")
	if i < 0 {
		return "200", nil
	}
	v := h.list[i].Value
	if isStatus(v, '2', '5') {
		return v, nil
	}
	return "", ErrStatusInvalid.with("Invalid status code: %s", v).because(errStatusRange)
}

// infoStatusOf returns the :status of an informational response.
func infoStatusOf(h Headers) (string, error) {
	i := h.find(":status")
	if i < 0 {
		for _, f := range h.list {
			if strings.HasPrefix(f.Name, ":") {
				return "", fieldError(&core.FieldError{Name: f.Name}, nil)
			}
		}
		return "", ErrInfoStatus.with("Invalid informational status code: none").because(errInfoRange)
	}
	v := h.list[i].Value
	switch {
	case v == "101":
		return "", ErrStatus101
	case isStatus(v, '1', '1'):
		return v, nil
	}
	return "", ErrInfoStatus.with("Invalid informational status code: %s", v).because(errInfoRange)
}

var (
	errStatusRange = errors.New("must be 200 to 599")
	errInfoRange   = errors.New("must be 100 to 199 and not 101")
)

// isStatus reports whether v is three digits, the first within bounds.
func isStatus(v string, from, to byte) bool {
	return len(v) == 3 && v[0] >= from && v[0] <= to && isDigit(v[1]) && isDigit(v[2])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isValue reports whether a field may have the value (RFC 9113 §8.2.1).
func isValue(v string) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return strings.Trim(v, " \t") == v
}

// isToken reports whether a lower-case name may name a field (RFC 9110 §5.6.2).
func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' {
			continue
		}
		if strings.IndexByte("!#$%&'*+.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}

// isSingle reports whether a field has at most one value.
func isSingle(name string) bool {
	switch name {
	case ":status", ":method", ":authority", ":scheme", ":path", ":protocol",
		"access-control-allow-credentials", "access-control-max-age", "access-control-request-method",
		"age", "authorization", "content-encoding", "content-language", "content-length", "content-location",
		"content-md5", "content-range", "content-type", "date", "dnt", "etag", "expires", "from", "host",
		"if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified",
		"location", "max-forwards", "proxy-authorization", "range", "referer", "retry-after", "tk",
		"upgrade-insecure-requests", "user-agent", "x-content-type-options":
		return true
	}
	return false
}
