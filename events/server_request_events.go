package events

// OnData registers f for the body as it arrives, and lets it flow. p is valid
// until f returns.
func (r *Request) OnData(f func(p []byte)) Listener {
	mustListen("Request.OnData", f == nil)
	return r.st.OnData(f)
}

// OnText registers f for the body as text; see Stream.OnText.
func (r *Request) OnText(f func(s string)) Listener {
	mustListen("Request.OnText", f == nil)
	return r.st.OnText(f)
}

// OnEnd registers f for the end of the body, after all data was delivered.
// Trailers are known from then on. It is emitted once.
func (r *Request) OnEnd(f func()) Listener {
	mustListen("Request.OnEnd", f == nil)
	return r.st.OnEnd(f)
}

// OnAborted registers f for when the request ends before the response has.
func (r *Request) OnAborted(f func()) Listener {
	mustListen("Request.OnAborted", f == nil)
	return r.st.OnAborted(f)
}

// OnClose registers f for when the stream of the request is closed: its last
// event. It is emitted once, whatever ended the stream.
func (r *Request) OnClose(f func()) Listener {
	mustListen("Request.OnClose", f == nil)
	return r.st.onExchange(f, func(on *exchangeEvents) *event[func()] { return &on.requestClose })
}

// onExchange registers f for an event of the exchange.
func (st *ServerStream) onExchange(f func(), which func(*exchangeEvents) *event[func()]) Listener {
	st.s.lock()
	defer st.s.unlock()
	e := which(st.exchange().hooks())
	return Listener{&st.s.mu, e, e.add(f)}
}

// Pause stops the data event: what arrives is kept, and the client held back
// once the stream's window is full.
func (r *Request) Pause() { r.st.Pause() }

// Resume undoes Pause. Without a listener for data, what arrives is dropped.
func (r *Request) Resume() { r.st.Resume() }

// IsPaused reports whether Pause was called, and Resume was not.
func (r *Request) IsPaused() bool { return r.st.IsPaused() }

// Pipe sends the body to dst, a Response for example, no faster than dst takes
// it; see Stream.Pipe.
func (r *Request) Pipe(dst Sink) { r.st.Pipe(dst) }
