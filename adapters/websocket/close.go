package websocket

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/gobwas/ws"
)

// errClosed is the error of a connection that was closed here.
var errClosed = fmt.Errorf("websocket: %w", net.ErrClosed)

// maxReason is what a close frame has room for beside the code.
const maxReason = ws.MaxControlFramePayloadSize - 2

// Close closes the connection with a code and a reason of at most 123 bytes of
// UTF-8: it sends a close frame, waits for that of the peer and for the end of
// the stream, for Options.CloseTimeout at most, and lets go of it. A message
// that is being written is broken off; who reads gets net.ErrClosed.
//
// Errors: ErrInvalidArg for a code or reason that can't be sent, and nothing has
// happened then; ErrNoAnswer if the peer did not close; why the connection is
// over, if it was.
func (c *Conn) Close(code StatusCode, reason string) error {
	if err := code.check(reason); err != nil {
		return fmt.Errorf("%w: code %d: %w", ErrInvalidArg, code, err)
	}
	if len(reason) > maxReason {
		return fmt.Errorf("%w: a reason of %d bytes", ErrInvalidArg, len(reason))
	}
	if err := c.ended(); err != nil {
		return err
	}
	if !c.closing.CompareAndSwap(false, true) {
		<-c.done // or else a handler that returns now would cut the other Close short
		return c.ended()
	}
	close(c.leaving)
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.CloseTimeout)
	defer cancel()
	if err := c.sendClose(ctx, code, reason); err != nil {
		return c.notClosed(err)
	}
	c.t.SetReadDeadline(longAgo) // who reads gives way
	if err := c.reading.lock(ctx); err != nil {
		return c.notClosed(err)
	}
	defer c.reading.unlock()
	if c.in.closed {
		return nil // who read has seen to it
	}
	if err := c.ended(); err != nil {
		return err
	}
	c.in.ctx, c.in.discard = ctx, true
	defer c.watchReading(ctx)()
	_, _, err := c.in.next()
	if !c.in.closed {
		return c.notClosed(err)
	}
	c.over(errClosed)
	letGo(ctx, c.t)
	return nil
}

// notClosed ends a connection whose peer does not close it.
func (c *Conn) notClosed(err error) error {
	if why := c.ended(); why != nil {
		return why
	}
	c.end(errClosed)
	return fmt.Errorf("%w: closing: %w", ErrNoAnswer, err)
}

// CloseNow ends the connection without a word: a stream of HTTP/2 is reset with
// CANCEL. It does nothing to one that is over.
//
// It returns what ended the connection before, if anything did.
func (c *Conn) CloseNow() error {
	if err := c.ended(); err != nil {
		return err
	}
	c.end(errClosed)
	return nil
}

// sendClose sends a close frame, unless one was sent.
func (c *Conn) sendClose(ctx context.Context, code StatusCode, reason string) error {
	if err := c.frame.lock(ctx); err != nil {
		return err
	}
	defer c.unlockFrame()
	if c.closeSent.Swap(true) {
		return nil
	}
	if err := c.ended(); err != nil {
		return err
	}
	var body []byte
	if code != StatusNoStatus {
		body = ws.NewCloseFrameBody(ws.StatusCode(code), reason)
	}
	return c.put(ctx, ws.Header{OpCode: ws.OpClose, Fin: true}, body)
}

// part ends the connection for what the peer did, after it was told. The caller
// reads.
func (c *Conn) part(why error, code StatusCode, reason string) {
	ctx, cancel := context.WithTimeout(context.Background(), c.opts.CloseTimeout)
	defer cancel()
	// If the peer can't be told any more, that is not what ended the connection.
	c.mu.Lock()
	c.why = why
	c.mu.Unlock()
	if err := c.sendClose(ctx, code, reason); err != nil {
		c.end(why)
		return
	}
	c.over(why)
	letGo(ctx, c.t)
}

// letGo ends the transport after the last bytes, so that the peer gets those:
// what resets a stream, or a connection with unread data, may overtake them.
func letGo(ctx context.Context, t transport) {
	if t.endOutput() {
		deadline, _ := ctx.Deadline()
		t.SetReadDeadline(deadline)
		io.Copy(io.Discard, onlyReader{t})
	}
	t.Close()
}

type onlyReader struct{ io.Reader }
