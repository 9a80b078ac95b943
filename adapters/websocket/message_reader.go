package websocket

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// passed stands for a MessageReader that was left.
var passed = new(MessageReader)

// errPassedOver is what a MessageReader returns after its time.
var errPassedOver = errors.New("websocket: the message was passed over")

// MessageReader reads one message piece by piece. It is for one goroutine at a
// time.
type MessageReader struct {
	c    *Conn
	ctx  context.Context
	text *runes // nil: bytes

	// Of a compressed message.
	packed *bufio.Reader
	plain  io.ReadCloser
	lost   error // of the connection, on the way through them

	err error
}

// Reader waits for a message as Read does, and returns a reader of it: for messages
// that need not be in memory as a whole. MaxMessageSize does not bound them,
// since no more is kept than some 4 KiB, and some 40 KiB of one that is compressed. The next Read or
// Reader passes over what is left of the message, so that while one is being read, nobody
// else may read.
//
// A ctx that is done before a message has begun ends only this call, later it ends the
// connection: it is that of the MessageReader, too.
//
// Errors: those of Read.
func (c *Conn) Reader(ctx context.Context) (MessageType, *MessageReader, error) {
	if err := c.lockReading(ctx); err != nil {
		return 0, nil, err
	}
	defer c.reading.unlock()
	if err := c.ended(); err != nil {
		return 0, nil, err
	}
	c.in.ctx, c.in.refuse = ctx, false
	defer c.watchReading(ctx)()
	err := c.in.passOver()
	if err == nil {
		c.in.streaming = true
		err = c.in.open()
	}
	if err != nil {
		c.in.streaming = false
		return 0, nil, c.readFailed(err)
	}
	r := &MessageReader{c: c, ctx: ctx}
	c.in.stream = r
	if c.in.kind == Text {
		r.text = new(runes)
	}
	if c.in.deflated {
		r.packed = bufio.NewReader(io.MultiReader(pieces{r}, strings.NewReader(tail)))
		r.plain = inflaters.Get().(io.ReadCloser)
		r.plain.(flate.Resetter).Reset(r.packed, nil) // it never fails
	}
	return c.in.kind, r, nil
}

// Read reads some of the message, and waits for it. The end of the message is
// io.EOF.
//
// Errors: those of Conn.Read; any but io.EOF ends the connection.
func (r *MessageReader) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	c := r.c
	if err := c.lockReading(r.ctx); err != nil {
		return 0, err
	}
	defer c.reading.unlock()
	if r.err = c.ended(); r.err == nil && c.in.stream != r {
		r.err = errPassedOver
	}
	if r.err != nil {
		return 0, r.err
	}
	c.in.ctx, c.in.refuse = r.ctx, false
	defer c.watchReading(r.ctx)()
	n, err := r.read(p)
	if r.text != nil && (!r.text.add(p[:n]) || err == io.EOF && !r.text.complete()) {
		err = &ProtocolError{StatusInvalidData, ErrInvalidUTF8}
	}
	switch {
	case err == io.EOF:
		c.in.stream, c.in.streaming = nil, false
		r.err = err
		r.release()
	case err != nil:
		r.err = c.readFailed(err)
		if c.ended() == nil && !errors.Is(r.err, errClosed) {
			r.err = c.end(fmt.Errorf("websocket: a message was broken off: %w", r.err))
		}
	}
	return n, r.err
}

func (r *MessageReader) read(p []byte) (int, error) {
	if r.plain == nil {
		return r.c.in.piece(p)
	}
	n, err := r.plain.Read(p)
	var corrupt flate.CorruptInputError
	switch {
	case r.lost != nil && err != nil:
		return n, r.lost
	case err == io.EOF:
		// See inflate. It also takes the message to its end.
		rest, _ := io.CopyN(io.Discard, r.packed, int64(len(tail)+2))
		if r.lost != nil {
			return n, r.lost
		}
		if rest > int64(len(tail)+1) {
			return n, &ProtocolError{StatusInvalidData, ErrInvalidDeflate}
		}
	case errors.As(err, &corrupt), err == io.ErrUnexpectedEOF:
		return n, &ProtocolError{StatusInvalidData, ErrInvalidDeflate}
	}
	return n, err
}

// release gives back what decompresses.
func (r *MessageReader) release() {
	if r.plain != nil {
		r.plain.(flate.Resetter).Reset(bytes.NewReader(nil), nil)
		inflaters.Put(r.plain)
		r.plain, r.packed = nil, nil
	}
}

// pieces is the present message as it comes.
type pieces struct{ r *MessageReader }

func (p pieces) Read(b []byte) (int, error) {
	n, err := p.r.c.in.piece(b)
	if err != nil && err != io.EOF {
		p.r.lost = err
	}
	return n, err
}

// open reads on to the first frame of a message, unless one has begun that a
// Read has given up.
func (in *incoming) open() error {
	for !in.state.Fragmented() {
		if !in.inFrame {
			if err := in.begin(); err != nil {
				return err
			}
		}
		if in.frame.OpCode.IsData() {
			break
		}
		if err := in.controlled(); err != nil {
			return err
		}
	}
	in.over = false
	return nil
}

// piece reads some of the message that open has come to. Its end is io.EOF.
func (in *incoming) piece(p []byte) (int, error) {
	if len(in.message) > 0 { // what a Read has left
		n := copy(p, in.message)
		if in.message = in.message[n:]; len(in.message) == 0 {
			in.message = nil
		}
		return n, nil
	}
	for !in.over {
		if !in.inFrame {
			if err := in.begin(); err != nil {
				return 0, err
			}
		}
		if in.frame.OpCode.IsControl() {
			if err := in.controlled(); err != nil {
				return 0, err
			}
			continue
		}
		if left := in.frame.Length - in.got; left > 0 {
			n, err := in.payload(p[:min(int64(len(p)), left)])
			if n > 0 {
				err = nil // it will come again
			}
			return n, err
		}
		in.over = in.endFrame()
	}
	return 0, io.EOF
}

// passOver reads to the end of a message that a MessageReader has left.
func (in *incoming) passOver() error {
	if in.stream == nil {
		return nil
	}
	in.stream = passed // it must not go on, should this be interrupted
	var room [firstRoom]byte
	for {
		if _, err := in.piece(room[:]); err == io.EOF {
			in.stream, in.streaming = nil, false
			return nil
		} else if err != nil {
			return err
		}
	}
}
