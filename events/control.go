package events

import (
	"encoding/binary"
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
// ErrPingCancel, if Limits.MaxPendingPings are unanswered. A payload is made up
// unless one is given.
func (s *Session) Ping(f func(err error, rtt time.Duration, payload [8]byte), payload ...[8]byte) (bool, error) {
	s.lock()
	defer s.unlock()
	if s.destroyed || s.conn == nil {
		return false, ErrInvalidSession
	}
	now := s.time()
	var p [8]byte
	if len(payload) > 0 {
		p = payload[0]
	} else {
		binary.LittleEndian.PutUint64(p[:], uint64(now.UnixNano()))
	}
	if err := s.conn.Ping(now, p); err != nil {
		s.post(func() { f(ErrPingCancel, 0, p) })
		return false, nil
	}
	s.touched = true
	s.pings = append(s.pings, pendingPing{p, f})
	return true, nil
}

func (s *Session) onPingAcked(payload [8]byte, rtt time.Duration) {
	if s.watcher != nil {
		s.watcher.pinged(rtt)
	}
	for i, p := range s.pings {
		if p.payload == payload {
			s.pings = append(s.pings[:i:i], s.pings[i+1:]...)
			if p.f != nil {
				s.call(func() { p.f(nil, rtt, payload) })
			}
			return
		}
	}
}

func (s *Session) cancelPings() {
	for _, p := range s.pings {
		if p.f != nil {
			s.post(func() { p.f(ErrPingCancel, 0, p.payload) })
		}
	}
	s.pings = nil
}

// Settings announces changed settings. They are in force when the peer has
// acknowledged them: then f is called, if it is not nil, and the localSettings
// event emitted. f is not called if the session ends before.
func (s *Session) Settings(settings Settings, f func(err error, now Settings, rtt time.Duration)) error {
	list, err := settings.list()
	if err != nil {
		return err
	}
	s.lock()
	defer s.unlock()
	if s.destroyed || s.conn == nil {
		return ErrInvalidSession
	}
	if s.acks == nil {
		s.acks = make([]func(error, Settings, time.Duration), s.conn.PendingSettings())
	}
	if err := s.conn.UpdateSettings(s.time(), sendable(list, s.client != nil)); err != nil {
		return misuse(err)
	}
	s.acks = append(s.acks, f)
	s.touched = true
	return nil
}

func (s *Session) onSettingsAcked(e *core.SettingsAcked) {
	s.custom.acked(e.Settings)
	rtt := e.RTT
	if len(s.acks) > 0 {
		f := s.acks[0]
		s.acks = s.acks[1:]
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
func (s *Session) Goaway(code core.ErrCode, lastStream StreamID, opaque []byte) error {
	s.lock()
	defer s.unlock()
	if s.destroyed || s.conn == nil {
		return ErrInvalidSession
	}
	if lastStream == 0 {
		lastStream = s.conn.Info().LastPeer
	}
	s.touched = true
	return misuse(s.conn.GoAway(s.time(), code, lastStream, opaque))
}

// SetLocalWindowSize sets the connection's receive window, in bytes.
func (s *Session) SetLocalWindowSize(size int) error {
	s.lock()
	defer s.unlock()
	if s.destroyed || s.conn == nil {
		return ErrInvalidSession
	}
	if size < 0 || size > 1<<31-1 {
		return ErrOutOfRange.with(`The value of "windowSize" is out of range. It must be >= 0 && <= 2147483647. Received %d`, size)
	}
	s.touched = true
	return misuse(s.conn.SetConnWindow(size))
}
