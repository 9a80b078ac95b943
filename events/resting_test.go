package events

import (
	"testing"
	"time"

	"weft/transport/mem"
)

// A session that has had no stream for a second holds nothing for the next one,
// which is served all the same.
func TestResting(t *testing.T) {
	ss, err := NewServerSession(mem.Epoch, SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	answer := Status(200, "content-type", "text/plain")
	ss.OnStream(func(st *ServerStream, _ Headers, _ Flags) {
		st.Respond(answer)
		st.EndString("hello")
	})
	cs, err := NewClientSession(mem.Epoch, "http://example.org", SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	link := mem.NewLink(cs, ss, mem.Options{})
	ask := func() (date string) {
		t.Helper()
		st, err := cs.Request(t.Context(), Headers{})
		if err != nil {
			t.Fatal(err)
		}
		body := ""
		st.OnResponse(func(h Headers, _ Flags) { date = h.Get("date") })
		st.OnData(func(p []byte) { body += string(p) })
		link.Settle()
		if body != "hello" {
			t.Errorf("the body is %q", body)
		}
		return date
	}
	ask()
	first := ask()
	if len(ss.received.list) == 0 || len(ss.sent.list) == 0 {
		t.Fatal("nothing is kept between requests: it is no test")
	}
	link.RunFor(2 * time.Second)
	for _, s := range []*Session{&ss.Session, &cs.Session} {
		if s.received.list != nil || s.sent.list != nil || s.given.list != nil || s.fields != nil || s.streams != nil || s.date != "" {
			t.Errorf("%v keeps %v, %v, %v, %d fields, %q and a table: %v", s.Type(), s.received, s.sent, s.given, cap(s.fields), s.date, s.streams != nil)
		}
	}
	if second := ask(); second == first || second == "" {
		t.Errorf("the date is %q, after %q", second, first)
	}
	if ask(); len(ss.sent.list) == 0 {
		t.Error("nothing is kept any more")
	}
}
