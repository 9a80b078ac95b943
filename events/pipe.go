package events

// Sink is what a stream can be piped into: another stream, or anything like
// one. Write reports whether there is room for more, or else says so by drain.
type Sink interface {
	Write(p []byte) (ready bool, err error)
	End(p []byte) error
	OnDrain(f func()) Listener
}

// Pipe sends all that is received on the stream to dst, no faster than dst
// takes it, and ends dst when the peer's message ends. dst may be of any
// session, or the stream itself. It does not wait.
//
// A stream that is cut short does not end dst: if dst has a method
// Destroy(error), as streams have, that is called. If dst takes no more, or has
// a method OnClose and says so by that, the stream is closed with CANCEL.
func (st *Stream) Pipe(dst Sink) {
	var data, drain Listener
	ended := false
	stop := func() {
		data.Remove()
		drain.Remove()
	}
	drain = dst.OnDrain(st.Resume)
	if d, ok := dst.(interface{ OnClose(func()) Listener }); ok {
		// It may be that no Write will tell: the stream may be waiting for drain.
		d.OnClose(func() {
			if !ended {
				stop()
				st.Close(Cancel)
			}
		})
	}
	st.OnEnd(func() {
		if st.Complete() {
			ended = true
			dst.End(nil)
		}
	})
	st.OnClose(func() {
		stop()
		if d, ok := dst.(interface{ Destroy(error) }); ok && !ended {
			d.Destroy(st.reason())
		}
	})
	data = st.OnData(func(p []byte) {
		switch ready, err := dst.Write(p); {
		case err != nil:
			stop()
			st.Close(Cancel)
		case !ready:
			st.Pause()
		}
	})
}

// reason is why a stream was cut short.
func (st *Stream) reason() error {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if x := st.extra(); x.err != nil {
		return x.err
	}
	return streamError(st.code, st.extra().why)
}
