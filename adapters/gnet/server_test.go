//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"weft/adapters/gnet"
	"weft/core"
	"weft/events"
	"weft/transport"
)

func TestEcho(t *testing.T) {
	_, addr := serve(t, start(t, 1))
	session := connect(t, addr)
	for _, body := range []string{"", "small", strings.Repeat("larger than a window ", 1<<15)} {
		if got, err := ask(session, "/", body); got != body || err != nil {
			t.Errorf("sent %d bytes, got %d: %q, %v", len(body), len(got), short(got), err)
		}
	}
}

// Bulk in both directions, at the same time and on one connection: neither
// waits for the other.
func TestBulkBothWays(t *testing.T) {
	_, addr := serve(t, start(t, 1))
	session := connect(t, addr)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got, err := ask(session, "/big", ""); got != big || err != nil {
				t.Errorf("down: %d bytes, %v", len(got), err)
			}
		})
		all.Go(func() {
			if got, err := ask(session, "/", big); got != big || err != nil {
				t.Errorf("up and down: %d bytes, %v", len(got), err)
			}
		})
	}
	all.Wait()
}

// Many connections, none of which has a goroutine on the server's side.
func TestManyConnections(t *testing.T) {
	const n = 200
	loops := start(t, 2)
	srv, addr := serve(t, loops)
	conns := make([]net.Conn, n)
	open := make(chan struct{}, n)
	srv.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { open <- struct{}{} })
	before := runtime.NumGoroutine()
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		io.WriteString(c, core.Preface+settings+getSlash)
	}
	for range conns {
		<-open
	}
	for i, c := range conns {
		if err := readUntilEnd(c, 1); err != nil {
			t.Errorf("connection %d: %v", i, err)
		}
	}
	// Accepting takes a goroutine, which ends.
	for until := time.Now().Add(10 * time.Second); runtime.NumGoroutine()-before > n/10; runtime.Gosched() {
		if time.Now().After(until) {
			t.Fatalf("%d connections came with %d goroutines", n, runtime.NumGoroutine()-before)
		}
	}
}

// A stream that is written to by somebody else than the loop.
func TestOtherGoroutines(t *testing.T) {
	opts := events.ServerOptions{Pump: start(t, 2).Pump}
	srv, err := events.CreateServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		d := st.Blocking()
		go func() {
			defer d.Close()
			io.Copy(d, d)
			d.CloseWrite()
		}()
	})
	t.Cleanup(srv.DestroyAll)
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			session := connect(t, addr.String())
			body := strings.Repeat(fmt.Sprint("body of ", i), 50000)
			if got, err := ask(session, "/", body); got != body || err != nil {
				t.Errorf("%d bytes of %d, %v", len(got), len(body), err)
			}
		})
	}
	all.Wait()
}

// Shutdown says GOAWAY, lets what is open end, and returns when the last
// connection has ended.
func TestShutdown(t *testing.T) {
	loops := start(t, 1)
	srv, err := events.CreateServer(events.ServerOptions{Pump: loops.Pump})
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan *events.ServerStream, 1)
	srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { opened <- st })
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	session := connect(t, addr.String())
	goaway := make(chan struct{})
	session.OnGoaway(func(core.ErrCode, events.StreamID, []byte) { close(goaway) }).Once()
	answer := make(chan error, 1)
	go func() {
		got, err := ask(session, "/", "")
		if err == nil && got != "the end" {
			err = errors.New(got)
		}
		answer <- err
	}()
	st := <-opened
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(context.Background()) }()
	<-goaway
	select {
	case err := <-down:
		t.Errorf("Shutdown returned %v while a stream was open", err)
	default:
	}
	if c, err := net.Dial("tcp", addr.String()); err == nil {
		c.Close()
		t.Error("the server still accepts")
	}
	st.EndString("the end")
	if err := <-answer; err != nil {
		t.Error(err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	session.Wait()
	if err := loops.Close(); err != nil {
		t.Error(err)
	}
}

// Clients that leave abruptly take nobody else with them, and each is noticed,
// whenever in a turn or between two the reset comes.
func TestAbruptClose(t *testing.T) {
	srv, addr := serve(t, start(t, 1))
	lost := make(chan error, 1)
	srv.OnSession(func(session *events.ServerSession) {
		var end error
		session.OnError(func(err error) { end = err })
		session.OnClose(func() { lost <- end })
	})
	opened := make(chan struct{}, 1)
	srv.OnStream(func(_ *events.ServerStream, h events.Headers, _ events.Flags) {
		if h.Authority() == "x" {
			opened <- struct{}{}
		}
	})
	other := connect(t, addr)
	for i := range 100 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, core.Preface+settings+postSlash)
		<-opened
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
		select {
		case err := <-lost:
			if !errors.Is(err, syscall.ECONNRESET) || !errors.Is(err, events.ErrSessionError) {
				t.Errorf("session %d ended with %v", i, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("reset %d was not noticed", i)
		}
	}
	if got, err := ask(other, "/", "still there"); got != "still there" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// A client that speaks HTTP/1 is told so, with nothing before it.
func TestHTTP1(t *testing.T) {
	_, addr := serve(t, start(t, 1))
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	got, err := io.ReadAll(c)
	if !strings.HasPrefix(string(got), "HTTP/1.1 400 ") || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// A client that does not begin gets the server's SETTINGS all the same.
func TestSilentClient(t *testing.T) {
	_, addr := serve(t, start(t, 1))
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	head := make([]byte, 9)
	if _, err := io.ReadFull(c, head); err != nil || head[3] != 4 {
		t.Errorf("% x, %v", head, err)
	}
}

// Neither TLS nor anything else that is not a socket is carried.
func TestNotTCP(t *testing.T) {
	loops := start(t, 1)
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if err := loops.Pump(t.Context(), a, newFake(), transport.Options{}, nil); !errors.Is(err, gnet.ErrNotTCP) {
		t.Errorf("a pipe is met with %v", err)
	}
	opts := events.SecureServerOptions{ServerOptions: events.ServerOptions{Pump: loops.Pump}}
	if _, err := events.CreateSecureServer(opts); !errors.Is(err, events.ErrInvalidArg) {
		t.Errorf("TLS is met with %v", err)
	}
	if _, err := gnet.Start(gnet.Options{Loops: -1}); err == nil {
		t.Error("-1 loops have started")
	}
}
