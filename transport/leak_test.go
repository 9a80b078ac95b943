package transport_test

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/internal/socktest"
)

// Connections that end at any point, by FIN or RST, leave nothing behind
// (AC-022, AC-061): no goroutine, no descriptor.
func TestNothingIsLeft(t *testing.T) {
	// Something to say, cut anywhere.
	c, err := core.NewClient(time.Now(), core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c.Open(time.Now(), get("/100000"), false)
	}
	whole := c.AppendOutput(nil)
	// A header block that does not end, in HEADERS and half a CONTINUATION.
	whole = append(whole, 0, 0, 1, 1, 0, 0, 0, 0, 21, 0x82, 0, 0, 9, 9, 0, 0, 0, 0, 21, 0x40)

	var loops transport.Loops
	once := func(i int) {
		a, b := socktest.Pair(t)
		s := h2test.NewServer(time.Now(), core.Config{})
		ended := make(chan error, 1)
		switch i % 4 {
		case 0:
			go func() { ended <- transport.Run(context.Background(), b, s, transport.Options{}) }()
		case 1:
			transport.Start(context.Background(), b, s, transport.Options{}, func(err error) { ended <- err })
		default:
			loops.Start(context.Background(), b, s, transport.Options{}, func(err error) { ended <- err })
		}
		a.Write(whole[:len(whole)-i%len(whole)])
		if i%2 == 0 {
			a.(*net.TCPConn).SetLinger(0)
		}
		a.Close()
		var end *transport.CloseError
		if err := <-ended; !errors.As(err, &end) {
			t.Errorf("ended with %v", err)
		}
		if s.Closed == nil {
			t.Errorf("connection %d: the core was not told", i)
		}
	}
	once(0)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for i := range 300 {
		once(i)
	}
	goroutinesBecome(t, goroutines)
	for began := time.Now(); openFiles(t) > files; runtime.Gosched() { // those of a loop may be closed late
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d descriptors, %d before", openFiles(t), files)
		}
	}
}

// goroutinesBecome waits for goroutines that have done everything but end.
func goroutinesBecome(t *testing.T, want int) {
	t.Helper()
	for began := time.Now(); runtime.NumGoroutine() > want; runtime.Gosched() {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("%d goroutines, want %d", runtime.NumGoroutine(), want)
		}
	}
}

func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("descriptors are not counted:", err)
	}
	return len(entries)
}

// An idle connection holds no buffer of the transport's and one goroutine
// (AC-088: 16 KiB, two goroutines).
func TestIdleConnectionIsSmall(t *testing.T) {
	const conns = 200
	var held []any
	before := heap()
	goroutines := runtime.NumGoroutine()
	for range conns {
		conn := echo(t, "tcp", "127.0.0.1:0")
		buf := make([]byte, 10_000)
		conn.Write(buf)
		for n := 0; n < len(buf); {
			m, err := conn.Read(buf[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
		held = append(held, conn)
	}
	// echo has two goroutines a connection: Run's, and none of ours besides.
	goroutinesBecome(t, goroutines+conns)
	per := (int64(heap()) - int64(before)) / conns
	t.Logf("%d bytes of heap a connection, both sockets included", per)
	if per > 16<<10 {
		t.Errorf("%d bytes of heap a connection", per)
	}
	runtime.KeepAlive(held)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // pools forget in two steps
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
