package core_test

import (
	"bytes"
	"fmt"
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
	next := greet(t, c, p, request, request, request)
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
	next := greet(t, c, p, request, request, request)
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

// RepeatWhole is Repeat and Send, byte for byte, or nothing at all.
func TestRepeatWhole(t *testing.T) {
	with := func(more ...core.Field) []core.Field {
		return append(response[:len(response)-1:len(response)-1], more...)
	}
	open := response[:len(response)-1] // without content-length
	head := append([]core.Field{{Name: ":method", Value: "HEAD"}}, request[1:]...)
	small := core.Config{Limits: core.Limits{MaxOutput: 2000}}
	for _, c := range []struct {
		name    string
		cfg     core.Config
		request []core.Field
		sent    []core.Field
		window  uint32 // the peer's for each stream
		body    int
		waits   bool // another response is stuck half sent
		whole   bool // it goes at once
	}{
		{name: "small", sent: open, body: 14, whole: true},
		{name: "of the announced length", sent: response, body: len(body14), whole: true},
		{name: "of another length", sent: response, body: len(body14) + 1},
		{name: "nothing", sent: open, body: 0},
		{name: "a frame", sent: open, body: 16384, whole: true},
		{name: "more than a frame", sent: open, body: 16385},
		{name: "all of the window", sent: open, window: 100, body: 100, whole: true},
		{name: "more than the window", sent: open, window: 100, body: 101},
		{name: "HEAD", request: head, sent: open, body: 14},
		{name: "without content", sent: []core.Field{{Name: ":status", Value: "204"}}, body: 14},
		{name: "with a priority", sent: with(core.Field{Name: "priority", Value: "u=1"}), body: 14},
		{name: "padded", cfg: core.Config{Padding: core.PadMax}, sent: open, body: 14},
		{name: "another one waits", sent: open, body: 14, waits: true, whole: true},
		{name: "no room", cfg: small, sent: open, body: 1990},
		{name: "just room", cfg: small, sent: open, body: 1900, whole: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.request == nil {
				c.request = request
			}
			var out, info [2]string
			for i := range out {
				conn := mustServer(t, c.cfg)
				p := newPeerBlocks()
				next := greet(t, conn, p, request, request, request)
				if c.window != 0 {
					conn.Receive(epoch, frame.AppendSettings(nil, []frame.Setting{{ID: frame.SettingInitialWindowSize, Value: c.window}}))
					for conn.Next() != nil {
					}
				}
				encoded := func() []byte { return bytes.Clone(p.encode(c.request)) }
				ids, _ := requests(t, conn, next, encoded(), encoded(), encoded())
				var block uint32
				send := func(id core.StreamID, body []byte) {
					if err := conn.Repeat(epoch, id, block, false); err != nil {
						t.Error(err)
					}
					n, err := conn.Send(epoch, id, body, true)
					out[i] += fmt.Sprintln(n, err)
				}
				conn.Headers(epoch, ids[0], c.sent, false) // may change the table
				conn.Headers(epoch, ids[1], c.sent, false)
				block = conn.LastSent()
				if block == 0 || !conn.CanRepeat(block) {
					t.Fatal("the response is not kept")
				}
				if c.waits {
					conn.Send(epoch, ids[0], make([]byte, 1<<20), true)
				}
				out[i] += fmt.Sprintf("%x", conn.AppendOutput(nil))
				if !c.waits {
					conn.Wrote(epoch, 1<<20)
				}
				body := make([]byte, c.body)
				switch {
				case i == 1:
					before := fmt.Sprint(conn.Info())
					whole := conn.RepeatWhole(epoch, ids[2], block, body)
					if whole != c.whole {
						t.Errorf("RepeatWhole: %v", whole)
					}
					if !whole {
						if after := fmt.Sprint(conn.Info()); after != before {
							t.Errorf("it made %s of %s", after, before)
						}
						send(ids[2], body)
						break
					}
					if conn.LastSent() != block {
						t.Error("the block has another number")
					}
					out[i] += fmt.Sprintln(len(body), error(nil))
				default:
					send(ids[2], body)
				}
				if err := conn.CheckBooks(); err != nil {
					t.Error(err)
				}
				if _, err := conn.Push(epoch, ids[2], request); err != nil { // the end moves behind it
					out[i] += err.Error()
				}
				stream, ok := conn.Stream(ids[2])
				info[i] = fmt.Sprint(conn.Info(), stream, ok)
				out[i] += fmt.Sprintf("%x", conn.AppendOutput(nil))
				if again := conn.RepeatWhole(epoch, ids[2], block, body); again {
					t.Error("it was sent twice")
				}
			}
			if out[1] != out[0] {
				t.Errorf("at once:\n%s\none after the other:\n%s", out[1], out[0])
			}
			if info[1] != info[0] {
				t.Errorf("at once: %s, one after the other: %s", info[1], info[0])
			}
		})
	}
	c := mustServer(t, core.Config{})
	if c.RepeatWhole(epoch, 1, 0, []byte("x")) || c.CanRepeat(0) {
		t.Error("on an idle stream, of no block")
	}
}

// A repeated request is what the request was.
func TestOpenRepeat(t *testing.T) {
	c := mustClient(t, core.Config{})
	c.Receive(epoch, frame.AppendSettings(nil, []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: 5}}))
	for c.Next() != nil {
	}
	post := append([]core.Field{{Name: ":method", Value: "POST"}}, request[1:]...)
	post = append(post, core.Field{Name: "content-length", Value: "3"})
	for range 3 { // the first two change the table (indexing.go)
		c.AppendOutput(nil)
		if _, err := c.Open(epoch, post, false); err != nil {
			t.Fatal(err)
		}
	}
	block := c.LastSent()
	if block == 0 {
		t.Fatal("the request is not kept")
	}
	want := c.AppendOutput(nil)
	if _, err := c.OpenRepeat(epoch, block, true); err != core.ErrBodyLength {
		t.Errorf("without the body that was announced: %v", err)
	}
	id, err := c.OpenRepeat(epoch, block, false)
	if id != 7 || err != nil || c.LastSent() != block {
		t.Errorf("stream %d, block %d: %v", id, c.LastSent(), err)
	}
	if got := c.AppendOutput(nil); !bytes.Equal(got[frame.HeaderLen:], want[frame.HeaderLen:]) {
		t.Errorf("repeated: %x, first: %x", got, want)
	}
	if n, err := c.Send(epoch, id, []byte("four"), true); n != 0 || err != core.ErrBodyLength {
		t.Errorf("more than was announced: %d, %v", n, err)
	}
	for _, unknown := range []uint32{0, block + 100} {
		if id, err := c.OpenRepeat(epoch, unknown, false); id != 0 || err != core.ErrNoBlock {
			t.Errorf("block %d: %v", unknown, err)
		}
	}
	if id, err := c.Open(epoch, request, true); id != 9 || err != nil {
		t.Errorf("another request: %d, %v", id, err)
	}
	if _, err := c.OpenRepeat(epoch, block, false); err != core.ErrStreamLimit {
		t.Errorf("one more than the server takes: %v", err)
	}
	if err := c.CheckBooks(); err != nil {
		t.Error(err)
	}

	s := mustServer(t, core.Config{})
	if _, err := s.OpenRepeat(epoch, block, false); err != core.ErrRole {
		t.Errorf("on a server: %v", err)
	}
}
