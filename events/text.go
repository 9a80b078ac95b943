package events

import (
	"strings"
	"unicode/utf8"
)

// OnText registers f for the body as text: UTF-8, in pieces that never cut a
// character in two. What is no UTF-8 becomes U+FFFD. It lets the body flow, as
// OnData does. Node: setEncoding('utf8').
func (st *Stream) OnText(f func(s string)) Listener {
	mustListen("Stream.OnText", f == nil)
	var rest []byte
	st.OnEnd(func() {
		if len(rest) > 0 {
			f("\uFFFD")
		}
	})
	return st.OnData(func(p []byte) {
		whole := p
		if len(rest) > 0 {
			whole = append(rest, p...)
		}
		n := len(whole) - cutRune(whole)
		if n > 0 {
			f(strings.ToValidUTF8(string(whole[:n]), "\uFFFD"))
		}
		rest = append([]byte(nil), whole[n:]...)
	})
}

// cutRune returns how many bytes at the end of p begin a character that goes
// on.
func cutRune(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if tail := p[len(p)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}
