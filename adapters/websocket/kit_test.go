package websocket_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"

	"weft/adapters/http1"
	"weft/adapters/websocket"
	"weft/events"
	"weft/transport/mem"
)

var ctx = context.Background()

// world is a server that both protocols reach, in a bubble of package synctest.
type world struct {
	t     *testing.T
	srv   *events.Server
	http2 bool
	conns []net.Conn // the clients' ends
}

// bubble runs f with a server, once for each protocol. Whatever is left running
// behind it, a goroutine that waits for a peer, say, fails the test.
func bubble(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	for _, proto := range []string{"2.0", "1.1"} {
		t.Run(proto, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, proto == "2.0")
				defer w.end()
				f(t, w)
			})
		})
	}
}

func newWorld(t *testing.T, http2 bool) *world {
	t.Helper()
	srv, err := events.CreateServer(events.ServerOptions{
		SessionOptions: events.SessionOptions{Logger: slog.New(slog.DiscardHandler)},
		AllowHTTP1:     true, HTTP1: http1.New(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, srv: srv, http2: http2}
}

func (w *world) end() {
	for _, c := range w.conns {
		c.Close()
	}
	w.srv.DestroyAll()
	w.srv.Wait()
}

// serve has f called for each connection, and its result sent.
func (w *world) serve(f func(c *websocket.Conn) error, opts ...websocket.ServerOptions) chan error {
	w.t.Helper()
	done := make(chan error, 100)
	err := websocket.Handle(w.srv, func(c *websocket.Conn, req *events.Request) {
		if got := req.HTTPVersion() == "2.0"; got != w.http2 {
			w.t.Errorf("by HTTP/%s", req.HTTPVersion())
		}
		done <- f(c)
	}, opts...)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// pipe makes a connection with the server.
func (w *world) pipe() *mem.Conn {
	near, far := mem.Pipe()
	w.conns = append(w.conns, near)
	go w.srv.ServeConn(far)
	return near
}

func (w *world) session() *events.ClientSession {
	w.t.Helper()
	return w.sessionOn(w.pipe())
}

func (w *world) sessionOn(c net.Conn) *events.ClientSession {
	w.t.Helper()
	cs, err := events.Connect(ctx, "http://localhost", events.ConnectOptions{
		CreateConnection: func(context.Context) (net.Conn, error) { return c, nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return cs
}

// dial opens a WebSocket.
func (w *world) dial(opts ...websocket.Options) (*websocket.Conn, error) {
	if w.http2 {
		return websocket.Dial(ctx, w.session(), "/chat?x=1", opts...)
	}
	return websocket.DialHTTP1(ctx, w.pipe(), "ws://localhost/chat?x=1", opts...)
}

func (w *world) must(opts ...websocket.Options) *websocket.Conn {
	w.t.Helper()
	c, err := w.dial(opts...)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// raw is a client that sends what it likes.
type raw struct {
	net.Conn
	t      *testing.T
	st     *events.ClientStream
	agreed string // the extension
}

// raw opens a WebSocket by hand. It may offer an extension.
func (w *world) raw(offer ...string) *raw {
	w.t.Helper()
	if !w.http2 {
		c := w.pipe()
		u, _ := url.Parse("ws://localhost/")
		var d ws.Dialer
		if len(offer) > 0 {
			d.Extensions, _ = httphead.ParseOptions([]byte(offer[0]), nil)
		}
		_, hs, err := d.Upgrade(c, u)
		if err != nil {
			w.t.Fatal(err)
		}
		r := &raw{Conn: c, t: w.t}
		if len(hs.Extensions) > 0 {
			r.agreed = hs.Extensions[0].String()
		}
		return r
	}
	cs := w.session()
	synctest.Wait() // for the settings
	h := events.H(":method", "CONNECT", ":protocol", "websocket", "sec-websocket-version", "13")
	if len(offer) > 0 {
		h.Add("sec-websocket-extensions", offer[0])
	}
	st, err := cs.Request(ctx, h)
	if err != nil {
		w.t.Fatal(err)
	}
	d := st.Blocking()
	st.OnError(func(error) {})
	if h, err = d.Response(); err != nil || h.Status() != 200 {
		w.t.Fatal(h.Status(), err)
	}
	return &raw{Conn: d, t: w.t, st: st, agreed: h.Get("sec-websocket-extensions")}
}

// send sends frames, masked.
func (r *raw) send(frames ...ws.Frame) {
	r.t.Helper()
	for _, f := range frames {
		if err := ws.WriteFrame(r, ws.MaskFrame(f)); err != nil {
			r.t.Error(err)
		}
	}
}

func (r *raw) frame() ws.Frame {
	r.t.Helper()
	h, err := ws.ReadHeader(r)
	if err != nil {
		r.t.Fatal(err)
	}
	p := make([]byte, h.Length)
	if _, err := io.ReadFull(r, p); err != nil {
		r.t.Fatal(err)
	}
	return ws.Frame{Header: h, Payload: p}
}

// closedWith reads up to a close frame with the code, answers it, and waits for
// the end.
func (r *raw) closedWith(code websocket.StatusCode) {
	r.t.Helper()
	for {
		f := r.frame()
		if f.Header.OpCode != ws.OpClose {
			continue
		}
		got, reason := ws.ParseCloseFrameData(f.Payload)
		if websocket.StatusCode(got) != code {
			r.t.Errorf("closed with %d %q, want %d", got, reason, code)
		}
		break
	}
	r.hangUp()
}

// hangUp ends the client's side and expects the same of the server.
func (r *raw) hangUp() {
	r.t.Helper()
	r.Conn.(interface{ CloseWrite() error }).CloseWrite()
	begun := time.Now()
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
		r.t.Errorf("behind the close frame: %q, %v", rest, err)
	}
	if d := time.Since(begun); d > 0 {
		r.t.Errorf("the end took %v", d)
	}
	r.Close()
}

// echo sends messages back until the connection ends.
func echo(c *websocket.Conn) error {
	for {
		kind, p, err := c.Read(ctx)
		if err != nil {
			return err
		}
		if err := c.Write(ctx, kind, p); err != nil {
			return err
		}
	}
}
