//go:build unix && !linux

package raw

// AtLeast reports false: what a poller makes of SO_RCVLOWAT differs from system to
// system.
func (s *Sock) AtLeast(int) bool { return false }
