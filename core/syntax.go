package core

import (
	"math"
	"strings"
)

// Character classes, as bits of one table.
const (
	lowerTokenChar = 1 << iota // RFC 9110 §5.6.2 token, without upper case
	upperChar                  // A-Z
	valueChar                  // RFC 9110 §5.5: VCHAR, obs-text, SP and HTAB
	pathChar                   // what :path may hold: no SP, control or '#'
	hostChar                   // RFC 3986 §3.2.2 reg-name without ','
	digitChar
	hexChar
)

var charClass = func() (t [256]uint8) {
	for c := range 256 {
		b := byte(c)
		switch {
		case b >= 'a' && b <= 'z':
			t[c] |= lowerTokenChar | hostChar
		case b >= 'A' && b <= 'Z':
			t[c] |= upperChar | hostChar
		case b >= '0' && b <= '9':
			t[c] |= lowerTokenChar | hostChar | digitChar
		case strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0:
			t[c] |= lowerTokenChar
		}
		if strings.IndexByte("-._~%!$&'()*+;=", b) >= 0 {
			t[c] |= hostChar
		}
		if b == '\t' || b >= ' ' && b != 0x7f {
			t[c] |= valueChar
		}
		if b > ' ' && b != 0x7f && b != '#' {
			t[c] |= pathChar
		}
		if b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' {
			t[c] |= hexChar
		}
	}
	return t
}()

// all reports whether every byte of s is in one of the classes.
func all(s string, classes uint8) bool {
	for i := 0; i < len(s); i++ {
		if charClass[s[i]]&classes == 0 {
			return false
		}
	}
	return true
}

func isLowerToken(s string) bool { return s != "" && all(s, lowerTokenChar) }
func isToken(s string) bool      { return s != "" && all(s, lowerTokenChar|upperChar) }

// isFieldValue applies RFC 9113 §8.2.1: no control characters, and no white
// space at either end.
func isFieldValue(s string) bool {
	if s == "" {
		return true
	}
	first, last := s[0], s[len(s)-1]
	if first == ' ' || first == '\t' || last == ' ' || last == '\t' {
		return false
	}
	return all(afterPlain(s, ' ', 0x7f), valueChar)
}

func isPath(s string) bool {
	return s == "*" || s != "" && s[0] == '/' && all(afterPlain(s, '!', '#'), pathChar)
}

// word is the first eight bytes of s, of which there must be as many, the first
// lowest. The compiler makes one load of it.
func word[T string | []byte](s T) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// afterPlain returns what is left of s after the bytes at its beginning that are
// at least least and neither not nor DEL, as far as that shows eight at a time.
func afterPlain(s string, least, not byte) string {
	const ones = 0x0101010101010101
	for ; len(s) >= 8; s = s[8:] {
		x := word(s)
		// The high bit of the lowest byte that is one of those is set; higher ones
		// may be, for a borrow.
		low := (x - ones*uint64(least)) &^ x
		del, other := x^ones*0x7f, x^ones*uint64(not)
		if (low|(del-ones)&^del|(other-ones)&^other)&(ones<<7) != 0 {
			break
		}
	}
	return s
}

// isScheme follows RFC 3986 §3.1.
func isScheme(s string) bool {
	if s == "" || s[0]|0x20 < 'a' || s[0]|0x20 > 'z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		c := s[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.') {
			return false
		}
	}
	return true
}

// isAuthority accepts host[:port] without userinfo (RFC 9113 §8.3.1).
func isAuthority(s string) bool {
	host, port, ok := splitAuthority(s)
	if !ok || host == "" {
		return false
	}
	if port == "" {
		return true // also after a colon: RFC 3986 §3.2.3
	}
	n, ok := parseContentLength(port)
	return ok && n <= 65535
}

// splitAuthority separates the port, which may be absent. ok is false when the
// host has characters it cannot have.
func splitAuthority(s string) (host, port string, ok bool) {
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", "", false
		}
		for i := 1; i < end; i++ {
			if c := s[i]; charClass[c]&(hostChar) == 0 && c != ':' {
				return "", "", false
			}
		}
		rest := s[end+1:]
		if rest != "" && rest[0] != ':' {
			return "", "", false
		}
		return s[:end+1], strings.TrimPrefix(rest, ":"), end > 1
	}
	host = s
	if i := strings.IndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i+1:]
	}
	return host, port, all(host, hostChar)
}

func hasPort(authority string) bool {
	_, port, ok := splitAuthority(authority)
	return ok && port != ""
}

// sameAuthority compares after folding case and dropping the scheme's default
// port (RFC 9113 §8.3.1).
func sameAuthority(a, b, scheme string) bool {
	if a == b {
		return true
	}
	ah, ap, aok := splitAuthority(a)
	bh, bp, bok := splitAuthority(b)
	return aok && bok && strings.EqualFold(ah, bh) && withDefault(ap, scheme) == withDefault(bp, scheme)
}

func withDefault(port, scheme string) string {
	if port != "" {
		return port
	}
	switch {
	case isHTTPS(scheme):
		return "443"
	case isHTTP(scheme):
		return "80"
	}
	return ""
}

// parseContentLength reads 1*DIGIT below 2^63 (RFC 9110 §8.6).
func parseContentLength(s string) (n int64, ok bool) {
	if s == "" {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		d := int64(s[i]) - '0'
		if d < 0 || d > 9 || n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// parseStatus reads three digits from 100 to 599; 101 does not exist in
// HTTP/2 (RFC 9113 §8.6).
func parseStatus(s string) (n int, ok bool) {
	if len(s) != 3 {
		return 0, false
	}
	for i := 0; i < 3; i++ {
		if charClass[s[i]]&digitChar == 0 {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n >= 100 && n <= 599 && n != 101
}
