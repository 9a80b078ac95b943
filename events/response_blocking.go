package events

import (
	"io"
	"net"
	"os"
	"time"
)

// BodyWriter is the body of a response for goroutines: Write blocks while the
// client takes nothing. It must not be used in a callback, and has to be
// closed, which ends the response; until then the request keeps its place under
// the limit of concurrent streams.
type BodyWriter struct {
	res    *Response
	ready  notice
	closed bool
}

var _ io.WriteCloser = (*BodyWriter)(nil)

// Blocking makes the response one for a goroutine. Calling it again returns the
// same BodyWriter.
func (r *Response) Blocking() *BodyWriter {
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	x := st.exchange().extras()
	if x.writer == nil {
		x.writer = &BodyWriter{res: r}
		x.writer.ready.cond.L = &st.s.mu
		st.addHold()
	}
	return x.writer
}

// Write writes to the body. It returns when all of p was sent or is within the
// high-water mark. A client that reset the stream, with CANCEL or NO_ERROR, too,
// is an ErrStreamError with its code.
//
// Errors besides: net.ErrClosed after Close, os.ErrDeadlineExceeded, and those of
// Response.Write.
func (w *BodyWriter) Write(p []byte) (n int, err error) {
	r := w.res
	st := r.req.st
	st.s.lock()
	defer st.s.unlock()
	for {
		for st.left() >= st.s.high && !w.closed && !st.is(isDestroyed|isClosed) {
			if st.yield() {
				continue
			}
			if err := st.s.await(&w.ready); err != nil {
				return n, err
			}
		}
		switch {
		case w.closed:
			return n, net.ErrClosed
		case st.brokeOff() != nil:
			return n, st.brokeOff()
		case w.ready.passed:
			return n, os.ErrDeadlineExceeded
		}
		piece := p[n:min(len(p), n+st.s.high)]
		if _, err := r.write(chunk{b: piece}); err != nil {
			return n, err
		}
		if n += len(piece); n == len(p) {
			return n, nil
		}
		st.s.unlock() // has it sent
		st.s.lock()
	}
}

// WriteString is Write for a string.
func (w *BodyWriter) WriteString(p string) (int, error) { return w.Write(fixed(p).b) }

// SetWriteDeadline sets when Write gives up with os.ErrDeadlineExceeded; the
// zero Time is never.
func (w *BodyWriter) SetWriteDeadline(t time.Time) error {
	st := w.res.req.st
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	w.ready.set(t)
	return nil
}

// Close ends the response, if End has not, and wakes a Write. It does not wait
// for what was written to be sent. To break a response off so that it does not
// look complete, call Response.Destroy first.
//
// Errors: net.ErrClosed if it was closed before, and those of Response.End.
func (w *BodyWriter) Close() error {
	st := w.res.req.st
	st.s.lock()
	defer st.s.unlock()
	if w.closed {
		return net.ErrClosed
	}
	w.closed = true
	w.ready.set(time.Time{})
	var err error
	if !w.res.is(resDestroyed) {
		err = w.res.end(chunk{})
	}
	st.dropHold()
	return err
}
