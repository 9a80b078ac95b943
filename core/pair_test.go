package core_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
)

// patient keeps every deadline away, so that only what the peer does can end
// anything.
var patient = core.Timeouts{
	Preface: core.Never, HeaderBlock: core.Never, SettingsAck: core.Never, Idle: core.Never, BodyIdle: core.Never,
	Stall: core.Never, Push: core.Never, Shutdown: core.Never,
}

// TestPairTalks is an exchange between two of ours, with a body larger than
// all windows, on virtual time.
func TestPairTalks(t *testing.T) {
	p := coretest.NewPair(t, core.Config{}, core.Config{})
	const size = 1 << 20
	left, got := size, 0
	send := func(id core.StreamID) {
		n, err := p.Server.Conn.Send(p.Now, id, make([]byte, left), true)
		if err != nil {
			t.Fatal(err)
		}
		left -= n
	}
	p.Server.OnEvent = func(ev core.Event) {
		switch ev := ev.(type) {
		case *core.HeadersReceived:
			p.Server.Conn.Headers(p.Now, ev.Stream, coretest.Response("200"), false)
			send(ev.Stream)
		case *core.Writable:
			send(ev.Stream)
		}
	}
	ended := false
	p.Client.OnEvent = func(ev core.Event) {
		if ev, ok := ev.(*core.DataReceived); ok {
			got += len(ev.Data)
			ended = ev.EndStream
			p.Client.Conn.Consume(ev.Stream, len(ev.Data))
		}
	}
	if _, err := p.Client.Conn.Open(p.Now, coretest.Request("GET", "/"), true); err != nil {
		t.Fatal(err)
	}
	p.Run(p.Now.Add(time.Second))
	if got != size || !ended {
		t.Errorf("got %d bytes, ended %v", got, ended)
	}
	p.Client.Conn.Shutdown(p.Now)
	p.Server.Conn.Shutdown(p.Now)
	p.Run(p.Now.Add(2 * time.Second))
	for _, e := range []*coretest.End{p.Client, p.Server} {
		if e.Closed == nil || e.Closed.Err() != nil {
			t.Errorf("closed: %v", e.Closed)
		}
	}
}

// TestPairDeadlinesJump: an idle pair does nothing until the server's idle
// deadline, and then ends in good order.
func TestPairDeadlinesJump(t *testing.T) {
	p := coretest.NewPair(t, core.Config{}, core.Config{})
	p.Flow()
	start, jumps := p.Now, 0
	for end := p.Now.Add(time.Hour); p.Jump(end); jumps++ {
		p.Flow()
	}
	if p.Server.Closed == nil || p.Server.Closed.Fault != core.FaultIdle || p.Server.Closed.Err() != nil {
		t.Errorf("server closed: %v", p.Server.Closed)
	}
	if took := p.Now.Sub(start); took != 120*time.Second {
		t.Errorf("ended after %v and %d jumps", took, jumps)
	}
}

// TestPairNeverAccuses: two of ours, told anything in any order and joined by a
// wire that delivers in any pieces, never find a fault in each other; every
// counter agrees with the streams it counts; output stays under its bound; and
// what was accepted arrives, in order.
func TestPairNeverAccuses(t *testing.T) {
	seeds, steps := 150, 300
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, rand.New(rand.NewPCG(uint64(seed), 1)))
			for range steps {
				w.step()
			}
			w.settle()
		})
	}
}
