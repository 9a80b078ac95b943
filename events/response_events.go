package events

// OnFinish registers f for when the last of the response has been handed to the
// connection, or the exchange ended before. Whether the client got it is not
// known. It is the last event of the response.
func (r *Response) OnFinish(f func()) Listener {
	mustListen("Response.OnFinish", f == nil)
	return r.req.st.onExchange(f, func(on *exchangeEvents) *event[func()] { return &on.finish })
}

// OnClose registers f for when the stream ended before End was called, or
// before all that was written could be sent. It comes ahead of finish, once.
func (r *Response) OnClose(f func()) Listener {
	mustListen("Response.OnClose", f == nil)
	return r.req.st.onExchange(f, func(on *exchangeEvents) *event[func()] { return &on.responseClose })
}

// OnDrain registers f for when all that was written has been sent, after a
// Write that said to wait.
func (r *Response) OnDrain(f func()) Listener {
	mustListen("Response.OnDrain", f == nil)
	return r.req.st.OnDrain(f)
}
