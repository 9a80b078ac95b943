package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"weft/adapters/websocket"
)

// streamed sends messages back piece by piece.
func streamed(c *websocket.Conn) error {
	for {
		kind, r, err := c.Reader(ctx)
		if err != nil {
			return err
		}
		w, err := c.Writer(ctx, kind)
		if err != nil {
			return err
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, 70_000)); err != nil {
			return err
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			return fmt.Errorf("behind the end: %d, %v", n, err)
		}
		if err := w.Close(); err != nil {
			return err
		}
		if _, err := w.Write([]byte("x")); !errors.Is(err, websocket.ErrInvalidArg) || w.Close() == nil {
			return fmt.Errorf("writing to a message that was closed: %v", err)
		}
	}
}

// Messages of any size go through without being anywhere as a whole.
func TestStream(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		bubble(t, func(t *testing.T, w *world) {
			done := w.serve(streamed, websocket.ServerOptions{Options: websocket.Options{MaxMessageSize: 1000, Compression: compressed}})
			c := w.must(websocket.Options{MaxMessageSize: 4 << 20, Compression: compressed})
			big := []byte(strings.Repeat("zażółć gęślą jaźń ", 20_000))
			for i, m := range [][]byte{nil, []byte("ż"), big, big[:65536], big[:2]} {
				kind := websocket.MessageType(1 + i%2)
				sent := make(chan error)
				go func() { sent <- c.Write(ctx, kind, m) }()
				if k, p, err := c.Read(ctx); k != kind || !bytes.Equal(p, m) || err != nil {
					t.Fatalf("%d bytes came back as %d: %v", len(m), len(p), err)
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
			}
			c.Close(1000, "")
			wantClose(t, <-done, 1000, "")
		})
	}
}

// What is not read of a message is passed over. What a Read has given up is
// there for a Reader.
func TestPassOver(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(func(c *websocket.Conn) error {
			soon := func() context.Context {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				t.Cleanup(cancel)
				return ctx
			}
			if _, _, err := c.Reader(soon()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("nothing to read: %v", err)
			}
			<-time.After(2 * time.Second)
			if _, _, err := c.Read(soon()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("half a message: %v", err)
			}
			kind, r, err := c.Reader(ctx)
			if err != nil {
				return err
			}
			p := make([]byte, 3)
			if _, err := io.ReadFull(r, p); kind != websocket.Text || string(p) != "fir" || err != nil {
				t.Errorf("got %v %q, %v", kind, p, err)
			}
			if _, _, err := c.Read(soon()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("passing over what has not come: %v", err)
			}
			if _, err := r.Read(p); err == nil || err == io.EOF {
				t.Errorf("reading what was passed over: %v", err)
			}
			if _, p, err := c.Read(ctx); string(p) != "second" || err != nil {
				t.Errorf("got %q, %v", p, err)
			}
			return echo(c)
		})
		r := w.raw()
		<-time.After(2 * time.Second)
		r.send(ws.NewFrame(ws.OpText, false, []byte("first")), ws.NewPingFrame(nil))
		<-time.After(5 * time.Second)
		r.send(ws.NewFrame(ws.OpContinuation, true, make([]byte, 2<<20)), ws.NewTextFrame([]byte("second")))
		if f := r.frame(); f.Header.OpCode != ws.OpPong {
			t.Errorf("got %v", f.Header)
		}
		r.send(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))
		r.closedWith(1000)
		wantClose(t, <-done, 1000, "")
	})
}

// How a message that is read piece by piece may end otherwise.
func TestStreamBroken(t *testing.T) {
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00"
	text := func(fin bool, p string) ws.Frame { return ws.NewFrame(ws.OpText, fin, []byte(p)) }
	more := func(fin bool, p string) ws.Frame { return ws.NewFrame(ws.OpContinuation, fin, []byte(p)) }
	for _, c := range []struct {
		name   string
		frames []ws.Frame
		code   websocket.StatusCode
		is     error
	}{
		{"bad text", []ws.Frame{text(true, "ab\xffcd")}, 1007, websocket.ErrInvalidUTF8},
		{"bad text across frames", []ws.Frame{text(false, "\xc5"), more(true, "a")}, 1007, websocket.ErrInvalidUTF8},
		{"text that is cut", []ws.Frame{text(false, "a"), more(true, "\xe2\x82")}, 1007, websocket.ErrInvalidUTF8},
		{"bad text, compressed", []ws.Frame{packed(ws.OpText, true, squeeze([]byte("a\xff")))}, 1007, websocket.ErrInvalidUTF8},
		{"no deflate", []ws.Frame{packed(ws.OpText, true, "\xff\xff")}, 1007, websocket.ErrInvalidDeflate},
		{"behind the last block", []ws.Frame{packed(ws.OpText, true, "\xf3"+hello[1:]+"\x00\x00")}, 1007, websocket.ErrInvalidDeflate},
		{"cut short", []ws.Frame{packed(ws.OpText, true, hello[:3])}, 1007, websocket.ErrInvalidDeflate},
		{"bits", []ws.Frame{text(false, "a"), packed(ws.OpContinuation, true, "")}, 1002, ws.ErrProtocolNonZeroRsv},
		{"message in a message", []ws.Frame{text(false, "a"), text(true, "b")}, 1002, ws.ErrProtocolContinuationExpected},
		{"a close", []ws.Frame{text(false, "a"), ws.NewCloseFrame(ws.NewCloseFrameBody(1001, ""))}, 1001, nil},
		{"a close, compressed", []ws.Frame{packed(ws.OpText, false, hello[:3]), ws.NewCloseFrame(ws.NewCloseFrameBody(1001, ""))}, 1001, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				done := w.serve(streamed, websocket.ServerOptions{Options: websocket.Options{Compression: true}})
				r := w.raw(offer)
				r.send(c.frames...)
				r.closedWith(c.code)
				err := <-done
				if c.is == nil {
					wantClose(t, err, c.code, "")
				} else if !errors.As(err, new(*websocket.ProtocolError)) || !errors.Is(err, c.is) {
					t.Errorf("the server got %v, want %v", err, c.is)
				}
			})
		})
	}
	for _, f := range []ws.Frame{text(false, "abc"), packed(ws.OpText, false, hello[:3])} {
		bubble(t, func(t *testing.T, w *world) {
			done := w.serve(streamed, websocket.ServerOptions{Options: websocket.Options{Compression: true}})
			r := w.raw(offer)
			r.send(f)
			r.Conn.(interface{ CloseWrite() error }).CloseWrite()
			if err := <-done; !errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(*websocket.ProtocolError)) {
				t.Errorf("lost: %v", err)
			}
		})
		bubble(t, func(t *testing.T, w *world) {
			done := w.serve(func(c *websocket.Conn) error {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				_, r, err := c.Reader(ctx)
				if err == nil {
					_, err = io.ReadAll(r)
				}
				if c.Err() == nil {
					t.Error("the connection goes on without the rest of a message")
				}
				return err
			}, websocket.ServerOptions{Options: websocket.Options{Compression: true}})
			r := w.raw(offer)
			r.send(f)
			if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("given up: %v", err)
			}
		})
		bubble(t, func(t *testing.T, w *world) {
			reading := make(chan bool, 1)
			done := w.serve(func(c *websocket.Conn) error {
				_, r, err := c.Reader(ctx)
				if err != nil {
					return err
				}
				closed := make(chan error, 1)
				go func() {
					<-reading
					closed <- c.Close(1001, "")
				}()
				_, err = io.ReadAll(r)
				if err := <-closed; err != nil {
					t.Error(err)
				}
				return err
			}, websocket.ServerOptions{Options: websocket.Options{Compression: true}})
			r := w.raw(offer)
			r.send(f)
			synctest.Wait()
			reading <- true
			synctest.Wait()
			r.send(more(true, "the rest"))
			if f := r.frame(); f.Header.OpCode != ws.OpClose {
				t.Errorf("got %v", f.Header)
			}
			r.send(ws.NewCloseFrame(nil))
			r.hangUp()
			if err := <-done; !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
		})
	}
}

func TestWriterHoldsOthers(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo)
		c := w.must()
		if _, err := c.Writer(ctx, 3); !errors.Is(err, websocket.ErrInvalidArg) {
			t.Errorf("another kind: %v", err)
		}
		m, err := c.Writer(ctx, websocket.Text)
		if err != nil {
			t.Fatal(err)
		}
		other := make(chan error, 1)
		go func() { other <- c.Write(ctx, websocket.Text, []byte("two")) }()
		for _, s := range []string{"o", "", "ne"} {
			if n, err := io.WriteString(m, s); n != len(s) || err != nil {
				t.Error(n, err)
			}
			synctest.Wait()
		}
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := c.Writer(soon, websocket.Text); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beside another message: %v", err)
		}
		m.Close()
		if err := <-other; err != nil {
			t.Error(err)
		}
		for _, want := range []string{"one", "two"} {
			if _, p, err := c.Read(ctx); string(p) != want || err != nil {
				t.Errorf("got %q, %v", p, err)
			}
		}

		m, _ = c.Writer(ctx, websocket.Text)
		m.Write([]byte("begun"))
		c.Close(1000, "")
		if _, err := m.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		wantClose(t, <-done, 1000, "")

		// A context that is done: before the first piece nothing has happened.
		c = w.must()
		ctx, cancel := context.WithCancel(ctx)
		m, _ = c.Writer(ctx, websocket.Text)
		cancel()
		if _, err := m.Write([]byte("x")); !errors.Is(err, context.Canceled) || c.Err() != nil {
			t.Errorf("canceled: %v, %v", err, c.Err())
		}
		ctx, cancel = context.WithCancel(context.Background())
		m, _ = c.Writer(ctx, websocket.Text)
		m.Write([]byte("begun"))
		cancel()
		if err := m.Close(); !errors.Is(err, context.Canceled) || !errors.Is(c.Err(), context.Canceled) {
			t.Errorf("canceled: %v, %v", err, c.Err())
		}
		if _, err := c.Writer(context.Background(), websocket.Text); !errors.Is(err, context.Canceled) {
			t.Errorf("over: %v", err)
		}
		<-done
	})
}

// Who waits behind a message that nobody goes on with is told when the
// connection is over.
func TestWriterLeft(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo)
		c := w.must()
		if _, err := c.Writer(ctx, websocket.Text); err != nil {
			t.Fatal(err)
		}
		others := make(chan error, 2)
		go func() { others <- c.Write(ctx, websocket.Text, []byte("two")) }()
		go func() {
			_, err := c.Writer(ctx, websocket.Text)
			others <- err
		}()
		synctest.Wait()
		c.CloseNow()
		for range 2 {
			if err := <-others; !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
		<-done
	})
}

// Text in pieces is text if it is as a whole.
func TestRunes(t *testing.T) {
	for _, s := range []string{"", "abc", "zażółć", "€", "\U0001F600 and more", "a\xff", "\xc5", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80", "\xc0\x80", "a\x80", "\xc5\xc5\x82", "€\xe2"} {
		for i := 0; i <= len(s); i++ {
			for j := i; j <= len(s); j++ {
				if got := websocket.IsText(s[:i], s[i:j], s[j:]); got != utf8.ValidString(s) {
					t.Errorf("%q %q %q: %v", s[:i], s[i:j], s[j:], got)
				}
			}
		}
	}
}
