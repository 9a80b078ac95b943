package transport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/mem"
)

// kinds are the kinds of connection a pump meets.
var kinds = map[string]func(t *testing.T) (a, b io.ReadWriteCloser){
	"tcp": func(t *testing.T) (a, b io.ReadWriteCloser) { return dialed(t, "tcp", "127.0.0.1:0") },
	"unix": func(t *testing.T) (a, b io.ReadWriteCloser) {
		return dialed(t, "unix", filepath.Join(t.TempDir(), "s"))
	},
	"mem":           func(t *testing.T) (a, b io.ReadWriteCloser) { return mem.Pipe() },
	"mem of 1 byte": func(t *testing.T) (a, b io.ReadWriteCloser) { return mem.PipeSize(1) },
	"pipe":          func(t *testing.T) (a, b io.ReadWriteCloser) { return net.Pipe() },
	"any": func(t *testing.T) (io.ReadWriteCloser, io.ReadWriteCloser) {
		a, b := mem.Pipe()
		return struct{ io.ReadWriteCloser }{a}, struct{ io.ReadWriteCloser }{b}
	},
}

func dialed(t *testing.T, network, addr string) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// both runs a client and a server over a connection of some kind. wait returns
// how the two ended.
func both(t *testing.T, ctx context.Context, kind string, cfg core.Config, opts transport.Options) (c *h2test.Client, s *h2test.Server, wait func() (c, s *transport.CloseError)) {
	a, b := kinds[kind](t)
	c, s = h2test.NewClient(time.Now(), cfg), h2test.NewServer(time.Now(), cfg)
	var wg sync.WaitGroup
	var ce, se *transport.CloseError
	run := func(conn io.ReadWriteCloser, ep transport.Endpoint, got **transport.CloseError) {
		wg.Go(func() {
			if err := transport.Run(ctx, conn, ep, opts); !errors.As(err, got) {
				t.Errorf("Run returned %v", err)
			}
		})
	}
	run(a, c, &ce)
	run(b, s, &se)
	return c, s, func() (c, s *transport.CloseError) { wg.Wait(); return ce, se }
}

func TestBothWays(t *testing.T) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			n, size := 50, 300_000
			if kind == "mem of 1 byte" {
				n, size = 3, 3000
			}
			c, s, wait := both(t, t.Context(), kind, core.Config{}, transport.Options{})
			c.Do(func(time.Time, *core.Conn) { // it runs already
				c.OnEvent = func(core.Event) {
					if c.Answers == n {
						c.Conn.Shutdown(time.Now())
					}
				}
			})
			for range n {
				c.Request(fmt.Sprintf("/%d", size), size)
			}
			ce, se := wait()
			if c.Answers != n || c.Body != int64(n)*int64(size) || s.Body != int64(n)*int64(size) {
				t.Errorf("%d answers, %d bytes down, %d bytes up", c.Answers, c.Body, s.Body)
			}
			if !ce.Orderly() || !se.Orderly() {
				t.Errorf("ended with %v and %v", ce, se)
			}
			if c.Closed == nil || s.Closed == nil {
				t.Errorf("core: %v and %v", c.Closed, s.Closed)
			}
		})
	}
}

// No connection is a mistake that shows where it is made, not in a goroutine.
func TestNilConn(t *testing.T) {
	for what, start := range map[string]func(){
		"Run":   func() { transport.Run(t.Context(), nil, nil, transport.Options{}) },
		"Start": func() { transport.Start(t.Context(), nil, nil, transport.Options{}, nil) },
		"Loops": func() { new(transport.Loops).Start(t.Context(), nil, nil, transport.Options{}, nil) },
	} {
		func() {
			defer func() {
				if r := recover(); r != "weft/transport: the connection is nil" {
					t.Errorf("%s: %v", what, r)
				}
			}()
			start()
		}()
	}
}
