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

// exchangeMaker makes exchanges: one, or as many at once as cost least (see
// cheapSize), of which it returns the first of a chain.
type exchangeMaker interface {
	one() *exchange
	some() *exchange
}

type attaching[T any] struct{}

func (attaching[T]) one() *exchange { return &new(attachedTo[T]).exchange }

func (a attaching[T]) some() *exchange {
	switch size := unsafe.Sizeof(attachedTo[T]{}); {
	case 3*size <= cheapSize:
		three := new([3]attachedTo[T])
		three[1].chain(&three[2].exchange)
		return three[0].chain(&three[1].exchange)
	case 2*size <= cheapSize:
		two := new([2]attachedTo[T])
		return two[0].chain(&two[1].exchange)
	}
	return a.one()
}

// chain has next follow x, until x is used.
func (x *exchange) chain(next *exchange) *exchange {
	x.res.req.st = &next.stream
	return x
}

// makeExchange makes one exchange.
func (ss *ServerSession) makeExchange() *exchange {
	if srv := ss.owner; srv != nil && srv.opts.Attach.maker != nil {
		return srv.opts.Attach.maker.one()
	}
	return new(exchange)
}

// makeExchanges makes some, and returns the first of their chain.
func (ss *ServerSession) makeExchanges() *exchange {
	if srv := ss.owner; srv != nil && srv.opts.Attach.maker != nil {
		return srv.opts.Attach.maker.some()
	}
	list := new([exchangesAtOnce]exchange)
	for i := range list[1:] {
		list[i].chain(&list[i+1])
	}
	return &list[0]
}
