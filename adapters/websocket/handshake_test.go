package websocket_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/adapters/websocket"
	"weft/events"
	"weft/transport/mem"
)

func TestSubprotocols(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.serve(func(c *websocket.Conn) error {
			c.Write(ctx, websocket.Text, []byte(c.Subprotocol()))
			return echo(c)
		}, websocket.ServerOptions{Options: websocket.Options{Subprotocols: []string{"v2", "v1"}}})
		for offer, want := range map[string]string{"": "", "v1": "v1", "v1,v2": "v2", "v3": "", "v3,v1": "v1"} {
			var list []string
			if offer != "" {
				list = strings.Split(offer, ",")
			}
			c := w.must(websocket.Options{Subprotocols: list})
			_, p, err := c.Read(ctx)
			if c.Subprotocol() != want || string(p) != want || err != nil {
				t.Errorf("of %q: %q and %q, %v; want %q", offer, c.Subprotocol(), p, err, want)
			}
			c.Close(1000, "")
		}
	})
}

func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		origin string
		check  func(*events.Request) bool
		ok     bool
	}{
		{"", nil, true},
		{"http://localhost", nil, true},
		{"http://localhost:80", nil, true},
		{"http://LOCALHOST", nil, true},
		{"http://localhost:81", nil, false},
		{"http://localhost.example", nil, false},
		{"null", nil, false},
		{"http://evil.example", nil, false},
		{"http://evil.example", websocket.AnyOrigin, true},
	} {
		bubble(t, func(t *testing.T, w *world) {
			w.serve(echo, websocket.ServerOptions{CheckOrigin: c.check})
			var o websocket.Options
			if c.origin != "" {
				o.Headers = events.H("origin", c.origin)
			}
			conn, err := w.dial(o)
			var refused *websocket.RefusedError
			switch {
			case c.ok && err == nil:
				conn.Close(1000, "")
			case c.ok, !errors.As(err, &refused) || refused.Status != 403, !errors.Is(err, websocket.ErrRefused):
				t.Errorf("%q: %v", c.origin, err)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.serve(echo, websocket.ServerOptions{Check: func(req *events.Request) int {
			if req.URL() != "/chat?x=1" || !websocket.Requested(req) {
				t.Errorf("%s %s", req.Method(), req.URL())
			}
			return 404
		}})
		_, err := w.dial()
		var refused *websocket.RefusedError
		if !errors.As(err, &refused) || refused.Status != 404 {
			t.Errorf("got %v", err)
		}
	})
}

func TestOptions(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []websocket.Options{
		{MaxMessageSize: -1}, {PingInterval: -1}, {WriteTimeout: -1}, {CloseTimeout: -1}, {CloseTimeout: websocket.Never},
		{Subprotocols: []string{"a b"}}, {Subprotocols: []string{""}}, {Headers: events.H("a", "b\r\nc: d")}, {Headers: events.H("a b", "c")}, {Headers: events.H("a", "b\x01")},
	} {
		for _, err := range []error{
			websocket.Handle(srv, nil, websocket.ServerOptions{Options: o}),
			second(websocket.Dial(ctx, nil, "/", o)),
			second(websocket.DialHTTP1(ctx, nil, "ws://a/", o)),
			second(websocket.Upgrade(nil, nil, websocket.ServerOptions{Options: o})),
			second(websocket.UpgradeHTTP1(nil, nil, nil, websocket.ServerOptions{Options: o})),
		} {
			if !errors.Is(err, websocket.ErrInvalidArg) {
				t.Errorf("%+v: %v", o, err)
			}
		}
	}
	var o websocket.Options
	twice := []websocket.ServerOptions{{}, {}}
	for _, err := range []error{
		websocket.Handle(srv, nil),
		websocket.Handle(srv, func(*websocket.Conn, *events.Request) {}, twice...),
		second(websocket.Dial(ctx, nil, "/", o, o)),
		second(websocket.DialHTTP1(ctx, nil, "ws://a/", o, o)),
		second(websocket.Upgrade(nil, nil, twice...)),
		second(websocket.UpgradeHTTP1(nil, nil, nil, twice...)),
	} {
		if !errors.Is(err, websocket.ErrInvalidArg) {
			t.Errorf("nothing, or options twice: %v", err)
		}
	}
	o = websocket.Options{Headers: events.H("sec-websocket-protocol", "a")}
	for _, err := range []error{second(websocket.Dial(ctx, nil, "/", o)), second(websocket.DialHTTP1(ctx, nil, "ws://a/", o))} {
		if !errors.Is(err, websocket.ErrInvalidArg) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// Without anybody who asked for it nothing is announced, and a client says why
// it can't. It is announced to who connects later.
func TestAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, srv: srv, http2: true}
		defer srv.DestroyAll()
		var answered error
		srv.OnRequest(events.InGoroutine(func(req *events.Request, res *events.Response) {
			_, answered = websocket.Upgrade(req, res)
		}))
		cs := w.session()
		if _, err := websocket.Dial(ctx, cs, "/"); !errors.Is(err, websocket.ErrNotEnabled) {
			t.Errorf("got %v", err)
		}
		st, _ := cs.Request(ctx, events.H())
		if h, err := st.Blocking().Response(); h.Status() != 400 || err != nil {
			t.Errorf("status %d, %v", h.Status(), err)
		}
		synctest.Wait()
		if !errors.Is(answered, websocket.ErrNotWebSocket) || !errors.Is(answered, websocket.ErrNotEnabled) || !errors.Is(answered, websocket.ErrRefused) {
			t.Errorf("the server got %v", answered)
		}
		w.serve(echo)
		c, err := websocket.Dial(ctx, w.session(), "/")
		if err != nil {
			t.Fatal(err)
		}
		c.Close(1000, "")
		if _, err := websocket.Dial(ctx, cs, "/"); !errors.Is(err, websocket.ErrNotEnabled) {
			t.Errorf("in the old session: %v", err)
		}
		cs.Destroy(nil, events.NoError)
		if _, err := websocket.Dial(ctx, cs, "/"); err == nil {
			t.Error("in no session")
		}
	})
}

// Dial gives up with its context, whatever it waits for.
func TestDialGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, _ := events.CreateServer(events.ServerOptions{})
		websocket.Announce(srv)
		closed := make(chan struct{})
		srv.OnConnect(func(req *events.Request, res *events.Response) { // and does not answer
			req.OnAborted(func() { close(closed) })
		})
		w := &world{t: t, srv: srv, http2: true}
		cs := w.session()
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := websocket.Dial(soon, cs, "/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		<-closed
		near, far := mem.Pipe() // nobody there
		if _, err := websocket.DialHTTP1(soon, near, "ws://a/"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		far.Close()
		srv.DestroyAll()
		srv.Wait()
	})
}

// What is no request for a WebSocket is answered as what it is.
func TestOtherRequests(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.serve(echo)
		if w.http2 {
			cs := w.session()
			synctest.Wait()
			for want, h := range map[int]events.Headers{
				405: events.H(":method", "CONNECT", ":authority", "a:1"),
				501: events.H(":method", "CONNECT", ":protocol", "other"),
				400: events.H(":method", "CONNECT", ":protocol", "websocket", "sec-websocket-version", "8"),
			} {
				st, err := cs.Request(ctx, h)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := st.Blocking().Response(); got.Status() != want || err != nil || want == 400 && got.Get("sec-websocket-version") != "13" {
					t.Errorf("status %d, %v, want %d", got.Status(), err, want)
				}
			}
			return
		}
		const key = "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="
		for _, c := range []struct {
			status int
			lines  []string
		}{
			{101, []string{"GET / HTTP/1.1", "connection: keep-alive, Upgrade", "upgrade: WebSocket", "sec-websocket-version: 13", key}},
			{501, []string{"GET / HTTP/1.1", "connection: upgrade", "upgrade: other"}},
			{501, []string{"POST / HTTP/1.1", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", key}},
			{501, []string{"GET / HTTP/1.0", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", key}},
			{426, []string{"GET / HTTP/1.1", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 8", key}},
			{400, []string{"GET / HTTP/1.1", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13"}},
			{400, []string{"GET / HTTP/1.1", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", "sec-websocket-key: AAAA"}},
			{400, []string{"GET / HTTP/1.1", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", key, "content-length: 1"}},
			{405, []string{"CONNECT a:1 HTTP/1.1"}},
		} {
			conn := w.pipe()
			io.WriteString(conn, strings.Join(append(c.lines, "host: localhost", "", ""), "\r\n"))
			r := bufio.NewReader(conn)
			r.Peek(1) // all of a head is one write
			b, _ := r.Peek(r.Buffered())
			head := string(b)
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status {
				t.Errorf("%q: status %d, want %d", c.lines, res.StatusCode, c.status)
			}
			if c.status == 426 && res.Header.Get("sec-websocket-version") != "13" {
				t.Error("the version is not told")
			}
			if c.status == 426 && (res.Header.Get("upgrade") != "websocket" || !strings.Contains(strings.ToLower(head), "connection: upgrade, close\r\n")) {
				t.Errorf("what to upgrade to is not told: %q", head)
			}
			if c.status > 400 && res.Header.Get("date") == "" {
				t.Error(c.status, "has no date")
			}
			if c.status == 101 && res.Header.Get("sec-websocket-accept") != "ICX+Yqv66kxgM0FcWaLWlFLwTAI=" {
				t.Errorf("accept: %q", res.Header.Get("sec-websocket-accept"))
			}
			conn.Close()
		}
	})
}

// A client does not take what it did not offer, and no endless head.
func TestBadServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, head := range []string{
			"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: AAAA\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\r\n",
			"HTTP/1.1 101 Switching Protocols\r\n" + strings.Repeat("a: b\r\n", 20000),
			"nonsense\r\n\r\n",
		} {
			near, far := mem.Pipe()
			go func() {
				go io.WriteString(far, head)
				io.Copy(io.Discard, far)
				far.Close()
			}()
			if _, err := websocket.DialHTTP1(ctx, near, "ws://a/"); !errors.Is(err, websocket.ErrHandshake) {
				t.Errorf("%.80q: %v", head, err)
			}
		}
		for _, h := range []events.Headers{events.H("sec-websocket-protocol", "a"), events.H("sec-websocket-extensions", "permessage-deflate")} {
			srv, _ := events.CreateServer(events.ServerOptions{})
			websocket.Announce(srv)
			srv.OnConnect(func(req *events.Request, res *events.Response) { res.WriteHead(200, h) })
			w := &world{t: t, srv: srv, http2: true}
			if _, err := websocket.Dial(ctx, w.session(), "/"); !errors.Is(err, websocket.ErrHandshake) {
				t.Errorf("got %v", err)
			}
			srv.DestroyAll()
			srv.Wait()
		}
	})
}

// A layer above routes by itself.
func TestUpgrade(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		if err := websocket.Announce(w.srv); err != nil {
			t.Fatal(err)
		}
		o := websocket.ServerOptions{Options: websocket.Options{Headers: events.H("x-room", "7")}}
		serve := func(c *websocket.Conn, err error) {
			if err != nil {
				t.Error(err)
				return
			}
			echo(c)
		}
		w.srv.OnConnect(events.InGoroutine(func(req *events.Request, res *events.Response) { serve(websocket.Upgrade(req, res, o)) }))
		w.srv.OnUpgrade(func(req *events.Request, conn net.Conn, head []byte) {
			serve(websocket.UpgradeHTTP1(req, conn, head, o))
		})
		c := w.must()
		fmt.Fprint(io.Discard, c.LocalAddr(), c.RemoteAddr())
		c.Write(ctx, websocket.Text, []byte("m"))
		if _, p, err := c.Read(ctx); string(p) != "m" || err != nil {
			t.Errorf("got %q, %v", p, err)
		}
		c.Close(1000, "")
	})
}
