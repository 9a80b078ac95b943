package events

import "weft/core"

// What is written goes to the core as far as that takes it, and the rest is
// kept until it has room. In a turn the last piece written is held back until
// the turn ends, so that an end which follows travels with it.

// maxPiece is how much is given to the core at once: a frame that every peer
// accepts. A longer piece would count as a Send that fell short.
const maxPiece = 16 << 10

// OnDrain registers f for when all that was written has been sent, after a
// Write that said to wait.
func (st *Stream) OnDrain(f func()) Listener {
	mustListen("Stream.OnDrain", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(drainEvent, f)
}

// OnFinish registers f for when nothing is left to be sent: all of this side's
// message has been handed to the connection, or the stream was closed while
// nothing waited, and then aborted comes before.
func (st *Stream) OnFinish(f func()) Listener {
	mustListen("Stream.OnFinish", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(finishEvent, f)
}

// OnWantTrailers registers f for when the body is out and trailers may be
// sent, on a stream with WaitForTrailers. Without a listener the stream ends
// without trailers.
func (st *Stream) OnWantTrailers(f func()) Listener {
	mustListen("Stream.OnWantTrailers", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(wantTrailersEvent, f)
}

// Write sends a piece of the body. It copies p and accepts everything; ready
// is false if so much waits that the caller should wait for the drain event.
// On a server, the first Write without a Respond responds with status 200.
//
// Errors: ErrWriteAfterEnd; of a stream that is over the error is that, too,
// and matches ErrInvalidStream as well.
func (st *Stream) Write(p []byte) (ready bool, err error) {
	st.s.lock()
	defer st.s.unlock()
	return st.write(chunk{b: p})
}

// WriteString is Write for a string, which is kept instead of copied.
func (st *Stream) WriteString(p string) (ready bool, err error) {
	st.s.lock()
	defer st.s.unlock()
	return st.write(fixed(p))
}

// End ends this side's message, after p if that is not empty.
//
// Ending again, with nothing, does nothing.
//
// Errors: those of Write.
func (st *Stream) End(p []byte) error { return st.endWith(chunk{b: p}) }

// EndString is End for a string, which is kept instead of copied.
func (st *Stream) EndString(p string) error { return st.endWith(fixed(p)) }

func (st *Stream) endWith(p chunk) error {
	s := st.s
	s.mu.Lock()
	if d := s.deferred; d != nil {
		if &d.Stream == st && d.sendWhole(p.b) {
			s.mu.Unlock() // this is a turn: nobody is to be woken
			return nil
		}
		s.undefer()
	}
	defer s.unlockEnd()
	return st.end(p)
}

// errWriteAfterClose: a stream that was closed counts as ended, as in Node.
var errWriteAfterClose = ErrWriteAfterEnd.caused(ErrInvalidStream)

// writable reports why nothing may be written now. A server that has not
// responded does so.
func (st *Stream) writable() error {
	switch {
	case st.is(isEnding) && !st.is(isDestroyed|isAborted) || st.extra().source != nil:
		return ErrWriteAfterEnd
	case st.is(isDestroyed | isClosed):
		return errWriteAfterClose
	}
	if st.server() != nil && !st.is(sentHeaders) {
		if err := st.server().respond(Headers{}, RespondOptions{}); err != nil {
			return err
		}
		if st.is(isEnding) { // the answer to HEAD has no body
			return ErrWriteAfterEnd
		}
	}
	return nil
}

func (st *Stream) write(p chunk) (bool, error) {
	if err := st.writable(); err != nil {
		return false, err
	}
	if st.s.watcher != nil {
		st.s.watcher.wrote(st, p.b)
	}
	if len(p.b) > 0 {
		st.push(p)
	}
	if st.unsent() >= st.s.high {
		st.set(needDrain)
		return false, nil
	}
	return true, nil
}

// push sends or keeps a piece.
func (st *Stream) push(p chunk) {
	if st.blocked() {
		st.put(p)
		return
	}
	if !st.s.inTurn {
		st.put(st.sendPieces(p, false))
		st.afterSend()
		return
	}
	unsent := st.unsent() + len(p.b)
	if st.left() > 0 {
		st.sendOut(false)
	}
	if over := len(p.b) - maxPiece; over > 0 && !st.blocked() {
		over = (over + maxPiece - 1) / maxPiece * maxPiece
		rest := st.sendPieces(p.to(over), false)
		p = p.from(over - len(rest.b))
	}
	st.put(p)
	if st.out != nil {
		st.out.sent = unsent - st.out.len()
	}
	st.hold()
}

// isFree reports whether the message has begun and what is written now can go
// to the core at once: nothing waits and nothing was held back before it.
func (st *Stream) isFree() bool {
	const begun = sentHeaders
	const held = isEnding | isDestroyed | isClosed | offWire | isWaiting | isHolding | wantsTail
	return st.state&(begun|held) == begun && st.out == nil && st.extra().source == nil
}

// blocked reports whether nothing can be given to the core now.
func (st *Stream) blocked() bool { return st.id == 0 || st.is(isWaiting|offWire) }

func (st *Stream) left() int { return st.out.len() }

// unsent is how many bytes count towards the high-water mark.
func (st *Stream) unsent() int {
	if st.out == nil {
		return 0
	}
	return st.out.len() + st.out.sent
}

// hold has the turn's end send what is kept.
func (st *Stream) hold() {
	if !st.is(isHolding) {
		st.set(isHolding)
		st.s.held = append(st.s.held, st)
	}
}

func (st *Stream) put(p chunk) {
	if len(p.b) == 0 || st.is(offWire) {
		return
	}
	if st.out == nil {
		st.out = st.s.buffer()
	}
	st.out.push(p)
	st.s.keptOut += len(p.b)
}

func (st *Stream) end(p chunk) error {
	if st.isFree() && len(p.b) > 0 && len(p.b) <= maxPiece {
		// The whole rest of the message in one piece, as most responses are.
		st.set(isEnding)
		if sent, ok := st.sendPiece(p, true); ok && sent < len(p.b) {
			st.put(p.from(sent))
		}
		st.afterSend()
		return nil
	}
	if st.is(isEnding) && len(p.b) == 0 && !st.is(isDestroyed|isAborted) {
		return nil // ending twice is harmless
	}
	if err := st.writable(); err != nil {
		if err == ErrWriteAfterEnd && len(p.b) == 0 && !st.is(isDestroyed|isAborted) && st.extra().source == nil {
			return nil
		}
		return err
	}
	if st.s.watcher != nil {
		st.s.watcher.wrote(st, p.b)
	}
	st.set(isEnding)
	if st.blocked() || st.is(wantsTail) {
		st.put(p)
		st.send()
		return nil
	}
	if len(p.b) > 0 {
		if st.left() > 0 {
			st.sendOut(false)
		}
		if !st.blocked() {
			p = st.sendPieces(p, true)
		}
		st.put(p)
		if st.is(sentEnd) || st.blocked() {
			st.afterSend()
			return nil
		}
	}
	st.send()
	return nil
}

// sendPieces gives p to the core, with end as the last of the message, and
// returns what it did not take.
func (st *Stream) sendPieces(p chunk, end bool) chunk {
	for len(p.b) > 0 {
		n := min(len(p.b), maxPiece)
		sent, ok := st.sendPiece(p.to(n), end && n == len(p.b))
		if !ok {
			return chunk{}
		}
		p = p.from(sent)
		if sent < n {
			break
		}
	}
	return p
}

// sendPiece gives at most maxPiece bytes to the core. It reports false if
// nothing can be sent any more.
func (st *Stream) sendPiece(p chunk, end bool) (n int, ok bool) {
	s := st.s
	s.touched = true
	var err error
	if p.fixed {
		n, err = s.conn.SendString(s.time(), st.id, p.text(), end)
	} else {
		n, err = s.conn.Send(s.time(), st.id, p.b, end)
	}
	if err != nil {
		st.sendFailed(err)
		return 0, false
	}
	if s.watcher != nil {
		s.watcher.sent(st, p.b[:n])
	}
	if n > 0 || end {
		st.active()
	}
	if n < len(p.b) {
		st.setWaiting(true)
	} else if end {
		st.endSent()
	}
	return n, true
}

// sendFailed is called when the core refuses what is sent: the stream or the
// connection has ended, which is reported by another way, or the body is not
// as announced.
func (st *Stream) sendFailed(err error) {
	st.dropOut()
	if err == core.ErrNoStream || err == core.ErrClosed {
		return
	}
	e := ErrHTTP2.caused(err)
	e.HTTP2 = core.InternalError
	st.destroy(e)
}

// dropOut forgets what was written and not sent.
func (st *Stream) dropOut() {
	st.s.keptOut -= st.out.len()
	st.failWrites()
	st.out = nil
}

func (st *Stream) setWaiting(on bool) {
	if on == st.is(isWaiting) {
		return
	}
	if on {
		st.set(isWaiting)
		st.s.waiting++
	} else {
		st.clear(isWaiting)
		st.s.waiting--
	}
}

// sendOut sends what is kept, with end as the last of the message.
func (st *Stream) sendOut(end bool) {
	for {
		p := st.out.first()
		rest := st.sendPieces(p, end && len(p.b) == st.out.len())
		if st.out == nil {
			return // it ended
		}
		sent := len(p.b) - len(rest.b)
		st.s.keptOut -= sent
		st.tookKept(sent)
		if st.out.take(sent); st.out.len() == 0 {
			st.s.giveBack(st.out)
			st.out = nil
			return
		}
		if len(rest.b) > 0 {
			return
		}
	}
}

// send sends what can be sent: what is kept, what a source has, the end.
func (st *Stream) send() {
	if st.blocked() {
		return
	}
	if st.is(isHolding) && !st.is(isEnding) {
		return // the turn's end sees to it
	}
	lastPart := st.is(isEnding) && st.extra().source == nil && !st.is(wantsTail)
	if st.left() > 0 {
		st.sendOut(lastPart)
	}
	if st.extra().source != nil && st.left() == 0 && !st.blocked() {
		st.pull()
		lastPart = st.is(isEnding) && st.extra().source == nil && !st.is(wantsTail)
	}
	if st.left() == 0 && !st.blocked() && st.is(isEnding) && st.extra().source == nil && !st.is(sentEnd) {
		switch {
		case lastPart:
			st.sendPiece(chunk{}, true)
		case !st.is(askedTail):
			st.set(askedTail)
			st.enqueue(pendWantTail)
		}
	}
	st.afterSend()
}

// afterSend tells the application that there is room again.
func (st *Stream) afterSend() {
	if st.out != nil {
		if st.out.sent = 0; st.out.len() > 0 {
			return
		}
	}
	if st.is(needDrain) {
		st.clear(needDrain)
		if !st.is(isEnding | isDestroyed) {
			st.enqueue(pendDrain)
		}
	}
	if st.extra().duplex != nil {
		st.extra().duplex.writable.signal()
	}
	if x := st.exchange(); x != nil && x.extra().writer != nil {
		x.extra().writer.ready.signal()
	}
}

// endSent notes that the core has all of this side's message.
func (st *Stream) endSent() {
	st.set(sentEnd)
	if st.s.watcher != nil {
		st.s.watcher.bodySent(st)
	}
	st.s.poke = st.s.poke || st.s.closing
	st.enqueue(pendFinish | pendSettle)
	if st.is(gotEnd) {
		st.bothEnded()
	}
	if st.is(isClosed) && !st.is(offWire) {
		st.reset(st.code) // Close came before the end was out
	}
}

// checkWire notes when both sides have ended.
func (st *Stream) checkWire() {
	if st.is(sentEnd) && st.is(gotEnd) {
		st.bothEnded()
	}
}

func (st *Stream) bothEnded() {
	st.leaveWire()
	if !st.is(isClosed) {
		st.set(isClosed)
		st.code = core.NoError
		st.stopTimeout()
		if st.s.watcher != nil {
			st.s.watcher.closed(st)
		}
	}
	st.enqueue(pendSettle)
}
