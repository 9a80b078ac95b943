package events

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"weft/core"
)

// pendingPing is a Ping whose answer has not come.
type pendingPing struct {
	payload [8]byte
	f       func(err error, rtt time.Duration, payload [8]byte)
}

// Ping sends a PING and calls f with the time until its answer, or with
// ErrPingCancel if the session ends before. It reports false, and calls f with
// ErrPingCancel, if MaxOutstandingPings are unanswered. Unless a payload is
// given, it is the present time in nanoseconds, in 8 bytes, the lowest first. Before
// the session is connected the PING waits for that.
//
// Errors: ErrInvalidSession, ErrInvalidArgType if f is nil, ErrInvalidArg for more
// than one payload; f is not called then.
func (s *Session) Ping(f func(err error, rtt time.Duration, payload [8]byte), payload ...[8]byte) (bool, error) {
	s.lock()
	defer s.unlock()
	switch {
	case s.destroyed:
		return false, ErrInvalidSession
	case f == nil:
		return false, ErrInvalidArgType.with(`The "callback" argument must be of type function. Received nil`)
	}
	given, err := only(payload)
	switch {
	case err != nil:
		return false, err
	case s.conn == nil:
		payload = slices.Clone(payload)
		s.waitConnOr(func() { s.ping(f, payload) }, func() { f(ErrPingCancel, 0, given) })
		return true, nil
	}
	return s.ping(f, payload), nil
}

func (s *Session) ping(f func(error, time.Duration, [8]byte), payload [][8]byte) bool {
	now := s.time()
	var p [8]byte
	if len(payload) > 0 {
		p = payload[0]
	} else {
		binary.LittleEndian.PutUint64(p[:], uint64(now.UnixNano()))
	}
	s.touched = true
	if err := s.conn.Ping(now, p); err != nil {
		s.post(func() { f(ErrPingCancel, 0, p) })
		return false
	}
	r := s.rarely()
	r.pings = append(r.pings, pendingPing{p, f})
	return true
}

func (s *Session) onPingAcked(payload [8]byte, rtt time.Duration) {
	if s.watcher != nil {
		s.watcher.pinged(rtt)
	}
	if s.rare == nil {
		return
	}
	for i, p := range s.rare.pings {
		if p.payload == payload {
			s.rare.pings = slices.Delete(s.rare.pings, i, i+1)
			if p.f != nil {
				s.call(func() { p.f(nil, rtt, payload) })
			}
			return
		}
	}
}

func (s *Session) cancelPings() {
	if s.rare == nil {
		return
	}
	for _, e := range s.rare.early {
		if e.lost != nil {
			s.post(e.lost)
		}
	}
	s.rare.early = nil
	for _, p := range s.rare.pings {
		if p.f != nil {
			s.post(func() { p.f(ErrPingCancel, 0, p.payload) })
		}
	}
	s.rare.pings = nil
}

// pingsOut is how many PINGs have not been answered.
func (s *Session) pingsOut() int {
	if s.rare == nil {
		return 0
	}
	return len(s.rare.pings)
}

// Settings announces changed settings. They are in force when the peer has
// acknowledged them: then f is called, if it is not nil, and the localSettings
// event emitted. f is not called if the session ends before. Before the session
// is connected they wait for that. More than MaxOutstandingSettings
// unacknowledged end the session with ErrMaxPendingSettings.
//
// Errors: ErrInvalidSession, ErrInvalidSettingValue, ErrTooManyCustom.
func (s *Session) Settings(settings Settings, f func(err error, now Settings, rtt time.Duration)) error {
	s.lock()
	defer s.unlock()
	if s.destroyed {
		return ErrInvalidSession
	}
	list, err := settings.list()
	switch {
	case err != nil:
		return err
	case s.conn == nil:
		if err := s.tryEarly(list); err != nil {
			return err
		}
		s.waitConn(func() {
			if err := s.announce(list, f); err != nil {
				s.destroy(err, core.InternalError)
			}
		})
		return nil
	}
	return s.announce(list, f)
}

// tryEarly finds what a connection that there is not yet would refuse of settings
// that wait for it: who gave them is told at once. That there are too many of them
// is for when it stands.
func (s *Session) tryEarly(list []core.Setting) error {
	r := s.rarely()
	if r.trial == nil {
		cfg, err := s.opts.config(true)
		if err != nil {
			return err
		}
		cfg.MaxPendingSettings = core.Unlimited
		if r.trial, err = core.NewClient(s.time(), cfg); err != nil {
			return misuse(err)
		}
	}
	return misuse(r.trial.UpdateSettings(s.time(), list))
}

func (s *Session) announce(list []core.Setting, f func(error, Settings, time.Duration)) error {
	r := s.rarely()
	if r.acks == nil {
		r.acks = make([]func(error, Settings, time.Duration), s.conn.PendingSettings())
	}
	s.touched = true
	err := misuse(s.conn.UpdateSettings(s.time(), sendable(list, s.client != nil)))
	switch {
	case err == ErrMaxPendingSettings:
		s.destroy(ErrMaxPendingSettings, core.InternalError)
		return nil
	case err != nil:
		return err
	}
	r.acks = append(r.acks, f)
	return nil
}

func (s *Session) onSettingsAcked(e *core.SettingsAcked) {
	s.custom.acked(e.Settings)
	rtt := e.RTT
	if r := s.rare; r != nil && len(r.acks) > 0 {
		f := r.acks[0]
		r.acks = r.acks[1:]
		if f != nil {
			now := s.localSettings()
			s.call(func() { f(nil, now, rtt) })
		}
	}
	for _, f := range s.on.localSettings.take(nil) {
		now := s.localSettings()
		s.call(func() { f(now) })
	}
}

// Goaway sends a GOAWAY frame and changes nothing else. A lastStream of 0
// stands for the last stream of the peer's that was or may have been acted on.
//
// opaque is copied, at most 16376 bytes of it; a peer may keep less. Before the
// session is connected the frame waits for that.
//
// Errors: ErrInvalidSession.
func (s *Session) Goaway(code core.ErrCode, lastStream StreamID, opaque []byte) error {
	s.lock()
	defer s.unlock()
	switch {
	case s.destroyed:
		return ErrInvalidSession
	case s.conn == nil:
		opaque = bytes.Clone(opaque)
		s.waitConn(func() { s.goaway(code, lastStream, opaque) })
		return nil
	}
	return s.goaway(code, lastStream, opaque)
}

func (s *Session) goaway(code core.ErrCode, lastStream StreamID, opaque []byte) error {
	if lastStream == 0 {
		lastStream = s.conn.Info().LastPeer
	}
	s.touched = true
	return misuse(s.conn.GoAway(s.time(), code, lastStream, opaque))
}

// SetLocalWindowSize sets the connection's receive window to a total of size
// bytes, 0 to 2147483647; at first it is SessionOptions.WindowSize. A larger
// window is announced at once, a smaller one takes effect as data comes in.
// Before the session is connected that waits.
//
// Errors: ErrInvalidSession, ErrOutOfRange.
func (s *Session) SetLocalWindowSize(size int) error {
	s.lock()
	defer s.unlock()
	switch {
	case s.destroyed:
		return ErrInvalidSession
	case size < 0 || size > 1<<31-1:
		return ErrOutOfRange.with(`The value of "windowSize" is out of range. It must be >= 0 && <= 2147483647. Received %d`, size)
	case s.conn == nil:
		s.waitConn(func() { s.conn.SetConnWindow(size) })
		return nil
	}
	s.touched = true
	return misuse(s.conn.SetConnWindow(size))
}
