package websocket

import "unicode/utf8"

// runes checks text that comes in pieces.
type runes struct {
	cut [utf8.UTFMax]byte // the beginning of a rune
	n   int
}

// add reports whether what came until now is, or can become, UTF-8.
func (r *runes) add(p []byte) bool {
	for r.n > 0 && len(p) > 0 {
		r.cut[r.n] = p[0]
		r.n++
		p = p[1:]
		if utf8.FullRune(r.cut[:r.n]) {
			if c, size := utf8.DecodeRune(r.cut[:r.n]); c == utf8.RuneError && size <= 1 {
				return false
			}
			r.n = 0
		}
	}
	for i := max(0, len(p)-utf8.UTFMax+1); i < len(p); i++ {
		if utf8.RuneStart(p[i]) && !utf8.FullRune(p[i:]) {
			r.n = copy(r.cut[:], p[i:])
			p = p[:i]
			break
		}
	}
	return utf8.Valid(p)
}

func (r *runes) complete() bool { return r.n == 0 }
