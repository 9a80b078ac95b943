package events_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
	wefttls "weft/transport/tls"
)

// A connection carries one session at a time, whichever side it is for.
func TestBound(t *testing.T) {
	near, far := mem.Pipe()
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.ServeConn(far); err != nil {
		t.Fatal(err)
	}
	if _, err := srv.ServeConn(nil); !errors.Is(err, events.ErrInvalidArgType) {
		t.Errorf("ServeConn(nil): %v", err)
	}
	connect := func(conn net.Conn) *events.ClientSession {
		client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
			Setup:            func(s *events.ClientSession) { s.OnError(func(error) {}) },
			CreateConnection: func(context.Context) (net.Conn, error) { return conn, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	first := connect(near)
	if err := first.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		conn net.Conn
		want error
	}{{near, events.ErrSocketBound}, {far, events.ErrSocketBound}, {nil, events.ErrInvalidArgType}} {
		second := connect(c.conn)
		second.Wait()
		if err := second.Err(); !errors.Is(err, c.want) {
			t.Errorf("%v: %v, want %v", c.conn, err, c.want)
		}
	}
	if _, err := srv.ServeConn(near); !errors.Is(err, events.ErrSocketBound) {
		t.Errorf("ServeConn: %v", err)
	}
	if first.Destroyed() {
		t.Error("that ended the session")
	}
	first.Close()
	first.Wait()
	srv.Close()
	srv.Wait()
}

// A server that chooses no protocol does not speak HTTP/2, whoever dialled.
func TestConnectWithoutALPN(t *testing.T) {
	cert, _, err := wefttls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				conn.(*tls.Conn).Handshake()
				conn.Read(make([]byte, 1))
				conn.Close()
			}()
		}
	}()
	for _, dialer := range []*net.Dialer{nil, {}} {
		client, err := events.Connect(t.Context(), "https://"+l.Addr().String(), events.ConnectOptions{
			TLS:    &tls.Config{InsecureSkipVerify: true},
			Dialer: dialer,
			Setup:  func(s *events.ClientSession) { s.OnError(func(error) {}) },
		})
		if err != nil {
			t.Fatal(err)
		}
		var refused *wefttls.ProtocolError
		if err := client.Ready(t.Context()); !errors.Is(err, events.ErrConnect) || !errors.As(err, &refused) {
			t.Errorf("with dialer %v: %v", dialer, err)
		}
		client.Destroy(nil, events.NoError)
		client.Wait()
	}
}

// Options that contradict each other, or the URL, are an error that names them.
func TestConnectOptions(t *testing.T) {
	create := func(context.Context) (net.Conn, error) { return nil, io.EOF }
	over := func(kind core.Transport) events.SessionOptions { return events.SessionOptions{Transport: kind} }
	for _, x := range []struct {
		name, url string
		opts      events.ConnectOptions
	}{
		{"Dialer", "http://localhost", events.ConnectOptions{Dialer: new(net.Dialer), CreateConnection: create}},
		{"TLS", "https://localhost", events.ConnectOptions{TLS: new(tls.Config), CreateConnection: create}},
		{"TLS", "http://localhost", events.ConnectOptions{TLS: new(tls.Config)}},
		{"MaxVersion", "https://localhost", events.ConnectOptions{TLS: &tls.Config{MaxVersion: tls.VersionTLS11}}},
		{"Transport", "http://localhost", events.ConnectOptions{SessionOptions: over(core.TransportEncrypted)}},
		{"Transport", "https://localhost", events.ConnectOptions{SessionOptions: over(core.TransportCleartext)}},
	} {
		if _, err := events.Connect(t.Context(), x.url, x.opts); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), x.name) {
			t.Errorf("%s, %s: %v", x.name, x.url, err)
		}
	}
	_, err := events.CreateSecureServer(events.SecureServerOptions{ALPNProtocols: []string{""}})
	if !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "Protocols") {
		t.Error(err)
	}
	if _, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{MaxPending: -1}); !errors.Is(err, events.ErrOutOfRange) || !strings.Contains(err.Error(), "MaxPending") {
		t.Error(err)
	}
}
