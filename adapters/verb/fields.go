package verb

import (
	"fmt"
	"strings"

	"weft/events"
)

// checkFields finds what may not be sent. By HTTP/2 package events does; net/http
// would leave such fields out, or put spaces for line breaks, without a word.
func checkFields(name string, values ...string) error {
	if !isToken(name) {
		return fmt.Errorf("%w: %q", events.ErrInvalidToken, name)
	}
	for _, v := range values {
		if !isFieldValue(v) {
			return fmt.Errorf("%w: of %q", events.ErrInvalidChar, name)
		}
	}
	return nil
}

// isToken follows RFC 9110 §5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// isFieldValue follows RFC 9110 §5.5.
func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
