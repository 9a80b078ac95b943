package transport

import (
	"sync/atomic"
	"time"
)

// seat is what a pump has of a loop.
type seat struct {
	loop    *loop
	wire    loopWire
	blocker Blocker // the endpoint, if it is one
	warmer  Warmer  // likewise

	slot, gen int32 // where in loop.places; slot is negative once the pump has left. Guarded by loop.mu

	// waiting: it is the loop that waits for input. Otherwise somebody, and only
	// one, is the pump's reader: who made it false.
	waiting atomic.Bool
	shut    atomic.Bool // the connection is closed
	bulk    atomic.Bool // output was left to the writer goroutine

	// Of the reader.
	inSet bool      // the loop is told when something comes
	alone time.Time // until when the loop is left alone
	last  time.Time // when input came
	lone  int       // how often it came soon after, and to nobody else
}

const (
	// aloneFor is how long a connection that has left its loop keeps a goroutine.
	// To leave and to come back costs a few microseconds.
	aloneFor = 100 * time.Millisecond

	// heavyInput is from how many bytes a turn is worth a goroutine: those of some
	// tens of requests. Go's scheduler spreads goroutines over the processors
	// better than loops do connections.
	heavyInput = 1 << 10

	// Where only one connection of a loop has something to say at a time, again
	// and again, its own goroutine is told sooner than the loop is.
	loneTurns = 32
	loneGap   = 500 * time.Microsecond
)

// standUp makes whoever calls it the reader, if it was the loop that waited.
func (s *seat) standUp() bool { return s.waiting.Load() && s.waiting.CompareAndSwap(true, false) }

// sitDown has the loop, which is told when something comes, wait for it. It
// reports false if the caller is the reader still.
func (s *seat) sitDown() bool {
	s.waiting.Store(true)
	// Who closes the connection looks at waiting after it has set shut.
	return !s.shut.Load() || !s.standUp()
}

// takeSeat has the loop wait for the first input, or reports false.
func (p *pump) takeSeat() bool {
	s := p.seat
	if s.wire.More() { // what came with a handshake
		if n, err := s.wire.Poll(); n > 0 || err != nil {
			p.awaited = true
			return false
		}
	}
	return s.comeBack()
}

// comeBack has the loop wait for input from now on, or reports false: then the
// caller is the reader still.
func (s *seat) comeBack() bool {
	s.inSet = true
	sits := false
	s.wire.Control(func(fd uintptr) {
		s.loop.mu.Lock()
		defer s.loop.mu.Unlock()
		if sits = s.slot >= 0 && s.loop.set.Add(fd, s.slot, s.gen) == nil; sits {
			// Not before: an event from the time before the pump went away would
			// make the loop its reader, which then could not take out of the set
			// what is not yet in it.
			s.waiting.Store(true)
		}
	})
	// Who closes the connection looks at waiting after it has set shut.
	if sits && (!s.shut.Load() || !s.standUp()) {
		return true
	}
	s.inSet = false
	return false
}

// goAway has the loop not be told any more.
func (s *seat) goAway() {
	if !s.inSet {
		return
	}
	s.inSet = false
	s.wire.Control(func(fd uintptr) {
		s.loop.mu.Lock()
		defer s.loop.mu.Unlock()
		if s.slot >= 0 {
			s.loop.set.Remove(fd)
		}
	})
}

// leave gives up the place in the loop, before the connection is closed.
func (s *seat) leave() {
	s.shut.Store(true)
	l := s.loop
	free := func() {
		l.places[s.slot].p = nil
		l.free = append(l.free, s.slot)
		s.slot = -1
	}
	s.wire.Control(func(fd uintptr) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.set.Remove(fd) // closing the socket would, but for a copy of its descriptor
		free()
	})
	l.mu.Lock()
	if s.slot >= 0 {
		free()
	}
	l.mu.Unlock()
	l.of.leave(l)
}

// serve is what the loop does about a pump that it has made itself the reader of.
// last: the input has an end, which it will not be told of again. only: no other
// pump has input. It reports false if the pump is to go on with a goroutine.
func (p *pump) serve(last, only bool) (stays bool) {
	s := p.seat
	for {
		if p.mustPause() || s.blocker != nil && s.blocker.MayBlock() {
			return false
		}
		n, err := s.wire.Poll()
		if err != nil {
			p.awaited = true // for the goroutine's Next
			return false
		}
		if n == 0 {
			return true
		}
		in, _ := s.wire.Next()
		if p.discard.Load() {
			s.wire.Release()
		} else {
			now := p.opts.Now()
			p.receive(now, in)
			s.count(now, only)
		}
		if p.kept { // once, for what only needs another turn
			p.goOn()
		}
		if p.kept || n >= heavyInput || s.lone >= loneTurns || s.bulk.Load() {
			return false
		}
		if !last && !s.wire.More() {
			return true
		}
	}
}

// count counts turns that are the loop's only ones.
func (s *seat) count(now time.Time, only bool) {
	if only && now.Sub(s.last) < loneGap {
		s.lone++
	} else {
		s.lone = 0
	}
	s.last = now
}

// goOnAlone is the pump's reader from now on, in a goroutine of its own.
func (p *pump) goOnAlone() {
	p.seat.goAway()
	p.seat.lone = 0
	p.seat.bulk.Store(false)
	p.seat.alone = p.opts.Now().Add(aloneFor)
	p.read()
}
