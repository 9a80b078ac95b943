package events

import (
	"time"

	"weft/core"
	"weft/transport"
)

// The methods of this file are called by whoever drives the session:
// transport.Run, a mem.Link, or a loop of the user's own. They are not for
// applications.
var _ transport.Survivor = (*Session)(nil)

// What Done, ReadPaused and Due answer, published at the end of each turn and
// each call.
const (
	flagDone = 1 << iota
	flagPaused
	flagDue
	flagResting
	flagBlocks
)

// Receive is part of transport.Endpoint.
func (s *Session) Receive(now time.Time, p []byte) {
	if s.trace != nil {
		s.traceReceived(now, p)
	}
	s.beginTurn(now)
	if s.watcher != nil {
		s.watcher.received(len(p))
	}
	s.bytesRead += int64(len(p))
	s.active(now)
	if s.conn.WantsWorkspace() {
		s.borrowWork()
	}
	s.conn.Receive(now, p)
	s.mayLead = s.patient
	s.endTurn()
}

// ReceiveEOF is part of transport.Endpoint.
func (s *Session) ReceiveEOF(now time.Time, cause error) {
	s.beginTurn(now)
	if cause != nil && !s.mayCut(cause) {
		s.breakOff(cause)
	}
	s.conn.ReceiveEOF(now)
	for s.report() {
	}
	if !s.conn.Closed() { // the core still waits for room to parse the rest
		s.conn.Close(now, core.Cancel, nil)
	}
	s.driven = s.lasting
	s.endTurn()
}

// Advance is part of transport.Endpoint.
func (s *Session) Advance(now time.Time) {
	s.beginTurn(now)
	if !s.conn.Closed() {
		s.conn.Advance(now)
		s.fireTimeouts(now)
		if s.conn.Resting() {
			s.slim()
		}
	}
	s.endTurn()
}

// slim gives back what saves allocations while there are streams.
func (s *Session) slim() {
	if len(s.alive) > 0 || s.announcing != nil {
		return // streams that only the core has forgotten
	}
	s.fields, s.spares, s.alive = nil, nil, nil
	s.received, s.sent, s.given = Headers{}, Headers{}, Headers{}
	s.vetted = false
	s.receivedBlock, s.sentBlock = 0, 0
	s.date = ""
	if s.streams.Len() == 0 {
		s.streams = nil
	}
	if s.queue.empty() {
		s.queue = tasks{}
	}
	if len(s.held) == 0 {
		s.held = nil
	}
	if len(s.credits) == 0 {
		s.credits = nil
	}
	if c := s.crew; c != nil && len(c.jobs) == c.head {
		c.jobs, c.head = nil, 0
	}
	if s.server != nil {
		s.server.plain = nil
	}
}

// SwapOutput is part of transport.Endpoint.
func (s *Session) SwapOutput(spare []byte) []byte {
	s.lock()
	defer s.mu.Unlock()
	if s.watcher != nil {
		s.watcher.taken()
	}
	out := s.conn.SwapOutput(spare)
	if len(out) > 0 {
		if s.trace != nil {
			s.traceSent(s.time(), out)
		}
		s.publish()
	}
	s.yieldWork()
	return out
}

// Gather is part of transport.Gatherer. A trace wants its bytes in one run.
func (s *Session) Gather() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.trace != nil {
		return false
	}
	s.conn.TakePieces()
	return true
}

// SwapPieces is part of transport.Gatherer.
func (s *Session) SwapPieces(spare []byte) ([]byte, []core.Piece) {
	s.lock()
	defer s.mu.Unlock()
	if s.watcher != nil {
		s.watcher.taken()
	}
	out, pieces := s.conn.SwapPieces(spare)
	if len(out) > 0 {
		s.publish()
	}
	s.yieldWork()
	return out, pieces
}

// Wrote is part of transport.Endpoint.
func (s *Session) Wrote(now time.Time, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn.Wrote(now, n)
	if s.watcher != nil {
		s.watcher.written(n)
	}
	s.bytesWritten += int64(n)
	s.active(now)
	s.roomier = true
	s.publish()
}

// NextDeadline is part of transport.Endpoint.
func (s *Session) NextDeadline() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return time.Time{}
	}
	if s.due() {
		return s.now
	}
	at, _ := s.conn.NextDeadline()
	if t := s.nextTimeout(); !t.IsZero() && (at.IsZero() || t.Before(at)) {
		return t
	}
	return at
}

// ReadPaused is part of transport.Endpoint.
func (s *Session) ReadPaused() bool { return s.flags.Load()&flagPaused != 0 }

// Done is part of transport.Endpoint.
func (s *Session) Done() bool { return s.flags.Load()&flagDone != 0 }

// Due is part of transport.Waiter.
func (s *Session) Due() bool { return s.flags.Load()&flagDue != 0 || s.abortDue() }

// Resting is part of transport.Rester.
func (s *Session) Resting() bool { return s.flags.Load()&flagResting != 0 }

// InputAhead is part of transport.Foreseer.
func (s *Session) InputAhead() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return 0
	}
	return s.conn.InputAhead()
}

// MayBlock is part of transport.Blocker: handlers of the session's run in
// goroutines, and whoever runs a turn may have to wait for one.
func (s *Session) MayBlock() bool { return s.flags.Load()&flagBlocks != 0 }

// TurnsGoOn is part of transport.Survivor: a stream may outlive its connection
// until what it received is read.
func (s *Session) TurnsGoOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lasting = true
}

// OnWake is part of transport.Endpoint.
func (s *Session) OnWake(f func()) {
	mustListen("Session.OnWake", f == nil)
	s.wake.Store(&f)
}

// due reports whether a turn would do anything now: callbacks are queued, the
// core may have something to report, or somebody waits for room that has come
// back since the last turn.
func (s *Session) due() bool {
	if s.inTurn {
		return false
	}
	return !s.queue.empty() || s.poke || s.doneContext() != nil ||
		s.roomier && (s.waiting > 0 || s.paused && !s.conn.ReadPaused())
}

// publish makes known what can be asked without the lock.
func (s *Session) publish() {
	if s.conn == nil {
		return
	}
	var flags uint32
	if s.conn.Closed() {
		flags = flagDone
		s.driven = s.driven && s.lasting
	} else if s.conn.ReadPaused() {
		flags = flagPaused
	} else if s.conn.Resting() && len(s.alive) == 0 {
		flags = flagResting
	}
	if s.crew != nil {
		flags |= flagBlocks
	}
	if s.driven && s.due() {
		flags |= flagDue
	}
	if flags != s.flags.Load() {
		s.flags.Store(flags)
	}
}
