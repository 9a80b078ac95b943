package fuzz

import (
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
)

// What happens between a connection and its peer. A byte of the script picks
// one of these by its value modulo the length of rounds.
const (
	roundFeed  = iota // some of what the peer wrote arrives
	roundPeer         // the peer writes a frame
	roundAct          // the application does something
	roundRaw          // the peer writes some of the raw bytes
	roundTime         // time goes by
	roundTake         // the output is taken
	roundWrote        // some of it is written
	roundEOF          // input ends
)

var rounds = [...]int{
	roundFeed, roundPeer, roundAct, roundRaw, roundTime, roundTake, roundWrote, roundEOF,
	roundPeer, roundPeer, roundPeer, roundAct, roundAct, roundTake, roundPeer, roundAct,
}

// single runs one end of a connection against a peer that may do anything.
type single struct {
	e    *end
	p    *peer
	wire tape // raw bytes, after whatever the peer wrote
	lazy bool // output is only taken when the script says so
}

// Bounds on one run, so that a long input is a thorough test and not a slow one.
const (
	maxRounds = 400
	maxWire   = 1 << 19
)

func newSingle(t testing.TB, now *time.Time, client bool, bits uint64, wire []byte) *single {
	c := chooser(bits)
	hello, behaviour := c.next(4), c.next(16)
	s := &single{p: newPeer(!client), wire: tape{wire}}
	s.e = newEnd(t, now, client, config(uint64(c), client, false))
	s.e.sent.verify = false // the peer sends zeros
	s.e.greedy = behaviour&1 != 0
	s.e.writes = behaviour&2 != 0
	s.e.answers = behaviour&4 != 0
	s.lazy = behaviour&8 != 0
	switch hello {
	case 0:
		s.p.hello()
	case 1:
		s.p.hello(frame.Setting{ID: core.SettingInitialWindowSize, Value: 1 << 20}, frame.Setting{ID: core.SettingMaxConcurrentStreams, Value: 3})
	case 2:
		s.p.hello(frame.Setting{ID: core.SettingEnablePush, Value: 0}, frame.Setting{ID: core.SettingInitialWindowSize, Value: 0},
			frame.Setting{ID: core.SettingHeaderTableSize, Value: 0}, frame.Setting{ID: core.SettingMaxFrameSize, Value: 30000})
	}
	return s
}

func (s *single) run(script []byte) {
	t := tape{script}
	for n := 0; !t.done() && n < maxRounds && !s.e.t.Failed(); n++ {
		s.round(&t)
	}
	// The rest of the bytes, and the end.
	s.p.out = append(s.p.out, s.wire.take(maxWire)...)
	s.feed(len(s.p.out))
	s.e.flush()
	s.e.eof()
	s.e.flush()
	s.e.advance()
	if !s.e.over && !s.e.t.Failed() {
		s.e.fatalf("input has ended and all is written, but the connection goes on")
	}
}

func (s *single) round(t *tape) {
	e := s.e
	switch rounds[t.below(len(rounds))] {
	case roundFeed:
		s.feed(t.size())
	case roundPeer:
		if len(s.p.out) < maxWire {
			s.p.theirs = e.c.Info().NextStream
			s.p.step(t)
		}
		if t.byte()&3 != 0 {
			s.feed(len(s.p.out))
		}
	case roundAct:
		e.act(t, false)
		e.drain()
	case roundRaw:
		s.p.out = append(s.p.out, s.wire.take(t.below(64))...)
	case roundTime:
		pass(t, e.now)
		if t.bool() {
			e.advance()
		}
	case roundTake:
		e.take()
	case roundWrote:
		e.wrote(t.size())
	case roundEOF:
		if t.byte() == 0 {
			e.eof()
		}
	}
	if !s.lazy {
		e.take()
	}
}

// feed lets n of the bytes that the peer wrote arrive. A connection that asks
// for a pause gets it.
func (s *single) feed(n int) {
	if s.e.c.ReadPaused() {
		s.e.flush()
	}
	n = min(n, len(s.p.out))
	p := append([]byte(nil), s.p.out[:n]...)
	s.p.out = s.p.out[n:]
	s.e.receive(p)
	// What was lent is the lender's again.
	for i := range p {
		p[i] = 0xdb
	}
	s.e.drain()
}

func FuzzServer(f *testing.F) { fuzzSingle(f, false) }

func FuzzClient(f *testing.F) { fuzzSingle(f, true) }

func fuzzSingle(f *testing.F, client bool) {
	for _, s := range singleSeeds(client) {
		f.Add(s.bits, s.script, s.wire)
	}
	f.Fuzz(func(t *testing.T, bits uint64, script, wire []byte) {
		now := dawn
		newSingle(t, &now, client, bits, wire).run(script)
	})
}
