package answers

import (
	"bytes"
	"io"
	"testing"
)

// A body comes in parts, from wherever the last one was cut.
func TestAnswerParts(t *testing.T) {
	a := &Answer{Body: "abc", Size: 8}
	var got []byte
	for left := a.Size; left > 0; {
		p := a.Part(left)
		p = p[:min(2, len(p))]
		got = append(got, p...)
		left -= int64(len(p))
	}
	if string(got) != "abcabcab" {
		t.Errorf("in parts: %q", got)
	}
	whole, err := io.ReadAll(a.Reader())
	if err != nil || !bytes.Equal(whole, got) {
		t.Errorf("as a stream: %q, %v", whole, err)
	}
}

func TestLookup(t *testing.T) {
	if a := Lookup("/page?id=1"); a == nil || a != All["/page"] || len(a.Fields) != 10 {
		t.Errorf("/page?id=1: %v", a)
	}
	if a := Lookup("/json"); a == nil || a.Size != 1024 || len(a.Body) != 1024 {
		t.Errorf("/json: %v", a)
	}
	if Lookup("/nothing?") != nil {
		t.Error("/nothing is something")
	}
}
