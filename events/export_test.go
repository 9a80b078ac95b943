package events

import "net"

// CarrierOf returns the connection below a Duplex.
func CarrierOf(d *Duplex) net.Conn { return d.st.s.carrierConn() }

// Accounts returns what a session says that its streams keep, and what they
// keep: bytes written, bytes received, header lists, and how many they are.
func Accounts(s *Session) (said, counted [4]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.alive {
		counted[0] += st.out.len()
		counted[1] += st.extra().in.len()
		counted[2] += st.headMemory() + listMemory(st.extra().trailers)
		counted[3]++
	}
	return [4]int{s.keptOut, s.keptIn, s.keptHead, len(s.alive)}, counted
}

// StorageOf returns how much storage a Duplex keeps for what it receives.
func StorageOf(d *Duplex) int {
	d.st.s.mu.Lock()
	defer d.st.s.mu.Unlock()
	if in := d.st.extra().in; in != nil {
		return cap(in.b)
	}
	return 0
}

// Prompt has a session that a test drives run handlers of InGoroutine within its
// turns, as if many had returned in time.
func Prompt(s *Session) {
	s.mayWait()
	s.lock()
	defer s.mu.Unlock()
	s.engage().prompt = promptFor
}
