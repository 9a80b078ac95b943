package core_test

import (
	"testing"

	"weft/core"
	"weft/core/coretest"
)

// Room tells what Send then takes; without room the stream waits, and is told.
func TestRoom(t *testing.T) {
	c := mustServer(t, core.Config{})
	peer := coretest.NewPeer()
	c.Receive(epoch, peer.Handshake(true).Headers(1, true, coretest.Request("GET", "/")...).Bytes())
	for range c.Events {
	}
	if n := c.Room(epoch, 1); n != 0 {
		t.Errorf("room before the headers: %d", n)
	}
	if err := c.Headers(epoch, 1, []core.Field{{Name: ":status", Value: "200"}}, false); err != nil {
		t.Fatal(err)
	}
	n := c.Room(epoch, 1)
	if n != 65535 {
		t.Errorf("room %d, want the whole window", n)
	}
	for body := make([]byte, n); len(body) > 0; {
		took, err := c.Send(epoch, 1, body[:min(len(body), 16<<10)], false)
		if err != nil || took == 0 {
			t.Fatalf("Send took %d with %d of the room left: %v", took, len(body), err)
		}
		body = body[took:]
	}
	if n := c.Room(epoch, 1); n != 0 {
		t.Errorf("room behind the window: %d", n)
	}
	c.AppendOutput(nil)
	c.Receive(epoch, peer.WindowUpdate(0, 100000).WindowUpdate(1, 5000).Bytes())
	told := 0
	for ev := range c.Events {
		if w, ok := ev.(*core.Writable); ok && w.Stream == 1 {
			told = w.N
		}
	}
	if n := c.Room(epoch, 1); told != 5000 || n != 5000 {
		t.Errorf("told of %d, room %d, want 5000", told, n)
	}
	if n := c.Room(epoch, 3); n != 0 {
		t.Errorf("room on a stream that was never opened: %d", n)
	}
}
