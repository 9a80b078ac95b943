package verb

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"weft/adapters/websocket"
	"weft/events"
)

// opener opens WebSockets on an app's server.
type opener func(path string, opts ...websocket.Options) (*websocket.Conn, error)

// byBoth runs f with an app that make makes, by HTTP/2 without a socket and by HTTP/1.1
// with one.
func byBoth(t *testing.T, make func(app *App), f func(t *testing.T, app *App, open opener)) {
	t.Helper()
	t.Run("2.0", func(t *testing.T) {
		app := newApp()
		make(app)
		session := dial(t, app).ClientSession
		f(t, app, func(path string, opts ...websocket.Options) (*websocket.Conn, error) {
			return websocket.Dial(context.Background(), session, path, opts...)
		})
	})
	t.Run("1.1", func(t *testing.T) {
		app := newApp().WithOptions(Options{Host: "localhost", HTTP2: HTTP2Options{AllowHTTP1: events.Set(true)}})
		make(app)
		addr, err := app.Listen(0)
		if err != nil {
			t.Fatal(err)
		}
		defer destroy(t, app)
		f(t, app, func(path string, opts ...websocket.Options) (*websocket.Conn, error) {
			conn, err := net.Dial("tcp", addr.String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			return websocket.DialHTTP1(context.Background(), conn, "ws://"+addr.String()+path, opts...)
		})
	})
}

func destroy(t *testing.T, app *App) {
	t.Helper()
	server, err := app.Server()
	if err != nil {
		t.Fatal(err)
	}
	server.DestroyAll()
	server.Wait()
}

func must(t *testing.T, open opener, path string) *websocket.Conn {
	t.Helper()
	c, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reads expects a message.
func reads(t *testing.T, c *websocket.Conn, kind websocket.MessageType, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if k, p, err := c.Read(ctx); k != kind || string(p) != want || err != nil {
		t.Errorf("read %v %q, %v; want %v %q", k, p, err, kind, want)
	}
}

// closedWith expects a close frame.
func closedWith(t *testing.T, c *websocket.Conn, code websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var closed *websocket.CloseError
	if _, _, err := c.Read(ctx); !errors.As(err, &closed) || closed.Code != code {
		t.Errorf("read %v, want a close with code %d", err, code)
	}
}
