package core_test

import (
	"testing"
	"time"

	"weft/core"
)

// Frames are counted where they come in and where they wait to go out.
func TestFrameCounts(t *testing.T) {
	now := time.Unix(0, 0)
	server, _ := core.NewServer(now, core.Config{BareSettings: true, ConnWindow: 65535})
	client, _ := core.NewClient(now, core.Config{BareSettings: true, ConnWindow: 65535})
	waiting := func(c *core.Conn, want int, why string) {
		t.Helper()
		if n := c.Info().FramesWaiting; n != want {
			t.Errorf("%d frames wait, want %d: %s", n, want, why)
		}
	}
	drain := func(c *core.Conn) {
		for c.Next() != nil {
		}
	}
	waiting(client, 1, "SETTINGS behind the magic string")
	client.Ping(now, [8]byte{1})
	waiting(client, 2, "and a PING")
	out := client.AppendOutput(nil)
	waiting(client, 0, "all was taken")
	server.Receive(now, out[:len(core.Preface)+5])
	drain(server)
	if n := server.Info().FramesReceived; n != 0 {
		t.Errorf("%d frames received, but none is whole", n)
	}
	server.Receive(now, out[len(core.Preface)+5:])
	drain(server)
	if n := server.Info().FramesReceived; n != 2 {
		t.Errorf("%d frames received, want SETTINGS and PING", n)
	}
	waiting(server, 3, "SETTINGS and both acknowledgements")

	other, _ := core.NewServer(now, core.Config{})
	other.Receive(now, []byte("GET / HTTP/1.1\r\n\r\n"))
	drain(other)
	waiting(other, 0, "an answer to HTTP/1 is no frame")
}
