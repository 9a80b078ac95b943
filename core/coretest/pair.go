package coretest

import (
	"testing"
	"time"

	"weft/core"
)

// A Pair joins a client and a server of ours on virtual time, which jumps from
// deadline to deadline. What each of them sends is validated and passed on by
// Flow, or byte for byte by Move.
//
// Both use the same workspaces in turn, as the connections of a process do.
type Pair struct {
	Client, Server *End
	Now            time.Time

	spare []*core.Workspace
}

// An End is one end of a Pair.
type End struct {
	Conn *core.Conn
	// OnEvent sees every event while it is valid.
	OnEvent func(core.Event)
	// Closed is how the connection ended, once it has.
	Closed *core.ConnClosed

	pair  *Pair
	name  string
	t     testing.TB
	check *Validator
	wire  []byte // sent and not yet received by the other end
}

// NewPair makes both ends. Nothing has passed between them yet.
func NewPair(t testing.TB, client, server core.Config) *Pair {
	t.Helper()
	p := &Pair{Now: Epoch}
	c, err := core.NewClient(p.Now, client)
	if err != nil {
		t.Fatal(err)
	}
	s, err := core.NewServer(p.Now, server)
	if err != nil {
		t.Fatal(err)
	}
	p.Client = &End{pair: p, Conn: c, name: "client", t: t, check: NewValidator(true)}
	p.Server = &End{pair: p, Conn: s, name: "server", t: t, check: NewValidator(false)}
	p.Client.Drain()
	p.Server.Drain()
	return p
}

// Drain takes what an end has to report and to send.
func (e *End) Drain() {
	e.t.Helper()
	for {
		said := false
		for ev := range e.Conn.Events {
			said = true
			if c, ok := ev.(*core.ConnClosed); ok {
				e.Closed = c.Clone().(*core.ConnClosed)
			}
			if e.OnEvent != nil {
				e.OnEvent(ev)
			}
		}
		n := len(e.wire)
		e.wire = e.Conn.AppendOutput(e.wire)
		if _, err := e.check.Sent(e.wire[n:]); err != nil {
			e.t.Fatalf("the %s's output is wrong: %v", e.name, err)
		}
		if len(e.wire) == n && !said {
			break
		}
	}
	if w := e.Conn.SpareWorkspace(); w != nil {
		e.pair.spare = append(e.pair.spare, w)
	}
}

// receive is Conn.Receive.
func (e *End) receive(now time.Time, b []byte) {
	if e.Conn.WantsWorkspace() {
		w := new(core.Workspace)
		if n := len(e.pair.spare); n > 0 {
			w, e.pair.spare = e.pair.spare[n-1], e.pair.spare[:n-1]
		}
		e.Conn.UseWorkspace(w)
	}
	e.Conn.Receive(now, b)
}

// Waiting is how many bytes are on their way from this end.
func (e *End) Waiting() int { return len(e.wire) }

// Move lets up to n bytes from one end arrive at the other.
func (p *Pair) Move(from, to *End, n int) {
	from.t.Helper()
	b := from.wire[:min(n, len(from.wire))]
	if len(b) == 0 {
		return
	}
	from.wire = from.wire[len(b):]
	to.check.Received(b)
	to.receive(p.Now, b)
	to.Drain()
}

// Flow lets everything arrive, until nothing is on its way.
func (p *Pair) Flow() {
	p.Client.t.Helper()
	p.Client.Drain()
	p.Server.Drain()
	for len(p.Client.wire)+len(p.Server.wire) > 0 {
		p.Move(p.Client, p.Server, len(p.Client.wire))
		p.Move(p.Server, p.Client, len(p.Server.wire))
	}
}

// Next returns the next deadline of either end, or the zero Time.
func (p *Pair) Next() time.Time {
	c, _ := p.Client.Conn.NextDeadline()
	s, _ := p.Server.Conn.NextDeadline()
	if c.IsZero() || !s.IsZero() && s.Before(c) {
		return s
	}
	return c
}

// Jump moves time to the next deadline, if it is not behind end, and reports
// whether there was one.
func (p *Pair) Jump(end time.Time) bool {
	p.Client.t.Helper()
	at := p.Next()
	if at.IsZero() || at.After(end) {
		return false
	}
	p.Advance(at)
	return true
}

// Advance moves time.
func (p *Pair) Advance(to time.Time) {
	p.Client.t.Helper()
	p.Now = to
	p.Client.Conn.Advance(to)
	p.Server.Conn.Advance(to)
	p.Client.Drain()
	p.Server.Drain()
}

// Run lets bytes flow and time jump until end.
func (p *Pair) Run(end time.Time) {
	p.Client.t.Helper()
	for p.Flow(); p.Jump(end); p.Flow() {
	}
	p.Advance(end)
	p.Flow()
}
