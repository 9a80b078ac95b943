package events

import "context"

// Context returns a context that ends when nothing can be sent or received on
// the stream any more, however that came. Unlike OnClose it does not count as a
// listener, for which a stream may be waiting with its events, and it does not
// wait for those either: it is for whoever only has to know when a stream is off
// the connection.
func (st *Stream) Context() context.Context {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	x := st.extras()
	if x.ctx == nil {
		x.ctx = newEnding()
		if st.is(offWire) {
			x.ctx.cancel()
		}
	}
	return x.ctx
}

// ending is a context that is cancelled when something ends.
type ending struct {
	context.Context
	cancel context.CancelFunc
}

func newEnding() *ending {
	ctx, cancel := context.WithCancel(context.Background())
	return &ending{ctx, cancel}
}
