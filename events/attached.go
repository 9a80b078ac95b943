package events

import "unsafe"

// Attachment says that every request of a server has something with it: a value
// that is made together with the request, in one object. It is for what stands on
// the Compatibility API and keeps something of its own about each request; an
// object more would cost it about as much as the request itself does. See
// AttachmentOf; the zero Attachment is none.
type Attachment struct{ maker exchangeMaker }

// AttachmentOf returns the Attachment for values of type T. With each request
// comes a T, which is zero until somebody changes it, and lives as long as the
// request. T should be small: up to 64 bytes cost least.
func AttachmentOf[T any]() Attachment { return Attachment{attaching[T]{}} }

// Attached returns what is attached to a request: always the same, which is the
// caller's to use and to guard. It is nil unless ServerOptions.Attach of the
// request's server says T.
func Attached[T any](req *Request) *T {
	srv := req.st.session().owner
	if srv == nil {
		return nil
	}
	if _, ok := srv.opts.Attach.maker.(attaching[T]); !ok {
		return nil
	}
	// All exchanges of the server were made by that maker.
	return &(*attachedTo[T])(unsafe.Pointer(req.st.exchange())).value
}

// attachedTo is an exchange with what is attached to its request. That it begins
// with the exchange is what Attached relies on.
type attachedTo[T any] struct {
	exchange
	value T
}

// exchangeMaker makes exchanges, one or, unless that is more than costs least, two
// at once (see atOnce).
type exchangeMaker interface {
	one() *exchange
	two() (first, second *exchange)
}

type attaching[T any] struct{}

func (attaching[T]) one() *exchange { return &new(attachedTo[T]).exchange }

func (a attaching[T]) two() (first, second *exchange) {
	if unsafe.Sizeof([2]attachedTo[T]{}) > cheapSize {
		return a.one(), nil
	}
	two := new([2]attachedTo[T])
	return &two[0].exchange, &two[1].exchange
}

// makeExchange makes one exchange.
func (ss *ServerSession) makeExchange() *exchange {
	if srv := ss.owner; srv != nil && srv.opts.Attach.maker != nil {
		return srv.opts.Attach.maker.one()
	}
	return new(exchange)
}

// makeExchanges makes two, if second is not nil.
func (ss *ServerSession) makeExchanges() (first, second *exchange) {
	if srv := ss.owner; srv != nil && srv.opts.Attach.maker != nil {
		return srv.opts.Attach.maker.two()
	}
	two := new([2]exchange)
	return &two[0], &two[1]
}
