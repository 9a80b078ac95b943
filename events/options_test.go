package events_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// What ends with its headers has no trailers.
func TestTrailersOfNothing(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		err := st.Respond(events.Headers{}, events.RespondOptions{EndStream: true, WaitForTrailers: true})
		if !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "WaitForTrailers") {
			t.Error("a response:", err)
		}
		if err := st.Respond(events.Headers{}, events.RespondOptions{EndStream: true}); err != nil {
			t.Error("after that:", err)
		}
	})
	for method, end := range map[string]events.Opt[bool]{"GET": {}, "HEAD": {}, "DELETE": events.Set(true), "POST": events.Set(true)} {
		_, err := p.client.Request(t.Context(), events.H(":method", method), events.RequestOptions{EndStream: end, WaitForTrailers: true})
		if !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "WaitForTrailers") {
			t.Errorf("%s: %v", method, err)
		}
	}
	st := p.request(events.H(":method", "GET"), events.RequestOptions{EndStream: events.Set(false), WaitForTrailers: true})
	p.settle()
	if h, ok := st.Response(); !ok || h.Status() != 200 {
		t.Error("no response")
	}
}

// A session of a secure server counts as encrypted on a loop, too, and tells the
// time that the options have.
func TestSecureSessionOnLoop(t *testing.T) {
	now := mem.Epoch
	srv, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: events.ServerOptions{
		SessionOptions: events.SessionOptions{Now: func() time.Time { return now }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ss, err := srv.NewSession(now)
	if err != nil {
		t.Fatal(err)
	}
	if encrypted, known := ss.Encrypted(); !encrypted || !known {
		t.Error("it is cleartext")
	}
	client, err := events.NewClientSession(now, "https://example.org", events.SessionOptions{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	link := mem.NewLink(client, ss, mem.Options{})
	link.Settle()
	// Without Now it would be sent in the time of the last turn, and be late
	// at once.
	now = now.Add(time.Hour)
	settled := false
	if err := ss.Settings(events.Settings{}, func(err error, _ events.Settings, _ time.Duration) {
		settled = err == nil
	}); err != nil {
		t.Fatal(err)
	}
	if due := ss.NextDeadline(); due.Before(now) {
		t.Errorf("settings are late at %v, and sent at %v", due, now)
	}
	link.Settle()
	if !settled {
		t.Error("settings are not acknowledged")
	}
}

// secret is a connection that says that it has TLS.
type secret struct{ net.Conn }

func (secret) ConnectionState() tls.ConnectionState   { return tls.ConnectionState{} }
func (secret) HandshakeContext(context.Context) error { return nil }

// The option Transport speaks for connections of which nothing is known, and must
// not contradict the others.
func TestTransportOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		encrypted := events.SessionOptions{Transport: core.TransportEncrypted}
		srv, err := events.CreateServer(events.ServerOptions{SessionOptions: encrypted})
		if err != nil {
			t.Fatal(err)
		}
		near, far := mem.Pipe()
		client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
			SessionOptions:   encrypted,
			CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ss, err := srv.ServeConn(far)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*events.Session{"server": &ss.Session, "client": &client.Session} {
			if encrypted, known := s.Encrypted(); !encrypted || !known {
				t.Errorf("the %s is in the clear", name)
			}
		}
		client.Close()
		client.Wait()

		cleartext := events.SessionOptions{Transport: core.TransportCleartext}
		open, err := events.CreateServer(events.ServerOptions{SessionOptions: cleartext})
		if err != nil {
			t.Fatal(err)
		}
		near, far = mem.Pipe()
		if _, err := open.ServeConn(secret{far}); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "Transport") {
			t.Error("a server:", err)
		}
		if _, err := near.Read(make([]byte, 1)); err == nil {
			t.Error("its connection is open")
		}
		near, far = mem.Pipe()
		lost, err := events.Connect(t.Context(), "https://localhost", events.ConnectOptions{
			SessionOptions:   cleartext,
			CreateConnection: func(context.Context) (net.Conn, error) { return secret{near}, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		lost.OnError(func(error) {})
		if err := lost.Ready(t.Context()); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "Transport") {
			t.Error("a client:", err)
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("its connection is open")
		}
		srv.DestroyAll()
		srv.Wait()
	})
}
