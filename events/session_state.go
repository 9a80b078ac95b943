package events

import (
	"crypto/tls"

	"weft/core"
)

// SessionState is a snapshot of a session: windows and tables in bytes.
type SessionState struct {
	// EffectiveLocalWindowSize is what the connection's receive window is
	// kept at.
	EffectiveLocalWindowSize int64
	// EffectiveRecvDataLength is how many bytes came in since the last
	// WINDOW_UPDATE of the connection.
	EffectiveRecvDataLength int64
	// NextStreamID is the id the next stream of this side will have.
	NextStreamID StreamID
	// LocalWindowSize is how much the peer may still send.
	LocalWindowSize int64
	// LastProcStreamID is the stream whose headers or data came last.
	LastProcStreamID StreamID
	// RemoteWindowSize is how much this side may still send.
	RemoteWindowSize int64
	// OutboundQueueSize is how many frames wait to be handed to the transport.
	OutboundQueueSize int
	// DeflateDynamicTableSize and InflateDynamicTableSize are the limits of
	// the compression tables for sending and receiving.
	DeflateDynamicTableSize uint32
	InflateDynamicTableSize uint32
}

// State returns a snapshot of the session; all zero before it is connected and
// after it has ended.
func (s *Session) State() SessionState {
	s.lock()
	defer s.mu.Unlock()
	if s.conn == nil || s.destroyed {
		return SessionState{}
	}
	info := s.conn.Info()
	return SessionState{
		EffectiveLocalWindowSize: info.RecvSize,
		EffectiveRecvDataLength:  info.RecvOwed,
		NextStreamID:             info.NextStream,
		LocalWindowSize:          info.RecvWindow,
		LastProcStreamID:         s.heard,
		RemoteWindowSize:         info.SendWindow,
		OutboundQueueSize:        info.FramesWaiting,
		DeflateDynamicTableSize:  info.EncoderTable,
		InflateDynamicTableSize:  info.DecoderTable,
	}
}

// Limits returns the bounds that are in force on what the peer can make grow or
// repeat: those of the options, SessionLimits included, and defaults. All is zero
// before the session is connected.
func (s *Session) Limits() core.Limits {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return core.Limits{}
	}
	return s.conn.Limits()
}

// Timeouts returns the protocol's deadlines that are in force, core.Never where
// there is none: those of the options, and defaults. All is zero before the
// session is connected.
func (s *Session) Timeouts() core.Timeouts {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return core.Timeouts{}
	}
	return s.conn.Timeouts()
}

// Type returns which end of the connection the session is.
func (s *Session) Type() SessionType {
	if s.server != nil {
		return SessionTypeServer
	}
	return SessionTypeClient
}

// Encrypted reports whether the session runs over TLS. known is false before it
// is connected.
func (s *Session) Encrypted() (encrypted, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.encrypted, s.conn != nil
}

// ALPNProtocol returns what TLS negotiated: "h2", unless a server's options have
// something else. For a session without TLS it is "h2c", and "" before it is
// connected.
func (s *Session) ALPNProtocol() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.conn == nil:
		return ""
	case !s.encrypted:
		return "h2c"
	}
	if c, ok := s.carrier.(interface{ ConnectionState() tls.ConnectionState }); ok {
		if p := c.ConnectionState().NegotiatedProtocol; p != "" {
			return p
		}
	}
	return "h2"
}

// SetNextStreamID makes id the next stream this side opens. It may only go up,
// and must be odd on a client, even on a server.
//
// Errors: ErrOutOfRange, ErrInvalidSession.
func (s *Session) SetNextStreamID(id StreamID) error {
	s.lock()
	defer s.unlock()
	switch {
	case s.destroyed:
		return ErrInvalidSession
	case s.conn == nil:
		if id == 0 || id > core.MaxStreamID || id%2 == 0 {
			return nextStreamError(id, nil)
		}
		s.waitConn(func() { s.conn.SetNextStream(id) })
		return nil
	}
	if err := s.conn.SetNextStream(id); err != nil {
		return nextStreamError(id, err)
	}
	return nil
}

func nextStreamError(id StreamID, cause error) error {
	most := uint32(core.MaxStreamID)
	if id == 0 {
		most = 1<<32 - 1 // Node's words: it takes what 32 bits hold
	}
	e := ErrOutOfRange.with(`The value of "id" is out of range. It must be > 0 and <= %d. Received %d`, most, id)
	e.Cause = cause
	return e
}
