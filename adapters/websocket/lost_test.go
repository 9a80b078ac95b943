package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"weft/adapters/websocket"
	"weft/events"
	"weft/transport/mem"
)

// Nobody is left behind by a peer that goes away, in whatever way.
func TestPeerLost(t *testing.T) {
	for name, lose := range map[string]func(*world, *raw){
		"end": func(w *world, r *raw) {
			r.Conn.(interface{ CloseWrite() error }).CloseWrite()
		},
		"stream reset": func(w *world, r *raw) {
			if r.st == nil {
				w.conns[0].(*mem.Conn).Reset()
				return
			}
			r.st.Close(events.Cancel)
		},
		"connection lost": func(w *world, r *raw) { w.conns[0].(*mem.Conn).Reset() },
		"in a frame": func(w *world, r *raw) {
			r.Write([]byte{0x81, 0xfe, 1})
			w.conns[0].Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				done := w.serve(func(c *websocket.Conn) error {
					failed := make(chan error)
					for _, f := range []func() error{
						func() error { _, _, err := c.Read(ctx); return err },
						func() error { return context.Cause(doneOf(c.CloseRead(ctx))) },
						func() error { return c.Write(ctx, websocket.Binary, make([]byte, 8<<20)) },
						func() error { return c.Ping(ctx) },
					} {
						go func() { failed <- f() }()
					}
					for range 4 {
						if err := <-failed; err == nil {
							t.Error("no error")
						}
					}
					_, _, err := c.Read(ctx)
					return err
				})
				r := w.raw()
				synctest.Wait()
				lose(w, r)
				err := <-done
				var closed *websocket.CloseError
				if err == nil || errors.As(err, &closed) {
					t.Errorf("got %v", err)
				}
				if name == "end" && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func doneOf(ctx context.Context) context.Context {
	<-ctx.Done()
	return ctx
}

// A peer that says nothing is asked, and given up. One that answers is not.
func TestSilence(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo)
		r := w.raw()
		begun := time.Now()
		if f := r.frame(); f.Header.OpCode != ws.OpPing || time.Since(begun) != 30*time.Second {
			t.Errorf("got %v after %v", f.Header, time.Since(begun))
		}
		if err := <-done; !errors.Is(err, websocket.ErrNoAnswer) || time.Since(begun) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}

		c := w.must()
		reading := make(chan error)
		go func() {
			_, _, err := c.Read(ctx)
			reading <- err
		}()
		<-time.After(time.Hour)
		if err := c.Ping(ctx); err != nil {
			t.Error(err)
		}
		c.Close(1000, "")
		wantClose(t, <-done, 1000, "")
		<-reading
	})
}

// A peer that does not read is waited for, and given up.
func TestStalledPeer(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		sent := make(chan int, 1)
		done := w.serve(func(c *websocket.Conn) error {
			for n := 0; ; n++ {
				if err := c.Write(ctx, websocket.Binary, make([]byte, 64<<10)); err != nil {
					sent <- n
					return err
				}
			}
		})
		r := w.raw()
		begun := time.Now()
		if err := <-done; !errors.Is(err, websocket.ErrNoAnswer) || time.Since(begun) != time.Minute {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
		if n := <-sent; n > 32 {
			t.Errorf("%d messages were queued for who does not read", n)
		}
		r.Close()
	})
}

// A context ends a write that waits, and with it the connection.
func TestWriteGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(func(c *websocket.Conn) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			waiting := make(chan error)
			go func() { waiting <- c.Write(ctx, websocket.Binary, make([]byte, 8<<20)) }()
			<-time.After(time.Millisecond)
			// One that has not begun does no harm.
			soon, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			if err := c.Write(soon, websocket.Text, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			err := <-waiting
			if after := c.Write(context.Background(), websocket.Text, nil); after == nil {
				t.Error("the connection goes on")
			}
			return err
		})
		r := w.raw()
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		r.Close()
	})
}

// A peer that does not answer a close is not waited for.
func TestCloseWithoutAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(func(c *websocket.Conn) error {
			go c.Write(ctx, websocket.Binary, make([]byte, 8<<20))
			<-time.After(time.Second)
			begun := time.Now()
			err := c.Close(1000, "")
			if d := time.Since(begun); d != 5*time.Second {
				t.Errorf("it took %v", d)
			}
			return err
		})
		r := w.raw()
		if err := <-done; !errors.Is(err, websocket.ErrNoAnswer) {
			t.Errorf("got %v", err)
		}
		r.Close()
	})
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(func(c *websocket.Conn) error { return c.Close(1000, "") })
		r := w.raw()
		begun := time.Now()
		if err := <-done; !errors.Is(err, websocket.ErrNoAnswer) || time.Since(begun) != 5*time.Second {
			t.Errorf("got %v after %v", err, time.Since(begun))
		}
		r.Close()
	})
}

// Pings that nobody could answer in time are answered by one pong, and a flood
// of them makes nothing grow.
func TestPingFlood(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		done := w.serve(echo)
		r := w.raw()
		for i := range 10000 {
			r.send(ws.NewPingFrame(fmt.Append(nil, i)))
		}
		last := ""
		for last != "9999" {
			f := r.frame()
			if f.Header.OpCode != ws.OpPong {
				t.Fatalf("got %v", f.Header)
			}
			last = string(f.Payload)
		}
		r.send(ws.NewCloseFrame(nil))
		if f := r.frame(); f.Header.OpCode != ws.OpClose {
			t.Errorf("got %v", f.Header)
		}
		r.hangUp()
		wantClose(t, <-done, websocket.StatusNoStatus, "")
	})
}

// Who is told why the peer closed is told so even if the peer can't hear the
// answer.
func TestCloseUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, false)
		defer w.end()
		done := w.serve(echo)
		r := w.raw()
		r.send(ws.NewCloseFrame(ws.NewCloseFrameBody(4002, "gone")))
		r.Close()
		wantClose(t, <-done, 4002, "gone")
	})
}
