package fuzz

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"weft/core"
)

// A pair is a client and a server of ours, joined by a wire that carries what
// it is told to, when it is told to.
type pair struct {
	t      testing.TB
	now    *time.Time
	client *side
	server *side
	early  bool // shuts down before everything is done
}

// A side is an end and what is on its way to the other one.
type side struct {
	*end
	other *side
	wire  []byte

	// What this side said of streams that ended before their time, so that the
	// other can be asked whether it was told something else.
	said map[core.StreamID][]core.ErrCode
}

func newPair(t testing.TB, now *time.Time, bits uint64) *pair {
	c := chooser(bits)
	p := &pair{t: t, now: now, early: c.bool()}
	p.client = newSide(t, now, true, &c)
	p.server = newSide(t, now, false, &c)
	p.client.other, p.server.other = p.server, p.client
	return p
}

func newSide(t testing.TB, now *time.Time, client bool, c *chooser) *side {
	behaviour := c.next(8)
	cfg := config(uint64(c.next(1<<30)), client, true)
	s := &side{end: newEnd(t, now, client, cfg), said: make(map[core.StreamID][]core.ErrCode)}
	s.greedy, s.writes, s.answers = behaviour&1 != 0, behaviour&2 != 0, behaviour&4 != 0
	s.onOutput = func(b []byte) { s.wire = append(s.wire, b...) }
	s.onReset = s.judge
	s.onClosed = func(ev *core.ConnClosed) {
		if !ev.ByPeer && ev.Fault != core.FaultNone && !s.mayBlame(ev.Fault) {
			s.fatalf("%v accuses the other side", ev)
		}
	}
	return s
}

// What happens to a pair. A byte of the script picks one by its value modulo
// the length of turns.
const (
	turnClient  = iota // the client's application does something
	turnServer         // the server's does
	turnUp             // some bytes travel to the server
	turnDown           // some bytes travel to the client
	turnAll            // all that is on the wire travels
	turnTime           // time goes by
	turnTake           // output is put on the wire
	turnSettle         // all travels until nothing is left
	turnNextUp         // the client goes on with a stream
	turnNextOut        // the server does
)

var turns = [...]int{
	turnClient, turnServer, turnUp, turnDown, turnAll, turnTime, turnTake, turnSettle, turnNextUp, turnNextOut,
	turnClient, turnServer, turnUp, turnDown, turnNextUp, turnNextOut,
}

func (p *pair) run(script []byte) {
	t := tape{script}
	for n := 0; !t.done() && n < maxRounds && !p.t.Failed(); n++ {
		p.turn(&t)
	}
	if p.t.Failed() {
		return
	}
	p.settle()
	p.compare()
	p.finish()
}

func (p *pair) turn(t *tape) {
	switch turns[t.below(len(turns))] {
	case turnClient:
		p.client.act(t, true)
	case turnServer:
		p.server.act(t, true)
	case turnUp:
		p.client.carry(t.size())
	case turnDown:
		p.server.carry(t.size())
	case turnAll:
		p.both(func(s *side) { s.take(); s.carry(len(s.wire)) })
	case turnTime:
		pass(t, p.now)
		p.both(func(s *side) { s.advance() })
	case turnTake:
		p.both(func(s *side) { s.take() })
	case turnSettle:
		p.settle()
		p.compare()
	case turnNextUp:
		if s := p.client.some(t); s != nil {
			p.client.next(s, t)
		}
	case turnNextOut:
		if s := p.server.some(t); s != nil {
			p.server.next(s, t)
		}
	}
	p.both(func(s *side) { s.drain() })
}

func (p *pair) both(f func(s *side)) {
	f(p.client)
	f(p.server)
}

// carry brings n of the bytes on the wire to the other side, unless it asks for
// a pause.
func (s *side) carry(n int) {
	n = min(n, len(s.wire))
	if n == 0 || s.other.c.ReadPaused() {
		return
	}
	b := bytes.Clone(s.wire[:n])
	s.wire = s.wire[n:]
	s.wrote(n)
	s.other.receive(b)
	clear(b)
	s.drain()
}

// settle lets everything travel until there is nothing left to say.
func (p *pair) settle() {
	for n := 0; !p.t.Failed(); n++ {
		p.both(func(s *side) { s.flushed() })
		if len(p.client.wire)+len(p.server.wire) == 0 {
			break
		}
		p.both(func(s *side) { s.carry(len(s.wire)) })
		if n > 10000 {
			p.t.Fatal("they talk for ever")
		}
	}
	// Who is done closes the transport.
	p.both(func(s *side) {
		if s.over && !s.other.gotEOF {
			s.other.eof()
		}
	})
	p.both(func(s *side) { s.flushed() })
}

// flushed puts all output on the wire. What was put there is written.
func (s *side) flushed() {
	s.take()
	s.wrote(s.unwritten)
	s.take()
}

// compare holds the two sides against each other when nothing is on its way.
func (p *pair) compare() {
	c, s := p.client, p.server
	if p.t.Failed() {
		return
	}
	p.both(func(s *side) {
		s.compareStreams()
		// Also of what was never reported.
		switch f := s.c.Info().LastFault; {
		case f == core.FaultNone, s.mayBlame(f):
		case f == core.FaultRefused && (s.everHeld || !s.client && s.sawEarly()):
		case f == core.FaultPushAuthority, f == core.FaultTooManyPushes:
		default:
			s.fatalf("%v accuses the other side", f)
		}
	})
	if c.over || s.over {
		return
	}
	ci, si := c.c.Info(), s.c.Info()
	if ci.SendWindow != si.RecvWindow || si.SendWindow != ci.RecvWindow {
		p.t.Fatalf("the connection's windows: %d up of %d, %d down of %d", ci.SendWindow, si.RecvWindow, si.SendWindow, ci.RecvWindow)
	}
	if got, want := c.c.PeerSettings(), s.c.LocalSettings(); got != want {
		p.t.Fatalf("the server's settings are\n%+v, to the client\n%+v", want, got)
	}
	if got, want := s.c.PeerSettings(), c.c.LocalSettings(); !sameSettings(got, want) {
		p.t.Fatalf("the client's settings are\n%+v, to the server\n%+v", want, got)
	}
	p.both(func(s *side) {
		if s.settings != 0 || len(s.pinged) != 0 {
			s.fatalf("%d sets of settings and %d PINGs are not answered", s.settings, len(s.pinged))
		}
	})
}

// sameSettings leaves out what means nothing from a client.
func sameSettings(a, b core.SettingsOf) bool {
	a.EnableConnectProtocol, b.EnableConnectProtocol = false, false
	return a == b
}

// compareStreams compares each stream this side opened with what the other side
// knows of it.
func (s *side) compareStreams() {
	o := s.other
	for id, m := range s.streams {
		if !m.ours {
			continue
		}
		n := o.streams[id]
		if n == nil {
			// Never reported: then it was refused, or left behind.
			if !m.closed() && !s.over && !o.over && !o.commanded {
				s.fatalf("stream %d is %v, and the other side knows nothing of it", id, m.state())
			}
			continue
		}
		if m.over || n.over {
			continue // its end was reported, or asked for
		}
		if m.accepted != n.arrived || n.accepted != m.arrived || m.sentEnd != n.gotEnd || n.sentEnd != m.gotEnd {
			s.fatalf("stream %d: %d bytes (end %v) sent, %d (%v) arrived; %d (%v) sent back, %d (%v) arrived",
				id, m.accepted, m.sentEnd, n.arrived, n.gotEnd, n.accepted, n.sentEnd, m.arrived, m.gotEnd)
		}
		if m.closed() || s.over || o.over {
			continue
		}
		a, aok := s.c.Stream(id)
		b, bok := o.c.Stream(id)
		if !aok || !bok || mirror(a.State) != b.State {
			s.fatalf("stream %d is %v here and %v there", id, a.State, b.State)
		}
		if a.SendWindow != b.RecvWindow || b.SendWindow != a.RecvWindow {
			s.fatalf("stream %d: windows %d of %d, and %d of %d", id, a.SendWindow, b.RecvWindow, b.SendWindow, a.RecvWindow)
		}
	}
}

func mirror(s core.State) core.State {
	switch s {
	case core.StateHalfClosedLocal:
		return core.StateHalfClosedRemote
	case core.StateHalfClosedRemote:
		return core.StateHalfClosedLocal
	case core.StateReservedLocal:
		return core.StateReservedRemote
	case core.StateReservedRemote:
		return core.StateReservedLocal
	}
	return s
}

// timeouts are what may end a stream or a connection when time goes by.
var timeouts = []core.Fault{
	core.FaultPrefaceTimeout, core.FaultHeaderBlockTimeout, core.FaultSettingsNotAcknowledged, core.FaultIdle,
	core.FaultBodyIdle, core.FaultStalled, core.FaultTooManyStalls, core.FaultWriteStalled, core.FaultPushTimeout,
	core.FaultShutdownTimeout, core.FaultKeepAlive,
}

// judge asks, of a stream that ended before its time, who wanted that.
func (s *side) judge(ev *core.StreamReset, m *model) {
	switch {
	case !ev.ByPeer:
		// This side ended it: because the application said so, or time did.
		// Anything else accuses the other one.
		if ev.Fault != core.FaultNone && !s.mayBlame(ev.Fault) {
			s.fatalf("%v accuses the other side", ev)
		}
		s.said[ev.Stream] = append(s.said[ev.Stream], ev.Code)
	case ev.Fault == core.FaultGoneAway, ev.Fault == core.FaultEOF, ev.Fault == core.FaultTruncated:
		if !s.other.commanded && !s.other.over && !s.other.shut() {
			s.fatalf("%v, but the other side has not gone away", ev)
		}
	case slices.Contains(s.other.said[ev.Stream], ev.Code):
	case s.other.resetWith(ev.Stream, ev.Code):
	case ev.Code == core.RefusedStream && (m.early || s.other.everHeld) && ev.Unprocessed:
	case m.push && ev.Code == core.RefusedStream && s.other.overflow:
	case m.push && ev.Code == core.Cancel && s.other.streams[m.parent].closed(): // nobody wants it any more
	case m.push && ev.Code == core.ProtocolError && s.streams[m.parent].connect: // another authority, perhaps
	default:
		s.fatalf("%v, which the other side did not say", ev)
	}
}

// resetWith reports whether the application reset a stream with that code.
func (s *side) resetWith(id core.StreamID, code core.ErrCode) bool {
	m := s.streams[id]
	return m != nil && m.reset && m.code == code
}

// shut reports whether this side began to shut down by itself.
func (s *side) shut() bool { return s.c.Info().GoingAway }

// sawEarly reports whether the other side opened streams before it could know
// how many it may.
func (s *side) sawEarly() bool {
	for _, m := range s.other.streams {
		if m.early {
			return true
		}
	}
	return false
}

// mayBlame reports whether a side may end something for this reason.
func (s *side) mayBlame(f core.Fault) bool {
	return slices.Contains(timeouts, f) && s.now.After(dawn)
}

// finish ends everything in good order: every message is completed or given up,
// and both sides shut down, before that or after. Nothing may stand in the way of that.
func (p *pair) finish() {
	if p.t.Failed() {
		return
	}
	if p.early {
		p.both(func(s *side) { s.shutdown(); s.drain() })
		p.settle()
	}
	p.both(func(s *side) {
		if s.over {
			return
		}
		for _, m := range slices.Clone(s.order) {
			if m.held {
				s.release(m)
			}
			if m.closed() {
				continue
			}
			s.consume(m, int(m.arrived-m.consumed))
			switch {
			case m.sentEnd:
			case !m.sentFinal && !s.client && !m.connect:
				s.headers(m, responses[0], true)
			case m.maySend() && m.sentLength <= 0:
				s.send(m, 0, true)
			}
			if !m.sentEnd && !m.closed() {
				s.resetStream(m, core.Cancel)
			}
		}
		s.drain()
	})
	p.settle()
	p.compare()
	p.both(func(s *side) { s.shutdown(); s.drain() })
	p.settle()
	if p.t.Failed() {
		return
	}
	p.both(func(s *side) {
		switch {
		case !s.over:
			s.fatalf("shut down and idle, but not closed: %+v", s.c.Info())
		case s.closing.ByPeer:
		case s.closing.Fault != core.FaultNone && !s.mayBlame(s.closing.Fault):
			s.fatalf("%v accuses the other side", s.closing)
		}
		var kind *core.ConfigError
		if _, err := s.c.Open(*s.now, requests[0], true); !errors.Is(err, core.ErrClosed) || errors.As(err, &kind) {
			s.fatalf("Open on a closed connection: %v", err)
		}
	})
}

func FuzzPair(f *testing.F) {
	for _, s := range pairSeeds() {
		f.Add(s.bits, s.script)
	}
	f.Fuzz(func(t *testing.T, bits uint64, script []byte) {
		now := dawn
		newPair(t, &now, bits).run(script)
	})
}
