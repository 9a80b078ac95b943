package peers

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"weft/adapters/verb"
	"weft/adapters/websocket"
	"weft/events"
)

// A page opens a WebSocket on the HTTP/2 connection it came by, and has
// messages of mixed sizes echoed.
func TestChromiumWebSocket(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Parallel()
	b := chromium(t, thePKI(t))
	for name, listen := range map[string]func(*echoServer, *testing.T) net.Addr{"websocket": (*echoServer).byHandle, "verb": (*echoServer).byVerb} {
		t.Run(name, func(t *testing.T) {
			e := &echoServer{ended: make(chan error, 1)}
			addr := listen(e, t)
			b.open("https://" + addr.String() + "/")
			var got echoed
			b.eval(echoScript, &got)
			got.check(t)
			var closed *websocket.CloseError
			if err := <-e.ended; !errors.As(err, &closed) || closed.Code != 4001 || closed.Reason != "done" {
				t.Errorf("the server read %v", err)
			}
		})
	}
}

// echoServer is a server of a page and of a WebSocket.
type echoServer struct {
	page  atomic.Pointer[events.ServerSession]
	ended chan error // of the WebSocket
}

var echoOptions = websocket.ServerOptions{Options: websocket.Options{Subprotocols: []string{"echo"}, Compression: true}}

func (e *echoServer) byHandle(t *testing.T) net.Addr {
	srv, err := events.CreateSecureServer(events.SecureServerOptions{TLS: thePKI(t).config(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.DestroyAll)
	srv.OnRequest(func(req *events.Request, res *events.Response) {
		e.asked(req.URL(), req.Stream)
		res.SetHeader("content-type", "text/html")
		res.EndString(greeting)
	})
	err = websocket.Handle(&srv.Server, func(c *websocket.Conn, req *events.Request) {
		e.opened(t, c, req.Headers(), req.Stream)
		for {
			kind, p, err := c.Read(context.Background())
			if err == nil {
				err = c.Write(context.Background(), kind, p)
			}
			if err != nil {
				e.ended <- err
				return
			}
		}
	}, echoOptions)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func (e *echoServer) byVerb(t *testing.T) net.Addr {
	app := verb.CreateServer(verb.HTTP2).WithOptions(verb.Options{Host: "localhost", TLS: verb.TLSOptions{Config: thePKI(t).config(t)}})
	app.Get("/*", func(req *verb.Request, res *verb.Response) error {
		e.asked(req.URL(), req.Stream)
		return res.HTML(greeting)
	})
	app.WebSocket("/echo", func(req *verb.Request, res *verb.Response) error {
		ws, err := res.Upgrade(echoOptions)
		if err != nil {
			return err
		}
		e.opened(t, ws.Conn(), req.Headers(), req.Stream)
		ws.OnMessage(func(kind websocket.MessageType, data []byte) { ws.Conn().Write(req.Context(), kind, data) })
		ws.OnClose(func(err error) { e.ended <- err })
		return nil
	})
	addr, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		app.Shutdown(ctx) // at once
	})
	return addr
}

// asked notes on which connection the page came.
func (e *echoServer) asked(url string, stream func() (*events.ServerStream, bool)) {
	if st, ok := stream(); ok && url == "/" {
		e.page.Store(st.Session())
	}
}

// opened checks how the WebSocket came.
func (e *echoServer) opened(t *testing.T, c *websocket.Conn, h events.Headers, stream func() (*events.ServerStream, bool)) {
	if h.Method() != "CONNECT" || h.Get(":protocol") != "websocket" {
		t.Errorf("the WebSocket is not one of RFC 8441: %v", h)
	}
	if st, ok := stream(); !ok || st.Session() != e.page.Load() {
		t.Error("the WebSocket is not on the connection of the page")
	}
	if !c.Compressed() {
		t.Error("Chromium offers no compression")
	}
}

// echoed is what echoScript finds.
type echoed struct {
	Echoed   int
	Wrong    string
	Protocol string
	Code     int
	Reason   string
	Clean    bool
}

func (got echoed) check(t *testing.T) {
	t.Helper()
	if got.Echoed != 10000 || got.Wrong != "" || got.Protocol != "echo" {
		t.Errorf("%d messages came back, by %q: %s", got.Echoed, got.Protocol, got.Wrong)
	}
	if got.Code != 4001 || got.Reason != "done" || !got.Clean {
		t.Errorf("closed with %d %q, clean: %v", got.Code, got.Reason, got.Clean)
	}
}

// echoScript sends 10,000 messages, text and binary, up to 1 MiB, with as many
// on their way as 4 MiB have room for, and compares what comes back.
const echoScript = `new Promise(resolve => {
	const total = 10000, room = 4 << 20;
	const noise = new Uint8Array((1 << 20) + 256);
	for (let i = 0; i < noise.length; i++) noise[i] = (i * i) >> 7;
	const letters = Array.from(noise.subarray(0, 4096), b => String.fromCharCode(0x20 + b * 7)).join("");
	const size = i => i % 1000 == 999 ? 1 << 20 : i % 50 == 0 ? 65533 + i % 7 : i % 10 == 0 ? 125 + i % 3 : i % 3000;
	const message = i => i % 2 ? noise.subarray(i % 256, i % 256 + size(i)) : letters.slice(0, Math.min(size(i), 4096) / 3);
	const bytes = i => size(i) + 16;
	const ws = new WebSocket(location.origin.replace("https", "wss") + "/echo", ["other", "echo"]);
	ws.binaryType = "arraybuffer";
	const result = { Echoed: 0, Wrong: "" };
	let sent = 0, waiting = 0;
	const fill = () => {
		for (; sent < total && waiting < room; sent++) {
			ws.send(message(sent));
			waiting += bytes(sent);
		}
	};
	const same = (i, data) => {
		const want = message(i);
		if (typeof want == "string" || typeof data == "string") return want === data;
		const got = new Uint8Array(data);
		if (got.length != want.length) return false;
		for (let k = 0; k < got.length; k++) if (got[k] != want[k]) return false;
		return true;
	};
	ws.onopen = () => { result.Protocol = ws.protocol; fill(); };
	ws.onmessage = event => {
		const i = result.Echoed++;
		if (!same(i, event.data) && !result.Wrong) result.Wrong = "message " + i;
		waiting -= bytes(i);
		if (result.Echoed == total) ws.close(4001, "done"); else fill();
	};
	ws.onerror = () => { result.Wrong = result.Wrong || "error event"; };
	ws.onclose = event => {
		result.Code = event.code; result.Reason = event.reason; result.Clean = event.wasClean;
		resolve(result);
	};
})`
