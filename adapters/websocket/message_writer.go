package websocket

import (
	"context"
	"errors"
	"fmt"

	"github.com/gobwas/ws"
)

// MessageWriter writes one message piece by piece. It is for one goroutine at a
// time.
type MessageWriter struct {
	c     *Conn
	ctx   context.Context
	next  ws.Header
	begun bool
	err   error
}

// Writer begins a message that is sent piece by piece, uncompressed. Until it
// was closed, messages of others wait. It is nothing to the peer before the first
// piece.
//
// A ctx that is done once there was a piece ends the connection. It is that of the
// MessageWriter, too.
//
// Errors: those of Write.
func (c *Conn) Writer(ctx context.Context, kind MessageType) (*MessageWriter, error) {
	if kind != Text && kind != Binary {
		return nil, fmt.Errorf("%w: %v", ErrInvalidArg, kind)
	}
	if err := c.lockWriting(ctx); err != nil {
		return nil, err
	}
	if err := c.ended(); err != nil {
		c.writing.unlock()
		return nil, err
	}
	return &MessageWriter{c: c, ctx: ctx, next: ws.Header{OpCode: ws.OpCode(kind)}}, nil
}

// Write sends p as a part of the message, in frames of at most 64 KiB. Small
// parts are best collected by a bufio.Writer.
//
// Errors: those of Conn.Write; then the message is over, and the connection too
// if a part of it was sent.
func (w *MessageWriter) Write(p []byte) (int, error) {
	n := 0
	for w.err == nil && n < len(p) {
		piece := p[n:min(len(p), n+maxFrame)]
		if w.frame(piece, false); w.err == nil {
			n += len(piece)
		}
	}
	return n, w.err
}

// Close ends the message, which may be empty.
//
// Errors: those of Write, ErrInvalidArg if it was closed before.
func (w *MessageWriter) Close() error {
	if w.err == nil {
		if w.frame(nil, true); w.err == nil {
			w.over(fmt.Errorf("%w: the message was closed", ErrInvalidArg))
			return nil
		}
	}
	return w.err
}

func (w *MessageWriter) frame(p []byte, fin bool) {
	w.next.Fin = fin
	err := w.c.writeFrame(w.ctx, w.next, p)
	if err == nil {
		w.next, w.begun = ws.Header{OpCode: ws.OpContinuation}, true
		return
	}
	if w.begun && w.c.ended() == nil && !errors.Is(err, errClosed) {
		err = w.c.end(fmt.Errorf("websocket: a message was broken off: %w", err))
	}
	w.over(err)
}

// over notes that the message is, and lets others write.
func (w *MessageWriter) over(err error) {
	w.err = err
	w.c.writing.unlock()
}
