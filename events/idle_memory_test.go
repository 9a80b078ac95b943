//go:build !race

package events_test

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
	"weft/events"

	"golang.org/x/net/http2/hpack"
)

// What a connection holds after one request, while it is idle: its objects and,
// where there are no event loops, the stack of its goroutine; with the race detector
// that is another matter. bench/idle says what that is in resident memory.
func TestIdleConnectionIsSmall(t *testing.T) {
	t.Run("tcp", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		testIdleConnectionIsSmall(t, l)
	})
	t.Run("unix", func(t *testing.T) {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
		if err != nil {
			t.Skip(err)
		}
		testIdleConnectionIsSmall(t, l)
	})
}

func testIdleConnectionIsSmall(t *testing.T, l net.Listener) {
	const n, budget = 400, 11 << 10
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	headers := events.Status(200, "content-type", "text/plain")
	srv.OnStream(func(st *events.ServerStream, h events.Headers, flags events.Flags) {
		st.Respond(headers)
		st.EndString("hello")
	})
	served := make(chan struct{})
	go func() {
		srv.Serve(l)
		close(served)
	}()
	defer func() {
		srv.Close()
		<-served
	}()

	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, f := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "localhost"}, {Name: ":path", Value: "/"}} {
		enc.WriteField(f)
	}
	ask := append([]byte(core.Preface), frame.AppendSettings(nil, nil)...)
	ask = frame.AppendHeaders(ask, 1, block.Bytes(), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
	one := func() net.Conn {
		c, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(ask); err != nil {
			t.Fatal(err)
		}
		for {
			var b [frame.HeaderLen]byte
			if _, err := io.ReadFull(c, b[:]); err != nil {
				t.Fatal(err)
			}
			h := frame.ParseHeader(b[:])
			if _, err := io.CopyN(io.Discard, c, int64(h.Length)); err != nil {
				t.Fatal(err)
			}
			if h.Stream == 1 && h.Flags.Has(frame.FlagEndStream) {
				return c
			}
		}
	}
	used := func() int64 {
		runtime.GC()
		runtime.GC() // what pools kept for one more
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc + m.StackInuse)
	}
	one().Close()
	before, goroutines := used(), runtime.NumGoroutine()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = one()
	}
	each := (used() - before) / n
	t.Logf("an idle connection takes %d bytes, the client's end included", each)
	if each > budget {
		t.Errorf("an idle connection takes %d bytes, want at most %d", each, budget)
	}
	// Those whose last turn was long, as on a busy machine it may be, have one for
	// some time yet.
	more := func() int { return runtime.NumGoroutine() - goroutines }
	for began := time.Now(); runtime.GOOS == "linux" && more() > n/10; runtime.Gosched() {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d goroutines for %d connections that do nothing", more(), n)
		}
	}
	for _, c := range conns {
		c.Close()
	}
}
