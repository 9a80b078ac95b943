package tls_test

import (
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/tls"
)

// An idle connection costs one goroutine, and what crypto/tls keeps.
func TestIdleConnection(t *testing.T) {
	server, client := configs(t, false)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tl := tls.NewListener(l, server)
	defer tl.Close()
	before := heap()
	goroutines := runtime.NumGoroutine()
	const conns = 50
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2*conns)
	for range conns {
		accepted := make(chan struct{})
		go func() {
			conn, err := tl.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			close(accepted)
			ended <- transport.Run(ctx, conn, h2test.NewServer(time.Now(), core.Config{}), transport.Options{})
		}()
		conn, err := tls.Dial(ctx, l.Addr().String(), client)
		if err != nil {
			t.Fatal(err)
		}
		<-accepted
		answered := make(chan struct{})
		c := h2test.NewClient(time.Now(), core.Config{})
		c.OnEvent = func(core.Event) {
			if c.Answers == 1 {
				c.OnEvent = nil
				close(answered)
			}
		}
		c.Request("/20000", 20000)
		go func() { ended <- transport.Run(ctx, conn, c, transport.Options{}) }()
		<-answered
	}
	if n := runtime.NumGoroutine() - goroutines; n > 2*conns {
		t.Errorf("%d goroutines for both ends of %d connections", n, conns)
	}
	t.Logf("%d bytes of heap for an end", (int64(heap())-int64(before))/(2*conns))
	cancel()
	for range 2 * conns {
		<-ended
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
