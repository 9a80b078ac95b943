package transport_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"weft/transport"
)

// echo runs an endpoint that returns what it gets, and returns the other end
// of its connection.
func echo(t testing.TB, network, addr string) net.Conn {
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{t: t}
	f.onReceive = func(_ time.Time, p []byte) { f.out = append(f.out, p...) }
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		transport.Run(context.Background(), b, quickFake{f}, transport.Options{})
	}()
	t.Cleanup(func() { a.Close(); <-ended })
	return a
}

func TestTurnDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool forgets on purpose under the race detector")
	}
	conn := echo(t, "tcp", "127.0.0.1:0")
	buf := make([]byte, 3000)
	turn := func() {
		conn.Write(buf)
		io.ReadFull(conn, buf)
	}
	for range 100 {
		turn()
	}
	if n := testing.AllocsPerRun(1000, turn); n >= 1 {
		t.Errorf("%v allocations per turn", n)
	}
}

func BenchmarkTurn(b *testing.B) {
	conn := echo(b, "tcp", "127.0.0.1:0")
	buf := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		conn.Write(buf)
		io.ReadFull(conn, buf)
	}
}

// BenchmarkTurnByHand is the least a goroutine with a buffer of its own needs.
func BenchmarkTurnByHand(b *testing.B) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	defer l.Close()
	a, _ := net.Dial("tcp", l.Addr().String())
	s, _ := l.Accept()
	defer a.Close()
	go func() {
		p := make([]byte, 1000)
		for {
			n, err := s.Read(p)
			if err != nil {
				return
			}
			s.Write(p[:n])
		}
	}()
	buf := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		a.Write(buf)
		io.ReadFull(a, buf)
	}
}
