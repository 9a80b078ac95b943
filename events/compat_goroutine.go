package events

import "time"

// InGoroutine makes a request handler of a function that may block: it is run
// in another goroutine, and the request keeps its place under the limit of
// concurrent streams until f returns. Then the response is ended and the body
// closed, if f has not done so. A panic in f is answered like one in a callback.
// A request that the client has reset before f began is not given to f.
//
// Requests of a session that come together share a goroutine and a write as
// long as f returns at once. Where it blocks or takes its time, they are run
// side by side.
//
// So the end of a response may be sent only when f returns or waits for the
// client or, by a clock, 0.4 ms later. In a bubble of testing/synctest that clock
// stands still while f waits for something outside the bubble, such as a mutex
// or a real file: there f leaves what is to be done behind its response to a
// goroutine of its own, and returns.
//
//	server.OnRequest(events.InGoroutine(func(req *events.Request, res *events.Response) {
//		io.Copy(res.Blocking(), req.Body())
//	}))
func InGoroutine(f func(req *Request, res *Response)) func(req *Request, res *Response) {
	return func(req *Request, res *Response) {
		req.st.s.hire(job{f, req, res})
	}
}

// endGoroutine tidies up behind a handler. It is deferred.
func (r *Request) endGoroutine(res *Response) {
	failed := recover()
	st := r.st
	st.s.lock()
	defer st.s.unlockEnd()
	defer st.dropHold()
	if failed != nil {
		st.panicked(failed)
	} else if !res.is(resDestroyed) {
		res.end(chunk{}) // if it fails, nobody is there any more
	}
	if d := st.extra().duplex; d != nil {
		d.dropInput()
	}
	if w := st.exchange.extra().writer; w != nil && !w.closed {
		w.closed = true
		w.ready.set(time.Time{})
		st.dropHold()
	}
}
