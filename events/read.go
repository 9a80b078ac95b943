package events

// What is received goes to the listeners of data as it comes, and only then
// counts as consumed, so that the peer may send more. While nobody listens, or
// after Pause, it is kept: the stream's window bounds how much that can be.

// OnData registers f for the body as it arrives, and lets it flow. p is valid
// until f returns.
func (st *Stream) OnData(f func(p []byte)) Listener {
	mustListen("Stream.OnData", f == nil)
	st.s.lock()
	defer st.s.unlock()
	l := st.listen(dataEvent, f)
	if st.extra().duplex == nil {
		st.set(wasRead)
		if !st.is(isPaused) {
			st.flow()
		}
	}
	return l
}

// OnEnd registers f for the end of what the peer sends, after all data was
// delivered. As in Node, a stream that was cut short with NO_ERROR or CANCEL
// ends, too: Complete tells whether all has come.
func (st *Stream) OnEnd(f func()) Listener {
	mustListen("Stream.OnEnd", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(endEvent, f)
}

// OnTrailers registers f for the trailers of the peer.
func (st *Stream) OnTrailers(f func(trailers Headers, flags Flags)) Listener {
	mustListen("Stream.OnTrailers", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(trailersEvent, f)
}

// Pause stops the data event: what arrives is kept, and the peer is held back
// once the stream's window is full.
func (st *Stream) Pause() {
	st.s.lock()
	defer st.s.unlock()
	st.set(isPaused)
	st.clear(isFlowing)
}

// Resume undoes Pause. Without a listener for data, what arrives is dropped:
// that is how a body is ignored politely.
func (st *Stream) Resume() {
	st.s.lock()
	defer st.s.unlock()
	if st.extra().duplex != nil {
		return
	}
	st.wakeUp()
	st.clear(isPaused)
	st.set(wasRead)
	st.flow()
}

// IsPaused reports whether Pause was called, and Resume was not.
func (st *Stream) IsPaused() bool { return st.asks(isPaused) }

// flow delivers what is there, and from now on what arrives.
func (st *Stream) flow() {
	st.set(isFlowing)
	if st.buffered() > 0 || st.is(noMoreIn) {
		st.enqueue(pendRead)
	}
}

func (st *Stream) buffered() int { return st.extra().in.len() }

// onData takes the payload of a DATA frame.
func (st *Stream) onData(p []byte, end bool) {
	if st.s.watcher != nil {
		st.s.watcher.dataReceived(st, len(p))
	}
	st.active()
	if st.is(isDestroyed) || st.extra().duplex != nil && st.extra().duplex.closed {
		st.consume(len(p))
		if end {
			st.onEnd()
		}
		return
	}
	if len(p) > 0 {
		if st.is(isFlowing) && !st.is(isSilent) && st.buffered() == 0 {
			st.emitData(p)
			if !end || !st.is(sentEnd) { // else it is over
				st.consume(len(p))
			}
		} else {
			st.keep(p)
		}
	}
	if end {
		st.onEnd()
	}
}

func (st *Stream) keep(p []byte) {
	if st.extra().in == nil {
		st.extras().in = new(fifo)
	}
	st.extra().in.push(chunk{b: p})
	st.s.keptIn += len(p)
	if st.extra().duplex != nil {
		st.extra().duplex.readable.signal()
	}
}

// consume lets the peer send n more bytes. In a turn it does so at the end: a
// peer that sends more at once than its window allows must not get away with it
// because the first of it was taken meanwhile.
func (st *Stream) consume(n int) {
	s := st.s
	switch {
	case n == 0 || st.is(offWire):
	case !s.inTurn:
		s.conn.Consume(st.id, n)
		s.touched = true
	default:
		if last := len(s.credits) - 1; last >= 0 && s.credits[last].id == st.id {
			s.credits[last].n += n
		} else {
			s.credits = append(s.credits, credit{st.id, n})
		}
	}
}

// credit is what a stream's peer may send again once the turn ends.
type credit struct {
	id StreamID
	n  int
}

// keepCredits is how long a list of credits may be that a session keeps.
const keepCredits = 64

func (s *Session) giveCredits() {
	for _, c := range s.credits {
		s.conn.Consume(c.id, c.n)
	}
	if s.credits = s.credits[:0]; cap(s.credits) > keepCredits {
		s.credits = nil
	}
}

// onTrailers takes the peer's trailers.
func (st *Stream) onTrailers(h Headers) {
	st.extras().trailers = h
	st.s.keptHead += listMemory(h)
	st.onEnd()
}

// onEnd notes that the peer has sent all it had to.
func (st *Stream) onEnd() {
	st.set(gotEnd)
	st.endInput()
	st.checkWire()
	st.deliver()
}

// endInput notes that nothing more comes.
func (st *Stream) endInput() {
	st.set(noMoreIn)
	if st.extra().duplex != nil {
		st.extra().duplex.readable.signal()
	}
}

// chunkIn is how much of what was kept is delivered at once, so that Pause has
// an effect in between.
const chunkIn = 16 << 10

// deliver hands out what was kept, and after the last of it trailers and the
// end.
func (st *Stream) deliver() {
	for st.buffered() > 0 && st.is(isFlowing) && !st.is(isSilent|isDestroyed) && st.extra().duplex == nil {
		// The storage is the callback's until it returns, and nothing is
		// received meanwhile.
		n := min(st.buffered(), chunkIn)
		p := st.extra().in.first().b[:n]
		st.s.keptIn -= n
		if st.extra().in.take(n); st.extra().in.len() == 0 {
			st.more.in = nil
		}
		st.emitData(p)
		st.consume(n)
	}
	if !st.is(noMoreIn) || st.is(saidEnd|isSilent|isPaused|isDestroyed) || st.buffered() > 0 || st.extra().duplex != nil {
		return
	}
	if h := st.extra().trailers; st.is(gotEnd) && h.Len() > 0 {
		st.more.trailers = Headers{}
		st.s.keptHead -= listMemory(h)
		if st.exchange() != nil {
			st.exchange().res.req.setTrailers(h)
		}
		st.emitHeaders(trailersEvent, h, true)
	}
	if st.is(isDestroyed | saidEnd) {
		return
	}
	st.sayEnd()
}

// sayEnd emits the end event.
func (st *Stream) sayEnd() {
	st.set(saidEnd)
	st.emit(endEvent)
	st.enqueue(pendSettle)
}

// drop forgets what was not delivered.
func (st *Stream) drop() {
	n := st.buffered()
	if n == 0 {
		return
	}
	st.more.in = nil
	st.s.keptIn -= n
	if d := st.more.duplex; d != nil {
		d.lost = true
	}
	st.consume(n)
}
