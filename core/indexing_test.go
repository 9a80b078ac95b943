package core_test

import (
	"bytes"
	"testing"

	"weft/core"
	"weft/core/frame"
)

// representation is how a field of a block is written (RFC 7541 §6).
type representation byte

const (
	indexed  representation = 'i'
	inserted representation = '+'
	literal  representation = '-'
	never    representation = '!'
)

// lastOf tells how the last field of the block that c has just sent is written.
// Its strings are shorter than 127 bytes.
func lastOf(c *core.Conn) (kind representation) {
	out := bytes.TrimPrefix(c.AppendOutput(nil), []byte(core.Preface))
	for len(out) > 0 {
		h := frame.ParseHeader(out)
		block := out[frame.HeaderLen:][:h.Length]
		out = out[frame.HeaderLen+int(h.Length):]
		for h.Type == frame.TypeHeaders && len(block) > 0 {
			b, prefix := block[0], byte(1<<4-1)
			block = block[1:]
			switch {
			case b&0x80 != 0:
				kind = indexed
				continue
			case b&0x40 != 0:
				kind, prefix = inserted, 1<<6-1
			case b&0x10 != 0:
				kind = never
			default:
				kind = literal
			}
			if b&prefix == prefix { // the index goes on
				block = block[1:]
			}
			if b&prefix == 0 { // a name
				block = block[1+block[0]&0x7f:]
			}
			block = block[1+block[0]&0x7f:]
		}
	}
	return kind
}

// A field that tends to change goes into the table when its value comes back.
func TestFickleFields(t *testing.T) {
	path := func(p string) []core.Field {
		return []core.Field{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "weft.test"}, {Name: ":path", Value: p}}
	}
	with := func(name, value string) []core.Field {
		return append(path("/"), core.Field{Name: name, Value: value})
	}
	const cookie = "session=0123456789abcdef"

	c := mustClient(t, core.Config{})
	for i, r := range []struct {
		fields []core.Field
		want   representation
	}{
		{path("/"), indexed}, // the static table has it
		{path("/index.html"), indexed},
		{path("/a"), literal},
		{path("/b"), literal},
		{path("/a"), inserted},
		{path("/a"), indexed},
		{path("/b"), inserted},
		{path("/a"), indexed},
		{with("cookie", cookie+"0"), literal},
		{with("cookie", cookie+"1"), literal},
		{with("cookie", cookie+"0"), inserted},
		{with("cookie", "short=1"), never}, // RFC 7541 §7.1.3
		{with("cookie", "short=1"), never},
		{with("range", "bytes=0-"), literal},
		{with("accept", "text/html"), inserted},
		{with("accept", "text/css"), inserted},
	} {
		if _, err := c.Open(epoch, r.fields, true); err != nil {
			t.Fatal(err)
		}
		if got := lastOf(c); got != r.want {
			t.Errorf("%d, %v: %c, want %c", i, r.fields[len(r.fields)-1], got, r.want)
		}
	}

	// A connection that has come to rest has forgotten, and starts again.
	in := frame.AppendSettings(nil, nil)
	for id := core.StreamID(1); id < 33; id += 2 {
		in = frame.AppendRSTStream(in, id, core.NoError)
	}
	c.Receive(epoch, in)
	for range c.Events {
	}
	for !c.Resting() {
		at, _ := c.NextDeadline()
		if at.IsZero() {
			t.Fatal("it never rests")
		}
		c.Advance(at)
		for range c.Events {
		}
	}
	if _, err := c.Open(epoch, with("range", "bytes=0-"), true); err != nil {
		t.Fatal(err)
	}
	if got := lastOf(c); got != literal {
		t.Errorf("after a rest: %c", got)
	}
}

// Values that never come back leave the table to those that do: with a small
// one, a thousand requests with paths of their own still find the rest there.
func TestFickleFieldsPushNothingOut(t *testing.T) {
	c := mustClient(t, core.Config{})
	size := 0
	for i := range 1000 {
		fields := browserRequest(i)
		id, err := c.Open(epoch, fields, true)
		if err == core.ErrStreamLimit {
			t.Fatal(i, id)
		}
		size = len(c.AppendOutput(nil))
		c.Receive(epoch, frame.AppendRSTStream(nil, id, core.NoError))
		for range c.Events {
		}
	}
	// Two literals, and ten fields of a byte.
	if most := frame.HeaderLen + 10 + len("/articles/101000?page=2") + len("session=3f1b2c77a9d04; visit=501000") + 8; size > most {
		t.Errorf("the last request took %d bytes, want at most %d", size, most)
	}
}
