//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"weft/adapters/gnet"
	"weft/events"
	"weft/transport"
)

// start returns loops that end with the test.
func start(t testing.TB, n int) *gnet.Loops {
	t.Helper()
	loops, err := gnet.Start(gnet.Options{Loops: n})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loops.Close() })
	return loops
}

// serve returns a server on loops, and its address. Whatever it is asked it
// answers with what it was sent; /big with big.
func serve(t testing.TB, loops *gnet.Loops) (*events.Server, string) {
	t.Helper()
	opts := events.ServerOptions{Pump: loops.Pump}
	opts.Settings.MaxConcurrentStreams = events.Set(uint32(1000))
	srv, err := events.CreateServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		st.Respond(events.Status(200))
		if h.Path() == "/big" {
			st.EndString(big)
			return
		}
		st.OnData(func(p []byte) { st.Write(p) })
		st.OnEnd(func() { st.End(nil) })
	})
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.DestroyAll)
	return srv, addr.String()
}

var (
	big   = strings.Repeat("sixteen letters.", 1<<16) // more than windows and sockets that nobody reads take
	large = strings.Repeat(big, 16)                   // more than any socket takes
)

func connect(t testing.TB, addr string) *events.ClientSession {
	t.Helper()
	session, err := events.Connect(context.Background(), "http://"+addr, events.ConnectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Destroy(nil, events.NoError) })
	return session
}

// ask sends body to path and returns what comes back.
func ask(session *events.ClientSession, path, body string) (string, error) {
	h := events.H(":path", path)
	if body != "" {
		h = events.H(":path", path, ":method", "POST")
	}
	st, err := session.Request(context.Background(), h)
	if err != nil {
		return "", err
	}
	d := st.Blocking()
	defer d.Close()
	sent := make(chan error, 1)
	if body == "" {
		sent <- nil
	} else {
		go func() {
			_, err := io.WriteString(d, body)
			sent <- errors.Join(err, d.CloseWrite())
		}()
	}
	got, err := io.ReadAll(d)
	return string(got), errors.Join(err, <-sent)
}

// short is body, or how long it is.
func short(body string) string {
	if len(body) > 100 {
		return body[:100] + "..."
	}
	return body
}

// socketPair returns the ends of a TCP connection.
func socketPair(t testing.TB) (ours, peers *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close() })
	return accepted.(*net.TCPConn), dialled.(*net.TCPConn)
}

// pump gives conn and ep to loops, and returns where the end is told.
func pump(t testing.TB, ctx context.Context, loops *gnet.Loops, conn net.Conn, ep transport.Endpoint, opts transport.Options) chan *transport.CloseError {
	t.Helper()
	ended := make(chan *transport.CloseError, 1)
	err := loops.Pump(ctx, conn, ep, opts, func(err error) {
		var end *transport.CloseError
		if !errors.As(err, &end) {
			t.Errorf("ended with %v", err)
		}
		ended <- end
	})
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

// expect waits for the end of a connection and checks its kind.
func expect(t testing.TB, ended chan *transport.CloseError, kind transport.CloseKind) {
	t.Helper()
	select {
	case end := <-ended:
		if end.Kind != kind {
			t.Errorf("ended with %v (%v), want %v", end.Kind, end.Err, kind)
		}
	case <-time.After(time.Minute):
		t.Fatalf("the connection did not end (want %v)", kind)
	}
}
