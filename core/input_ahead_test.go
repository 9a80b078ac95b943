package core_test

import (
	"testing"

	"weft/core"
	"weft/core/coretest"
)

// What is ahead is what is left of the body that came last, within the windows.
func TestInputAhead(t *testing.T) {
	c := mustServer(t, core.Config{FixedWindows: true})
	peer := coretest.NewPeer()
	check := func(want int, when string) {
		t.Helper()
		for range c.Events {
		}
		c.AppendOutput(nil)
		if n := c.InputAhead(); n != want {
			t.Errorf("%s: %d, want %d", when, n, want)
		}
	}
	post := func(length string) []core.Field {
		fields := coretest.Request("POST", "/")
		if length != "" {
			fields = append(fields, core.Field{Name: "content-length", Value: length})
		}
		return fields
	}
	check(0, "before anything")
	c.Receive(epoch, peer.Handshake(true).Headers(1, false, post("20000")...).Bytes())
	check(20000, "a body with a length")
	c.Receive(epoch, peer.Data(1, make([]byte, 15000), false).Bytes())
	check(5000, "a part of it")
	c.Receive(epoch, peer.Headers(3, false, post("")...).Bytes())
	check(65535-15000, "a body without a length, by the connection's window")
	c.Receive(epoch, peer.Data(3, make([]byte, 10000), false).Bytes())
	check(65535-25000, "a part of it")
	c.Receive(epoch, peer.Headers(5, true, coretest.Request("GET", "/")...).Bytes())
	check(0, "a request without a body")
	c.Receive(epoch, peer.Data(1, make([]byte, 5000), true).Bytes())
	check(0, "the end of a body")
	c.Receive(epoch, peer.Reset(3, core.Cancel).Bytes())
	check(0, "a reset")
}
