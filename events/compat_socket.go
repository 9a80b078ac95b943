package events

// StreamSocket is the connection as a request and its response show it: a
// Socket on which what concerns a stream is that of the stream. So Destroy ends
// the exchange and leaves the connection to the others, while SetTimeout is the
// session's, and Read, Write, Pause and Resume fail with ErrNoSocketManipulation.
type StreamSocket struct {
	Socket
	st *ServerStream
}

// Socket returns a view of the connection, always the same.
func (r *Request) Socket() *StreamSocket {
	r.st.s.mu.Lock()
	defer r.st.s.mu.Unlock()
	return r.st.exchange().view()
}

// Connection is Socket, by its old name.
func (r *Request) Connection() *StreamSocket { return r.Socket() }

// Socket returns the request's, nil from the finish event on.
func (r *Response) Socket() *StreamSocket {
	r.req.st.s.mu.Lock()
	defer r.req.st.s.mu.Unlock()
	if r.is(resFinished) {
		return nil
	}
	return r.req.st.exchange().view()
}

// Connection is Socket, by its old name.
func (r *Response) Connection() *StreamSocket { return r.Socket() }

func (x *exchange) view() *StreamSocket {
	e := x.extras()
	if e.socket == nil {
		e.socket = &StreamSocket{Socket{x.stream.s}, &x.stream}
	}
	return e.socket
}

// Destroyed, Readable and Writable are those of the stream.
func (k *StreamSocket) Destroyed() bool { return k.st.Destroyed() }

// Readable is Stream.Readable.
func (k *StreamSocket) Readable() bool { return k.st.Readable() }

// Writable is Stream.Writable.
func (k *StreamSocket) Writable() bool { return k.st.Writable() }

// Connecting reports false: a request has come over it.
func (k *StreamSocket) Connecting() bool { return false }

// WritableHighWaterMark is Response.WritableHighWaterMark.
func (k *StreamSocket) WritableHighWaterMark() int { return k.st.s.high }

// Destroy is Stream.Destroy.
func (k *StreamSocket) Destroy(err error) { k.st.Destroy(err) }

// End is Response.End.
func (k *StreamSocket) End(p []byte) error { return k.st.exchange().res.End(p) }

// OnClose is Stream.OnClose.
func (k *StreamSocket) OnClose(f func()) Listener {
	mustListen("StreamSocket.OnClose", f == nil)
	return k.st.OnClose(f)
}

// OnEnd is Stream.OnEnd.
func (k *StreamSocket) OnEnd(f func()) Listener {
	mustListen("StreamSocket.OnEnd", f == nil)
	return k.st.OnEnd(f)
}

// OnError is Stream.OnError.
func (k *StreamSocket) OnError(f func(err error)) Listener {
	mustListen("StreamSocket.OnError", f == nil)
	return k.st.OnError(f)
}

// OnFinish is Stream.OnFinish.
func (k *StreamSocket) OnFinish(f func()) Listener {
	mustListen("StreamSocket.OnFinish", f == nil)
	return k.st.OnFinish(f)
}
