package nodetest

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
	wefttls "weft/transport/tls"

	"github.com/google/go-cmp/cmp"
)

// Listeners run in the order of their registration, once those that are to be,
// and not those that were removed.
func TestListeners(t *testing.T) {
	w := newWorld(t, setup{})
	w.client.OnPing(func([8]byte) { w.note("first") })
	w.client.OnPing(func([8]byte) { w.note("once") }).Once()
	w.client.OnPing(func([8]byte) { w.note("removed") }).Remove()
	w.client.OnPing(func([8]byte) { w.note("last") })
	ping := func() {
		if ok, err := w.server.Ping(func(error, time.Duration, [8]byte) {}); !ok || err != nil {
			t.Error(ok, err)
		}
		w.settle()
	}
	ping()
	w.happened("first", "once", "last")
	covers(t, "class.EventEmitter")
	ping()
	w.happened("first", "last")
	covers(t, "emitter.method.on")
	covers(t, "emitter.method.once")
}

// A connection that was made elsewhere is handed to a server, and to Connect:
// cleartext, then TLS. The settings of the options are announced, and the custom
// ones of the peer's received.
func TestFactories(t *testing.T) {
	cert, _, err := wefttls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	options := func(own, other uint16) events.SessionOptions {
		return events.SessionOptions{
			Settings:             events.Settings{CustomSettings: map[uint16]uint32{own: 1}},
			RemoteCustomSettings: []uint16{other},
		}
	}
	plain, err := events.CreateServer(events.ServerOptions{SessionOptions: options(1001, 2001)})
	if err != nil {
		t.Fatal(err)
	}
	secure, err := events.CreateSecureServer(events.SecureServerOptions{
		ServerOptions: events.ServerOptions{SessionOptions: options(1001, 2001)},
		TLS:           &tls.Config{Certificates: []tls.Certificate{cert}},
	})
	if err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, srv *events.Server, url string, wrap func(net.Conn) net.Conn) {
		sessions := make(chan *events.ServerSession, 1)
		srv.OnSession(func(ss *events.ServerSession) { sessions <- ss })
		srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			st.Respond(events.Status(events.StatusOK))
			st.EndString(h.Scheme() + " " + h.Authority() + " " + h.Path())
		})
		near, far := mem.Pipe()
		served := make(chan error, 1)
		go func() {
			_, err := srv.ServeConn(far)
			served <- err
		}()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		connects := make(chan bool, 2)
		client, err := events.Connect(ctx, url, events.ConnectOptions{
			SessionOptions:   options(2001, 1001),
			CreateConnection: func(context.Context) (net.Conn, error) { return wrap(near), nil },
			Setup:            func(s *events.ClientSession) { s.OnConnect(func() { connects <- true }) },
		})
		if err != nil {
			t.Fatal(err)
		}
		st, err := client.Request(ctx, events.H())
		if err != nil {
			t.Fatal(err)
		}
		body := st.Blocking()
		got, err := io.ReadAll(body)
		if want := url[:len(url)-len("://example.org:8443")] + " example.org:8443 /"; string(got) != want || err != nil {
			t.Errorf("the body is %q, %v; want %q", got, err, want)
		}
		server := <-sessions
		if err := <-served; err != nil {
			t.Errorf("ServeConn: %v", err)
		}
		if d := cmp.Diff(map[uint16]uint32{1001: 1}, client.RemoteSettings().CustomSettings); d != "" {
			t.Errorf("at the client: %s", d)
		}
		if d := cmp.Diff(map[uint16]uint32{2001: 1}, server.RemoteSettings().CustomSettings); d != "" {
			t.Errorf("at the server: %s", d)
		}
		body.Close()
		client.Close()
		client.Wait()
		if n := len(connects); n != 1 {
			t.Errorf("connect was emitted %d times", n)
		}
		srv.Close()
		srv.Wait()
	}
	t.Run("cleartext", func(t *testing.T) {
		run(t, plain, "http://example.org:8443", func(c net.Conn) net.Conn { return c })
		covers(t, "http2.createServer")
		covers(t, "http2.connect")
		covers(t, "emitter.method.emit")
		covers(t, "rule.server.inject-connection")
		covers(t, "rule.connect.listener-once")
		covers(t, "connect.option.createConnection")
		covers(t, "createServer.option.settings")
		covers(t, "createServer.option.remoteCustomSettings")
		covers(t, "connect.option.settings")
		covers(t, "connect.option.remoteCustomSettings")
	})
	t.Run("TLS", func(t *testing.T) {
		run(t, &secure.Server, "https://example.org:8443", func(c net.Conn) net.Conn {
			return tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}, ServerName: "example.org"})
		})
		covers(t, "http2.createSecureServer")
		covers(t, "createSecureServer.option.settings")
		covers(t, "createSecureServer.option.remoteCustomSettings")
		covers(t, "createSecureServer.option.tls-options")
	})
}

// Streams share the settings of their session.
func TestSharedSettings(t *testing.T) {
	w := newWorld(t, setup{})
	var allowed []bool
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		allowed = append(allowed, st.PushAllowed())
	})
	r := newRaw(t, w.server, false)
	get := coretest.Request("GET", "/")
	r.send(r.peer.Handshake(true).Headers(1, true, get...).Headers(3, true, get...))
	r.send(r.peer.Settings(core.Setting{ID: core.SettingEnablePush}).Headers(5, true, get...).Headers(7, true, get...))
	if !slices.Equal(allowed, []bool{true, true, false, false}) {
		t.Errorf("pushes are allowed on four streams: %v", allowed)
	}
	covers(t, "rule.stream.session-shared-settings")
}
