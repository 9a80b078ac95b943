package site

import (
	"math"
	"strings"
)

// A span is part of a file, in bytes; n is 0 for a range that no part of the
// file lies in.
type span struct{ offset, n int64 }

// parseRange reads a Range field for a file of size bytes (RFC 9110 §14.1.2).
// If ok is false the field is to be ignored and the whole file to be sent: it
// is in another unit, not a range, or more than one range.
func parseRange(value string, size int64) (s span, ok bool) {
	unit, set, found := strings.Cut(value, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return s, false
	}
	if size == 0 {
		// Some clients ask for "bytes=0-" always. No range of an empty file
		// can be written down, and a 416 would help nobody.
		return s, false
	}
	first, last, found := strings.Cut(strings.Trim(set, " \t,"), "-")
	if !found || strings.ContainsRune(last, ',') {
		return s, false
	}

	if first == "" {
		n, ok := parsePos(last)
		n = min(n, size)
		return span{size - n, n}, ok
	}
	from, ok := parsePos(first)
	if !ok {
		return s, false
	}
	to := int64(math.MaxInt64)
	if last != "" {
		// RFC 9110 §14.1.1: "An int-range is invalid if the last-pos value is
		// present and less than first-pos."
		if to, ok = parsePos(last); !ok || to < from {
			return s, false
		}
	}
	if from >= size {
		return s, true
	}
	return span{from, min(to, size-1) - from + 1}, true
}

// parsePos reads digits. A number too large for an int64 counts as its largest.
func parsePos(s string) (n int64, ok bool) {
	for i := range len(s) {
		c := s[i]
		switch {
		case c < '0' || c > '9':
			return 0, false
		case n > (math.MaxInt64-9)/10:
			n = math.MaxInt64
		default:
			n = n*10 + int64(c-'0')
		}
	}
	return n, s != ""
}
