package websocket_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"weft/adapters/websocket"
	"weft/events"
)

// A client minds what a server sends as a server minds a client.
func TestClientMinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := events.CreateServer(events.ServerOptions{})
		websocket.Announce(srv)
		got := make(chan ws.Frame, 1)
		srv.OnConnect(events.InGoroutine(func(req *events.Request, res *events.Response) {
			res.WriteHead(200)
			st, _ := res.Stream()
			r := &raw{Conn: st.Blocking(), t: t}
			r.send(ws.NewTextFrame([]byte("masked")))
			f := r.frame()
			ws.Cipher(f.Payload, f.Header.Mask, 0)
			got <- f
			r.hangUp()
		}))
		w := &world{t: t, srv: srv, http2: true}
		_, _, err := w.must().Read(ctx)
		var bad *websocket.ProtocolError
		if !errors.As(err, &bad) || !errors.Is(err, ws.ErrProtocolMaskUnexpected) {
			t.Errorf("got %v", err)
		}
		f := <-got
		if code, _ := ws.ParseCloseFrameData(f.Payload); !f.Header.Masked || code != 1002 {
			t.Errorf("the server got %v %q", f.Header, f.Payload)
		}
		srv.DestroyAll()
		srv.Wait()
	})
}

// A Conn that was made in a callback lives on in whatever goroutine.
func TestUpgradeInCallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{
			Settings: events.Settings{EnableConnectProtocol: events.Set(true)}}})
		srv.OnRequest(func(req *events.Request, res *events.Response) { res.End(nil) })
		srv.OnConnect(func(req *events.Request, res *events.Response) {
			c, err := websocket.Upgrade(req, res)
			if err != nil {
				t.Error(err)
				return
			}
			go echo(c)
		})
		w := &world{t: t, srv: srv, http2: true}
		c := w.must()
		c.Write(ctx, websocket.Text, []byte("m"))
		if _, p, err := c.Read(ctx); string(p) != "m" || err != nil {
			t.Errorf("got %q, %v", p, err)
		}
		c.Close(1000, "")
		// Its session ends in good order.
		if err := srv.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
}

// A WebSocket takes a place among the streams; who waits for one may give up.
// One that nobody reads takes no more than its window, and the others go on.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{
			Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(2))}}})
		w := &world{t: t, srv: srv, http2: true}
		stop := make(chan struct{})
		w.serve(func(c *websocket.Conn) error {
			_, p, _ := c.Read(ctx)
			if string(p) == "stall" {
				<-stop
				return nil
			}
			c.Write(ctx, websocket.Text, p)
			return echo(c)
		})
		cs := w.session()
		dial := func() *websocket.Conn {
			c, err := websocket.Dial(ctx, cs, "/")
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		stalled, other := dial(), dial()
		stalled.Write(ctx, websocket.Text, []byte("stall"))
		var writer sync.WaitGroup
		writer.Go(func() {
			if err := stalled.Write(ctx, websocket.Binary, make([]byte, 32<<20)); err == nil {
				t.Error("32 MiB were taken by nobody")
			}
		})
		<-time.After(time.Second)
		for range 100 {
			other.Write(ctx, websocket.Binary, make([]byte, 10000))
			if _, p, err := other.Read(ctx); len(p) != 10000 || err != nil {
				t.Fatalf("got %d bytes, %v", len(p), err)
			}
		}
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := websocket.Dial(soon, cs, "/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		stalled.CloseNow()
		writer.Wait()
		close(stop)
		dial().Close(1000, "") // in its place
		other.Close(1000, "")
		srv.DestroyAll()
		srv.Wait()
	})
}

// Several goroutines read; each message is for one of them. A Close while they
// wait ends them all.
func TestReaders(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.serve(func(c *websocket.Conn) error {
			for i := range 300 {
				c.Write(ctx, websocket.Binary, []byte{byte(i), byte(i >> 8)})
			}
			return echo(c)
		})
		c := w.must()
		var mu sync.Mutex
		seen := map[string]bool{}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for {
					_, p, err := c.Read(ctx)
					if err != nil {
						return
					}
					mu.Lock()
					seen[string(p)] = true
					mu.Unlock()
				}
			})
		}
		<-time.After(time.Second)
		if err := c.Close(1000, ""); err != nil {
			t.Error(err)
		}
		all.Wait()
		if len(seen) != 300 {
			t.Errorf("%d messages", len(seen))
		}
	})
}
