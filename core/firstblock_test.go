package core_test

import (
	"bytes"
	"testing"

	"weft/core"
	"weft/core/frame"

	"golang.org/x/net/http2/hpack"
)

// The first block of a server leaves the table alone, the second does not, and
// from the third on it is short. What must never be indexed says so each time.
func TestFirstBlockIsLiteral(t *testing.T) {
	c := mustServer(t, core.Config{})
	p := newPeerBlocks()
	next := core.StreamID(1)
	fields := []core.Field{
		{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/plain"}, {Name: "x-new", Value: "1"},
		{Name: "set-cookie", Value: "secret", Sensitive: true},
	}
	c.Receive(epoch, append([]byte(core.Preface), frame.AppendSettings(nil, nil)...))
	for c.Next() != nil {
	}
	c.AppendOutput(nil)

	dec := hpack.NewDecoder(4096, nil)
	var sizes []int
	for i := range 3 {
		c.Receive(epoch, frame.AppendHeaders(nil, next, p.encode(request), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1))
		for c.Next() != nil {
		}
		if err := c.Headers(epoch, next, fields, true); err != nil {
			t.Fatal(err)
		}
		next += 2
		block := c.AppendOutput(nil)[frame.HeaderLen:]
		sizes = append(sizes, len(block))
		if i == 0 {
			if got := block[1] & 0xf0; block[0] != 0x88 || got != 0 {
				t.Errorf("the first block begins with %x, want an indexed :status and a literal that is not indexed (RFC 7541 §6.2.2)", block[:2])
			}
			if c.LastSent() != 0 {
				t.Error("the first block is kept to be repeated; those that follow it are shorter")
			}
		}
		if !bytes.Contains(block, []byte{0x1f}) {
			t.Errorf("block %d has no field that is never indexed (RFC 7541 §6.2.3): %x", i, block)
		}
		got, err := dec.DecodeFull(block)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(fields) {
			t.Fatalf("block %d has %d fields, want %d", i, len(got), len(fields))
		}
		for k, f := range got {
			if f != hpack.HeaderField(fields[k]) {
				t.Errorf("block %d: %v, want %v", i, f, fields[k])
			}
		}
	}
	// A name's index takes a byte more where the prefix is shorter.
	if d := sizes[0] - sizes[1]; d < 0 || d > len(fields) || sizes[2] >= sizes[1] {
		t.Errorf("blocks of %v bytes, want the second about as long as the first and the third shorter", sizes)
	}
}
