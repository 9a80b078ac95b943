package events

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"weft/core"
	"weft/internal/byid"
)

// A stream ends in two steps. It is closed, with a code, when either side says
// so or both have said all they had to say; and it is destroyed, which cannot
// be undone, once what it received was delivered too, or at once if the code
// is an error. Then come its last events: aborted, end, error, close.

// OnAborted registers f for when the stream ends before this side has.
func (st *Stream) OnAborted(f func()) Listener {
	mustListen("Stream.OnAborted", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(abortedEvent, f)
}

// OnError registers f for what ends the stream before its time. A reset with
// NO_ERROR or CANCEL is none. Without a listener the error is logged.
func (st *Stream) OnError(f func(err error)) Listener {
	mustListen("Stream.OnError", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(errorEvent, f)
}

// OnClose registers f for the last event of the stream.
func (st *Stream) OnClose(f func()) Listener {
	mustListen("Stream.OnClose", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(closeEvent, f)
}

// Close ends the stream with RST_STREAM and the code. With NoError, after End,
// it waits until all that was written is out, and then sends RST_STREAM only if
// the peer has not ended, too. Closing again does nothing.
func (st *Stream) Close(code core.ErrCode) {
	st.s.lock()
	defer st.s.unlock()
	st.shut(code, true, false)
}

// Destroy ends the stream at once. What was written so far still goes out as
// far as there is room; then RST_STREAM follows. An err that is not nil is
// reported by the error event.
func (st *Stream) Destroy(err error) {
	st.s.lock()
	defer st.s.unlock()
	st.destroy(err)
}

// shut closes the stream. wire says that the peer is to be told, force that it
// is to be told at once.
func (st *Stream) shut(code core.ErrCode, wire, force bool) {
	if st.is(isClosed) {
		return
	}
	st.set(isClosed)
	st.code = code
	st.stopTimeout()
	if st.s.watcher != nil {
		st.s.watcher.closed(st)
	}
	ended := st.is(isEnding)
	if !ended {
		st.set(isEnding | isAborted)
		st.enqueue(pendAborted)
		if st.id != 0 && st.left() == 0 && !st.is(isDestroyed) {
			st.enqueue(pendFinish) // nothing is left to be sent
		}
	}
	switch {
	case !wire:
	case st.id == 0 && !force && st.s.conn != nil:
		st.client().withdraw()
	case st.id == 0 && !force: // told once it has an id
		st.endInput()
		if st.is(isFlowing) {
			st.enqueue(pendRead)
		}
	case !ended || st.is(sentEnd|askedTail) || code != core.NoError || force:
		st.reset(code)
	default:
		st.clear(wantsTail) // nobody is going to be asked
	}
}

// reset takes the stream off the wire.
func (st *Stream) reset(code core.ErrCode) {
	if st.id != 0 && !st.is(offWire) && !st.s.destroyed {
		if st.left() > 0 && !st.blocked() {
			st.sendOut(false)
		}
		st.s.conn.Reset(st.s.time(), st.id, code)
		st.s.touched = true
		st.s.poke = st.s.poke || st.s.closing
	}
	st.leaveWire()
	st.enqueue(pendSettle)
}

// leaveWire notes that the core has done with the stream, or will have.
func (st *Stream) leaveWire() {
	if st.is(offWire) {
		return
	}
	st.set(offWire)
	if st.is(isWaiting|isMapped) || st.client() != nil || st.out != nil || st.more != nil {
		st.leavePlaces() // most have none to leave
	}
	if st.exchange() != nil {
		st.exchange().offWire()
	}
	if st.more != nil && st.more.ctx != nil {
		st.more.ctx.cancel()
	}
}

// leavePlaces takes the stream from wherever it is known or waits for the wire.
func (st *Stream) leavePlaces() {
	st.setWaiting(false)
	if st.is(isMapped) {
		st.clear(isMapped)
		st.s.streams.Delete(uint32(st.id))
	}
	if st.client() != nil {
		st.client().unqueue()
	}
	st.dropOut()
	if st.extra().duplex != nil {
		st.extra().duplex.readable.signal()
		st.extra().duplex.writable.signal()
	}
}

// onReset takes the news that the stream ended before its time.
func (st *Stream) onReset(why core.StreamReset) {
	lost := st.is(isEnding) && !st.is(sentEnd)
	st.extras().why = why
	st.leaveWire()
	if st.is(isDestroyed) {
		return
	}
	if !st.is(isClosed) {
		st.shut(why.Code, false, false)
	}
	switch {
	case why.Fault.Conn() && !why.ByPeer:
		st.destroy(faultError(why.Code, why.Fault))
	case why.Fault == core.FaultEOF && lost:
		// What was accepted has not arrived, and nobody else will say so.
		e := streamError(core.Cancel, why)
		st.destroy(e)
	default:
		st.enqueue(pendSettle) // after aborted and finish
	}
}

// faultError is the error of a session that ended for a fault of the peer's.
func faultError(code core.ErrCode, fault core.Fault) *Error {
	if fault == core.FaultTooManyInvalid {
		e := *ErrTooManyInvalidFrames
		e.HTTP2, e.Fault = code, fault
		return &e
	}
	n := ErrnoProtocol
	switch fault {
	case core.FaultBadPreface, core.FaultHTTP1:
		n = ErrnoBadClientMagic
	case core.FaultClosedStream:
		n = ErrnoStreamClosed
	case core.FaultAbuse, core.FaultTooManyResets, core.FaultOutputBacklog:
		n = ErrnoFlooded
	}
	e := ErrHTTP2.with("%v", n)
	e.Errno, e.HTTP2, e.Fault = n, code, fault
	return e
}

// settle sees whether the stream is over.
func (st *Stream) settle() {
	ours := st.server() != nil
	switch {
	case st.is(isDestroyed):
	case st.is(offWire) && (st.code != core.NoError || st.is(saidEnd)):
		st.destroy(nil)
	case st.is(offWire) && st.extra().duplex != nil:
		st.endInput() // its reader says when it has done
	case st.is(offWire):
		st.set(noMoreIn)
		if ours && !st.is(wasRead) {
			st.set(isFlowing) // nobody wants it, and nobody ever will
			st.clear(isPaused)
		}
		st.enqueue(pendRead) // the end comes after aborted
	case ours && st.is(sentEnd) && !st.is(gotEnd|wasRead|isClosed) && st.extra().duplex == nil:
		// RFC 9113 §8.1: "A server can send a complete response prior to the
		// client sending an entire request if the response does not depend on
		// any portion of the request that has not been sent and received. When
		// this is true, a server MAY request that the client abort transmission
		// of a request without error by sending a RST_STREAM with an error code
		// of NO_ERROR after sending a complete response".
		st.shut(core.NoError, true, true)
	}
}

// destroy ends the stream for good.
func (st *Stream) destroy(err error) {
	if st.is(isDestroyed) {
		return
	}
	s := st.s
	code := s.code
	if st.is(isClosed) {
		code = st.code
	} else if err != nil && code == core.NoError {
		code = codeOf(err)
	}
	if err != nil {
		st.extras().err = err
	}
	st.set(isDestroyed)
	st.shut(code, true, true)
	if !st.is(offWire) { // closed before, but waiting for its end to get out
		st.reset(code)
	}
	st.dropSource()
	st.drop()
	if err == nil && code != core.NoError && code != core.Cancel {
		err = streamError(code, st.extra().why)
	}
	if err == nil && st.is(isFlowing) && !st.is(saidEnd) {
		st.enqueue(pendEnd)
	}
	if err != nil {
		st.extras().err = err
		st.enqueue(pendError)
		if st.s.watcher != nil {
			st.s.watcher.failed(st, err)
		}
	}
	st.enqueue(pendClose)
	if x := st.more; x != nil && x.stop != nil {
		x.stop()
		x.stop = nil
	}
	if st.extra().duplex != nil {
		st.extra().duplex.ended()
	}
}

// codeOf is the error code that tells the peer of an error.
func codeOf(err error) core.ErrCode {
	var e *Error
	if errors.As(err, &e) && e.HTTP2 != core.NoError {
		return e.HTTP2
	}
	return core.InternalError
}

// reportError emits the error event.
func (st *Stream) reportError() {
	var few [2]any
	list := st.on.take(errorEvent, few[:0])
	if len(list) == 0 {
		st.unheard()
		return
	}
	err := st.extra().err
	st.s.leave()
	defer st.called()
	for _, f := range list {
		f.(func(error))(err)
	}
}

// unheard logs an error nobody listens for. Where the peer is to blame that is
// for debugging: it must not be able to fill a log.
func (st *Stream) unheard() {
	level := slog.LevelWarn
	switch {
	case st.extra().duplex != nil, st.is(isHeldBack):
		return // Read and Write tell; nobody was told of it
	case st.s.destroyed, st.exchange() != nil, st.extra().why != core.StreamReset{}:
		level = slog.LevelDebug
	}
	st.s.opts.logger().Log(context.Background(), level, "weft: stream error", "stream", st.id, "error", st.extra().err)
}

// finish emits the close event and forgets the stream.
func (st *Stream) finish() {
	st.set(saidClose)
	if st.exchange() != nil {
		st.exchange().closed()
	}
	st.emit(closeEvent)
	st.forget()
}

// forget takes a stream that is over from those of the session.
func (st *Stream) forget() {
	if st.is(isForgotten) {
		return
	}
	s := st.s
	st.set(isForgotten)
	if st.place != 0 { // else it never was among them
		s.unlink(st)
	}
	if s.watcher != nil {
		s.watcher.gone(st)
	}
	if st.server() != nil && (st.more == nil || st.more.holds == 0) {
		st.server().released()
	}
	if s.ended {
		s.maybeClosed()
	}
}

// link adds the stream to those of the session.
func (s *Session) link(st *Stream) {
	s.alive = append(s.alive, st)
	s.births++
	st.place, st.birth = uint32(len(s.alive)), s.births
	s.keptHead += st.headMemory()
}

func (s *Session) unlink(st *Stream) {
	last := len(s.alive) - 1
	moved := s.alive[last]
	s.alive[st.place-1], moved.place = moved, st.place
	s.alive[last] = nil
	s.alive = s.alive[:last]
	st.place = 0
	s.keptHead -= st.headMemory() + listMemory(st.extra().trailers)
}

// eldestFirst returns the session's streams in the order in which they came.
func (s *Session) eldestFirst() []*Stream {
	return slices.SortedFunc(slices.Values(s.alive), func(a, b *Stream) int {
		return int(int32(a.birth - b.birth)) // also where the count has begun anew
	})
}

// stream returns the stream of an id, nil if there is none on the wire.
func (s *Session) stream(id StreamID) *Stream { return s.streams.Get(uint32(id)) }

// mapped makes the stream known by its id.
func (s *Session) mapped(st *Stream) {
	if st.is(offWire | isMapped) {
		return
	}
	if s.streams == nil {
		s.streams = new(byid.Table[Stream])
	}
	s.streams.Put(uint32(st.id), st)
	st.set(isMapped)
}
