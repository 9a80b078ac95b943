package events_test

import (
	"context"
	"fmt"
	"testing"

	"weft/events"
	"weft/transport/mem"
)

// What repeats is remembered by both ends. However requests resemble each other,
// each arrives as it was made.
func TestRequestsThatRepeat(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, f events.Flags) {
		p.note("%s end=%v", text(h), f&events.FlagEndStream != 0)
		st.Respond(events.Headers{}, events.RespondOptions{EndStream: true})
	})
	a := events.H(":path", "/a", "x", "1")
	sensitive := a
	sensitive.MarkSensitive("x")
	const prefix = ":method=GET :authority=example.org :scheme=http :path="
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprint("n", i), "v")
	}
	for _, c := range []struct {
		h    events.Headers
		o    events.RequestOptions
		want string
	}{
		{h: events.Headers{}, want: ":method=GET :authority=example.org :scheme=http :path=/ end=true"},
		{h: events.Headers{}, want: ":method=GET :authority=example.org :scheme=http :path=/ end=true"},
		{h: a, want: ""}, {h: a, want: ""}, {h: a, want: ""},
		{h: events.H(":path", "/a", "x", "1"), want: ""},
		{h: a, o: events.RequestOptions{Weight: 3}, want: ""},
		{h: a, o: events.RequestOptions{EndStream: events.Set(false)}, want: "open"},
		{h: sensitive, want: ""}, {h: a, want: ""},
		{h: events.H(":path", "/a", "x", "2"), want: ":path=/a :method=GET :authority=example.org :scheme=http x=2 end=true"},
		{h: a, want: ""},
		{h: events.H(":path", "/a"), want: ":path=/a :method=GET :authority=example.org :scheme=http end=true"},
		{h: events.H(many...), want: "many"}, {h: events.H(many...), want: "many"},
		{h: events.H(":path", "/a", ":method", "POST"), want: ":path=/a :method=POST :authority=example.org :scheme=http end=false"},
		{h: events.H(":path", "/a", ":method", "POST"), want: ":path=/a :method=POST :authority=example.org :scheme=http end=false"},
	} {
		want := c.want
		switch want {
		case "":
			want = ":path=/a :method=GET :authority=example.org :scheme=http x=1 end=true"
		case "open":
			want = ":path=/a :method=GET :authority=example.org :scheme=http x=1 end=false"
		case "many":
			want = prefix + "/"
			for i := range 40 {
				want += fmt.Sprintf(" n%d=v", i)
			}
			want += " end=true"
		}
		var st *events.ClientStream
		p.client.Do(func() {
			var err error
			if st, err = p.client.Request(context.Background(), c.h, c.o); err != nil {
				t.Fatal(err)
			}
		})
		p.settle()
		p.happened(want)
		if sent := st.SentHeaders(); sent.Has("x") && sent.At(sent.Len()-1).Sensitive != (len(c.h.Sensitive()) > 0) {
			t.Errorf("sent %v", sent.Fields())
		}
	}
	// A bad request is refused, and so is the same once more.
	bad := events.H(":path", "/a", "x", "\n")
	for range 2 {
		if _, err := p.client.Request(context.Background(), bad); err == nil {
			t.Error("a bad value was sent")
		}
	}
	if p.settle(); len(p.log) > 0 {
		t.Errorf("it came: %v", p.log)
	}
}

// Requests that wait for the server's limit are sent in their order, each with
// what it was made with.
func TestRequestsThatRepeatWait(t *testing.T) {
	p := newPair(t, pairOptions{server: events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(2))},
	}})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		p.note("%s", h.Path())
		st.Respond(events.Headers{}, events.RespondOptions{EndStream: true})
	})
	p.settle()
	a, b := events.H(":path", "/a"), events.H(":path", "/b")
	p.client.Do(func() {
		for _, h := range []events.Headers{a, a, a, b, a, b, b, a} {
			if _, err := p.client.Request(context.Background(), h); err != nil {
				t.Error(err)
			}
		}
	})
	p.settle()
	p.happened("/a", "/a", "/a", "/b", "/a", "/b", "/b", "/a")
}

// A request whose headers repeat costs the client its stream's object, listeners
// included, and nothing else.
func TestClientAllocations(t *testing.T) {
	c := newLoadedClient(t, mem.Epoch)
	for range 3 {
		c.batch()
	}
	before := c.answered
	n := testing.AllocsPerRun(10, c.batch)
	if c.answered != before+11*100 || c.bytes != c.answered*14 {
		t.Fatalf("%d requests were answered, with %d bytes", c.answered, c.bytes)
	}
	if n > 102 {
		t.Errorf("%v allocations for 100 requests, want one each", n)
	}
	if open := c.s.StreamCount(); open != 100 {
		t.Errorf("%d streams are open", open)
	}
}
