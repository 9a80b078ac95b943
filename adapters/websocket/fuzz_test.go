package websocket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// tape is a transport whose peer has said everything, and does not listen.
type tape struct {
	net.Conn // for what is not called
	in       []byte
	random   *rand.Rand // nil: it comes as a whole
	out      bytes.Buffer
}

func (t *tape) Read(p []byte) (int, error) {
	if len(t.in) == 0 {
		return 0, io.EOF
	}
	if t.random != nil {
		p = p[:1+t.random.IntN(len(p))]
	}
	n := copy(p, t.in)
	t.in = t.in[n:]
	return n, nil
}

func (t *tape) Write(p []byte) (int, error)      { return t.out.Write(p) }
func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }
func (t *tape) Close() error                     { return nil }
func (t *tape) endOutput() bool                  { return false }
func (t *tape) abort()                           {}

type fuzzed struct {
	kind MessageType
	p    []byte
}

const fuzzLimit = 10_000

// play returns the messages on a tape, and how it ended.
func play(t *testing.T, in []byte, random *rand.Rand, client, deflate, streamed bool) (list []fuzzed, end error) {
	c := newConn(&tape{in: in, random: random}, Options{MaxMessageSize: fuzzLimit, PingInterval: Never, WriteTimeout: Never, CloseTimeout: time.Minute},
		client, "", deflate)
	defer func() {
		// Somebody may still send a pong.
		c.frame.lock(context.Background())
		if c.Err() == nil {
			t.Error("the connection is not over")
		}
	}()
	for {
		if !streamed {
			kind, p, err := c.Read(context.Background())
			if err != nil {
				return list, err
			}
			if len(p) > fuzzLimit {
				t.Errorf("a message of %d bytes", len(p))
			}
			list = append(list, fuzzed{kind, p})
			continue
		}
		kind, r, err := c.Reader(context.Background())
		if err != nil {
			return list, err
		}
		p, err := io.ReadAll(io.LimitReader(r, fuzzLimit+1))
		if err != nil {
			return list, err
		}
		if len(p) > fuzzLimit {
			c.CloseNow()
			return list, &ProtocolError{StatusMessageTooBig, ErrMessageTooBig}
		}
		list = append(list, fuzzed{kind, p})
	}
}

// FuzzConn has a Conn read what a peer may send: cut anywhere it is the same
// messages and the same end; piece by piece the messages are the same, too; and
// what was read can be written and read again.
func FuzzConn(f *testing.F) {
	tape := func(masked bool, frames ...ws.Frame) []byte {
		var b bytes.Buffer
		for _, f := range frames {
			if masked {
				f = ws.MaskFrame(f)
			}
			ws.WriteFrame(&b, f)
		}
		return b.Bytes()
	}
	packed, _ := deflate(bytes.Repeat([]byte("0123456789"), 50))
	bomb, _ := deflate(make([]byte, 2*fuzzLimit))
	message := func(p []byte) ws.Frame {
		f := ws.NewTextFrame(p)
		f.Header.Rsv = ws.Rsv(true, false, false)
		return f
	}
	for _, client := range []bool{false, true} {
		f.Add(tape(!client, ws.NewTextFrame([]byte("text")), ws.NewBinaryFrame(nil), ws.NewPingFrame([]byte("p")), ws.NewPongFrame(nil),
			ws.NewFrame(ws.OpText, false, []byte("\xc5")), ws.NewPingFrame(nil), ws.NewFrame(ws.OpContinuation, true, []byte("\xbc")),
			ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye"))), uint64(1), client, false)
		f.Add(tape(!client, message(packed), ws.NewBinaryFrame(make([]byte, 300)), message([]byte{0}), message(bomb)), uint64(2), client, true)
		f.Add(tape(!client, message([]byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00")), message([]byte{7})), uint64(3), client, true)
		f.Add(tape(client, ws.NewTextFrame(nil)), uint64(4), client, false)
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64, client, packed bool) {
		if len(in) > 1<<16 {
			return
		}
		whole, end := play(t, in, nil, client, packed, false)
		cut, cutEnd := play(t, in, rand.New(rand.NewPCG(seed, 0)), client, packed, false)
		same(t, "cut", whole, cut, len(whole))
		if end.Error() != cutEnd.Error() {
			t.Errorf("cut, it ends with %v, not %v", cutEnd, end)
		}
		pieces, piecesEnd := play(t, in, rand.New(rand.NewPCG(seed, 1)), client, packed, true)
		same(t, "in pieces", whole, pieces, len(whole))
		// What is wrong with the content of a message it finds before the end
		// of that, and nobody asks for what would be too much in frames.
		var bad *ProtocolError
		content := errors.As(piecesEnd, &bad) && (bad.Code == StatusInvalidData || bad.Code == StatusMessageTooBig)
		if !content && !errors.Is(end, ErrMessageTooBig) && end.Error() != piecesEnd.Error() {
			t.Errorf("in pieces, it ends with %v, not %v", piecesEnd, end)
		}
		same(t, "written again", whole, again(t, whole, client, packed), len(whole))
	})
}

// again writes messages, and returns what the other side reads.
func again(t *testing.T, list []fuzzed, client, deflate bool) []fuzzed {
	out := new(tape)
	c := newConn(out, Options{WriteTimeout: Never}, !client, "", deflate)
	for i, m := range list {
		if i%2 == 0 {
			if err := c.Write(context.Background(), m.kind, m.p); err != nil {
				t.Fatal(err)
			}
			continue
		}
		w, err := c.Writer(context.Background(), m.kind)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(m.p[:len(m.p)/2])
		w.Write(m.p[len(m.p)/2:])
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	read, end := play(t, out.out.Bytes(), nil, client, deflate, false)
	if !errors.Is(end, io.ErrUnexpectedEOF) {
		t.Errorf("what was written ends with %v", end)
	}
	return read
}

func same(t *testing.T, how string, want, got []fuzzed, n int) {
	if len(got) < n {
		t.Fatalf("%s: %d messages, want %d", how, len(got), n)
	}
	for i := range n {
		if want[i].kind != got[i].kind || !bytes.Equal(want[i].p, got[i].p) {
			t.Fatalf("%s: message %d is %v %q, want %v %q", how, i, got[i].kind, got[i].p, want[i].kind, want[i].p)
		}
	}
}
