package events

import (
	"sync/atomic"
	"unsafe"
)

// The Compatibility API shows an exchange as a Request and a Response, as
// Node's http module does. Both stand on the stream: what they add is a list of
// header fields that is still being made, and the events of a message instead
// of those of a stream.

// exchange is a stream with the Request and the Response that stand for it. It
// is one object, for most requests come and go with nothing more.
type exchange struct {
	stream ServerStream
	res    Response // with the Request in it

	more atomic.Pointer[exchangeExtra] // nil for most
}

// exchangeExtra is what few exchanges have.
type exchangeExtra struct {
	request atomic.Pointer[requestExtra] // nil for most

	on     *exchangeEvents
	socket *StreamSocket
	ctx    *ending
	writer *BodyWriter

	trailers []Field       // queued, to follow the response's body
	corked   int           // calls of Uncork that are due
	buffer   []byte        // written while corked
	awaited  []func(error) // by who wrote it
}

// extras returns the exchange's extra, to change it.
func (x *exchange) extras() *exchangeExtra {
	e := x.more.Load()
	if e == nil {
		e = new(exchangeExtra)
		x.more.Store(e)
	}
	return e
}

var noExchangeExtra exchangeExtra

// extra returns the exchange's extra, to look at it.
func (x *exchange) extra() *exchangeExtra {
	if e := x.more.Load(); e != nil {
		return e
	}
	return &noExchangeExtra
}

// exchangeEvents are the functions registered for events that the stream does
// not have, or has at other times.
type exchangeEvents struct {
	requestClose    event[func()]
	requestTimeout  event[func()]
	finish          event[func()]
	responseClose   event[func()]
	responseTimeout event[func()]
}

// newExchange is newStream for the Compatibility API.
func (ss *ServerSession) newExchange() *ServerStream {
	ss.begun++
	x := ss.spareExchange
	switch {
	case x != nil:
	case ss.begun <= manyRequests:
		return ss.makeExchange().init()
	default:
		x = ss.makeExchanges()
	}
	ss.spareExchange = nil
	if next := x.res.req.st; next != nil { // see chain
		ss.spareExchange = (*exchange)(unsafe.Pointer(next))
	}
	return x.init()
}

// init joins the exchange's parts, and returns its stream.
func (x *exchange) init() *ServerStream {
	st := &x.stream
	st.role = asExchange
	x.res.req.st = st
	return st
}

func (x *exchange) hooks() *exchangeEvents {
	e := x.extras()
	if e.on == nil {
		e.on = new(exchangeEvents)
	}
	return e.on
}

// emit calls the listeners of one of the exchange's events.
func (x *exchange) emit(which func(*exchangeEvents) *event[func()]) {
	on := x.extra().on
	if on == nil {
		return
	}
	var few [2]func()
	if list := which(on).take(few[:0]); len(list) > 0 {
		x.stream.run(list)
	}
}

// sent is called when the connection has all of the stream's message.
func (x *exchange) sent() {
	if !x.stream.is(sentEnd) {
		return // it was cut short: closed says so
	}
	if x.res.is(resEnded) || !x.res.is(resBodiless) {
		x.sayFinish()
	} // else the handler has not ended it yet
}

// closed is called when the stream emits its close event, ahead of it.
func (x *exchange) closed() {
	r, st := &x.res, &x.stream
	if st.is(isPush) {
		x.closedResponse(r, st)
		return
	}
	x.emit(func(on *exchangeEvents) *event[func()] { return &on.requestClose })
	x.closedResponse(r, st)
}

func (x *exchange) closedResponse(r *Response, st *ServerStream) {
	cut := !st.is(sentEnd)
	switch {
	case r.is(resFinished):
		return
	case !cut && r.is(resBodiless) && !r.is(resEnded):
		return // End says finish
	case cut:
		// Before finish, for nothing follows that.
		x.emit(func(on *exchangeEvents) *event[func()] { return &on.responseClose })
	}
	x.sayFinish()
}

func (x *exchange) sayFinish() {
	if x.res.is(resFinished) {
		return
	}
	x.res.set(resFinished)
	x.emit(func(on *exchangeEvents) *event[func()] { return &on.finish })
}

// offWire is called when nothing is sent or received any more: whoever waits
// in a goroutine is told.
func (x *exchange) offWire() {
	e := x.more.Load()
	if e == nil {
		return
	}
	if e.writer != nil {
		e.writer.ready.signal()
	}
	if e.ctx != nil {
		e.ctx.cancel()
	}
}
