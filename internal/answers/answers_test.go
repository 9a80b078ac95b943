package answers

import (
	"bytes"
	"io"
	"testing"
	"time"

	"weft/core"
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

// HEAD has the fields of GET, and no body to wait for (RFC 9110 §9.3.2).
func TestHead(t *testing.T) {
	now := time.Unix(0, 0)
	server, err := core.NewServer(now, core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	client, err := core.NewClient(now, core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/json", "/nothing"} {
		request := []core.Field{{Name: ":method", Value: "HEAD"}, {Name: ":scheme", Value: "http"},
			{Name: ":authority", Value: "localhost"}, {Name: ":path", Value: path}}
		id, err := client.Open(now, request, true)
		if err != nil {
			t.Fatal(err)
		}
		s, ended := NewSession(server), false
		for range 3 { // there and back, and the SETTINGS
			server.Receive(now, client.AppendOutput(nil))
			for ev := range server.Events {
				s.Handle(now, ev)
			}
			client.Receive(now, server.AppendOutput(nil))
			for ev := range client.Events {
				if h, ok := ev.(*core.HeadersReceived); ok && h.Stream == id && h.EndStream {
					ended = true
				}
			}
		}
		if !ended {
			t.Errorf("HEAD %s: no end", path)
		}
	}
}
