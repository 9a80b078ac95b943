package events

import "weft/internal/spare"

// What a session needs for a request, and its core for parsing one, is lent to it
// from turn to turn, and to others in between, as long as it has made no second
// one: of thousands of connections most may never make it.

// lists are what goes with a core.Workspace, for servers.
type lists struct {
	fields []Field // Session.fields
	// The last response sent by whoever had it, which many share.
	sent   Headers
	date   string
	dateAt int64
}

// borrowWork comes before input.
func (s *Session) borrowWork() {
	w := spare.Workspace()
	s.conn.UseWorkspace(w)
	l, ok := w.Attached.(*lists)
	if !ok || s.server == nil || s.sent.list != nil {
		return
	}
	s.fields, l.fields = l.fields, nil
	s.sent, s.date, s.dateAt = l.sent, l.date, l.dateAt
	s.sentBlock, s.unchecked, s.vetted = 0, true, false
}

// yieldWork comes after output was taken.
func (s *Session) yieldWork() {
	if s.inTurn {
		return // somebody may be looking at an event
	}
	w := s.conn.SpareWorkspace()
	if w == nil {
		return
	}
	if s.server != nil && len(s.alive) == 0 {
		l, ok := w.Attached.(*lists)
		if !ok {
			l = new(lists)
			w.Attached = l
		}
		if n := cap(s.fields); n > 0 && n <= keepFields {
			clear(s.fields[:cap(s.fields)])
			l.fields = s.fields[:0]
		}
		l.sent, l.date, l.dateAt = s.sent, s.date, s.dateAt
		s.fields = nil
	}
	spare.Put(w)
}
