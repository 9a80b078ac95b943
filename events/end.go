package events

import (
	"context"
	"errors"
	"log/slog"

	"weft/core"
	"weft/transport"
)

// Close ends the session gracefully: streams that are open run to their end,
// no new ones are taken, and then the session closes. Closing again does
// nothing.
func (s *Session) Close() {
	s.lock()
	defer s.unlock()
	if s.inTurn && s.conn != nil && !s.closing {
		// What came together with what the caller acts on is still looked at.
		s.closing, s.shut, s.ending = true, true, true
		s.cancelPending()
		s.touched = true
		return
	}
	s.close()
}

func (s *Session) close() {
	if s.closing && !s.ending {
		return
	}
	s.closing, s.shut, s.ending = true, true, false
	s.cancelPending()
	if s.conn == nil {
		s.destroy(nil, core.NoError)
		return
	}
	s.conn.Shutdown(s.time())
	s.touched, s.poke = true, true
}

// endLater does what Close has left for the end of the turn. It reports whether
// there was anything.
func (s *Session) endLater() bool {
	if !s.ending || s.destroyed {
		return false
	}
	s.close()
	return true
}

// Destroy ends the session, its streams and its connection at once. The code
// goes into the GOAWAY; with an err that is not nil, and which the error event
// then reports, NoError stands for INTERNAL_ERROR. Streams that have outlived
// their connection, because what they received was not read, end as well.
func (s *Session) Destroy(err error, code core.ErrCode) {
	s.lock()
	defer s.unlock()
	if err != nil && code == core.NoError {
		code = core.InternalError
	}
	if err == nil && code != core.NoError {
		err = sessionError(code)
	}
	if s.destroyed {
		// The connection may have ended by itself: then what is complete can
		// still be read, but not any more.
		s.destroyStreams(err)
		return
	}
	s.flushHeld() // written before, it is sent before
	s.destroy(err, code)
}

func sessionError(code core.ErrCode) *Error {
	e := ErrSessionError.with("Session closed with error code %d", code)
	e.HTTP2 = code
	return e
}

func (s *Session) destroy(err error, code core.ErrCode) {
	if s.destroyed {
		return
	}
	s.destroyed, s.closing = true, true
	s.err, s.code = err, code
	s.cancelPending()
	s.destroyStreams(err)
	s.touched, s.poke = true, true
	if s.conn != nil {
		s.conn.Close(s.time(), code, nil)
		return
	}
	s.client.cancelDial()
	s.over()
}

func (s *Session) destroyStreams(err error) {
	for _, st := range s.eldestFirst() {
		st.destroy(err)
	}
	if s.announcing != nil {
		s.announcing.destroy(err)
	}
}

// cancelPending fails the requests that were not sent.
func (s *Session) cancelPending() {
	if s.client == nil {
		return
	}
	for _, p := range s.client.takePending() {
		st := p.st
		if st.is(isDestroyed) {
			continue
		}
		e := *ErrStreamCancel
		if !s.destroyed {
			e = *ErrGoAwaySession
		}
		e.HTTP2, e.Unprocessed, e.Cause = core.InternalError, true, s.err
		st.destroy(&e)
	}
}

// mayCut reports whether a connection that broke has only ended: whoever owns it
// here may close it, as in Node; and a peer that has said GOAWAY may close its
// socket with bytes of ours unread, which resets the connection.
func (s *Session) mayCut(cause error) bool {
	var end *transport.CloseError
	return errors.As(cause, &end) && (end.Kind == transport.CloseLocal || s.peerLeft && end.Kind == transport.CloseReset)
}

// breakOff ends a session whose transport broke.
func (s *Session) breakOff(cause error) {
	s.rarely().cause = cause
	e := ErrSessionError.with("The connection was lost")
	e.HTTP2, e.Cause = core.InternalError, cause
	var end *transport.CloseError
	if errors.As(cause, &end) {
		e.Cause = end.Err
		if end.Kind == transport.CloseCanceled {
			e.Code, e.Message = ErrAbort.Code, ErrAbort.Message
		}
	}
	s.destroy(e, core.InternalError)
}

// brokenBy is what broke the transport, if anything did.
func (s *Session) brokenBy() error {
	if s.rare == nil {
		return nil
	}
	return s.rare.cause
}

// onGoAway takes a GOAWAY of the peer.
func (s *Session) onGoAway(e *core.GoAwayReceived) {
	s.peerLeft = true
	code, last := e.Code, e.LastStream
	if list := s.on.goaway.take(nil); len(list) > 0 {
		opaque := append([]byte(nil), e.Debug...)
		for _, f := range list {
			s.call(func() { f(code, last, opaque) })
		}
	}
	if code == core.NoError {
		s.close()
		return
	}
	err := sessionError(code)
	err.ByPeer, err.LastStream = true, last
	s.destroy(err, core.NoError)
}

// onClosed takes the end of the connection.
func (s *Session) onClosed(e *core.ConnClosed) {
	if !s.destroyed {
		s.destroyed, s.closing = true, true
		s.err, s.code = endError(e), e.Code
		s.shut = s.shut || s.err == nil
		s.cancelPending()
		if s.err != nil {
			s.destroyStreams(s.err)
		}
	}
	s.over()
}

// over is called when nothing is sent and received any more.
func (s *Session) over() {
	s.ended = true
	s.cancelPings()
	s.maybeClosed()
}

// endError is the error, if any, in the end of a connection.
func endError(e *core.ConnClosed) error {
	switch {
	case e.ByPeer && (e.Fault == core.FaultEOF || e.Fault == core.FaultNone),
		e.Code == core.NoError && (e.Fault == core.FaultNone || e.Fault == core.FaultIdle || e.Fault == core.FaultAbuseWarning || e.Fault == core.FaultStreamsExhausted):
		return nil
	case e.Code == core.NoError, e.Code == core.SettingsTimeout:
		err := sessionError(e.Code)
		err.Fault, err.LastStream = e.Fault, e.LastStream
		return err
	}
	err := faultError(e.Code, e.Fault)
	err.LastStream = e.LastStream
	return err
}

// maybeClosed emits the last events once the streams have had theirs.
func (s *Session) maybeClosed() {
	if !s.ended || s.closed || len(s.alive) > 0 {
		return
	}
	s.closed = true
	s.post(s.sayClosed)
}

// sayClosed is a task: it runs without the lock.
func (s *Session) sayClosed() {
	s.mu.Lock()
	err := s.err
	errs, closes := s.on.error.take(nil), s.on.close.take(nil)
	s.mu.Unlock()
	if err != nil {
		heard := len(errs) > 0
		if s.server != nil && s.server.owner != nil && s.server.http1 == nil {
			for _, f := range s.server.owner.onSessionError.take() {
				heard = true
				s.guard(func() { f(err, s.server) })
			}
		}
		for _, f := range errs {
			s.guard(func() { f(err) })
		}
		if !heard {
			level := slog.LevelWarn
			var e *Error
			if s.brokenBy() != nil || errors.As(err, &e) && (e.ByPeer || e.Fault != core.FaultNone) {
				level = slog.LevelDebug // a peer must not be able to fill a log
			}
			s.opts.logger().Log(context.Background(), level, "weft: session error", "error", err)
		}
	}
	for _, f := range closes {
		s.guard(f)
	}
	if s.watcher != nil {
		s.mu.Lock()
		s.watcher.over()
		s.mu.Unlock()
	}
	if s.server != nil {
		s.mu.Lock()
		c := s.crew
		s.mu.Unlock()
		if c != nil {
			c.staff.dismissed()
		}
		s.server.ended()
	} else {
		s.client.wasClosed()
	}
}

// guard runs one of several callbacks without the lock: a panic does not keep
// the others from running.
func (s *Session) guard(f func()) {
	s.mu.Lock()
	s.call(f)
	s.mu.Unlock()
}
