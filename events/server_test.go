package events_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
	wefttls "weft/transport/tls"
)

// Shutdown lets what is open finish, takes nothing new, and then returns.
func TestShutdown(t *testing.T) {
	opened := make(chan *events.ServerStream, 1)
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { opened <- st })
	closed := make(chan struct{})
	srv.OnClose(func() { close(closed) })
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := events.Connect(t.Context(), "http://"+addr.String(), events.ConnectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d := request(t, client, events.Headers{})
	st := <-opened
	goaway := make(chan struct{})
	client.OnGoaway(func(core.ErrCode, events.StreamID, []byte) { close(goaway) }).Once()
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(t.Context()) }()
	<-goaway
	select {
	case err := <-down:
		t.Fatalf("Shutdown returned %v while a stream was open", err)
	default:
	}
	if _, err := net.Dial("tcp", addr.String()); err == nil {
		t.Error("the server still accepts")
	}
	st.EndString("done")
	if body, err := io.ReadAll(d); string(body) != "done" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	<-closed
	client.Wait()
	if err := srv.Close(); !errors.Is(err, events.ErrServerClosed) {
		t.Errorf("Close again: %v", err)
	}
	if err := srv.Serve(mem.Listen()); !errors.Is(err, events.ErrServerClosed) {
		t.Errorf("Serve after Close: %v", err)
	}
	if _, err := srv.ServeConn(pipeEnd()); !errors.Is(err, events.ErrServerClosed) {
		t.Errorf("ServeConn after Close: %v", err)
	}
	if addr, err := srv.Listen("localhost:0"); !errors.Is(err, events.ErrServerClosed) {
		t.Errorf("Listen after Close: %v, %v", addr, err)
	}
}

// Who has Listen's address may have it again as soon as Close has returned.
func TestListenThenClose(t *testing.T) {
	at := "localhost:0"
	for range 50 {
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		addr, err := srv.Listen(at)
		if err != nil {
			t.Fatalf("Listen on %s: %v", at, err)
		}
		at = addr.String()
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		srv.Wait()
	}
}

func TestServeNil(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Serve(nil); !errors.Is(err, events.ErrInvalidArgType) {
		t.Errorf("Serve(nil): %v", err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func pipeEnd() net.Conn {
	a, _ := mem.Pipe()
	return a
}

// When its context is done, Shutdown ends what is left.
func TestShutdownDeadline(t *testing.T) {
	srv, client := serveMem(t, events.ServerOptions{}, func(st *events.ServerStream, _ events.Headers) {
		st.Respond(events.Headers{})
	})
	d := request(t, client, events.Headers{})
	if _, err := d.Response(); err != nil {
		t.Fatal(err)
	}
	why := errors.New("no more patience")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if err := srv.Shutdown(ctx); !errors.Is(err, why) {
		t.Errorf("Shutdown: %v", err)
	}
	if _, err := io.ReadAll(d); err == nil {
		t.Error("the response looks complete")
	}
}

func TestServeConn(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var sessions atomic.Int32
	srv.OnSession(func(*events.ServerSession) { sessions.Add(1) })
	a, b := mem.Pipe()
	ss, err := srv.ServeConn(a)
	if err != nil {
		t.Fatal(err)
	}
	ss.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("injected") })
	client, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		CreateConnection: func(context.Context) (net.Conn, error) { return b, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(request(t, client, events.Headers{})); string(body) != "injected" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	client.Close()
	client.Wait()
	srv.Close()
	srv.Wait()
	if sessions.Load() != 1 {
		t.Errorf("%d sessions", sessions.Load())
	}
}

// A session's error is the server's sessionError.
// What is registered with a server for one time only is called one time.
func TestServerOnce(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var once, always int
	srv.OnSession(func(*events.ServerSession) { once++ }).Once()
	srv.OnSession(func(*events.ServerSession) { always++ })
	for range 3 {
		ss, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		ss.Advance(mem.Epoch)
	}
	if once != 1 || always != 3 {
		t.Errorf("called %d and %d times, want 1 and 3", once, always)
	}
}

func TestSessionError(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	srv.OnSessionError(func(err error, _ *events.ServerSession) { failed <- err })
	a, b := mem.Pipe()
	if _, err := srv.ServeConn(a); err != nil {
		t.Fatal(err)
	}
	io.WriteString(b, "GET / HTTP/1.1\r\n\r\n")
	answer, _ := io.ReadAll(b)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
		t.Errorf("answer %q", answer)
	}
	var e *events.Error
	if err := <-failed; !errors.As(err, &e) || e.Fault != core.FaultHTTP1 || e.Message != "Received bad client magic byte string" {
		t.Errorf("sessionError %v", err)
	}
	srv.Close()
	srv.Wait()
}

func secureServer(t *testing.T) (*events.SecureServer, string, *tls.Config) {
	t.Helper()
	cert, _, err := wefttls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	srv, err := events.CreateSecureServer(events.SecureServerOptions{
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) { st.EndString(h.Scheme()) })
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.DestroyAll()
		srv.Wait()
	})
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	return srv, addr.String(), &tls.Config{RootCAs: roots}
}

func TestSecureServer(t *testing.T) {
	_, addr, cfg := secureServer(t)
	client, err := events.Connect(t.Context(), "https://"+addr, events.ConnectOptions{TLS: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(request(t, client, events.Headers{})); string(body) != "https" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	client.Close()
	client.Wait()

	// A client nobody vouches for the server to.
	client, err = events.Connect(t.Context(), "https://"+addr, events.ConnectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var unknown x509.UnknownAuthorityError
	if err := client.Ready(t.Context()); !errors.Is(err, events.ErrConnect) || !errors.As(err, &unknown) {
		t.Errorf("Ready: %v", err)
	}
	client.Wait()
}

// A client without ALPN is told why it is turned away, or handed over.
func TestUnknownProtocol(t *testing.T) {
	srv, addr, cfg := secureServer(t)
	cfg.ServerName = "127.0.0.1"
	conn, err := tls.Dial("tcp", addr, cfg)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "Missing ALPN Protocol, expected `h2` to be available") {
		t.Errorf("%q, %v", answer, err)
	}
	srv.OnUnknownProtocol(func(c net.Conn) {
		io.WriteString(c, "something else\n")
		c.Close()
	})
	if conn, err = tls.Dial("tcp", addr, cfg); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); string(answer) != "something else\n" || err != nil {
		t.Errorf("%q, %v", answer, err)
	}
}

// Nobody listens: the session and the requests that wait for it say so.
func TestConnectRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	failed, asked := make(chan error, 1), make(chan struct{})
	client, err := events.Connect(t.Context(), "http://"+l.Addr().String(), events.ConnectOptions{
		Setup: func(s *events.ClientSession) {
			s.OnError(func(err error) { failed <- err })
		},
		CreateConnection: func(context.Context) (net.Conn, error) {
			<-asked
			return net.Dial("tcp", l.Addr().String())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := request(t, client, events.Headers{})
	close(asked)
	_, err = d.Response()
	var e *events.Error
	if !errors.Is(err, events.ErrStreamCancel) || !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &e) || !e.Retryable() {
		t.Errorf("the request: %v", err)
	}
	if err := <-failed; !errors.Is(err, events.ErrConnect) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the session: %v", err)
	}
	client.Wait()
	if err := client.Ready(t.Context()); !errors.Is(err, events.ErrConnect) {
		t.Errorf("Ready: %v", err)
	}
}

func TestConnectContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client, err := events.Connect(ctx, "http://example.org", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !client.Connecting() {
		t.Error("not connecting")
	}
	d := request(t, client, events.Headers{})
	cancel()
	if _, err := d.Response(); err == nil {
		t.Error("a response")
	}
	client.Wait()
	if err := client.Ready(t.Context()); !errors.Is(err, events.ErrAbort) {
		t.Errorf("Ready: %v", err)
	}
}

// A session closed before it is connected fails what waits, and never connects.
func TestCloseBeforeConnect(t *testing.T) {
	client, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := request(t, client, events.Headers{})
	client.Close()
	if _, err := d.Response(); !errors.Is(err, events.ErrGoAwaySession) {
		t.Errorf("the request: %v", err)
	}
	client.Wait()
}

func TestConnectURLs(t *testing.T) {
	for authority, want := range map[string]error{
		"ftp://x": events.ErrInvalidProtocol, "http://": events.ErrInvalidURL, "https://a b": events.ErrInvalidURL, "": events.ErrInvalidURL,
		"http://x:65536": events.ErrInvalidURL, "http://\u00e4.example": events.ErrInvalidURL, "http://a,b": events.ErrInvalidURL,
		"http://:80": events.ErrInvalidURL, "http://:81": events.ErrInvalidURL,
	} {
		if _, err := events.Connect(t.Context(), authority, events.ConnectOptions{}); !errors.Is(err, want) {
			t.Errorf("Connect(%q): %v, want %v", authority, err, want)
		}
	}
	for base, want := range map[string]string{
		"http://Example.org:80/path?x": "example.org", "https://example.org:443": "example.org",
		"http://example.org:8080": "example.org:8080", "https://[::1]:443": "[::1]", "example.org": "example.org",
		"http://example.org:0080": "example.org", "https://example.org:08443": "example.org:8443",
		"http://[fe80::1%25eth0]:8080": "[fe80::1]:8080", // RFC 6874 §4
	} {
		p, err := events.NewClientSession(time.Unix(0, 0), base, events.SessionOptions{})
		if err != nil {
			t.Errorf("%q: %v", base, err)
			continue
		}
		st, err := p.Request(context.Background(), events.Headers{})
		if err != nil || st.SentHeaders().Authority() != want {
			t.Errorf("%q: authority %q, %v", base, st.SentHeaders().Authority(), err)
		}
	}
}

// At most so many requests wait.
func TestMaxPending(t *testing.T) {
	client, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		MaxPending:       2,
		CreateConnection: func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		_, err := client.Request(t.Context(), events.Headers{})
		if i < 2 && err != nil || i == 2 && !errors.Is(err, events.ErrPendingLimit) {
			t.Errorf("request %d: %v", i, err)
		}
	}
	client.Destroy(nil, core.NoError)
	client.Wait()
}
