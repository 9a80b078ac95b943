package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Read waits for a message and returns it. The bytes are the caller's.
//
// A ctx that is done ends only this call: what was received of a message is
// kept for the next one. Any other error ends the connection. The peer may only
// send as much as is read, and what HTTP/2's windows or the socket take beyond
// that.
//
// Errors: those of ctx, *CloseError, *ProtocolError, ErrNoAnswer, net.ErrClosed;
// that of the stream or connection that carried it, with io.ErrUnexpectedEOF
// if that ended without a close frame.
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error) {
	return c.read(ctx, false)
}

func (c *Conn) read(ctx context.Context, refuse bool) (MessageType, []byte, error) {
	if err := c.lockReading(ctx); err != nil {
		return 0, nil, err
	}
	defer c.reading.unlock()
	if err := c.ended(); err != nil {
		return 0, nil, err
	}
	c.in.ctx, c.in.refuse = ctx, refuse
	defer c.watchReading(ctx)()
	if err := c.in.passOver(); err != nil {
		return 0, nil, c.readFailed(err)
	}
	kind, p, err := c.in.next()
	if err != nil {
		return 0, nil, c.readFailed(err)
	}
	return kind, p, nil
}

// watchReading has who reads notice that ctx is done. That may come late, and
// interrupt another Read, which will see that it was not meant.
func (c *Conn) watchReading(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	end := context.AfterFunc(ctx, func() { c.t.SetReadDeadline(longAgo) })
	return func() { end() }
}

// readFailed does what an error of reading asks for, and returns what the
// caller is told. The caller reads.
func (c *Conn) readFailed(err error) error {
	var stop interruption
	var bad *ProtocolError
	var closed *CloseError
	switch {
	case errors.As(err, &stop):
		return stop.error
	case errors.As(err, &bad):
		c.part(bad, bad.Code, bad.Err.Error())
	case errors.As(err, &closed):
		err := err
		if c.closing.Load() {
			err = errClosed // it answers our close frame, or crossed it
		}
		c.part(err, closed.Code, closed.Reason)
	case errors.Is(err, ErrNoAnswer):
		c.end(err)
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		c.end(fmt.Errorf("websocket: ended without a close frame: %w", io.ErrUnexpectedEOF))
	default:
		c.end(fmt.Errorf("websocket: %w", err))
	}
	return c.ended()
}
