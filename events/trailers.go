package events

import "weft/core"

// askForTrailers emits the wantTrailers event. If nobody listens, the stream
// ends without trailers.
func (st *Stream) askForTrailers() {
	if st.is(isDestroyed | isClosed | sentEnd) {
		return
	}
	if st.exchange() != nil {
		if list := st.exchange().res.takeTrailers(); len(list) > 0 {
			if err := st.sendTrailers(Headers{list}); err != nil {
				st.destroy(err)
			}
			return
		}
	}
	if st.on == nil || !st.on.any(wantTrailersEvent) {
		if st.extra().duplex == nil {
			st.clear(wantsTail)
			st.send()
		}
		return
	}
	st.emit(wantTrailersEvent)
}

// SendTrailers sends trailers and with them ends this side's message. It may
// be called from the wantTrailers event on.
//
// Errors: ErrTrailersNotReady, ErrTrailersAlreadySent, ErrInvalidStream,
// ErrInvalidPseudo and those of Respond about fields.
func (st *Stream) SendTrailers(h Headers) error {
	st.s.lock()
	defer st.s.unlock()
	return st.sendTrailers(h)
}

func (st *Stream) sendTrailers(h Headers) error {
	switch {
	case st.is(sentTail) && !st.is(saidClose):
		return ErrTrailersAlreadySent
	case st.unusable():
		return ErrInvalidStream
	case !st.is(askedTail):
		return ErrTrailersNotReady
	}
	s := st.s
	s.fields = s.fields[:0]
	for _, f := range h.list {
		if f.Name != "" {
			s.fields = append(s.fields, f)
		}
	}
	if len(s.fields) == 0 {
		// No trailers are no block.
		st.set(sentTail)
		st.clear(wantsTail)
		st.sendPiece(chunk{}, true)
		return nil
	}
	if err := s.checkSingle(s.fields); err != nil {
		return err
	}
	if st.tooLong(s.fields, core.FrameSizeError) {
		return nil
	}
	if err := s.conn.Headers(s.time(), st.id, s.fields, true); err != nil {
		return refused(err, s.fields)
	}
	s.touched = true
	st.active()
	st.set(sentTail)
	st.extras().sentTail = HeadersOf(s.fields...)
	st.endSent()
	return nil
}
