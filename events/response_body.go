package events

import "io"

// Write sends a piece of the body, and before the first the headers if they
// were not. It copies p and accepts everything; ready is false if so much waits
// that the caller should wait for the drain event. Where there is no body, as
// in the response to HEAD and with status 204 and 304, p is dropped.
//
// Errors: ErrWriteAfterEnd, ErrInvalidStream, and those of FlushHeaders.
func (r *Response) Write(p []byte) (ready bool, err error) {
	r.req.st.s.lock()
	defer r.req.st.s.unlock()
	return r.write(chunk{b: p})
}

// WriteString is Write for a string, which is kept instead of copied.
func (r *Response) WriteString(p string) (ready bool, err error) {
	r.req.st.s.lock()
	defer r.req.st.s.unlock()
	return r.write(fixed(p))
}

// WriteFunc is Write, with done, if it is not nil, called when the piece has been
// handed to the connection, or with the error that keeps it from being. After
// Destroy it is not called.
func (r *Response) WriteFunc(p []byte, done func(err error)) (ready bool) {
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	ready, err := r.write(chunk{b: p})
	switch {
	case done == nil, r.is(resDestroyed):
	case err != nil:
		st.s.post(func() { done(err) })
	case r.pent() > 0:
		x := r.exchange().extras()
		x.awaited = append(x.awaited, done)
	default:
		st.whenSent(done)
	}
	return ready
}

func (r *Response) write(p chunk) (bool, error) {
	st := r.req.st
	switch {
	case r.is(resEnded):
		return false, ErrWriteAfterEnd
	case r.is(resBodiless):
		return true, nil
	case r.is(resDestroyed) || st.is(isDestroyed|isClosed):
		return false, ErrInvalidStream
	}
	if !st.is(sentHeaders) {
		if err := r.head(false); err != nil {
			return false, err
		}
		if r.is(resBodiless) {
			return true, nil
		}
	}
	if x := r.exchange().more.Load(); x != nil && x.corked > 0 {
		x.buffer = append(x.buffer, p.b...)
		return len(x.buffer)+st.unsent() < st.s.high, nil
	}
	return st.write(p)
}

// pent is how much waits behind a cork.
func (r *Response) pent() int { return len(r.exchange().extra().buffer) }

// End ends the response, after p if that is not empty, and before it the
// headers if they were not sent. It ends what Cork began. Ending again does
// nothing. The finish event says when all of it was handed to the connection.
//
// Errors: ErrWriteAfterEnd, ErrInvalidStream if the stream ended before, and
// those of FlushHeaders: the response is not ended then.
func (r *Response) End(p []byte) error { return r.endWith(chunk{b: p}, false) }

// EndString is End for a string, which is kept instead of copied.
func (r *Response) EndString(p string) error { return r.endWith(fixed(p), false) }

// EndAll is End for a response of which p is the whole body, and that was not
// begun. It does nothing to one that was.
//
// Errors: ErrHeadersSent if the headers were sent or End was called; those of
// End.
func (r *Response) EndAll(p []byte) error { return r.endWith(chunk{b: p}, true) }

// EndAllString is EndAll for a string, which is kept instead of copied.
func (r *Response) EndAllString(p string) error { return r.endWith(fixed(p), true) }

// endWith is End, or EndAll.
//
// Where the headers are those of the last response it sends both at once, if all
// of that can go, like sendWhole of the Core API; and it is as few calls deep as
// that can be.
func (r *Response) endWith(p chunk, all bool) error {
	const not = sentHeaders | isEnding | isHead | offWire | isClosed | isDestroyed | isWaiting | isHolding | wantsTail
	st, s := r.req.st, r.req.st.s
	s.lock()
	if len(p.b) == 0 || len(p.b) > maxPiece || st.state&(gotEnd|not) != gotEnd || r.is(resEnded|resBodiless) ||
		!st.isPlain() || st.out != nil || s.watcher != nil || s.server.http1 != nil {
		return r.endOtherwise(p, all)
	}
	now := s.time()
	if !r.isAsBefore(now, statusText(r.code())) || !s.conn.RepeatWhole(now, st.id, s.sentBlock, p.b) {
		return r.endOtherwise(p, all)
	}
	r.set(resEnded)
	st.Stream.keepSent(s.sent)
	st.set(sentHeaders)
	if r.draft != nil {
		r.giveDraft()
	}
	st.sentWhole()
	s.unlockEnd()
	return nil
}

// endOtherwise is endWith in the other cases. The session is locked, and let go.
func (r *Response) endOtherwise(p chunk, all bool) error {
	defer r.req.st.s.unlockEnd()
	if all && (r.req.st.is(sentHeaders) || r.is(resEnded)) {
		return ErrHeadersSent
	}
	return r.end(p)
}

// EndFunc is End, with done, if it is not nil, called as a listener of finish; or
// soon, if the response is over already. If it returns an error, done is not
// called.
func (r *Response) EndFunc(p []byte, done func()) error {
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	over := r.is(resFinished) || r.is(resEnded) && len(p) == 0
	if err := r.end(chunk{b: p}); err != nil {
		return err
	}
	switch {
	case done == nil:
	case over:
		st.s.post(done)
	default:
		e := &st.exchange().hooks().finish
		e.once(e.add(done))
	}
	return nil
}

func (r *Response) end(p chunk) error {
	st := r.req.st
	switch {
	case r.is(resEnded):
		if len(p.b) > 0 {
			return ErrWriteAfterEnd
		}
		return nil
	case r.is(resBodiless):
		return r.endBodiless()
	case st.is(isDestroyed | isClosed):
		r.set(resEnded)
		return ErrInvalidStream
	}
	tail := false
	if x := r.exchange().more.Load(); x != nil {
		if len(x.buffer) > 0 {
			p = chunk{b: append(x.buffer, p.b...)}
		}
		x.corked, x.buffer = 0, nil
		tail = len(x.trailers) > 0
	}
	if !st.is(sentHeaders) {
		if err := r.head(len(p.b) == 0 && !tail); err != nil {
			return err
		}
		if r.is(resBodiless) {
			r.set(resEnded)
			return nil
		}
	}
	if tail && !st.is(isEnding) {
		st.set(wantsTail)
	}
	r.set(resEnded)
	err := st.end(p)
	r.awaitCorked()
	return err
}

// endBodiless ends a response whose headers were all of it.
func (r *Response) endBodiless() error {
	r.set(resEnded)
	if st := r.req.st; st.is(sentEnd) && st.pending&pendFinish == 0 && !r.is(resFinished) {
		st.s.post(func() { // the stream's own finish has been
			st.s.mu.Lock()
			defer st.s.mu.Unlock()
			st.exchange().sayFinish()
		})
	}
	return nil
}

// SendFrom sends size bytes read from src as the rest of the body, and ends
// the response; a size of -1 means up to io.EOF. See Stream.SendFrom.
//
// Errors: those of Write, ErrInvalidArg if src is nil, and ErrOutOfRange for a
// size below -1; src is closed then too, if it can be.
func (r *Response) SendFrom(src io.Reader, size int64) error {
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	if err := checkSource(src, size); err != nil {
		st.closeSource(&source{r: src})
		return err
	}
	r.uncorkAll()
	if _, err := r.write(chunk{}); err != nil {
		st.closeSource(&source{r: src})
		return err
	}
	if r.is(resBodiless) {
		st.closeSource(&source{r: src})
		return r.endBodiless()
	}
	if len(r.exchange().extra().trailers) > 0 {
		st.set(wantsTail)
	}
	r.set(resEnded)
	st.sendFrom(&source{r: src, left: size})
	return nil
}

// Destroy ends the exchange at once, with RST_STREAM. An err that is not nil
// makes that INTERNAL_ERROR; it is an event of the stream, not of the response.
func (r *Response) Destroy(err error) {
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	if !r.is(resDestroyed) {
		r.set(resDestroyed)
		st.destroy(err)
	}
}

// Finished reports whether End was called, as WritableEnded does.
func (r *Response) Finished() bool { return r.WritableEnded() }

// WritableEnded reports whether End was called. What was written may still be
// waiting: see WritableFinished.
func (r *Response) WritableEnded() bool {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	return r.is(resEnded)
}

// WritableFinished reports whether all of the response was handed to the
// connection.
func (r *Response) WritableFinished() bool { return r.req.st.asks(sentEnd) }

// WritableLength returns how many written bytes wait to be sent.
func (r *Response) WritableLength() int {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	return r.req.st.unsent() + r.pent()
}

// WritableHighWaterMark returns how many bytes may wait before Write says to
// wait: SessionOptions.HighWaterMark.
func (r *Response) WritableHighWaterMark() int { return r.req.st.s.high }
