package core

import (
	"strings"
	"testing"
)

// What is looked at eight bytes at a time is judged as byte by byte, wherever in
// a string each byte stands.
func TestWordsAreJudgedAsBytes(t *testing.T) {
	for length := 1; length <= 24; length++ {
		for at := range length {
			for c := range 256 {
				for _, fill := range []string{"a", "~", "\x80", "\xff", "\x21"} {
					b := []byte(strings.Repeat(fill, length))
					b[at] = byte(c)
					s := string(b)
					trimmed := strings.Trim(s, " \t")
					if got, want := isFieldValue(s), s == trimmed && all(s, valueChar); got != want {
						t.Fatalf("isFieldValue(%q) = %v", s, got)
					}
					if got, want := isPath("/"+s), all(s, pathChar); got != want {
						t.Fatalf("isPath(%q) = %v", "/"+s, got)
					}
				}
			}
		}
	}
}
