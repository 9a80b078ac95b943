package coretest

import (
	"fmt"
	"strings"
	"time"

	"weft/core"
)

// Epoch is when virtual time begins.
var Epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// session is the connection a script talks to, with its peer.
type session struct {
	conn   *core.Conn
	peer   *Peer
	check  *Validator
	client bool
	now    time.Time
	bodies map[core.StreamID]*body
	over   bool // ConnClosed was reported, and what was left has gone out

	cut func(n int) int // how many of n bytes come at once; nil: all

	lines []string // what the stanza printed
}

// longest is how much of a line is kept.
const longest = 200

func (s *session) print(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n := len(text); n > longest {
		text = fmt.Sprintf("%s... (%d bytes)", text[:longest-40], n)
	}
	s.lines = append(s.lines, text)
}

// stanza runs one stanza. The error says that the script itself is wrong, or
// that the connection sent what it may not.
func (s *session) stanza(st *stanza) error {
	s.lines = nil
	if err := s.run(st); err != nil {
		return err
	}
	if st.tally {
		s.lines = tally(s.lines)
	}
	return nil
}

func (s *session) run(st *stanza) error {
	head, err := newLine(st.head, 0)
	if err != nil {
		return err
	}
	switch head.verb {
	case "server", "client":
		return s.begin(head)
	}
	if s.conn == nil {
		return fmt.Errorf("the script does not begin with server or client")
	}
	switch head.verb {
	case "peer":
		return s.receive(st)
	case "do":
		for turn := range st.times {
			for _, text := range st.body {
				l, err := newLine(text, st.turn(turn))
				if err == nil {
					err = s.do(l)
				}
				if err != nil {
					return err
				}
			}
		}
		return s.drain()
	case "advance":
		d, err := time.ParseDuration(head.take("how long"))
		if err != nil {
			return err
		}
		return s.advance(d)
	default:
		if err := s.getter(head); err != nil {
			return err
		}
		if len(s.lines) == 0 {
			return fmt.Errorf("%s: no such stanza", head.verb)
		}
		return nil
	}
}

// begin makes the connection. "ready" does the handshake and prints none of
// it.
func (s *session) begin(l *line) error {
	s.client = l.verb == "client"
	ready := l.flag("ready")
	cfg := l.config()
	if err := l.done(); err != nil {
		return err
	}
	s.now = Epoch
	make, cut := core.NewServer, s.cut
	if s.client {
		make = core.NewClient
	}
	conn, err := make(s.now, cfg)
	if err != nil {
		s.print("error: %v", err)
		return nil
	}
	*s = session{
		conn: conn, peer: NewPeer(), check: NewValidator(s.client), client: s.client,
		now: s.now, bodies: map[core.StreamID]*body{}, cut: cut,
	}
	if err := s.drain(); err != nil || !ready {
		return err
	}
	s.feed(s.peer.Handshake(!s.client).Bytes())
	err = s.drain()
	s.lines = nil
	return err
}

func (s *session) receive(st *stanza) error {
	for turn := range st.times {
		for _, text := range st.body {
			if text == "eof" {
				if err := s.arrive(); err != nil {
					return err
				}
				s.conn.ReceiveEOF(s.now)
				continue
			}
			l, err := newLine(text, st.turn(turn))
			if err == nil {
				err = s.peer.line(l)
			}
			if err != nil {
				return err
			}
		}
	}
	if err := s.arrive(); err != nil {
		return err
	}
	return s.drain()
}

// arrive lets the connection have what the peer has made, whole or in pieces.
// Between the pieces it is drained, as it would be in a loop.
func (s *session) arrive() error {
	p := s.peer.Bytes()
	s.check.Received(p)
	for len(p) > 0 {
		n := len(p)
		if s.cut != nil {
			n = s.cut(n)
		}
		s.conn.Receive(s.now, p[:n:n])
		if err := s.drain(); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

func (s *session) feed(p []byte) {
	s.check.Received(p)
	s.conn.Receive(s.now, p)
}

// drain takes events and output until there are none.
func (s *session) drain() error {
	for {
		said := false
		for ev := range s.conn.Events {
			said = true
			s.print("%v", ev)
			if w, ok := ev.(*core.Writable); ok {
				if err := s.sendBody(w.Stream); err != nil {
					s.print("error: %v", err)
				}
			}
		}
		out := s.conn.AppendOutput(nil)
		if len(out) > 0 && s.over {
			return fmt.Errorf("output behind the end: %x", out)
		}
		frames, err := s.check.Sent(out)
		for _, f := range frames {
			s.print("out %v", f)
		}
		if err != nil {
			return fmt.Errorf("the output is wrong: %w", err)
		}
		if len(out) == 0 && !said {
			s.over = s.conn.Closed()
			return nil
		}
	}
}

// advance lets time pass, stopping at every deadline on the way.
func (s *session) advance(d time.Duration) error {
	end := s.now.Add(d)
	for {
		at, why := s.conn.NextDeadline()
		if why == core.TimerNone || at.After(end) {
			break
		}
		s.now = at
		s.conn.Advance(at)
		if err := s.drain(); err != nil {
			return err
		}
	}
	s.now = end
	s.conn.Advance(end)
	return s.drain()
}

// tally counts lines that differ in their stream only.
func tally(lines []string) []string {
	var order []string
	count := map[string]int{}
	for _, text := range lines {
		w := strings.Fields(text)
		at := 1
		if w[0] == "out" {
			at = 2
		}
		if at < len(w) && w[0] != "StreamsAllowed" && strings.Trim(w[at], "0123456789") == "" {
			w[at] = "*"
		}
		key := strings.Join(w, " ")
		if count[key] == 0 {
			order = append(order, key)
		}
		count[key]++
	}
	for i, key := range order {
		if n := count[key]; n > 1 {
			order[i] = fmt.Sprintf("%s x%d", key, n)
		}
	}
	return order
}
