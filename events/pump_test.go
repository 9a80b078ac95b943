package events_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"weft/events"
	"weft/transport"
	"weft/transport/mem"
)

// A server's sessions may be pumped by somebody else, and Shutdown waits until
// that has ended with them.
func TestPump(t *testing.T) {
	pumped, letGo, down := make(chan net.Conn, 1), make(chan struct{}), make(chan error, 1)
	opts := events.ServerOptions{}
	opts.Pump = func(ctx context.Context, conn net.Conn, ep transport.Endpoint, opts transport.Options, ended func(error)) error {
		if opts.HoldFirstWrite != transport.DefaultHold {
			t.Errorf("the first write is held back for %v", opts.HoldFirstWrite)
		}
		pumped <- conn
		go func() {
			err := transport.Run(ctx, conn, ep, opts)
			<-letGo
			ended(err)
		}()
		return nil
	}
	srv, err := events.CreateServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("pumped") })
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := events.Connect(t.Context(), "http://"+addr.String(), events.ConnectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(request(t, client, events.Headers{})); string(body) != "pumped" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	conn := <-pumped
	if _, err := srv.ServeConn(conn); !errors.Is(err, events.ErrSocketBound) {
		t.Errorf("given again, the connection was met with %v", err)
	}
	go func() { down <- srv.Shutdown(t.Context()) }()
	client.Wait()
	select {
	case err := <-down:
		t.Errorf("Shutdown returned %v before the pump had ended", err)
	default:
	}
	close(letGo)
	if err := <-down; err != nil {
		t.Error(err)
	}
}

// What a pump does not take ends with its error.
func TestPumpRefuses(t *testing.T) {
	refusal := errors.New("not by me")
	opts := events.ServerOptions{}
	opts.Pump = func(context.Context, net.Conn, transport.Endpoint, transport.Options, func(error)) error {
		return refusal
	}
	srv, err := events.CreateServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	srv.OnSessionError(func(err error, _ *events.ServerSession) { ended <- err })
	a, b := mem.Pipe()
	srv.ServeConn(a)
	if err := <-ended; !errors.Is(err, refusal) {
		t.Errorf("the session ended with %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// TLS is not for pumps.
func TestPumpSecure(t *testing.T) {
	opts := events.SecureServerOptions{}
	opts.Pump = func(context.Context, net.Conn, transport.Endpoint, transport.Options, func(error)) error { return nil }
	if _, err := events.CreateSecureServer(opts); !errors.Is(err, events.ErrInvalidArg) {
		t.Errorf("%v", err)
	}
}
