package events

import "weft/core"

// What things count for against MaxSessionMemory, in bytes.
const (
	streamMemory  = 640 // its objects here and in the core
	controlMemory = 64  // an unanswered PING, unacknowledged SETTINGS
)

// memory is how much the session uses, as far as a peer can make it grow.
func (s *Session) memory() int {
	return s.keptOut + s.keptIn + s.live*streamMemory + len(s.pings)*controlMemory + s.conn.OutputPending()
}

// short reports whether a new stream of the peer's is to be refused because the
// session uses more memory than it may. A peer that goes on is cut off.
func (s *Session) short(id StreamID) bool {
	if s.memory() <= s.maxMemory {
		return false
	}
	s.conn.Reset(s.time(), id, core.EnhanceYourCalm)
	s.touched = true
	if s.rejected++; s.rejected > s.maxRejected {
		s.destroy(ErrTooManyRejected, core.EnhanceYourCalm)
	}
	return true
}
