//go:build unix

package tcp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"weft/transport/tcp"
)

func listen(t *testing.T, addr string, opts tcp.Options) *net.TCPListener {
	t.Helper()
	l, err := tcp.Listen(t.Context(), addr, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestSocketOptions(t *testing.T) {
	l := listen(t, "127.0.0.1:0", tcp.Options{KeepAlive: 20 * time.Second})
	c, err := tcp.Dial(t.Context(), l.Addr().String(), tcp.Options{KeepAlive: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, side := range []struct {
		name      string
		conn      *net.TCPConn
		keepAlive bool
	}{{"dialled", c, false}, {"accepted", s, true}} {
		if !option(t, side.conn, syscall.IPPROTO_TCP, syscall.TCP_NODELAY) {
			t.Errorf("%s: TCP_NODELAY is off", side.name)
		}
		if got := option(t, side.conn, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE); got != side.keepAlive {
			t.Errorf("%s: SO_KEEPALIVE is %v", side.name, got)
		}
	}
}

func option(t *testing.T, c *net.TCPConn, level, name int) bool {
	t.Helper()
	rc, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var v int
	rc.Control(func(fd uintptr) { v, err = syscall.GetsockoptInt(int(fd), level, name) })
	if err != nil {
		t.Fatal(err)
	}
	return v != 0
}

func TestPortInUse(t *testing.T) {
	l := listen(t, "127.0.0.1:0", tcp.Options{})
	if _, err := tcp.Listen(t.Context(), l.Addr().String(), tcp.Options{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listening twice: %v, want EADDRINUSE", err)
	}
	if _, err := tcp.Listen(t.Context(), l.Addr().String(), tcp.Options{ReusePort: true}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("sharing with one who does not: %v, want EADDRINUSE", err)
	}
}

func TestReusePort(t *testing.T) {
	l := listen(t, "127.0.0.1:0", tcp.Options{ReusePort: true})
	listen(t, l.Addr().String(), tcp.Options{ReusePort: true})
}

func TestDialErrors(t *testing.T) {
	l := listen(t, "127.0.0.1:0", tcp.Options{})
	l.Close()
	if _, err := tcp.Dial(t.Context(), l.Addr().String(), tcp.Options{}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody there: %v, want ECONNREFUSED", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tcp.Dial(ctx, l.Addr().String(), tcp.Options{}); err == nil {
		t.Error("a canceled context dials")
	}
	if _, err := tcp.Dial(t.Context(), l.Addr().String(), tcp.Options{Timeout: -1}); err == nil {
		t.Error("a negative Timeout dials")
	}
}

func Example() {
	ctx := context.Background()
	l, err := tcp.Listen(ctx, "127.0.0.1:0", tcp.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	go func() {
		conn, err := l.AcceptTCP()
		if err != nil {
			return
		}
		io.WriteString(conn, "hello")
		conn.Close()
	}()
	conn, err := tcp.Dial(ctx, l.Addr().String(), tcp.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	text, _ := io.ReadAll(conn)
	fmt.Printf("%s\n", text)
	// Output: hello
}

// Options that a call has no use for are an error.
func TestOptionsOfTheOther(t *testing.T) {
	if l, err := tcp.Listen(t.Context(), "127.0.0.1:0", tcp.Options{Timeout: time.Second}); err == nil {
		l.Close()
		t.Error("Listen takes a Timeout")
	}
	l := listen(t, "127.0.0.1:0", tcp.Options{})
	for _, opts := range []tcp.Options{{ReusePort: true}, {Timeout: -1}} {
		if c, err := tcp.Dial(t.Context(), l.Addr().String(), opts); err == nil {
			c.Close()
			t.Errorf("Dial takes %+v", opts)
		}
	}
}
