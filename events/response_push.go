package events

// CanPush reports whether the client takes pushes and the exchange is open still:
// CreatePushResponse is let through then, unless what is pushed is wrong. In Node that is to ask whether the response has a
// stream, for over HTTP/1.1 there is no push.
func (r *Response) CanPush() bool { return r.req.st.PushAllowed() }

// CreatePushResponse promises a response to a request the client did not make,
// as ServerStream.PushStream does, and calls f with it; or with the error of
// PushStream, which is ErrInvalidStream once the exchange is over; directly after
// an End it is not, as for PushStream. A nil f is ErrInvalidArgType, and nothing is
// pushed then.
func (r *Response) CreatePushResponse(h Headers, f func(err error, push *Response)) error {
	if f == nil {
		return ErrInvalidArgType.with(`The "callback" argument must be of type function. Received nil`)
	}
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	if r.is(resFinished) || st.unusable() {
		st.s.post(func() { f(ErrInvalidStream, nil) })
		return nil
	}
	x := st.session().makeExchange()
	x.init()
	if err := st.push(h, &x.stream, nil); err != nil {
		st.s.post(func() { f(err, nil) })
		return nil
	}
	st.s.post(func() { f(nil, &x.res) })
	return nil
}
