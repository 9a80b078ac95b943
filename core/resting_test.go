package core

import (
	"testing"
	"time"

	"weft/core/frame"
)

// A connection that rests holds nothing of what parsing needs, and everything
// can be asked of it and happen to it all the same.
func TestResting(t *testing.T) {
	now := time.Unix(0, 0)
	rest := func() (client, server *Conn) {
		t.Helper()
		client, err := NewClient(now, Config{})
		if err != nil {
			t.Fatal(err)
		}
		server, err = NewServer(now, Config{})
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, now, client, server)
		if client.Resting() || server.Resting() {
			t.Error("they rest at once")
		}
		at := now.Add(slimDelay)
		for _, c := range []*Conn{client, server} {
			c.Advance(at)
			if ev := c.Next(); ev != nil {
				t.Errorf("event %v", ev)
			}
			if !c.Resting() || c.busy != nil || c.rares != nil || c.streams.free != nil {
				t.Errorf("client %v: resting %v, with busy %v, rares %v, records %v", c.client, c.Resting(), c.busy, c.rares, c.streams.free)
			}
			if c.LastReceived() != 0 {
				t.Error("it knows what it received last")
			}
		}
		return client, server
	}
	client, server := rest()
	exchange(t, now.Add(time.Minute), client, server)
	if client.Resting() || server.Resting() {
		t.Error("they rest, having had a stream")
	}

	for what, do := range map[string]func(*Conn){
		"Close":      func(c *Conn) { c.Close(now, InternalError, nil) },
		"ReceiveEOF": func(c *Conn) { c.ReceiveEOF(now) },
		"garbage":    func(c *Conn) { c.Receive(now, make([]byte, 1000)) },
		"Advance":    func(c *Conn) { c.Advance(now.Add(1000 * time.Hour)); c.Close(now, NoError, nil) },
	} {
		_, server := rest()
		do(server)
		for server.Next() != nil {
		}
		if !server.Closed() {
			t.Errorf("%s: it goes on", what)
		}
	}
	_, server = rest()
	server.Receive(now, frame.AppendPing(nil, false, [8]byte{1}))
	if ev, ok := server.Next().(*PingReceived); !ok || ev.Opaque[0] != 1 {
		t.Errorf("a PING is reported as %v", ev)
	}
}

// exchange is a request and its answer.
func exchange(t *testing.T, now time.Time, client, server *Conn) {
	t.Helper()
	if _, err := client.Open(now, []Field{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"},
		{Name: ":path", Value: "/"}, {Name: ":authority", Value: "x"}}, true); err != nil {
		t.Fatal(err)
	}
	answered := false
	for range 4 {
		for _, c := range []*Conn{server, client} {
			other := server
			if c == server {
				other = client
			}
			if out := other.AppendOutput(nil); len(out) > 0 {
				c.Receive(now, out)
			}
			for ev := c.Next(); ev != nil; ev = c.Next() {
				switch ev := ev.(type) {
				case *HeadersReceived:
					if c == client {
						answered = true
					} else if err := c.Headers(now, ev.Stream, []Field{{Name: ":status", Value: "204"}}, true); err != nil {
						t.Fatal(err)
					}
				case *ConnClosed:
					t.Fatal(ev)
				}
			}
		}
	}
	if !answered {
		t.Fatal("no answer")
	}
}
