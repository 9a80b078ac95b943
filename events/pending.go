package events

import (
	"runtime/debug"

	"weft/core"
)

// pending is what a turn has to do for a stream, lowest bit first.
type pending uint16

const (
	pendReady pending = 1 << iota
	pendStart         // announce it, or what it held, to the application
	pendFrameError
	pendAborted
	pendSend // read from the source
	pendRead // deliver data, trailers and the end
	pendWritten
	pendWantTail
	pendDrain
	pendFinish
	pendTimeout
	pendSettle // see whether it is over
	pendSpent  // close what its body was read from, before its last events
	pendEnd    // of what was cut short
	pendError
	pendClose
)

// enqueue has the turn do something for the stream.
func (st *Stream) enqueue(p pending) {
	if st.pending |= p; !st.is(isQueued) {
		st.queueUp()
	}
}

func (st *Stream) queueUp() {
	s := st.s
	if s.announcing != st || !s.queue.empty() {
		s.push(task{st: st})
	}
	st.set(isQueued)
	s.touched = true
}

// runPending does what is queued for the stream.
func (st *Stream) runPending() {
	if st.endsQuietly() {
		st.endQuietly()
		return
	}
	for {
		p := st.runnable()
		if p == 0 {
			st.clear(isQueued)
			return
		}
		p &= -p
		st.pending &^= p
		switch p {
		case pendReady:
			st.emit(readyEvent)
		case pendStart:
			st.announce()
		case pendSend:
			st.send()
		case pendRead:
			st.deliver()
		case pendAborted:
			st.emit(abortedEvent)
		case pendFrameError:
			st.reportFrameError()
		case pendTimeout:
			heard := st.on != nil && st.on.any(timeoutEvent)
			st.emit(timeoutEvent)
			if st.exchange() != nil {
				st.exchange().timedOut(heard)
			}
		case pendWritten:
			st.reportWritten()
		case pendWantTail:
			st.askForTrailers()
		case pendDrain:
			st.emit(drainEvent)
		case pendFinish:
			st.emit(finishEvent)
			if st.exchange() != nil {
				st.exchange().sent()
			}
		case pendSettle:
			st.settle()
		case pendSpent:
			st.closeSpent()
		case pendEnd:
			st.emit(endEvent)
		case pendError:
			st.reportError()
		case pendClose:
			st.finish()
		}
	}
}

// endsQuietly reports whether the stream is over as most are: both sides have
// said all, nothing is left to deliver, and nobody listens. All that pends then
// comes down to forgetting the stream, in one step.
func (st *Stream) endsQuietly() bool {
	const (
		over    = sentEnd | gotEnd | noMoreIn | offWire | isClosed
		unusual = isDestroyed | isSilent | isPaused
		quiet   = pendRead | pendFinish | pendSettle
	)
	return st.state&(over|unusual) == over && st.pending&^quiet == 0 && st.code == core.NoError &&
		st.on == nil && st.isPlain()
}

func (st *Stream) endQuietly() {
	st.pending = 0
	st.state = st.state&^isQueued | saidEnd | isDestroyed | saidClose
	st.forget()
}

// runnable returns what may be done now: while a client's stream waits for its
// first listener, only what is no event.
func (st *Stream) runnable() pending {
	if !st.is(isSilent) || st.client() == nil {
		return st.pending
	}
	if st.pending&pendClose != 0 {
		st.forget() // the session does not wait for a listener
	}
	return st.pending & (pendSend | pendWritten | pendSettle | pendSpent)
}

func (st *Stream) run(list []func()) {
	st.s.leave()
	defer st.called()
	for _, f := range list {
		f()
	}
}

// called takes the session's lock back after callbacks of the stream. It is
// deferred. A panic ends the stream, not the session.
func (st *Stream) called() {
	r := recover()
	st.s.mu.Lock()
	if r != nil {
		st.panicked(r)
	}
}

func (st *Stream) panicked(r any) {
	st.s.opts.logger().Error("weft: panic in a callback of a stream", "stream", st.id, "panic", r, "stack", string(debug.Stack()))
	if st.server() != nil && !st.is(sentHeaders|isClosed|isDestroyed) {
		st.server().giveUp()
		return
	}
	if err, ok := r.(error); ok {
		st.destroy(err) // a callback that fails has no other way to say so
		return
	}
	e := ErrStreamError.with("panic in a callback: %v", r)
	e.HTTP2 = core.InternalError
	st.destroy(e)
}
