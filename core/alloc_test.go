package core_test

import (
	"bytes"
	"testing"

	"weft/core"
	"weft/core/frame"
)

// Allocation gates: what is claimed to be free of allocations stays so.

func noAllocs(t *testing.T, what string, f func()) {
	t.Helper()
	for range 10 {
		f() // buffers and tables find their size
	}
	if n := testing.AllocsPerRun(100, f); n != 0 {
		t.Errorf("%s: %v allocations per batch, want 0", what, n)
	}
}

func TestServerRequestsDoNotAllocate(t *testing.T) {
	c := mustServer(t, manyStreams())
	p := newPeerBlocks()
	next := greet(t, c, p, request, request, request)
	block := bytes.Clone(p.encode(request))
	var in, out []byte
	noAllocs(t, "serving indexed requests", func() {
		in = in[:0]
		for range batchSize {
			in = frame.AppendHeaders(in, next, block, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
			next += 2
		}
		in = grant(in, batchSize*len(body14))
		c.Receive(epoch, in)
		serve(t, c, response, body14)
		out = c.AppendOutput(out[:0])
	})
}

func TestClientRequestsDoNotAllocate(t *testing.T) {
	c := mustClient(t, core.Config{})
	c.Receive(epoch, frame.AppendSettingsAck(frame.AppendSettings(nil, nil)))
	for range c.Events {
	}
	p := newPeerBlocks()
	warm := bytes.Clone(p.encode(response))
	block := warm
	var in, out []byte
	noAllocs(t, "making requests", func() {
		in = in[:0]
		for range batchSize {
			id, err := c.Open(epoch, request, true)
			if err != nil {
				t.Fatal(err)
			}
			in = frame.AppendHeaders(in, id, block, frame.FlagEndHeaders, nil, -1)
			in = frame.AppendData(in, id, body14, true, -1)
			if id == 1 {
				block = bytes.Clone(p.encode(response))
			}
		}
		out = c.AppendOutput(out[:0])
		c.Receive(epoch, in)
		for range c.Events {
		}
	})
}

func TestDataDoesNotAllocate(t *testing.T) {
	c := mustServer(t, core.Config{})
	p := newPeerBlocks()
	id := greet(t, c, p)
	post := append([]core.Field{{Name: ":method", Value: "POST"}}, request[1:]...)
	c.Receive(epoch, frame.AppendHeaders(nil, id, p.encode(post), frame.FlagEndHeaders, nil, -1))
	for range c.Events {
	}
	if err := c.Headers(epoch, id, response[:2], false); err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, 16<<10)
	in := frame.AppendData(nil, id, payload, false, -1)
	in = frame.AppendWindowUpdate(in, id, uint32(len(payload)))
	in = frame.AppendWindowUpdate(in, 0, uint32(len(payload)))
	var out []byte
	noAllocs(t, "DATA both ways", func() {
		c.Receive(epoch, in)
		for ev := c.Next(); ev != nil; ev = c.Next() {
			if d, ok := ev.(*core.DataReceived); ok {
				c.Consume(id, len(d.Data))
			}
		}
		if _, err := c.Send(epoch, id, payload, false); err != nil {
			t.Fatal(err)
		}
		out = c.AppendOutput(out[:0])
	})
}
