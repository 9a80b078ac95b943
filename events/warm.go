package events

import "weft/internal/warm"

// Warm is part of transport.Warmer.
func (s *Session) Warm(step int) {
	switch {
	case step > 0:
		s.conn.Warm(step - 1)
	case s.server != nil:
		warm.Up(s.server) // which s is within
	}
}
