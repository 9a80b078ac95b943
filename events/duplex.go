package events

import (
	"io"
	"net"
	"os"
	"time"

	"weft/core"
)

// Duplex is a stream for goroutines: its methods block. It is a net.Conn whose
// Read gives what the peer sends and whose Write and CloseWrite are this side's
// body. None of its methods may be called from a callback.
//
// Read returns io.EOF only if the peer ended its message and all of it was read.
// A stream that was cut short before is an ErrStreamError with the code,
// whatever that is and however long ago that was. One goroutine may read while
// another writes.
type Duplex struct {
	st       *Stream
	readable notice
	writable notice
	closed   bool
	late     bool // the stream was over before
	lost     bool // some of what came was dropped before it was read
	owner    bool // it holds the stream's place
}

var _ net.Conn = (*Duplex)(nil)

// Blocking makes the stream one for goroutines: from now on its data goes to
// Read instead of the data event. On a server the stream keeps its place under
// the limit of concurrent streams until the Duplex is closed. Calling Blocking
// again returns the same Duplex.
func (st *Stream) Blocking() *Duplex {
	st.s.lock()
	defer st.s.unlock()
	return st.blocking()
}

func (st *Stream) blocking() *Duplex {
	if st.extra().duplex != nil {
		return st.extra().duplex
	}
	d := &Duplex{st: st, late: st.is(isDestroyed)}
	d.readable.cond.L, d.writable.cond.L = &st.s.mu, &st.s.mu
	st.extras().duplex = d
	st.set(wasRead)
	st.clear(isFlowing | isPaused)
	st.wakeUp()
	if st.server() != nil {
		st.server().addHold()
		d.owner = true
	}
	return d
}

// keptStorage is how much storage a stream keeps for what is received while
// nothing waits there: a tunnel that stalled once may live for long.
const keptStorage = 64 << 10

// Read reads from the peer's body.
//
// Errors: io.EOF, ErrStreamError and the like as the Duplex says; net.ErrClosed
// after Close, os.ErrDeadlineExceeded, and ErrInvalidStream for a body that
// others have read.
func (d *Duplex) Read(p []byte) (int, error) {
	st := d.st
	st.s.lock()
	defer st.s.unlock()
	for {
		switch {
		case d.closed:
			return 0, net.ErrClosed
		case d.late:
			return 0, d.broken()
		case st.buffered() > 0:
			if d.readable.passed {
				return 0, os.ErrDeadlineExceeded
			}
			in := st.extra().in
			n := copy(p, in.first().b)
			if in.take(n); in.len() == 0 && cap(in.b) > keptStorage {
				st.more.in = nil
			}
			st.s.keptIn -= n
			st.consume(n)
			return n, nil
		case st.is(gotEnd) && !d.lost && (st.is(saidEnd) || !st.is(isDestroyed) || st.cutShort() == nil):
			d.read()
			return 0, io.EOF
		case st.is(noMoreIn | isDestroyed | offWire):
			err := d.broken()
			if !st.is(isDestroyed) {
				d.read()
			}
			return 0, err
		case len(p) == 0:
			return 0, nil
		}
		if st.yield() {
			continue
		}
		if err := st.s.await(&d.readable); err != nil {
			return 0, err
		}
	}
}

// read notes that its reader was told the end of what the peer sent.
func (d *Duplex) read() {
	if st := d.st; !st.is(saidEnd) {
		st.set(saidEnd)
		st.enqueue(pendSettle)
	}
}

// broken is why there is nothing more to read, other than the end of a message.
// A stream that was cut short says so whenever it is asked.
func (d *Duplex) broken() error {
	st := d.st
	if err := st.cutShort(); err != nil {
		return err
	}
	if st.is(gotEnd) && !d.lost { // all had come, for others
		return ErrInvalidStream
	}
	return streamError(st.code, st.extra().why)
}

// cutShort is the error, if any, with which the stream has ended. Unlike the
// error event it counts CANCEL.
func (st *Stream) cutShort() error {
	x := st.extra()
	switch {
	case !st.is(isClosed | isDestroyed):
		return nil
	case x.err != nil:
		return x.err
	case st.code != core.NoError:
		return streamError(st.code, x.why)
	}
	return nil
}

// brokeOff is the error with which nothing more is written. Unlike cutShort it
// counts NO_ERROR, too, if this side had not ended: a server that has answered may
// so stop an upload (RFC 9113 §8.1).
func (st *Stream) brokeOff() error {
	if err := st.cutShort(); err != nil || !st.is(isAborted) {
		return err
	}
	return streamError(st.code, st.extra().why)
}

// Write writes to this side's body. It returns when all of p was sent or is
// within the high-water mark.
//
// It copies p. Errors: ErrStreamError with its code for a stream that was reset, by
// CANCEL or NO_ERROR, too; ErrWriteAfterEnd after CloseWrite, net.ErrClosed after
// Close, os.ErrDeadlineExceeded.
func (d *Duplex) Write(p []byte) (n int, err error) {
	st := d.st
	st.s.lock()
	defer st.s.unlock()
	for {
		for st.left() >= st.s.high && !d.closed && !st.is(isDestroyed|isClosed) {
			if st.yield() {
				continue
			}
			if err := st.s.await(&d.writable); err != nil {
				return n, err
			}
		}
		switch {
		case d.closed:
			return n, net.ErrClosed
		case st.brokeOff() != nil:
			return n, st.brokeOff()
		case d.writable.passed:
			return n, os.ErrDeadlineExceeded
		}
		piece := p[n:min(len(p), n+st.s.high)]
		if _, err := st.write(chunk{b: piece}); err != nil {
			return n, err
		}
		if n += len(piece); n == len(p) {
			return n, nil
		}
		d.announce()
	}
}

// announce has the driver send what was written so far.
func (d *Duplex) announce() {
	d.st.s.unlock()
	d.st.s.lock()
}

// CloseWrite ends this side's body. It does not wait for what was written to be
// sent. Doing it again does nothing.
//
// Errors: those of Stream.End, and net.ErrClosed after Close.
func (d *Duplex) CloseWrite() error {
	st := d.st
	st.s.lock()
	defer st.s.unlock()
	if d.closed {
		return net.ErrClosed
	}
	return st.end(chunk{})
}

// SendTrailers ends this side's body with trailers, on a stream with
// WaitForTrailers. It waits until the body was sent.
//
// Errors: those of Stream.SendTrailers, ErrTrailersNotReady without
// WaitForTrailers, os.ErrDeadlineExceeded.
func (d *Duplex) SendTrailers(h Headers) error {
	st := d.st
	st.s.lock()
	defer st.s.unlock()
	if !st.is(wantsTail) {
		return ErrTrailersNotReady
	}
	if err := st.end(chunk{}); err != nil {
		return err
	}
	d.announce()
	for !st.is(askedTail | isDestroyed | isClosed) {
		if st.yield() {
			continue
		}
		if err := st.s.await(&d.writable); err != nil {
			return err
		}
	}
	return st.sendTrailers(h)
}

// Response waits for the response's headers; on a server it returns those of
// the request.
//
// Errors: ErrStreamError and the like for a stream that ended before,
// os.ErrDeadlineExceeded.
func (d *Duplex) Response() (Headers, error) {
	st := d.st
	st.s.lock()
	defer st.s.unlock()
	if st.server() != nil {
		return st.server().Headers(), nil
	}
	for !st.is(gotHeaders) {
		if st.is(noMoreIn | isDestroyed | offWire) {
			return Headers{}, d.broken()
		}
		if st.yield() {
			continue
		}
		if err := st.s.await(&d.readable); err != nil {
			return Headers{}, err
		}
	}
	return st.client().response, nil
}

// Trailers returns the peer's trailers, once Read has returned io.EOF.
func (d *Duplex) Trailers() Headers {
	d.st.s.mu.Lock()
	defer d.st.s.mu.Unlock()
	if !d.st.is(gotEnd) {
		return Headers{}
	}
	return d.st.extra().trailers
}

// Close lets go of the stream. If this side's body was not ended by CloseWrite,
// the stream is reset, so that what was written so far does not look complete;
// so it is if the peer's body was not read to its end.
//
// Closing again is net.ErrClosed.
func (d *Duplex) Close() error {
	st := d.st
	st.s.lock()
	defer st.s.unlock()
	if d.closed {
		return net.ErrClosed
	}
	d.closed = true
	d.ended()
	d.readable.set(time.Time{})
	d.writable.set(time.Time{})
	if !st.is(isDestroyed) {
		// Nobody reads on.
		st.drop()
		st.set(saidEnd)
		st.enqueue(pendSettle)
		d.letGo()
	}
	if d.owner {
		d.owner = false
		st.server().dropHold()
	}
	return nil
}

// letGo ends the stream of a Duplex that was closed, unless it ends by itself.
func (d *Duplex) letGo() {
	st := d.st
	code := core.Cancel
	if st.server() != nil {
		code = core.InternalError
	}
	switch {
	case st.extra().answers > 0: // a file on its way will see to it
	case !st.is(isEnding):
		st.shut(code, true, false)
	case st.is(gotEnd): // what was written still goes out
	case st.server() != nil:
		st.shut(core.NoError, true, false)
	default:
		st.shut(core.Cancel, true, false)
	}
}

// ended wakes everyone who waits.
func (d *Duplex) ended() {
	d.readable.signal()
	d.writable.signal()
}

// SetDeadline, SetReadDeadline and SetWriteDeadline are those of net.Conn.
//
// They return nil.
func (d *Duplex) SetDeadline(t time.Time) error {
	d.st.s.mu.Lock()
	defer d.st.s.mu.Unlock()
	d.readable.set(t)
	d.writable.set(t)
	return nil
}

// SetReadDeadline sets when Read and Response give up.
func (d *Duplex) SetReadDeadline(t time.Time) error {
	d.st.s.mu.Lock()
	defer d.st.s.mu.Unlock()
	d.readable.set(t)
	return nil
}

// SetWriteDeadline sets when Write and SendTrailers give up.
func (d *Duplex) SetWriteDeadline(t time.Time) error {
	d.st.s.mu.Lock()
	defer d.st.s.mu.Unlock()
	d.writable.set(t)
	return nil
}

// LocalAddr returns the connection's address.
func (d *Duplex) LocalAddr() net.Addr {
	if c := d.st.s.carrierConn(); c != nil {
		return c.LocalAddr()
	}
	return noAddr{}
}

// RemoteAddr returns the peer's address.
func (d *Duplex) RemoteAddr() net.Addr {
	if c := d.st.s.carrierConn(); c != nil {
		return c.RemoteAddr()
	}
	return noAddr{}
}

// carrierConn returns what carries the session, if that is known.
func (s *Session) carrierConn() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.carrier
}

// noAddr is the address of a session whose loop is the user's own.
type noAddr struct{}

func (noAddr) Network() string { return "h2" }
func (noAddr) String() string  { return "unknown" }
