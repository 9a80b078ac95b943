package core

import "fmt"

// What the tests of this folder see of the inside.

// States and inputs of the transition table.
const (
	NumStates = numStates
	NumInputs = numInputs
)

// InputName names an input of the transition table.
func InputName(i int) string { return inputNames[i] }

// Cell describes a cell of the transition table.
func Cell(s State, i int) string {
	switch st := steps[s][i]; st.verdict {
	case legal:
		return "-> " + st.next.String()
	case ignored:
		return "dropped"
	case faulty:
		scope := "stream error"
		if st.fault.Conn() {
			scope = "connection error"
		}
		return fmt.Sprintf("%s %v, %v", scope, st.fault.Code(), st.fault)
	}
	return "not permitted"
}

// SkipTo makes id the next stream this side opens.
func (c *Conn) SkipTo(id StreamID) { c.nextID = id }

// CheckBooks compares every counter with the stream table it is about.
func (c *Conn) CheckBooks() error {
	var local, peer, lingering, reserved, wire, waiting int
	for s := c.streams.head; s != nil; s = s.allNext {
		if c.streams.find(s.id) != s {
			return fmt.Errorf("stream %d is in the list and not found", s.id)
		}
		switch {
		case !s.counted:
		case c.isOurs(s.id):
			local++
		default:
			peer++
			if s.state.closed() {
				lingering++
			}
		}
		if !s.state.closed() {
			wire++
		} else if !s.held && !s.report {
			return fmt.Errorf("stream %d is %v and kept for nothing", s.id, s.state)
		}
		if s.state == StateReservedRemote {
			reserved++
		}
		if s.waiting == waitsForTurn {
			waiting++
		}
		if s.state.peerMaySend() && s.recvWindow+s.unread+s.owed != s.recvSize {
			return fmt.Errorf("stream %d: window %d + unread %d + owed %d is not %d",
				s.id, s.recvWindow, s.unread, s.owed, s.recvSize)
		}
	}
	queued := 0
	if c.sched.levels != nil {
		for i := range c.sched.levels {
			for k := range c.sched.levels[i].lanes {
				queued += c.sched.levels[i].lanes[k].n
			}
		}
	}
	if c.inflow.window+c.inflow.owed != c.inflow.size {
		return fmt.Errorf("connection: window %d + owed %d is not %d", c.inflow.window, c.inflow.owed, c.inflow.size)
	}
	for _, k := range []struct {
		what      string
		got, want int
	}{
		{"openLocal", c.openLocal, local},
		{"openPeer", c.openPeer, peer},
		{"lingering", c.lingering, lingering},
		{"reserved", c.reserved, reserved},
		{"wireStreams", c.wireStreams, wire},
		{"streams by id", int(c.streams.size), c.countList()},
		{"queued", queued, waiting},
		{"remembered", len(c.closedIDs.ring), min(len(c.closedIDs.ring), c.cfg.MaxClosedStreams)},
	} {
		if k.got != k.want {
			return fmt.Errorf("%s is %d, the streams say %d", k.what, k.got, k.want)
		}
	}
	return nil
}

func (c *Conn) countList() (n int) {
	for s := c.streams.head; s != nil; s = s.allNext {
		n++
	}
	return n
}
