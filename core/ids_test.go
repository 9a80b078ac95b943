package core_test

import (
	"errors"
	"testing"

	"weft/core"
	"weft/core/coretest"
)

// TestStreamIDsRunOut: ids are never used twice. After the last one neither a
// request nor a promise can be made (RFC 9113 §5.1.1).
func TestStreamIDsRunOut(t *testing.T) {
	c := coretest.NewLink(t, true, core.Config{})
	c.Conn.SkipTo(core.MaxStreamID)
	if id, err := c.Conn.Open(c.Now, coretest.Request("GET", "/"), true); id != core.MaxStreamID || err != nil {
		t.Errorf("the last: stream %d, %v", id, err)
	}
	if _, err := c.Conn.Open(c.Now, coretest.Request("GET", "/"), true); !errors.Is(err, core.ErrStreamsExhausted) {
		t.Errorf("one more: %v", err)
	}

	s := coretest.NewLink(t, false, core.Config{})
	s.Conn.SkipTo(core.MaxStreamID - 1)
	s.Receive(s.Peer.Headers(1, true, coretest.Request("GET", "/")...))
	if id, err := s.Conn.Push(s.Now, 1, coretest.Request("GET", "/")); id != core.MaxStreamID-1 || err != nil {
		t.Errorf("the last promise: stream %d, %v", id, err)
	}
	if _, err := s.Conn.Push(s.Now, 1, coretest.Request("GET", "/")); !errors.Is(err, core.ErrStreamsExhausted) {
		t.Errorf("one more promise: %v", err)
	}
}

// TestOneAuthority: a server sees one authority, wherever it stood
// (RFC 9113 §8.3.1).
func TestOneAuthority(t *testing.T) {
	l := coretest.NewLink(t, false, core.Config{})
	l.Receive(l.Peer.Headers(1, true, []core.Field{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":path", Value: "/"},
		{Name: "host", Value: "example.org"},
	}...).Headers(3, true, coretest.Request("GET", "/", core.Field{Name: "host", Value: "EXAMPLE.org:443"})...))
	for _, ev := range l.Events {
		if ev, ok := ev.(*core.HeadersReceived); ok && ev.Authority != "example.org" {
			t.Errorf("stream %d: authority %q", ev.Stream, ev.Authority)
		}
	}
}
