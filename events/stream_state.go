package events

import "weft/core"

// StreamState is a snapshot of a stream.
type StreamState struct {
	// LocalWindowSize is how many bytes the peer may still send on the stream.
	LocalWindowSize int64
	// State is where the stream stands (RFC 9113 §5.1); 0 in a snapshot of a
	// stream that has none.
	State StreamStateCode
	// LocalClose and RemoteClose report whether this side, and the peer, have
	// finished sending.
	LocalClose, RemoteClose bool
	// SumDependencyWeight is the weight of all streams that depend on this
	// one, Weight its own (RFC 7540 §5.3).
	SumDependencyWeight, Weight int
}

// State returns a snapshot of the stream; the zero StreamState once it is
// destroyed. A request that is not sent yet is idle.
func (st *Stream) State() StreamState {
	st.s.lock()
	defer st.s.mu.Unlock()
	switch {
	case st.is(isDestroyed):
		return StreamState{}
	case st.id == 0 || st.s.conn == nil:
		return StreamState{State: StreamStateIdle, Weight: defaultWeight}
	}
	info, ok := st.s.conn.Stream(st.id)
	if !ok {
		return StreamState{State: StreamStateClosed, LocalClose: true, RemoteClose: true, Weight: defaultWeight}
	}
	code := stateCodes[info.State]
	closed := code == StreamStateClosed
	return StreamState{
		LocalWindowSize:     info.RecvWindow,
		State:               code,
		LocalClose:          closed || code == StreamStateHalfClosedLocal,
		RemoteClose:         closed || code == StreamStateHalfClosedRemote,
		SumDependencyWeight: info.ChildWeight,
		Weight:              info.Weight,
	}
}

const defaultWeight = 16

var stateCodes = [...]StreamStateCode{
	core.StateIdle:             StreamStateIdle,
	core.StateReservedLocal:    StreamStateReservedLocal,
	core.StateReservedRemote:   StreamStateReservedRemote,
	core.StateOpen:             StreamStateOpen,
	core.StateHalfClosedLocal:  StreamStateHalfClosedLocal,
	core.StateHalfClosedRemote: StreamStateHalfClosedRemote,
	core.StateClosed:           StreamStateClosed,
	core.StateClosedByPeer:     StreamStateClosed,
	core.StateClosedByUs:       StreamStateClosed,
}

// unusable reports whether the stream is no place for a call any more: it was
// destroyed, or closed before its time. One whose two ends are out is not, until
// its last events: what is wrong with a second response is that it is a second.
func (st *Stream) unusable() bool {
	return st.is(isDestroyed) || st.is(isClosed) && !(st.is(sentEnd) && st.code == core.NoError)
}

// EndAfterHeaders reports whether the peer's message ended with its headers: no
// body follows.
func (st *Stream) EndAfterHeaders() bool {
	if st.server() != nil {
		return st.facts&bodiless != 0 // asked of every request
	}
	return st.asks(noBody)
}

// Readable reports whether data may still come out of the stream.
func (st *Stream) Readable() bool {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return !st.is(isDestroyed | saidEnd)
}

// Writable reports whether data may still be written. The answer to HEAD has
// none.
func (st *Stream) Writable() bool {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	return !st.is(isDestroyed|isClosed|isEnding|isHead) && st.extra().source == nil
}
