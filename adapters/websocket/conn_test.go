package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"weft/adapters/websocket"
)

// wantClose checks for a *CloseError.
func wantClose(t *testing.T, err error, code websocket.StatusCode, reason string) {
	t.Helper()
	var e *websocket.CloseError
	if !errors.As(err, &e) || e.Code != code || e.Reason != reason {
		t.Errorf("got %v, want a close with %d %q", err, code, reason)
	}
}

// wantClosed checks what Close returned: the peer may have been faster.
func wantClosed(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.As(err, new(*websocket.CloseError)) {
		t.Error(err)
	}
}

func TestEcho(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo)
		c := w.must()
		for i, m := range []string{"hello", "", "żółć"} {
			kind := websocket.MessageType(1 + i%2)
			if err := c.Write(ctx, kind, []byte(m)); err != nil {
				t.Fatal(err)
			}
			if k, p, err := c.Read(ctx); k != kind || string(p) != m || err != nil {
				t.Fatalf("got %v %q, %v", k, p, err)
			}
		}
		begun := time.Now()
		if err := c.Close(4000, "enough"); err != nil {
			t.Error(err)
		}
		wantClose(t, <-done, 4000, "enough")
		if d := time.Since(begun); d > 0 {
			t.Errorf("closing took %v", d)
		}
		for _, err := range []error{c.Write(ctx, websocket.Text, nil), c.Close(1000, ""), c.CloseNow(), c.Ping(ctx)} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
		}
		if _, _, err := c.Read(ctx); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// Whoever closes, and even if both do, both get an end without an error.
func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(func(c *websocket.Conn) error {
			reading := make(chan error)
			go func() {
				_, _, err := c.Read(ctx)
				reading <- err
			}()
			<-time.After(time.Second)
			wantClosed(t, c.Close(1001, "bye"))
			return <-reading
		})
		c := w.must()
		_, _, err := c.Read(ctx)
		wantClose(t, err, 1001, "bye")
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the server read %v", err)
		}
		wantClose(t, c.Write(ctx, websocket.Text, nil), 1001, "bye")

		c = w.must()
		<-time.After(time.Second)
		wantClosed(t, c.Close(1000, ""))
		<-done
	})
}

// A handler that returns while somebody else closes does not cut that short.
func TestCloseElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		closed := make(chan error, 1)
		done := w.serve(func(c *websocket.Conn) error {
			if _, _, err := c.Read(ctx); err != nil {
				return err
			}
			go func() { closed <- c.Close(1001, "bye") }()
			_, _, err := c.Read(ctx)
			return err
		})
		r := w.raw()
		r.send(ws.NewTextFrame(nil))
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the server read %v", err)
		}
		synctest.Wait() // the handler has returned
		r.send(ws.NewTextFrame([]byte("on its way")), ws.NewCloseFrame(nil))
		if f := r.frame(); f.Header.OpCode != ws.OpClose {
			t.Errorf("got %v", f.Header)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		r.hangUp()
	})
}

// Who wants to read while Close waits for the peer's answer is told at once.
func TestReadWhileClosing(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		began := time.Now()
		done := w.serve(func(c *websocket.Conn) error {
			if _, _, err := c.Read(ctx); err != nil {
				return err
			}
			go c.Close(1001, "bye")
			synctest.Wait() // it waits for the answer
			_, _, err := c.Read(ctx)
			return err
		})
		r := w.raw()
		r.send(ws.NewTextFrame(nil))
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the server read %v", err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("after %v", took)
		}
		r.send(ws.NewCloseFrame(nil))
		if f := r.frame(); f.Header.OpCode != ws.OpClose {
			t.Errorf("got %v", f.Header)
		}
		r.hangUp()
	})
}

func TestCloseArguments(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo)
		c := w.must()
		for _, err := range []error{
			c.Close(0, ""), c.Close(1004, ""), c.Close(websocket.StatusNoStatus, ""), c.Close(1006, ""), c.Close(1015, ""), c.Close(2000, ""),
			c.Close(1000, "\xff"), c.Close(1000, string(make([]byte, 124))), c.Write(ctx, 3, nil),
		} {
			if !errors.Is(err, websocket.ErrInvalidArg) {
				t.Errorf("got %v", err)
			}
		}
		if err := c.Close(websocket.StatusServiceRestart, string(make([]byte, 123))); err != nil {
			t.Error(err)
		}
		wantClose(t, <-done, 1012, string(make([]byte, 123)))
	})
}

// What the peer does wrong is answered with the right code.
func TestViolations(t *testing.T) {
	type frames = []ws.Frame
	text := func(fin bool, p string) ws.Frame { return ws.NewFrame(ws.OpText, fin, []byte(p)) }
	cont := func(fin bool, p string) ws.Frame { return ws.NewFrame(ws.OpContinuation, fin, []byte(p)) }
	reserved := ws.NewFrame(ws.OpText, true, nil)
	reserved.Header.Rsv = 4
	unfinished := ws.NewPingFrame(nil)
	unfinished.Header.Fin = false
	long := ws.NewFrame(ws.OpPing, true, make([]byte, 126))
	for _, c := range []struct {
		name   string
		frames frames
		code   websocket.StatusCode
		is     error
	}{
		{"bad text", frames{text(true, "a\xffb")}, 1007, websocket.ErrInvalidUTF8},
		{"bad text in pieces", frames{text(false, "\xc5"), cont(true, "a")}, 1007, websocket.ErrInvalidUTF8},
		{"too big", frames{ws.NewBinaryFrame(make([]byte, 1001))}, 1009, websocket.ErrMessageTooBig},
		{"too big in pieces", frames{text(false, string(make([]byte, 1000))), cont(false, ""), cont(true, "x")}, 1009, websocket.ErrMessageTooBig},
		{"reserved bit", frames{reserved}, 1002, ws.ErrProtocolNonZeroRsv},
		{"reserved code", frames{ws.NewFrame(3, true, nil)}, 1002, ws.ErrProtocolOpCodeReserved},
		{"continues nothing", frames{cont(true, "a")}, 1002, ws.ErrProtocolContinuationUnexpected},
		{"message in a message", frames{text(false, "a"), text(true, "b")}, 1002, ws.ErrProtocolContinuationExpected},
		{"ping in pieces", frames{unfinished}, 1002, ws.ErrProtocolControlNotFinal},
		{"long ping", frames{long}, 1002, ws.ErrProtocolControlPayloadOverflow},
		{"close with half a code", frames{ws.NewFrame(ws.OpClose, true, []byte{3})}, 1002, ws.ErrProtocolStatusCodeNotInUse},
		{"close with 1005", frames{ws.NewCloseFrame(ws.NewCloseFrameBody(1005, ""))}, 1002, ws.ErrProtocolStatusCodeApplicationLevel},
		{"close with bad text", frames{ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "\xff"))}, 1007, websocket.ErrInvalidUTF8},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				done := w.serve(echo, websocket.ServerOptions{Options: websocket.Options{MaxMessageSize: 1000}})
				r := w.raw()
				r.send(text(true, "fine"), ws.NewBinaryFrame(make([]byte, 1000)))
				r.send(c.frames...)
				r.closedWith(c.code)
				err := <-done
				var bad *websocket.ProtocolError
				if !errors.As(err, &bad) || bad.Code != c.code || !errors.Is(err, c.is) {
					t.Errorf("the server got %v, want %v", err, c.is)
				}
			})
		})
	}
	t.Run("unmasked", func(t *testing.T) {
		bubble(t, func(t *testing.T, w *world) {
			done := w.serve(echo)
			r := w.raw()
			ws.WriteFrame(r, text(true, "plain"))
			r.closedWith(1002)
			if err := <-done; !errors.Is(err, ws.ErrProtocolMaskRequired) {
				t.Errorf("the server got %v", err)
			}
		})
	})
	t.Run("impossible length", func(t *testing.T) {
		bubble(t, func(t *testing.T, w *world) {
			done := w.serve(echo)
			r := w.raw()
			r.Write([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
			r.closedWith(1002)
			if err := <-done; !errors.Is(err, ws.ErrHeaderLengthMSB) {
				t.Errorf("the server got %v", err)
			}
		})
	})
}

// Control frames come between the frames of a message, and bytes in any pieces.
func TestFragments(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		got := make(chan string, 1)
		done := w.serve(func(c *websocket.Conn) error {
			_, p, err := c.Read(ctx)
			if err != nil {
				return err
			}
			got <- string(p)
			_, _, err = c.Read(ctx)
			return err
		})
		r := w.raw()
		var stream bytes.Buffer
		for _, f := range []ws.Frame{
			ws.NewFrame(ws.OpText, false, []byte("za\xc5")), ws.NewPingFrame([]byte("1")),
			ws.NewFrame(ws.OpContinuation, false, nil), ws.NewPongFrame([]byte("unasked")),
			ws.NewFrame(ws.OpContinuation, true, []byte("\xbc\xc3\xb3\xc5\x82\xc4\x87")),
		} {
			ws.WriteFrame(&stream, ws.MaskFrame(f))
		}
		for _, b := range stream.Bytes() {
			if _, err := r.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if m := <-got; m != "zażółć" {
			t.Errorf("got %q", m)
		}
		if f := r.frame(); f.Header.OpCode != ws.OpPong || string(f.Payload) != "1" {
			t.Errorf("got %v %q", f.Header, f.Payload)
		}
		r.send(ws.NewCloseFrame(nil))
		if f := r.frame(); f.Header.OpCode != ws.OpClose || len(f.Payload) != 0 {
			t.Errorf("got %v %q", f.Header, f.Payload)
		}
		r.hangUp()
		wantClose(t, <-done, websocket.StatusNoStatus, "")
	})
}

// A Read that gives up loses nothing, wherever in a frame it does.
func TestReadGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		tries := 0
		done := w.serve(func(c *websocket.Conn) error {
			for {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				_, p, err := c.Read(ctx)
				cancel()
				switch {
				case errors.Is(err, context.DeadlineExceeded):
					tries++
				case err != nil:
					return err
				default:
					return c.Write(context.Background(), websocket.Binary, p)
				}
			}
		})
		r := w.raw()
		message := bytes.Repeat([]byte("0123456789"), 13) // 2 bytes of length
		var stream bytes.Buffer
		ws.WriteFrame(&stream, ws.MaskFrame(ws.NewBinaryFrame(message)))
		for _, b := range stream.Bytes() {
			r.Write([]byte{b})
			<-time.After(1500 * time.Millisecond)
		}
		if f := r.frame(); !bytes.Equal(f.Payload, message) {
			t.Errorf("got %q", f.Payload)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if tries < 130 {
			t.Errorf("%d tries", tries)
		}
		r.send(ws.NewCloseFrame(nil))
		r.closedWith(1000)
	})
}

func TestCloseRead(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(func(c *websocket.Conn) error {
			return context.Cause(doneOf(c.CloseRead(ctx)))
		})
		c := w.must()
		if err := c.Write(ctx, websocket.Text, []byte("anybody?")); err != nil {
			t.Error(err)
		}
		_, _, err := c.Read(ctx)
		wantClose(t, err, websocket.StatusPolicyViolation, websocket.ErrUnexpectedMessage.Error())
		if err := <-done; !errors.Is(err, websocket.ErrUnexpectedMessage) {
			t.Errorf("got %v", err)
		}
	})
}

func TestHandlerPanics(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.serve(func(c *websocket.Conn) error { panic("handler") })
		_, _, err := w.must().Read(ctx)
		wantClose(t, err, websocket.StatusInternalError, "")
	})
}

// Messages of mixed sizes go both ways at once, from several goroutines, with
// pings between them. Nothing is lost, nothing mixed up.
func TestManyMessages(t *testing.T) {
	n, goroutines := 10000, 4
	if testing.Short() {
		n = 400
	}
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo)
		c := w.must()
		random := rand.New(rand.NewPCG(8, 441))
		noise := make([]byte, 1<<20+256)
		for i := range noise {
			noise[i] = byte(random.Uint32())
		}
		size := func(i int) int {
			switch {
			case i%1000 == 0:
				return 1 << 20
			case i%50 == 0:
				return 64<<10 + i%7 - 3
			case i%10 == 0:
				return 125 + i%3
			}
			return i % 3000
		}
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() {
				for i := g; i < n; i += goroutines {
					m := append(fmt.Appendf(nil, "%06d", i), noise[i%256:][:max(size(i)-6, 0)]...)
					if err := c.Write(ctx, websocket.Binary, m); err != nil {
						t.Errorf("message %d: %v", i, err)
						return
					}
					if i%100 == 0 {
						if err := c.Ping(ctx); err != nil {
							t.Errorf("ping %d: %v", i, err)
						}
					}
				}
			})
		}
		last := [8]int{0: -4, 1: -3, 2: -2, 3: -1}
		for range n {
			_, p, err := c.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var i int
			fmt.Sscanf(string(p[:6]), "%d", &i)
			if i != last[i%goroutines]+goroutines {
				t.Fatalf("message %d after %d", i, last[i%goroutines])
			}
			last[i%goroutines] = i
			if !bytes.Equal(p[6:], noise[i%256:][:max(size(i)-6, 0)]) {
				t.Fatalf("message %d is another one", i)
			}
		}
		all.Wait()
		// A Read is what answers pings, and there is none now.
		if err := c.Close(1000, ""); err != nil {
			t.Error(err)
		}
		wantClose(t, <-done, 1000, "")
	})
}
