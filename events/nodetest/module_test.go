package nodetest

import (
	"bytes"
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
	if count(w.log, "first") != 1 || count(w.log, "last") != 1 {
		t.Errorf("the second time: %q", w.log)
	}
	covers(t, "emitter.method.on")
	if w.saw("once") {
		t.Errorf("the second time: %q", w.log)
	}
	covers(t, "emitter.method.once")
	w.happened("first", "last")
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
			Settings: events.Settings{
				InitialWindowSize: events.Set(70_000 + uint32(own)), CustomSettings: map[uint16]uint32{own: 1},
			},
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
	// run says covers for the server's own rows by its name, and for those of
	// the client once.
	run := func(t *testing.T, srv *events.Server, name, url string, wrap func(net.Conn) net.Conn) {
		client1 := func(row string) {
			if name == "createServer" {
				covers(t, row)
			}
		}
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
		dials := 0
		client, err := events.Connect(ctx, url, events.ConnectOptions{
			SessionOptions:   options(2001, 1001),
			CreateConnection: func(context.Context) (net.Conn, error) { dials++; return wrap(near), nil },
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
		covers(t, "http2."+name)
		server := <-sessions
		if state, secure := server.Socket().ConnectionState(); name == "createSecureServer" {
			// Only the server's own options had this certificate.
			if own, _ := client.Socket().ConnectionState(); !secure || state.NegotiatedProtocol != "h2" ||
				!bytes.Equal(own.PeerCertificates[0].Raw, cert.Certificate[0]) {
				t.Errorf("TLS: %v, %s", secure, state.NegotiatedProtocol)
			}
			covers(t, "createSecureServer.option.tls-options")
		}
		if dials != 1 {
			t.Errorf("the function that makes the connection was called %d times", dials)
		}
		client1("connect.option.createConnection")
		if client.Type() != events.SessionTypeClient || client.Connecting() || client.Destroyed() {
			t.Errorf("a session of type %v, connecting %v", client.Type(), client.Connecting())
		}
		client1("http2.connect")
		if err := <-served; err != nil {
			t.Errorf("ServeConn: %v", err)
		}
		client1("emitter.method.emit")
		if server.Socket().BytesRead() == 0 || server.Destroyed() {
			t.Errorf("%d bytes came over the connection that was handed over", server.Socket().BytesRead())
		}
		client1("rule.server.inject-connection")
		// Each side announces what its options say, and shows those of the
		// peer's custom settings that they name.
		if size := client.RemoteSettings().InitialWindowSize.Or(0); size != 71_001 {
			t.Errorf("the server's windows are %d", size)
		}
		covers(t, name+".option.settings")
		if d := cmp.Diff(map[uint16]uint32{2001: 1}, server.RemoteSettings().CustomSettings); d != "" {
			t.Errorf("at the server: %s", d)
		}
		covers(t, name+".option.remoteCustomSettings")
		if size := server.RemoteSettings().InitialWindowSize.Or(0); size != 72_001 {
			t.Errorf("the client's windows are %d", size)
		}
		client1("connect.option.settings")
		if d := cmp.Diff(map[uint16]uint32{1001: 1}, client.RemoteSettings().CustomSettings); d != "" {
			t.Errorf("at the client: %s", d)
		}
		client1("connect.option.remoteCustomSettings")
		body.Close()
		client.Close()
		client.Wait()
		if n := len(connects); n != 1 {
			t.Errorf("connect was emitted %d times", n)
		}
		client1("rule.connect.listener-once")
		srv.Close()
		srv.Wait()
	}
	t.Run("cleartext", func(t *testing.T) {
		run(t, plain, "createServer", "http://example.org:8443", func(c net.Conn) net.Conn { return c })
	})
	t.Run("TLS", func(t *testing.T) {
		run(t, &secure.Server, "createSecureServer", "https://example.org:8443", func(c net.Conn) net.Conn {
			return tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}, ServerName: "example.org"})
		})
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
