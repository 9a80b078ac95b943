package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/adapters/http1"
	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// Without a listener a request to upgrade is a request.
func TestUpgrade(t *testing.T) {
	ask := []string{"GET /chat HTTP/1.1", "Host: a", "Connection: keep-alive, Upgrade", "Upgrade: echo", "", ""}
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) { res.EndString(req.Headers().Get("upgrade")) })
		c := w.dial()
		c.send(ask...)
		c.gets("GET", 200, "echo")

		w.srv.OnUpgrade(func(req *events.Request, conn net.Conn, head []byte) {
			w.note("%s %s %s %q", req.Method(), req.URL(), req.Headers().Get("upgrade"), head)
			req.Destroy(nil) // harmless
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			conn.Write(head)
			io.Copy(conn, conn)
			conn.Close()
		})
		c.send(append(ask[:5], "early\r\n")...)
		if line := c.line(); line != "HTTP/1.1 101 Switching Protocols" {
			t.Errorf("got %q", line)
		}
		for c.line() != "" {
		}
		if line := c.line(); line != "early" {
			t.Errorf("got %q", line)
		}
		w.happened(`GET /chat echo "early\r\n"`)
		// The server has nothing to do with it any more.
		if err := w.srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		c.send("late\r\n")
		if line := c.line(); line != "late" {
			t.Errorf("got %q", line)
		}
		c.Close()
	})
}

// Upgraded connections end with DestroyAll; those that were closed are
// forgotten.
func TestUpgradedAreDestroyed(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnUpgrade(func(req *events.Request, conn net.Conn, _ []byte) {
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			_, err := io.Copy(io.Discard, conn)
			w.note("%s closed here: %v", req.URL(), errors.Is(err, net.ErrClosed))
			conn.Close()
		})
		open := func(path string) *client {
			c := w.dial()
			c.send("GET "+path+" HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: echo", "", "")
			if line := c.line(); line != "HTTP/1.1 101 Switching Protocols" {
				t.Errorf("got %q", line)
			}
			for c.line() != "" {
			}
			return c
		}
		open("/gone").Close()
		w.happened("/gone closed here: false")
		c := open("/stays")
		w.happened()
		w.srv.DestroyAll()
		w.happened("/stays closed here: true")
		c.ended()
	})
}

// A server speaks something else on a bounded number of connections, tunnels
// included, until one of them has ended.
func TestMaxUpgraded(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv, _ = events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New(http1.Options{MaxUpgraded: 3})})
		defer w.srv.Wait()
		defer w.srv.DestroyAll()
		w.srv.OnUpgrade(func(req *events.Request, conn net.Conn, _ []byte) {
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			io.Copy(io.Discard, conn)
			conn.Close()
		})
		w.srv.OnConnect(func(req *events.Request, res *events.Response) {
			if req.Authority() == "no:1" {
				res.WriteHead(403)
				res.End(nil)
				return
			}
			res.WriteHead(200)
			req.OnData(func([]byte) {})
			req.OnEnd(func() { res.End(nil) })
		})
		upgrade := func(want string) *client {
			t.Helper()
			c := w.dial()
			c.send("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: echo", "", "")
			if line := c.line(); line != "HTTP/1.1 "+want {
				t.Errorf("upgrade: %q, want %s", line, want)
			}
			return c
		}
		connect := func(to, want string) *client {
			t.Helper()
			c := w.dial()
			c.send("CONNECT "+to+" HTTP/1.1", "Host: "+to, "", "")
			if line := c.line(); line != "HTTP/1.1 "+want {
				t.Errorf("connect: %q, want %s", line, want)
			}
			return c
		}
		for range 5 { // what was refused is no tunnel
			connect("no:1", "403 Forbidden")
		}
		first := upgrade("101 Switching Protocols")
		tunnel := connect("a:1", "200 OK")
		upgrade("101 Switching Protocols")
		upgrade("503 Service Unavailable")
		connect("a:1", "503 Service Unavailable")
		first.Close()
		synctest.Wait()
		connect("a:1", "200 OK")
		connect("a:1", "503 Service Unavailable")
		tunnel.Close()
		synctest.Wait()
		upgrade("101 Switching Protocols")
		upgrade("503 Service Unavailable")
	})
}

// An option out of range is an error of the server's.
func TestOptions(t *testing.T) {
	for want, o := range map[string]http1.Options{
		"HeaderTimeout is -1s, must be 0 for the default, positive or Never": {HeaderTimeout: -time.Second},
		"IdleTimeout is -1ns, must be 0 for the default, positive or Never":  {IdleTimeout: -1},
		"MaxHeaderBytes is -5, must be 0 for the default or positive":        {MaxHeaderBytes: -5},
		"MaxUpgraded is -1, must be 0 for the default or positive":           {MaxUpgraded: -1},
		"": {HeaderTimeout: http1.Never, IdleTimeout: http1.Never, MaxUpgraded: http1.NoLimit},
	} {
		_, err := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New(o)})
		if want == "" && err != nil || want != "" && (!errors.Is(err, events.ErrOutOfRange) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	if _, err := events.CreateServer(events.ServerOptions{HTTP1: http1.New()}); !errors.Is(err, events.ErrInvalidArg) {
		t.Errorf("without AllowHTTP1: %v", err)
	}
	twice := http1.New(http1.Options{}, http1.Options{})
	if _, err := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: twice}); !errors.Is(err, events.ErrInvalidArg) {
		t.Errorf("options given twice: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		srv, err := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New(http1.Options{IdleTimeout: http1.Never, HeaderTimeout: http1.Never})})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnRequest(func(_ *events.Request, res *events.Response) { res.End(nil) })
		c := (&world{t: t, srv: srv}).dial()
		c.SetDeadline(time.Time{})
		for range 2 {
			c.send("GET / HTTP/1.1", "Host: a")
			<-time.After(1000 * time.Hour)
			c.send("", "", "")
			c.gets("GET", 200, "")
			<-time.After(1000 * time.Hour)
		}
		srv.Shutdown(context.Background())
	})
}

// Who may upgrade is asked with the request.
func TestShouldUpgrade(t *testing.T) {
	if _, err := events.CreateServer(events.ServerOptions{ShouldUpgrade: func(events.HTTP1Request) bool { return true }}); !errors.Is(err, events.ErrInvalidArg) {
		t.Errorf("without HTTP/1.1: %v", err)
	}
	bubble(t, func(w *world) {
		w.srv, _ = events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New(), ShouldUpgrade: func(r events.HTTP1Request) bool {
			return r.Method == "GET" && r.Target == "/yes" && r.Fields.Get("upgrade") == "echo"
		}})
		defer w.srv.Wait()
		defer w.srv.DestroyAll()
		w.srv.OnRequest(func(req *events.Request, res *events.Response) { res.EndString(req.URL()) })
		w.srv.OnUpgrade(func(_ *events.Request, conn net.Conn, _ []byte) {
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			conn.Close()
		})
		c := w.dial()
		c.send("GET /no HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: echo", "", "")
		c.gets("GET", 200, "/no")
		c.send("GET /yes HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: echo", "", "")
		if line := c.line(); line != "HTTP/1.1 101 Switching Protocols" {
			t.Errorf("got %q", line)
		}
	})
}

// A tunnel is a request and a response whose bodies are what goes through it.
func TestConnect(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(*events.Request, *events.Response) { t.Error("request") })
		c := w.dial()
		c.send("CONNECT a:1 HTTP/1.1", "Host: a:1", "", "")
		c.gets("CONNECT", 405, "")

		w.srv.OnConnect(func(req *events.Request, res *events.Response) {
			w.watch(req, res)
			w.note("%s", req.Authority())
			res.WriteHead(200)
			req.OnData(func(p []byte) { res.Write(bytes.ToUpper(p)) })
			req.OnEnd(func() { res.End(nil) })
		})
		c = w.dial()
		c.send("CONNECT a:1 HTTP/1.1", "Host: a:1", "", "hello\r\n")
		if line := c.line(); line != "HTTP/1.1 200 OK" {
			t.Errorf("got %q", line)
		}
		for c.line() != "" {
		}
		if line := c.line(); line != "HELLO" {
			t.Errorf("got %q", line)
		}
		c.send("more\r\n")
		if line := c.line(); line != "MORE" {
			t.Errorf("got %q", line)
		}
		c.Conn.(*mem.Conn).CloseWrite()
		c.ended()
		w.happened("CONNECT a:1", "a:1", "finish", "req close")

		c = w.dial() // and one that breaks
		c.send("CONNECT b:1 HTTP/1.1", "Host: b:1", "", "hello\r\n")
		c.line()
		c.Conn.(*mem.Conn).Reset()
		w.happened("CONNECT b:1", "b:1", "aborted", "req close", "res close", "finish")
	})
}

// Close leaves what is busy alone, and closes what is not.
func TestClose(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnClose(func() { w.note("server close") })
		var busy *events.Response
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			if req.URL() == "/busy" {
				busy = res
				return
			}
			res.EndString("done")
		})
		silent, idle, working := w.dial(), w.dial(), w.dial()
		idle.send("GET / HTTP/1.1", "Host: a", "", "")
		idle.gets("GET", 200, "done")
		working.send("GET /busy HTTP/1.1", "Host: a", "", "")
		synctest.Wait()
		w.srv.Close()
		begun := time.Now()
		silent.ended()
		idle.ended()
		if d := time.Since(begun); d > 0 {
			t.Errorf("idle connections were closed after %v", d)
		}
		w.happened()
		busy.EndString("late")
		if res := working.gets("GET", 200, "late"); !res.Close {
			t.Error("the connection is kept")
		}
		working.ended()
		w.srv.Wait()
		w.happened("server close")
	})
}

func TestDestroyAll(t *testing.T) {
	bubble(t, func(w *world) {
		w.handle(func(req *events.Request, res *events.Response) { res.WriteString("begun") })
		w.srv.OnConnect(func(_ *events.Request, res *events.Response) { res.WriteHead(200) })
		c, tunnel := w.dial(), w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.response("GET")
		tunnel.send("CONNECT a:1 HTTP/1.1", "Host: a:1", "", "")
		tunnel.response("CONNECT")
		w.srv.DestroyAll()
		w.srv.Wait()
		w.happened("GET /", "aborted", "req close", "res close", "finish")
		tunnel.ended()
	})
}

// Whoever begins with the preface speaks HTTP/2, in whatever pieces it comes.
func TestPreface(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) { res.EndString(req.HTTPVersion()) })
		for _, head := range []string{"", "P", "PRI * HTTP/", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"} {
			near, far := mem.Pipe()
			go w.srv.ServeConn(far, []byte(head))
			cs, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
				CreateConnection: func(context.Context) (net.Conn, error) { return &slow{Conn: near, skip: len(head)}, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			st, _ := cs.Request(context.Background(), events.H())
			if b, err := io.ReadAll(st.Blocking()); string(b) != "2.0" || err != nil {
				t.Errorf("after %q: %q, %v", head, b, err)
			}
			cs.Destroy(nil, core.NoError)
		}
		// Neither is a method that begins like it.
		c := w.dial()
		c.send("PRINT / HTTP/1.1", "Host: a", "", "")
		c.gets("PRINT", 200, "1.1")
		c = w.dial()
		c.send("PRI / HTTP/1.1", "Host: a", "", "")
		c.gets("PRI", 200, "1.1")
		// Who begins and ends says nothing.
		c = w.dial()
		io.WriteString(c, "PRI")
		c.Conn.(*mem.Conn).CloseWrite()
		c.ended()
		// A request to upgrade to HTTP/2 is served as it came, even if somebody
		// serves other upgrades.
		w.srv.OnUpgrade(func(req *events.Request, conn net.Conn, head []byte) { t.Error("upgrade") })
		c = w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAA", "", "")
		c.gets("GET", 200, "1.1")
	})
}

// slow writes a byte at a time, without the first ones.
type slow struct {
	net.Conn
	skip int
}

func (c *slow) Write(p []byte) (int, error) {
	for i := range p {
		if c.skip > 0 {
			c.skip--
			continue
		}
		if n, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i + n, err
		}
	}
	return len(p), nil
}

// A head may have as many bytes as the option says, and not one more, however often
// the connection was used.
func TestMaxHeaderBytes(t *testing.T) {
	for option, limit := range map[int]int{0: 16 << 10, 100: 100, 5000: 5000} {
		synctest.Test(t, func(t *testing.T) {
			srv, err := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: http1.New(http1.Options{MaxHeaderBytes: option})})
			if err != nil {
				t.Fatal(err)
			}
			srv.OnRequest(func(_ *events.Request, res *events.Response) { res.End(nil) })
			frame := len("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n")
			for before := range 3 {
				c := (&world{t: t, srv: srv}).dial()
				for range before {
					c.send("GET / HTTP/1.1", "Host: a", "X: "+strings.Repeat("x", limit-frame), "", "")
					c.gets("GET", 200, "")
				}
				c.send("GET / HTTP/1.1", "Host: a", "X: "+strings.Repeat("x", limit-frame+1), "", "")
				if res := c.response("GET"); res.StatusCode != 431 {
					t.Errorf("MaxHeaderBytes %d: %d bytes were answered with %d", option, limit+1, res.StatusCode)
				}
			}
			srv.DestroyAll()
		})
	}
}

// One New serves several servers, each for itself.
func TestTwoServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		speaker := http1.New(http1.Options{IdleTimeout: time.Minute, MaxHeaderBytes: 1 << 10})
		var worlds []*world
		for range 2 {
			srv, err := events.CreateServer(events.ServerOptions{AllowHTTP1: true, HTTP1: speaker})
			if err != nil {
				t.Fatal(err)
			}
			srv.OnRequest(func(req *events.Request, res *events.Response) { res.End(nil) })
			worlds = append(worlds, &world{t: t, srv: srv})
		}
		a, b := worlds[0].dial(), worlds[1].dial()
		for _, c := range []*client{a, b} {
			c.send("GET / HTTP/1.1", "Host: a", "", "")
			c.gets("GET", 200, "")
		}
		worlds[0].srv.Shutdown(context.Background())
		a.ended()
		b.send("GET / HTTP/1.1", "Host: a", "X: "+strings.Repeat("x", 1<<14), "", "")
		b.response("GET") // 431
		b = worlds[1].dial()
		b.send("GET / HTTP/1.1", "Host: a", "", "")
		b.gets("GET", 200, "")
		begun := time.Now()
		b.ended()
		if d := time.Since(begun); d != time.Minute {
			t.Errorf("an idle connection was closed after %v", d)
		}
		worlds[1].srv.Shutdown(context.Background())
	})
}

// The socket of a request is the connection it came by.
func TestSocket(t *testing.T) {
	bubble(t, func(w *world) {
		var seen []string
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			seen = append(seen, req.Socket().RemoteAddr().Network())
			if _, ok := req.Socket().ConnectionState(); ok {
				t.Error("there is no TLS")
			}
			req.Socket().Unref()
			res.End(nil)
		})
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 200, "")
		if !slices.Equal(seen, []string{"mem"}) {
			t.Errorf("the peers are %q", seen)
		}
	})
}

// Handlers that go on behind their response are bounded by the limit of
// concurrent streams, as by HTTP/2.
func TestHandlersThatGoOn(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv, _ = events.CreateServer(events.ServerOptions{
			SessionOptions: events.SessionOptions{Settings: events.Settings{MaxConcurrentStreams: events.Set[uint32](2)}},
			AllowHTTP1:     true, HTTP1: http1.New(),
		})
		defer w.srv.Wait()
		defer w.srv.DestroyAll()
		leave := make(chan bool)
		w.srv.OnRequest(events.InGoroutine(func(req *events.Request, res *events.Response) {
			w.note("%s", req.URL())
			res.EndString("done")
			<-leave
		}))
		c := w.dial()
		for _, path := range []string{"/1", "/2"} {
			c.send("GET "+path+" HTTP/1.1", "Host: a", "", "")
			c.gets("GET", 200, "done")
		}
		w.happened("/1", "/2")
		c.send("GET /3 HTTP/1.1", "Host: a", "", "")
		w.happened()
		leave <- true
		<-time.After(time.Millisecond) // see InGoroutine
		w.happened("/3")
		c.gets("GET", 200, "done")
		close(leave)
	})
}
