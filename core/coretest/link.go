package coretest

import (
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
)

// A Link is one connection with a Peer at its other end, after the handshake,
// for tests in Go. Whatever comes out is validated and kept.
type Link struct {
	Conn *core.Conn
	Peer *Peer
	Now  time.Time

	Events []core.Event // everything reported, cloned
	Frames []Frame      // everything sent
	Closed *core.ConnClosed

	t     testing.TB
	check *Validator
}

// NewLink makes the connection and does the handshake.
func NewLink(t testing.TB, client bool, cfg core.Config) *Link {
	t.Helper()
	l := &Link{Peer: NewPeer(), Now: Epoch, t: t, check: NewValidator(client)}
	make := core.NewServer
	if client {
		make = core.NewClient
	}
	var err error
	if l.Conn, err = make(l.Now, cfg); err != nil {
		t.Fatal(err)
	}
	l.Drain()
	l.Receive(l.Peer.Handshake(!client))
	return l
}

// Receive hands over what the peer has made, and drains.
func (l *Link) Receive(p *Peer) {
	l.t.Helper()
	b := p.Bytes()
	l.check.Received(b)
	l.Conn.Receive(l.Now, b)
	l.Drain()
}

// Drain takes events and output until there are none.
func (l *Link) Drain() {
	l.t.Helper()
	for {
		n := len(l.Events)
		for ev := range l.Conn.Events {
			l.Events = append(l.Events, ev.Clone())
			if end, ok := ev.(*core.ConnClosed); ok {
				l.Closed = end.Clone().(*core.ConnClosed)
			}
		}
		out := l.Conn.AppendOutput(nil)
		list, err := l.check.Sent(out)
		l.Frames = append(l.Frames, list...)
		if err != nil {
			l.t.Fatalf("the output is wrong: %v", err)
		}
		if len(out) == 0 && len(l.Events) == n {
			return
		}
	}
}

// Advance lets time pass.
func (l *Link) Advance(d time.Duration) {
	l.t.Helper()
	l.Now = l.Now.Add(d)
	l.Conn.Advance(l.Now)
	l.Drain()
}

// Sent reports whether a frame of that type went out on the stream.
func (l *Link) Sent(t frame.Type, id core.StreamID) bool {
	for _, f := range l.Frames {
		if f.Text == "" && f.Type == t && f.Stream == id {
			return true
		}
	}
	return false
}
