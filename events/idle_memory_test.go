//go:build !race

package events_test

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"testing"

	"weft/core"
	"weft/core/frame"
	"weft/events"

	"golang.org/x/net/http2/hpack"
)

// What a connection holds after one request, while it is idle: its objects and
// the stack of its goroutine; with the race detector that is another matter. bench/idle says what that is in resident memory.
func TestIdleConnectionIsSmall(t *testing.T) {
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
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()

	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	for _, f := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "localhost"}, {Name: ":path", Value: "/"}} {
		enc.WriteField(f)
	}
	ask := append([]byte(core.Preface), frame.AppendSettings(nil, nil)...)
	ask = frame.AppendHeaders(ask, 1, block.Bytes(), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
	one := func() net.Conn {
		c, err := net.Dial("tcp", addr.String())
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
	before := used()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = one()
	}
	each := (used() - before) / n
	t.Logf("an idle connection takes %d bytes, the client's end included", each)
	if each > budget {
		t.Errorf("an idle connection takes %d bytes, want at most %d", each, budget)
	}
	for _, c := range conns {
		c.Close()
	}
}
