package verb

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weft/adapters/websocket"
	"weft/events"
)

// upgrades is a handler that echoes.
func upgrades(_ *Request, res *Response) error {
	ws, err := res.Upgrade()
	if err == nil {
		ws.OnMessage(func(_ websocket.MessageType, data []byte) { ws.Send(data) })
	}
	return err
}

// A route for WebSockets and one for a page may have the same path.
func TestWebSocketRoutes(t *testing.T) {
	app := newApp()
	sub := newApp()
	sub.WebSocket("/ws", upgrades)
	app.WebSocket("/both", upgrades)
	app.Get("/both", says("page"))
	app.Post("/sub/ws", says("posted"))
	app.Mount("/sub", sub)
	app.Get("/upgrades", func(_ *Request, res *Response) error {
		_, err := res.Upgrade()
		return err
	})
	c := dial(t, app)
	c.get("/both").is(t, 200, "page")
	c.get("/sub/ws").is(t, 400, "a WebSocket is to be opened here")
	c.get("/upgrades").is(t, 400, "a WebSocket is to be opened here")
	covers(t, "rule.verb.websocket-400")
	c.do("POST", "/sub/ws", "").is(t, 200, "posted")
	if a := c.do("PUT", "/sub/ws", ""); a.status != 405 || a.headers.Get("allow") != "GET, OPTIONS, POST" {
		t.Error("another method:", a.status, a.headers)
	}
	for _, x := range []struct {
		fields []string
		status int
	}{
		{[]string{":authority", "localhost:1"}, 405},
		{[]string{":path", "/both", ":protocol", "telnet"}, 501},
	} {
		st, err := c.Request(t.Context(), events.H(append(x.fields, ":method", "CONNECT")...))
		if err != nil {
			t.Fatal(err)
		}
		d := st.Blocking()
		if h, err := d.Response(); err != nil || h.Status() != x.status {
			t.Errorf("%q: %d, %v", x.fields, h.Status(), err)
		}
		d.Close()
	}
	if a := c.do("CONNECT", "/upgrades", "", ":protocol", "websocket"); a.status != 405 || a.headers.Get("allow") != "GET, HEAD, OPTIONS" {
		t.Error("a WebSocket where there is none:", a.status, a.headers)
	}
	ws, err := websocket.Dial(t.Context(), c.ClientSession, "/both")
	if err != nil {
		t.Fatal(err)
	}
	ws.Write(t.Context(), websocket.Binary, []byte("echo"))
	reads(t, ws, websocket.Binary, "echo")

	// By net/http there are none.
	r := httptest.NewRequest("GET", "/sub/ws", nil)
	for _, status := range []int{400, 501} {
		w := httptest.NewRecorder()
		if app.ServeHTTP(w, r); w.Code != status {
			t.Errorf("by net/http: %d, want %d", w.Code, status)
		}
		r.Header.Set("Upgrade", "websocket")
	}
}

// SETTINGS_ENABLE_CONNECT_PROTOCOL is announced by who has a route for it, unless
// the options say otherwise.
func TestWebSocketAnnounced(t *testing.T) {
	announced := func(app *App) events.Opt[bool] {
		c := dial(t, app)
		c.get("/") // so that the settings have come
		return c.RemoteSettings().EnableConnectProtocol
	}
	if v := announced(newApp()); v.Or(false) {
		t.Error("an app without WebSockets:", v)
	}
	app := newApp()
	app.WebSocket("/", upgrades)
	if !announced(app).Or(false) {
		t.Error("an app with WebSockets does not announce them")
	}
	app, sub := newApp(), newApp()
	announced(app)
	sub.WebSocket("/", upgrades)
	app.Mount("/sub", sub)
	if !announced(app).Or(false) {
		t.Error("WebSockets that come later are not announced")
	}
	app = newApp().WithOptions(Options{HTTP2: HTTP2Options{Settings: events.Settings{EnableConnectProtocol: events.Set(false)}}})
	app.WebSocket("/", upgrades)
	if announced(app).Or(false) {
		t.Error("the option says no")
	}
}

// Requests by HTTP/1.1 that ask for what there is not are requests like any
// other.
func TestUpgradeIgnored(t *testing.T) {
	app := newApp().WithOptions(Options{Host: "localhost", HTTP2: HTTP2Options{AllowHTTP1: events.Set(true)}})
	app.All("/", func(req *Request, res *Response) error {
		b, err := req.Bytes()
		if err != nil {
			return err
		}
		return res.Text(req.Method() + string(b))
	})
	app.WebSocket("/ws", upgrades)
	addr, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer destroy(t, app)
	for _, x := range []struct {
		method, path, upgrade, body string
		status                      int
		want                        string
	}{
		{"GET", "/", "websocket", "", 200, "GET"},
		{"GET", "/ws", "telnet", "", 400, "a WebSocket is to be opened here\n"},
		{"POST", "/", "websocket", "body", 200, "POSTbody"},
		{"GET", "/ws", "websocket", "body", 400, "a WebSocket is to be opened here\n"},
		{"GET", "/ws", "websocket", "", 426, ""}, // of no version
	} {
		r, _ := http.NewRequest(x.method, "http://"+addr.String()+x.path, strings.NewReader(x.body))
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", x.upgrade)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := io.Copy(&b, resp.Body); err != nil || resp.StatusCode != x.status || b.String() != x.want {
			t.Errorf("%v: %d %q, %v", x, resp.StatusCode, b.String(), err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// Shutdown says good-bye to WebSockets, and has no new ones.
func TestWebSocketShutdown(t *testing.T) {
	closed := make(chan error, 1)
	byBoth(t, func(app *App) {
		app.WebSocket("/", func(_ *Request, res *Response) error {
			ws, err := res.Upgrade()
			if err == nil {
				ws.OnClose(func(err error) { closed <- err })
				ws.SendText("open")
			}
			return err
		})
	}, func(t *testing.T, app *App, open opener) {
		c := must(t, open, "/")
		reads(t, c, websocket.Text, "open")
		down := make(chan error, 1)
		go func() { down <- app.Shutdown(context.Background()) }()
		closedWith(t, c, websocket.StatusGoingAway)
		if err := <-down; err != nil {
			t.Error(err)
		}
		if err := <-closed; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	t.Run("in vain", func(t *testing.T) {
		byBoth(t, func(app *App) { app.WebSocket("/", upgrades) }, func(t *testing.T, app *App, open opener) {
			c := must(t, open, "/") // which nobody reads
			c.Write(t.Context(), websocket.Binary, []byte("open"))
			reads(t, c, websocket.Binary, "open")
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if err := app.Shutdown(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	})
}

// Middlewares of net/http are before WebSockets as before everything.
func TestWebSocketBehindNetHTTP(t *testing.T) {
	byBoth(t, func(app *App) {
		app.Use(Wrap(func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/closed" {
					http.Error(w, "closed", http.StatusServiceUnavailable)
					return
				}
				w.Header().Set("Sec-WebSocket-Protocol", "not this one")
				h.ServeHTTP(w, r)
			})
		}))
		app.WebSocket("/*", func(req *Request, res *Response) error {
			o := websocket.ServerOptions{Options: websocket.Options{Subprotocols: []string{"b"}}}
			ws, err := res.Upgrade(o)
			if err == nil {
				ws.OnMessage(func(_ websocket.MessageType, data []byte) { ws.Send(data) })
			}
			return err
		})
	}, func(t *testing.T, _ *App, open opener) {
		c, err := open("/open", websocket.Options{Subprotocols: []string{"a", "b"}})
		if err != nil {
			t.Fatal(err)
		}
		c.Write(t.Context(), websocket.Binary, []byte("m"))
		reads(t, c, websocket.Binary, "m")
		var refused *websocket.RefusedError
		if _, err := open("/closed"); !errors.As(err, &refused) || refused.Status != 503 {
			t.Errorf("refused: %v", err)
		}
	})
}
