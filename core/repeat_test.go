package core_test

import (
	"bytes"
	"testing"

	"weft/core"
	"weft/core/frame"
)

// requests makes n requests and returns their streams, with the numbers of
// their header blocks.
func requests(t *testing.T, c *core.Conn, next core.StreamID, blocks ...[]byte) (ids []core.StreamID, numbers []uint32) {
	t.Helper()
	var in []byte
	for _, b := range blocks {
		in = frame.AppendHeaders(in, next, b, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
		next += 2
	}
	c.Receive(epoch, in)
	for ev := c.Next(); ev != nil; ev = c.Next() {
		h, ok := ev.(*core.HeadersReceived)
		if !ok {
			t.Fatal(ev)
		}
		ids, numbers = append(ids, h.Stream), append(numbers, c.LastReceived())
	}
	return ids, numbers
}

// A repeated response is what the response was.
func TestRepeat(t *testing.T) {
	c := mustServer(t, core.Config{})
	p := newPeerBlocks()
	next := greet(t, c, p, request, request)
	again := bytes.Clone(p.encode(request))
	ids, _ := requests(t, c, next, again, again, again, again)

	if err := c.Headers(epoch, ids[0], response, false); err != nil {
		t.Fatal(err)
	}
	block := c.LastSent()
	if block == 0 {
		t.Fatal("the response is not kept")
	}
	want := c.AppendOutput(nil)
	if err := c.Repeat(epoch, ids[1], block, false); err != nil {
		t.Fatal(err)
	}
	if c.LastSent() != block {
		t.Errorf("it is block %d now, was %d", c.LastSent(), block)
	}
	got := c.AppendOutput(nil)
	if !bytes.Equal(got[frame.HeaderLen:], want[frame.HeaderLen:]) {
		t.Errorf("repeated: %x, first: %x", got, want)
	}

	// Where Headers would be an error, so is Repeat; then nothing is sent.
	if err := c.Repeat(epoch, ids[1], block, true); err != core.ErrNoBlock {
		t.Errorf("as trailers: %v", err)
	}
	if err := c.Repeat(epoch, ids[0]+100, block, true); err != core.ErrNoStream {
		t.Errorf("on an idle stream: %v", err)
	}
	for _, unknown := range []uint32{0, block + 100} {
		if err := c.Repeat(epoch, ids[2], unknown, false); err != core.ErrNoBlock {
			t.Errorf("block %d: %v", unknown, err)
		}
	}

	// A block that changes the table ends what was encoded before.
	fresh := append(response[:len(response):len(response)], core.Field{Name: "x-new", Value: "1"})
	if err := c.Headers(epoch, ids[2], fresh, false); err != nil {
		t.Fatal(err)
	}
	if c.LastSent() != 0 {
		t.Errorf("a block that changed the table is block %d", c.LastSent())
	}
	at := c.OutputPending()
	if err := c.Repeat(epoch, ids[3], block, false); err != core.ErrNoBlock || c.OutputPending() != at {
		t.Errorf("after a change of the table: %v", err)
	}
}

// A header block has the number of those that are the same, and of no other.
func TestLastReceived(t *testing.T) {
	c := mustServer(t, core.Config{})
	p := newPeerBlocks()
	other := append(request[:len(request):len(request)], core.Field{Name: "accept-encoding", Value: "gzip, deflate"})
	next := greet(t, c, p, request, request)
	a, b := bytes.Clone(p.encode(request)), bytes.Clone(p.encode(other))
	change := append(request[:len(request):len(request)], core.Field{Name: "x-new", Value: "1"})
	_, n := requests(t, c, next, a, a, b, a, b, bytes.Clone(p.encode(change)), bytes.Clone(p.encode(request)))
	if n[0] == 0 || n[1] != n[0] || n[3] != n[0] {
		t.Errorf("the same block: %v", n)
	}
	if n[2] == 0 || n[2] == n[0] || n[4] != n[2] {
		t.Errorf("another block: %v", n)
	}
	if n[5] != 0 {
		t.Errorf("a block that changed the table is block %d", n[5])
	}
	if n[6] == 0 || n[6] == n[0] {
		t.Errorf("after a change of the table: %v", n)
	}
}
