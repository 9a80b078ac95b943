package events

import (
	"context"
	"io"
	"net"
	"time"
)

// BodyReader is the body of a request for goroutines: Read blocks. It must not
// be used in a callback, and has to be closed; until then the request keeps its
// place under the limit of concurrent streams.
type BodyReader struct {
	req    *Request
	d      *Duplex // nil if there is no body
	closed bool
}

var _ io.ReadCloser = (*BodyReader)(nil)

// Body makes the body one for a goroutine: from now on it goes to Read instead
// of the data event. Calling Body again gives another BodyReader of the same
// body.
func (r *Request) Body() *BodyReader {
	st := r.st
	st.s.mu.Lock()
	none := st.extra().duplex == nil && (st.is(noBody) || st.is(gotEnd) && st.buffered() == 0 && !st.is(isDestroyed))
	st.s.mu.Unlock()
	if none {
		return &BodyReader{req: r}
	}
	return &BodyReader{req: r, d: st.Blocking()}
}

// Read reads from the body. It returns io.EOF only if the client ended its
// message; the request's Trailers are known then. A request that was cut short
// before all of it was read is an ErrStreamError with the code, be it CANCEL or
// NO_ERROR, and however long ago that was.
func (b *BodyReader) Read(p []byte) (int, error) {
	switch {
	case b.d != nil:
	case b.closed:
		return 0, net.ErrClosed
	default:
		return 0, io.EOF
	}
	n, err := b.d.Read(p)
	if err == io.EOF {
		st := b.req.st
		st.s.mu.Lock()
		b.req.setTrailers(st.extra().trailers)
		st.s.mu.Unlock()
	}
	return n, err
}

// SetReadDeadline sets when Read gives up with os.ErrDeadlineExceeded; the
// zero Time is never.
func (b *BodyReader) SetReadDeadline(t time.Time) error {
	if b.d == nil {
		return nil
	}
	return b.d.SetReadDeadline(t)
}

// Close lets go of the body: what comes of it is dropped. Once the response has
// ended, the client is asked to stop sending.
//
// It returns nil.
func (b *BodyReader) Close() error {
	if b.d == nil {
		b.closed = true
		return nil
	}
	st := b.req.st
	st.s.lock()
	defer st.s.unlock()
	b.d.dropInput()
	return nil
}

// dropInput gives the peer's body back to the stream, where nobody wants it.
func (d *Duplex) dropInput() {
	st := d.st
	if d.closed {
		return
	}
	d.closed = true
	d.readable.set(time.Time{})
	if st.extra().duplex == d {
		st.more.duplex = nil
	}
	if !st.is(isDestroyed) {
		st.drop()
		st.clear(wasRead | isPaused)
		st.flow()
		st.enqueue(pendSettle)
	}
	if d.owner {
		d.owner = false
		st.server().dropHold()
	}
}

// Context returns a context that ends when nothing can be sent or received any
// more: the client has gone, or the exchange is complete.
func (r *Request) Context() context.Context {
	st := r.st
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	x := st.exchange().extras()
	if x.ctx == nil {
		x.ctx = newEnding()
		if st.is(offWire) {
			x.ctx.cancel()
		}
	}
	return x.ctx
}
