package events

import "weft/internal/warm"

// Warm is part of transport.Warmer. It is for sessions of servers.
func (s *Session) Warm(step int) {
	switch {
	case s.server == nil:
	case step == 0:
		warm.Up(s.server) // which s is within
	case step == 1:
		warm.Up(s.conn)
	case s.mu.TryLock():
		s.conn.Warm(step - 2)
		s.mu.Unlock()
	}
}
