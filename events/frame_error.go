package events

import "weft/core"

// OnFrameError registers f for when a frame could not be sent, its header block
// being longer than MaxSendHeaderBlockLength; the session then closes
// gracefully. If it belongs to a stream, that emits frameError before.
func (s *Session) OnFrameError(f func(frameType uint8, code core.ErrCode, id StreamID)) Listener {
	mustListen("Session.OnFrameError", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.frameError, on.frameError.add(f)}
}

// OnFrameError registers f for when a frame of the stream could not be sent,
// its header block being longer than MaxSendHeaderBlockLength: error and close
// follow, and the session closes gracefully.
func (st *Stream) OnFrameError(f func(frameType uint8, code core.ErrCode, id StreamID)) Listener {
	mustListen("Stream.OnFrameError", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(frameErrorEvent, f)
}

// The types a frameError can name.
const (
	frameHeaders     = 0x1
	framePushPromise = 0x5
)

// blockSize estimates the length of a header block, without compression.
func blockSize(fields []Field) int {
	n := 17
	for i := range fields {
		n += 12 + len(fields[i].Name) + len(fields[i].Value)
	}
	return n
}

// tooLong reports whether a header block is longer than may be sent. Then the
// stream ends, and with it the session.
func (st *Stream) tooLong(fields []Field, code core.ErrCode) bool {
	s := st.s
	if blockSize(fields) <= s.maxBlock {
		return false
	}
	id := st.id
	if id == 0 {
		id = s.conn.Info().NextStream // what it would have been
	}
	st.extras().badFrame = badFrame{frameHeaders, id}
	st.enqueue(pendFrameError)
	st.shut(code, true, true)
	st.destroy(streamError(code, core.StreamReset{}))
	s.post(s.Close)
	return true
}

// badFrame is a frame that could not be sent.
type badFrame struct {
	frameType uint8
	id        StreamID
}

// reportFrameError emits the frameError event, on the stream and on its
// session.
func (st *Stream) reportFrameError() {
	s, bad := st.s, st.extra().badFrame
	var list []func(uint8, core.ErrCode, StreamID)
	for _, f := range st.on.take(frameErrorEvent, nil) {
		list = append(list, f.(func(uint8, core.ErrCode, StreamID)))
	}
	list = s.on.frameError.take(list)
	if len(list) == 0 {
		return
	}
	s.leave()
	defer st.called()
	for _, f := range list {
		f(bad.frameType, core.FrameSizeError, bad.id)
	}
}

// promiseTooLong is tooLong for a promise, which belongs to no stream yet.
func (s *Session) promiseTooLong(fields []Field) bool {
	if blockSize(fields) <= s.maxBlock {
		return false
	}
	id := s.conn.Info().NextStream
	for _, f := range s.on.frameError.take(nil) {
		s.post(func() { f(framePushPromise, core.FrameSizeError, id) })
	}
	s.post(s.Close)
	return true
}
