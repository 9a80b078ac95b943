package events

import "weft/core"

// What things count for against MaxSessionMemory, in bytes.
const (
	streamMemory  = 640 // its objects here and in the core
	fieldMemory   = 40  // of a header list, besides its name and value
	controlMemory = 64  // an unanswered PING, unacknowledged SETTINGS
)

// memory is how much the session uses, as far as a peer can make it grow.
func (s *Session) memory() int {
	return s.keptOut + s.keptIn + s.keptHead + len(s.alive)*streamMemory + s.tables() +
		(s.pingsOut()+s.conn.PendingSettings())*controlMemory + s.conn.OutputPending()
}

// tables is what the header tables may use. One for which the application wants
// more than there is counts as half of that.
func (s *Session) tables() int {
	encoder, decoder := s.conn.TableLimits()
	return min(int(encoder)+int(decoder), s.maxMemory/2)
}

// short reports whether a new stream of the peer's is to be refused because the
// session uses more memory than it may. A peer that goes on is cut off.
func (s *Session) short(id StreamID) bool {
	if s.memory() <= s.maxMemory {
		return false
	}
	s.conn.Reset(s.time(), id, core.EnhanceYourCalm)
	s.touched = true
	if s.rejected++; s.rejected > s.opts.MaxSessionRejectedStreams.Or(defaultRejected) {
		s.destroy(ErrTooManyRejected, core.EnhanceYourCalm)
	}
	return true
}

// headMemory is what the request takes that the peer has made the stream keep.
// A request that is over within its turn costs nothing: it never joins the
// others.
func (st *Stream) headMemory() int {
	switch {
	case st.client() != nil:
		return listMemory(st.client().request)
	case !st.is(isPush):
		return listMemory(st.server().Headers())
	}
	return 0
}

func listMemory(h Headers) (n int) {
	for i := range h.list {
		n += fieldMemory + len(h.list[i].Name) + len(h.list[i].Value)
	}
	return n
}
