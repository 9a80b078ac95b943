package main

import (
	"bytes"
	"io"
	"testing"
)

// A body comes in parts, from wherever the last one was cut.
func TestAnswerParts(t *testing.T) {
	a := &answer{body: "abc", size: 8}
	var got []byte
	for left := a.size; left > 0; {
		p := a.part(left)
		p = p[:min(2, len(p))]
		got = append(got, p...)
		left -= int64(len(p))
	}
	if string(got) != "abcabcab" {
		t.Errorf("in parts: %q", got)
	}
	whole, err := io.ReadAll(a.reader())
	if err != nil || !bytes.Equal(whole, got) {
		t.Errorf("as a stream: %q, %v", whole, err)
	}
}

func TestLookup(t *testing.T) {
	if a := lookup("/page?id=1"); a == nil || a != answers["/page"] || len(a.fields) != 10 {
		t.Errorf("/page?id=1: %v", a)
	}
	if a := lookup("/json"); a == nil || a.size != 1024 || len(a.body) != 1024 {
		t.Errorf("/json: %v", a)
	}
	if lookup("/nothing?") != nil {
		t.Error("/nothing is something")
	}
}
