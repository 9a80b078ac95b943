package websocket

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// incoming is what was received of the present message. It is kept when a Read
// gives up, and the next one goes on from there.
type incoming struct {
	c      *Conn
	r      *bufio.Reader // what the peer sends
	header replay        // bytes of a frame's header
	bytes  [ws.MaxHeaderSize]byte

	frame    ws.Header
	inFrame  bool
	got      int64 // bytes of its payload
	state    ws.State
	kind     MessageType
	deflated bool // the message is compressed
	message  []byte
	control  [ws.MaxControlFramePayloadSize]byte

	stream    *MessageReader // of the present message
	streaming bool           // the present message is for one
	over      bool           // its end was come to

	// How who reads does it.
	ctx     context.Context
	refuse  bool // no messages are expected
	discard bool // nor wanted: all that counts is the peer's close frame

	silent time.Duration // waited for a byte
	asked  bool          // by a ping, after the first silence
	closed bool          // the peer's close frame was received
}

func (in *incoming) init(c *Conn) {
	in.c = c
	in.r = bufio.NewReader(source{in})
	in.header.r = in.r
	in.state = ws.StateServerSide
	if c.client {
		in.state = ws.StateClientSide
	}
}

// next reads on to the end of a message. It returns an interruption if it was
// not to read on, and may be called again then.
func (in *incoming) next() (MessageType, []byte, error) {
	for {
		if !in.inFrame {
			if err := in.begin(); err != nil {
				return 0, nil, err
			}
		}
		if in.frame.OpCode.IsControl() {
			if err := in.controlled(); err != nil {
				return 0, nil, err
			}
			continue
		}
		for in.got < in.frame.Length {
			if err := in.more(); err != nil {
				return 0, nil, err
			}
		}
		if !in.endFrame() {
			continue
		}
		kind, message := in.kind, in.message
		in.message = nil
		if in.discard {
			continue
		}
		if in.deflated {
			var err error
			if message, err = inflate(message, in.c.opts.MaxMessageSize); err != nil {
				return 0, nil, err
			}
		}
		switch {
		case kind == Text && !utf8.Valid(message):
			return 0, nil, &ProtocolError{StatusInvalidData, ErrInvalidUTF8}
		default:
			return kind, message, nil
		}
	}
}

// controlled reads the rest of a control frame, and does what it asks for.
func (in *incoming) controlled() error {
	for in.got < in.frame.Length {
		if n, err := in.payload(in.control[in.got:in.frame.Length]); n == 0 && err != nil {
			return err
		}
	}
	in.inFrame = false
	switch in.frame.OpCode {
	case ws.OpPing:
		in.c.pong(in.control[:in.got])
	case ws.OpPong:
		in.c.ponged(in.control[:in.got])
	case ws.OpClose:
		return in.close(in.control[:in.got])
	}
	return nil
}

// endFrame ends a frame of a message. It reports whether it was the last one.
func (in *incoming) endFrame() bool {
	in.inFrame = false
	if in.frame.Fin {
		in.state = in.state.Clear(ws.StateFragmented)
	} else {
		in.state = in.state.Set(ws.StateFragmented)
	}
	return in.frame.Fin
}

// begin reads the header of a frame.
func (in *incoming) begin() error {
	h, err := ws.ReadHeaderBuffer(&in.header, in.bytes[:])
	in.header.done(err == nil)
	switch {
	case errors.Is(err, ws.ErrHeaderLengthMSB), errors.Is(err, ws.ErrHeaderLengthUnexpected):
		return &ProtocolError{StatusProtocolError, err}
	case err != nil:
		return err
	}
	if err := in.readRSV(&h); err != nil {
		return err
	}
	if err := ws.CheckHeader(h, in.state); err != nil {
		return &ProtocolError{StatusProtocolError, err}
	}
	if h.OpCode.IsData() && !in.discard {
		if in.refuse && !in.streaming {
			return &ProtocolError{StatusPolicyViolation, ErrUnexpectedMessage}
		}
		if !in.streaming && h.Length > in.limit()-int64(len(in.message)) {
			return &ProtocolError{StatusMessageTooBig, ErrMessageTooBig}
		}
	}
	if h.OpCode == ws.OpText || h.OpCode == ws.OpBinary {
		in.kind = MessageType(h.OpCode)
	}
	in.frame, in.inFrame, in.got = h, true, 0
	return nil
}

// firstRoom is the most that is allocated for bytes that have not come: what
// the peer announces is no reason to.
const firstRoom = 4 << 10

// more reads some of the message.
func (in *incoming) more() error {
	left := in.frame.Length - in.got
	if in.discard {
		in.message = in.message[:0]
	}
	if room := cap(in.message) - len(in.message); room == 0 {
		in.message = slices.Grow(in.message, int(min(left, int64(max(len(in.message), firstRoom)))))
	}
	p := in.message[len(in.message):cap(in.message)]
	n, err := in.payload(p[:min(int64(len(p)), left)])
	if in.message = in.message[:len(in.message)+n]; n > 0 {
		return nil
	}
	return err
}

// payload reads some of the frame.
func (in *incoming) payload(p []byte) (int, error) {
	n, err := in.r.Read(p)
	if in.frame.Masked {
		ws.Cipher(p[:n], in.frame.Mask, int(in.got%4))
	}
	in.got += int64(n)
	return n, err
}

// close takes a close frame.
func (in *incoming) close(p []byte) error {
	if len(p) == 0 {
		in.closed = true
		return &CloseError{Code: StatusNoStatus}
	}
	code, reason := ws.ParseCloseFrameData(p)
	if err := StatusCode(code).check(reason); err != nil {
		if errors.Is(err, ws.ErrProtocolInvalidUTF8) {
			return &ProtocolError{StatusInvalidData, ErrInvalidUTF8}
		}
		return &ProtocolError{StatusProtocolError, err}
	}
	in.closed = true
	return &CloseError{StatusCode(code), reason}
}

// replay remembers what was read of a header, in case the rest of it is to be
// read another time.
type replay struct {
	r    io.Reader
	kept [ws.MaxHeaderSize]byte
	n    int // bytes kept
	at   int // of which were read again
}

func (r *replay) Read(p []byte) (int, error) {
	if r.at < r.n {
		n := copy(p, r.kept[r.at:r.n])
		r.at += n
		return n, nil
	}
	n, err := r.r.Read(p[:min(len(p), len(r.kept)-r.n)])
	r.n += copy(r.kept[r.n:], p[:n])
	r.at = r.n
	return n, err
}

// done is told whether the header was read.
func (r *replay) done(all bool) {
	if r.at = 0; all {
		r.n = 0
	}
}

// interruption is why reading stopped although the connection could go on.
type interruption struct{ error }

func (i interruption) Unwrap() error { return i.error }

// source reads from the transport, and minds the time.
type source struct{ in *incoming }

func (s source) Read(p []byte) (int, error) {
	in, c := s.in, s.in.c
	for {
		begun := time.Now()
		wake := time.Time{}
		if c.opts.PingInterval != Never {
			wake = begun.Add(c.opts.PingInterval - in.silent)
		}
		c.t.SetReadDeadline(wake)
		// Whoever interrupts says why first, and moves the deadline then.
		if err := in.interrupted(); err != nil {
			return 0, interruption{err}
		}
		n, err := c.t.Read(p)
		if n > 0 {
			in.silent, in.asked = 0, false
			return n, nil
		}
		if err == io.EOF {
			return 0, io.ErrUnexpectedEOF // it is no end of a message
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err
		}
		if in.silent += time.Since(begun); in.silent < c.opts.PingInterval {
			continue // it was an interruption, perhaps one meant for somebody else
		}
		if in.asked {
			return 0, ErrNoAnswer
		}
		in.silent, in.asked = 0, true
		c.owe(func(o *owed) { o.ask = true })
	}
}

// interrupted returns why who reads is to stop.
func (in *incoming) interrupted() error {
	if in.c.closing.Load() && !in.discard {
		return errClosed
	}
	return in.ctx.Err()
}
