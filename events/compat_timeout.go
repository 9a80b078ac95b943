package events

import (
	"time"

	"weft/core"
)

// OnTimeout registers f for when nothing happened for the time given to
// SetTimeout. Who listens has to deal with it: the exchange goes on.
func (r *Request) OnTimeout(f func()) Listener {
	mustListen("Request.OnTimeout", f == nil)
	return r.st.onExchange(f, func(on *exchangeEvents) *event[func()] { return &on.requestTimeout })
}

// OnTimeout registers f for when nothing happened for the time given to
// SetTimeout. Who listens has to deal with it: the exchange goes on.
func (r *Response) OnTimeout(f func()) Listener {
	mustListen("Response.OnTimeout", f == nil)
	return r.req.st.onExchange(f, func(on *exchangeEvents) *event[func()] { return &on.responseTimeout })
}

// SetTimeout has the timeout event emitted when nothing was received or sent
// for d, and f, if not nil, called the first time; 0 turns it off. If nobody
// listens for it on the request, the response, the stream or the server, the
// exchange is broken off instead, with CANCEL. On an exchange that is over
// SetTimeout does nothing. A negative d is ErrOutOfRange.
func (r *Request) SetTimeout(d time.Duration, f func()) error {
	return setTimeout(r.st, d, f, r.OnTimeout)
}

// SetTimeout is Request.SetTimeout, with f listening on the response.
func (r *Response) SetTimeout(d time.Duration, f func()) error {
	return setTimeout(r.req.st, d, f, r.OnTimeout)
}

func setTimeout(st *ServerStream, d time.Duration, f func(), on func(func()) Listener) error {
	if d < 0 {
		return negativeTimeout(d)
	}
	if st.asks(isDestroyed) {
		return nil
	}
	if f != nil {
		on(f).Once()
	}
	return st.SetTimeout(d, nil)
}

// timedOut emits the timeout events. heard says that somebody listened on the
// stream.
func (x *exchange) timedOut(heard bool) {
	st := &x.stream
	if on := x.extra().on; on != nil {
		heard = heard || on.requestTimeout.any() || on.responseTimeout.any()
	}
	if owner := st.session().owner; owner != nil {
		heard = heard || owner.onTimeout.any()
	}
	if !heard {
		st.shut(core.Cancel, true, true)
		st.destroy(nil)
		return
	}
	x.emit(func(on *exchangeEvents) *event[func()] { return &on.requestTimeout })
	x.emit(func(on *exchangeEvents) *event[func()] { return &on.responseTimeout })
}
