package websocket

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/gobwas/ws"
)

// maxFrame is the payload of the frames that a message is cut into, so that
// pings, pongs and closes do not have to wait for all of it.
const maxFrame = 64 << 10

// Write sends p as one message. It returns when all of it was sent or is within
// what the stream or socket queues; until then it waits for the peer to read.
// Text has to be UTF-8, or the peer will end the connection. Messages of several
// goroutines go one after the other.
//
// If ctx is done before the message has begun, nothing was sent; if it is done
// later, the connection ends.
//
// Errors: those of ctx, ErrInvalidArg for what is neither Text nor Binary, and
// those of Read once the connection is over.
func (c *Conn) Write(ctx context.Context, kind MessageType, p []byte) error {
	if kind != Text && kind != Binary {
		return fmt.Errorf("%w: %v", ErrInvalidArg, kind)
	}
	h := ws.Header{OpCode: ws.OpCode(kind)}
	if c.deflate && len(p) >= minDeflated {
		if small, ok := deflate(p); ok {
			p, h.Rsv = small, ws.Rsv(true, false, false)
		}
	}
	if err := c.lockWriting(ctx); err != nil {
		return err
	}
	defer c.writing.unlock()
	for begun := false; ; h, begun = (ws.Header{OpCode: ws.OpContinuation}), true {
		piece := p[:min(len(p), maxFrame)]
		p = p[len(piece):]
		h.Fin = len(p) == 0
		if err := c.writeFrame(ctx, h, piece); err != nil {
			if begun && c.ended() == nil && !errors.Is(err, errClosed) {
				return c.end(fmt.Errorf("websocket: a message was broken off: %w", err))
			}
			return err
		}
		if len(p) == 0 {
			return nil
		}
	}
}

// writeFrame sends a frame.
func (c *Conn) writeFrame(ctx context.Context, h ws.Header, p []byte) error {
	if err := c.lockFrame(ctx); err != nil {
		return err
	}
	defer c.unlockFrame()
	return c.put(ctx, h, p)
}

// lockFrame locks, unless nothing may be sent any more.
func (c *Conn) lockFrame(ctx context.Context) error {
	if err := c.frame.lock(ctx); err != nil {
		return err
	}
	err := c.ended()
	switch {
	case err != nil:
	case c.closeSent.Load():
		err = errClosed
	default:
		err = ctx.Err()
	}
	if err != nil {
		c.unlockFrame()
	}
	return err
}

// put writes a frame. The caller has the lock.
func (c *Conn) put(ctx context.Context, h ws.Header, p []byte) error {
	h.Length = int64(len(p))
	if c.client {
		h.Masked, h.Mask = true, ws.NewMask()
	}
	out := outs.Get().(*output)
	defer outs.Put(out)
	out.b = out.b[:0]
	if err := ws.WriteHeaderBuffer(out, h, out.header[:]); err != nil {
		return c.end(err) // it can't be: the length is valid
	}
	begin := len(out.b)
	out.b = append(out.b, p...)
	if h.Masked {
		ws.Cipher(out.b[begin:], h.Mask, 0)
	}
	c.t.SetWriteDeadline(from(c.opts.WriteTimeout))
	stop := c.watchWriting(ctx)
	_, err := c.t.Write(out.b)
	stop()
	switch {
	case err == nil:
		return nil
	case c.ended() != nil:
		return c.ended()
	case !errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("websocket: %w", err)
	case ctx.Err() != nil:
		err = fmt.Errorf("websocket: a message was broken off: %w", ctx.Err())
	default:
		err = ErrNoAnswer
	}
	return c.end(err)
}

// watchWriting has the write end when ctx is done. Once stop has returned, no
// other write is interrupted.
func (c *Conn) watchWriting(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	ran := make(chan struct{})
	end := context.AfterFunc(ctx, func() {
		c.t.SetWriteDeadline(longAgo)
		close(ran)
	})
	return func() {
		if !end() {
			<-ran
		}
	}
}

// output is a frame that is put together.
type output struct {
	b      []byte
	header [ws.MaxHeaderSize]byte
}

func (o *output) Write(p []byte) (int, error) {
	o.b = append(o.b, p...)
	return len(p), nil
}

var outs = sync.Pool{New: func() any { return new(output) }}

// pong answers a ping.
func (c *Conn) pong(p []byte) {
	c.owe(func(o *owed) { o.pong, o.pongs = append(o.pong[:0], p...), true })
}

// owe notes a frame to be sent, and has it sent by whoever writes, or else by a
// goroutine of its own: who reads must not wait for the peer to read. The
// goroutine lives no longer than one write may take.
func (c *Conn) owe(what func(*owed)) {
	c.mu.Lock()
	what(&c.owed)
	c.mu.Unlock()
	if c.frame.tryLock() {
		go c.unlockFrame()
	}
}

// unlockFrame sends what is owed, and unlocks.
func (c *Conn) unlockFrame() {
	for {
		c.sendOwed()
		c.frame.unlock()
		// What was owed in between had nobody who sends it.
		if !c.owes() || !c.frame.tryLock() {
			return
		}
	}
}

// nextPing returns the payload of a ping nobody waits for.
func (c *Conn) nextPing() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return binary.BigEndian.AppendUint64(nil, c.last)
}

func (c *Conn) owes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return (c.owed.pongs || c.owed.ask) && c.err == nil && !c.closeSent.Load()
}

func (c *Conn) sendOwed() {
	var room [ws.MaxControlFramePayloadSize]byte
	for c.owes() {
		c.mu.Lock()
		o := c.owed
		pong := append(room[:0], o.pong...)
		c.owed.pongs, c.owed.ask = false, false
		c.mu.Unlock()
		if o.pongs && c.put(context.Background(), ws.Header{OpCode: ws.OpPong, Fin: true}, pong) != nil {
			return
		}
		if o.ask && c.put(context.Background(), ws.Header{OpCode: ws.OpPing, Fin: true}, c.nextPing()) != nil {
			return
		}
	}
}
