package events_test

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"weft/events"
)

func quiet() events.SessionOptions {
	return events.SessionOptions{Logger: slog.New(slog.DiscardHandler)}
}

// A callback of TLS that panics at what one client says costs that client its
// connection, and nobody else anything.
func TestHandshakePanics(t *testing.T) {
	srv, err := events.CreateSecureServer(events.SecureServerOptions{
		ServerOptions: events.ServerOptions{SessionOptions: quiet()},
		ALPNCallback: func(name string, _ []string) string {
			if name == "bad.example" {
				panic("oh")
			}
			return "h2"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("fine") })
	addr, err := srv.Listen("localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Wait()
	defer srv.DestroyAll()
	dial := func(name string) error {
		cfg := &tls.Config{InsecureSkipVerify: true, ServerName: name, NextProtos: []string{"h2"}}
		conn, err := tls.Dial("tcp", addr.String(), cfg)
		if err == nil {
			conn.Close()
		}
		return err
	}
	if err := dial("bad.example"); err == nil {
		t.Error("a handshake that panicked went well")
	}
	if err := dial("good.example"); err != nil {
		t.Error("the next one:", err)
	}
}

func TestConnectPanics(t *testing.T) {
	client, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		SessionOptions:   quiet(),
		CreateConnection: func(context.Context) (net.Conn, error) { panic("oh") },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Ready(t.Context()); !errors.Is(err, events.ErrConnect) {
		t.Errorf("Ready: %v", err)
	}
	client.Wait()
}

type panickyTrace struct{}

func (panickyTrace) Received(time.Time, []byte) { panic("oh") }
func (panickyTrace) Sent(time.Time, []byte)     { panic("oh") }

// A trace takes no part in what it traces.
func TestTracePanics(t *testing.T) {
	for name, trace := range map[string]func(net.Conn) events.Trace{
		"made":    func(net.Conn) events.Trace { panic("oh") },
		"written": func(net.Conn) events.Trace { return panickyTrace{} },
	} {
		p := newPair(t, pairOptions{client: events.SessionOptions{Trace: trace}, server: events.SessionOptions{Trace: trace}})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("fine") })
		d := ""
		p.request(events.Headers{}).OnData(func(b []byte) { d += string(b) })
		p.settle()
		if d != "fine" || p.logged.Len() == 0 {
			t.Errorf("%s: %q", name, d)
		}
	}
}
