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
// side by side. When f has returned at once some dozens of times in a row, the
// requests that come complete are served as they come, and what follows on the
// connection waits for f; should it block now, that is for half a millisecond at
// most.
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
	mustCall("InGoroutine", f == nil)
	return func(req *Request, res *Response) {
		req.st.s.hire(job{f, req, res})
	}
}

// handled tidies up behind a handler that had a goroutine, and may have panicked.
func (x *exchange) handled(failed any) {
	st := &x.stream
	st.s.lock()
	defer st.s.unlockEnd()
	defer st.dropHold()
	x.tidy(failed)
}

// tidy ends what a handler has left open.
func (x *exchange) tidy(failed any) {
	st := &x.stream
	if failed != nil {
		st.panicked(failed)
	} else if !x.res.is(resDestroyed) {
		x.res.end(chunk{}) // if it fails, nobody is there any more
	}
	if d := st.extra().duplex; d != nil {
		d.dropInput()
	}
	if w := x.extra().writer; w != nil && !w.closed {
		w.closed = true
		w.ready.set(time.Time{})
		st.dropHold()
	}
}
