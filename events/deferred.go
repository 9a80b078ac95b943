package events

// Most responses are made of Respond and, right after it, End with all of the
// body. Where Respond only says once more what the last one said, it is done
// together with that End, in one step of the core, which is half the work. It
// makes no difference that shows: whatever else is asked of the session before
// that does what was deferred first, and so does the end of the callback.

// mayDefer reports whether Respond with h may wait for the body: within the
// stream event of a request that has ended, if h is what the last response was
// made of, and where it cannot fail.
func (st *ServerStream) mayDefer(h Headers) bool {
	const not = isHead | sentHeaders | isDestroyed | isClosed | offWire
	s := st.s
	return s.announcing == &st.Stream && st.state&(gotEnd|not) == gotEnd && s.isGiven(h) &&
		!hasNoBody(s.sent.list[0].Value) && s.watcher == nil && s.conn.CanRepeat(s.sentBlock)
}

func (st *ServerStream) deferHeaders() {
	st.s.deferred = st
	st.active()
	st.Stream.keepSent(st.s.sent)
	st.set(sentHeaders)
}

// undefer sends the headers that were deferred.
func (s *Session) undefer() {
	st := s.deferred
	s.deferred = nil
	if err := s.conn.Repeat(s.now, st.id, s.sentBlock, false); err != nil {
		st.sendFailed(err)
	}
}

// sendWhole sends the headers that were deferred with p as all of the body. It
// reports false, and has done nothing, if not all of that can go at once.
func (st *ServerStream) sendWhole(p []byte) bool {
	s := st.s
	if len(p) > maxPiece || !st.isFree() || !s.conn.RepeatWhole(s.now, st.id, s.sentBlock, p) {
		return false
	}
	s.deferred = nil
	st.sentWhole()
	return true
}

// sentWhole notes that the core has all of both messages: what endSent and the
// like do one by one, in short where the stream has nothing unusual.
func (st *Stream) sentWhole() {
	s := st.s
	s.touched = true
	st.set(isEnding)
	if st.isPlain() && st.out == nil && !st.is(isMapped) && s.watcher == nil {
		s.poke = s.poke || s.closing
		st.set(sentEnd | isClosed | offWire)
		st.enqueue(pendFinish | pendSettle)
		return
	}
	st.active()
	st.endSent()
	st.afterSend()
}
