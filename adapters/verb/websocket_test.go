package verb

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"weft/adapters/websocket"
	"weft/events"
)

func TestWebSocket(t *testing.T) {
	closed := make(chan error, 10)
	byBoth(t, func(app *App) {
		app.Use(func(req *Request, res *Response, next Next) {
			res.Header("x-app", "verb")
			next()
		})
		app.WebSocket("/rooms/:room", func(req *Request, res *Response) error {
			ws, err := res.Cookie("seen", "1").Upgrade(websocket.ServerOptions{Options: websocket.Options{Subprotocols: []string{"chat"}}})
			if err != nil {
				return err
			}
			if err := ws.SendText(fmt.Sprint(req.Param("room"), " ", ws.Conn().Subprotocol(), " ", res.Sent())); err != nil {
				return err
			}
			ws.OnMessage(func(websocket.MessageType, []byte) { t.Error("was removed") })()
			ws.OnMessage(func(kind websocket.MessageType, data []byte) {
				switch {
				case string(data) == "close":
					ws.Close(4000, "as you wish")
				case string(data) == "json":
					ws.SendJSON([]int{1})
				case kind == websocket.Text:
					ws.SendText(strings.ToUpper(string(data)))
				default:
					ws.Send(data)
				}
			})
			ws.OnClose(func(err error) { closed <- err })
			if _, err := res.Upgrade(); !errors.Is(err, events.ErrHeadersSent) {
				t.Error("upgrading again:", err)
			}
			if err := res.Text("x"); !errors.Is(err, events.ErrHeadersSent) {
				t.Error("answering it:", err)
			}
			return nil
		})
	}, func(t *testing.T, app *App, open opener) {
		c, err := open("/rooms/7?a=b", websocket.Options{Subprotocols: []string{"chat"}})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		reads(t, c, websocket.Text, "7 chat true")
		covers(t, "verb.res.upgrade", "verb.class.WebSocket")
		c.Write(ctx, websocket.Text, []byte("text"))
		reads(t, c, websocket.Text, "TEXT")
		c.Write(ctx, websocket.Binary, []byte{1, 2})
		reads(t, c, websocket.Binary, "\x01\x02")
		c.Write(ctx, websocket.Text, []byte("json"))
		reads(t, c, websocket.Text, "[1]")
		covers(t, "verb.websocket.send", "verb.websocket.event.message", "verb.websocket.on")
		c.Close(4001, "done")
		var why *websocket.CloseError
		if err := <-closed; !errors.As(err, &why) || why.Code != 4001 || why.Reason != "done" {
			t.Errorf("the close event has %v", err)
		}
		c = must(t, open, "/rooms/8")
		reads(t, c, websocket.Text, "8  true")
		c.Write(ctx, websocket.Text, []byte("close"))
		closedWith(t, c, 4000)
		if err := <-closed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed here, the close event has %v", err)
		}
		c = must(t, open, "/rooms/9")
		reads(t, c, websocket.Text, "9  true")
		destroy(t, app)
		if err := <-closed; err == nil {
			t.Error("destroyed, the close event has no error")
		}
		covers(t, "verb.websocket.event.close")
	})
}

// A handler that reads by itself has no listeners, and what it leaves is closed.
func TestWebSocketBlocking(t *testing.T) {
	byBoth(t, func(app *App) {
		app.UseError(func(err error, _ *Request, _ *Response, next Next) { next(err) })
		app.WebSocket("/", func(req *Request, res *Response) error {
			ws, err := res.Upgrade()
			if err != nil {
				return err
			}
			kind, p, err := ws.Conn().Read(req.Context())
			if err != nil {
				return err
			}
			switch string(p) {
			case "panic":
				panic("oh")
			case "fail":
				return errors.New("it fails")
			}
			return ws.Conn().Write(req.Context(), kind, p)
		})
		app.WebSocket("/listener", func(_ *Request, res *Response) error {
			ws, err := res.Upgrade()
			if err == nil {
				ws.OnMessage(func(websocket.MessageType, []byte) { panic("in a listener") })
				ws.OnClose(func(error) { panic("in another") })
			}
			return err
		})
	}, func(t *testing.T, _ *App, open opener) {
		for _, x := range []struct {
			path, say string
			code      websocket.StatusCode
		}{
			{"/", "once", websocket.StatusNormalClosure},
			{"/", "panic", websocket.StatusInternalError},
			{"/", "fail", websocket.StatusInternalError},
			{"/listener", "x", websocket.StatusInternalError},
		} {
			c := must(t, open, x.path)
			c.Write(t.Context(), websocket.Text, []byte(x.say))
			if x.say == "once" {
				reads(t, c, websocket.Text, "once")
			}
			closedWith(t, c, x.code)
		}
		c := must(t, open, "/")
		c.Close(websocket.StatusNormalClosure, "") // the handler's error then is none
	})
}

// What refuses a WebSocket is the same by both protocols.
func TestWebSocketRefused(t *testing.T) {
	ours := http.StatusText
	byBoth(t, func(app *App) {
		app.UseAt("/private", func(req *Request, res *Response, next Next) {
			if req.Get("authorization") == "" {
				res.Status(401).Header("www-authenticate", "Bearer").JSON(ours(401))
				return
			}
			next()
		})
		sub := newApp()
		sub.WebSocket("/in", upgrades)
		app.Mount("/private", sub)
		app.WebSocket("/lazy", func(*Request, *Response) error { return nil })
		app.WebSocket("/teapot", func(*Request, *Response) error { return &Error{Status: 418} })
		app.WebSocket("/odd", func(_ *Request, res *Response) error {
			_, err := res.Upgrade(websocket.ServerOptions{Options: websocket.Options{MaxMessageSize: -1}})
			return err
		})
		app.WebSocket("/bad", func(_ *Request, res *Response) error {
			_, err := res.Header("a b", "c").Upgrade()
			return err
		})
		app.WebSocket("/abort", func(*Request, *Response) error { panic(http.ErrAbortHandler) })
		app.UseError(func(err error, req *Request, res *Response, next Next) {
			if req.Path() == "/teapot" {
				res.Status(418).Write(make([]byte, 100_000))
				return
			}
			next(err)
		})
		app.Get("/page", says("page"))
	}, func(t *testing.T, _ *App, open opener) {
		for _, x := range []struct {
			path   string
			status int
			fields events.Headers
		}{
			{"/private/in", 401, events.Headers{}},
			{"/private/in", 0, events.H("authorization", "x")},
			{"/private/in", 403, events.H("authorization", "x", "origin", "https://example.com")},
			{"/lazy", 500, events.Headers{}},
			{"/teapot", 418, events.Headers{}},
			{"/odd", 500, events.Headers{}},
			{"/bad", 500, events.Headers{}},
			{"/nothing", 404, events.Headers{}},
			{"/private/nothing", 401, events.Headers{}},
		} {
			c, err := open(x.path, websocket.Options{Headers: x.fields})
			if x.status == 0 {
				if err != nil {
					t.Errorf("%s: %v", x.path, err)
				} else {
					c.Close(websocket.StatusNormalClosure, "")
				}
				continue
			}
			var refused *websocket.RefusedError
			if !errors.As(err, &refused) || refused.Status != x.status {
				t.Errorf("%s: %v, want status %d", x.path, err, x.status)
			}
		}
		if _, err := open("/abort"); err == nil || errors.Is(err, websocket.ErrRefused) {
			t.Errorf("a handler that aborts: %v", err)
		}
	})
}
