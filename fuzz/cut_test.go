package fuzz

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weft/core"
	"weft/core/frame"
)

// An answering end answers at once to whatever is reported, so that what it
// says depends on nothing but the events.
type answering struct {
	t      *testing.T
	c      *core.Conn
	events []string
	output []byte
}

// receive hands over a piece of the input and answers. Output is only taken
// when reading has to pause, or at the end: what is waiting must not depend on
// the pieces.
func (a *answering) receive(p []byte) {
	lent := bytes.Clone(p)
	a.c.Receive(dawn, lent)
	a.drain()
	clear(lent)
}

func (a *answering) drain() {
	for {
		for ev := a.c.Next(); ev != nil; ev = a.c.Next() {
			a.events = append(a.events, ev.String())
			a.answer(ev)
		}
		if !a.c.ReadPaused() {
			return
		}
		a.take()
	}
}

func (a *answering) take() {
	n := len(a.output)
	a.output = a.c.AppendOutput(a.output)
	a.c.Wrote(dawn, len(a.output)-n)
}

func (a *answering) answer(ev core.Event) {
	switch ev := ev.(type) {
	case *core.HeadersReceived:
		if ev.Kind == core.KindRequest {
			a.reply(ev.Stream)
		}
	case *core.DataReceived:
		a.c.Consume(ev.Stream, len(ev.Data)) // an error where the stream is over
	case *core.PushPromiseReceived:
		if ev.Promised%4 == 0 {
			a.c.Reset(dawn, ev.Promised, core.Cancel)
		}
	}
}

// reply answers a request, in a way that its id picks. What can't be sent now is
// given up, since when it could be is not only up to the input's bytes.
func (a *answering) reply(id core.StreamID) {
	n := int(id / 2)
	a.c.Headers(dawn, id, responses[n%10], n%10 == 4)
	if body := n % 7 * 3; body > 0 {
		if sent, err := a.c.Send(dawn, id, make([]byte, body), true); err == nil && sent < body {
			a.c.Reset(dawn, id, core.InternalError)
		}
	}
}

func (a *answering) finish() {
	a.c.ReceiveEOF(dawn)
	a.drain()
	a.take()
	a.drain()
	a.take()
}

// answer feeds the pieces to a new connection.
func answerTo(t *testing.T, client bool, cfg core.Config, pieces [][]byte) *answering {
	make := core.NewServer
	if client {
		make = core.NewClient
	}
	c, err := make(dawn, cfg)
	if err != nil {
		t.Fatal(err)
	}
	a := &answering{t: t, c: c}
	if client { // something to be answered
		for i := range 4 {
			c.Open(dawn, requests[i], i < 2)
		}
	}
	for _, p := range pieces {
		a.receive(p)
	}
	a.finish()
	return a
}

// cutUp cuts the input where a tape says: the bytes are the pieces' lengths,
// again and again.
func cutUp(input, cuts []byte) (pieces [][]byte) {
	for i := 0; len(input) > 0; i++ {
		n := 1
		if len(cuts) > 0 {
			n = int(cuts[i%len(cuts)])
		}
		n = min(n, len(input)) // a piece may be empty
		pieces = append(pieces, input[:n])
		input = input[n:]
		if i > 1<<13 {
			return append(pieces, input)
		}
	}
	return pieces
}

// FuzzCut: the same bytes in any pieces give the same events and the same
// output as the whole.
func FuzzCut(f *testing.F) {
	cuts := [][]byte{{1}, {9}, {8, 1}, {100, 3}, {0, 255}, {10, 14}}
	for i, s := range slices.Concat(singleSeeds(false), singleSeeds(true)) {
		if i%16 == 0 || len(s.wire) > 0 {
			f.Add(s.bits, s.script, s.wire, cuts[i%len(cuts)])
		}
	}
	f.Fuzz(func(t *testing.T, bits uint64, script, wire, cuts []byte) {
		c := chooser(bits)
		client, hello := c.bool(), c.next(3) > 0
		cfg := config(uint64(c), client, false)
		p := newPeer(!client)
		if hello {
			p.hello(frame.Setting{ID: core.SettingMaxFrameSize, Value: 1 << 20})
		}
		program := tape{script}
		for !program.done() && len(p.out) < 1<<16 {
			p.step(&program)
		}
		input := append(p.out, wire...)
		whole := answerTo(t, client, cfg, [][]byte{input})
		for _, pieces := range [][][]byte{cutUp(input, cuts), cutUp(input, []byte{1})} {
			cut := answerTo(t, client, cfg, pieces)
			if diff := cmp.Diff(whole.events, cut.events); diff != "" {
				t.Errorf("%d pieces give other events (-whole +cut):\n%s", len(pieces), diff)
			}
			if !bytes.Equal(whole.output, cut.output) {
				t.Errorf("%d pieces give other output:\n%x\n%x", len(pieces), whole.output, cut.output)
			}
			if a, b := whole.c.Info(), cut.c.Info(); a != b {
				t.Errorf("%d pieces end in another state:\n%+v\n%+v", len(pieces), a, b)
			}
		}
	})
}
