package events

import (
	"os"
	"slices"
	"time"

	"weft/core"
)

// pendingRequest is a request that was not sent yet.
type pendingRequest struct {
	st    *ClientStream
	since time.Time // it waits for the server's limit of concurrent streams
}

// unqueue takes the stream out of those that wait.
func (st *ClientStream) unqueue() {
	cs := st.s.client
	if len(cs.pending) > 0 && cs.pending[0].st == st {
		cs.pending = cs.pending[1:]
		return
	}
	if st.id != 0 {
		return
	}
	for i, other := range cs.pending {
		if other.st == st {
			cs.pending = append(cs.pending[:i:i], cs.pending[i+1:]...)
			return
		}
	}
}

// withdraw ends a request that was closed while it waited for the server's limit.
// The server need not hear of it, and nobody has to wait for a place for that.
func (st *ClientStream) withdraw() {
	if st.left() == 0 {
		st.enqueue(pendFinish)
	}
	st.reset(st.code)
}

// withdrawClosed withdraws the requests that were closed before there was a
// connection, and for which there is no place on it.
func (cs *ClientSession) withdrawClosed() {
	for _, p := range slices.Clone(cs.pending) {
		if p.st.is(isClosed) {
			p.st.withdraw()
		}
	}
}

// pendingDeadline is when the first request has waited long enough, the zero Time
// if none waits or there is no such time.
func (cs *ClientSession) pendingDeadline() time.Time {
	if cs == nil || len(cs.pending) == 0 || cs.pendingTime == core.Never {
		return time.Time{}
	}
	return cs.pending[0].since.Add(cs.pendingTime)
}

// dropPending fails the requests that have waited long enough.
func (cs *ClientSession) dropPending(now time.Time) {
	for {
		at := cs.pendingDeadline()
		if at.IsZero() || at.After(now) {
			return
		}
		st := cs.pending[0].st
		st.unqueue()
		e := *ErrPendingTimeout
		e.HTTP2, e.Unprocessed, e.Cause = core.RefusedStream, true, os.ErrDeadlineExceeded
		st.destroy(&e)
	}
}
