package nodetest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
	wefttls "weft/transport/tls"
)

// What a session is, before, while and after it is connected.
func TestSessionProperties(t *testing.T) {
	dialing(t, events.ConnectOptions{}, func(d *dialed) {
		c := d.client
		if _, known := c.Encrypted(); !c.Connecting() || known || c.ALPNProtocol() != "" || c.OriginSet() != nil || c.Socket() != nil {
			t.Errorf("before it is connected: connecting %v, encryption known %v, ALPN %q, origins %v, socket %v",
				c.Connecting(), known, c.ALPNProtocol(), c.OriginSet(), c.Socket())
		}
		c.OnConnect(func() { d.note("connecting %v", c.Connecting()) })
		d.answer()
		synctest.Wait()
		if c.Connecting() || !slices.Contains(d.log, "connecting false") {
			t.Errorf("connected, and connecting: %v; %q", c.Connecting(), d.log)
		}
		covers(t, "session.prop.connecting")
		d.happened("client connect", "connecting false")
		covers(t, "session.event.connect")
		if encrypted, known := c.Encrypted(); encrypted || !known || c.ALPNProtocol() != "h2c" || c.OriginSet() != nil {
			t.Errorf("connected in cleartext: %v %v %q %v", encrypted, known, c.ALPNProtocol(), c.OriginSet())
		}
	})
	w := newWorld(t, setup{
		base:   "https://example.org:8443",
		server: events.ServerOptions{SessionOptions: events.SessionOptions{Transport: core.TransportEncrypted}},
	})
	w.settle()
	for who, s := range map[string]*events.Session{"client": &w.client.Session, "server": &w.server.Session} {
		if encrypted, known := s.Encrypted(); !encrypted || !known {
			t.Errorf("the %s over TLS: %v %v", who, encrypted, known)
		}
		covers(t, "session.prop.encrypted")
		if s.ALPNProtocol() != "h2" {
			t.Errorf("the %s over TLS: %q", who, s.ALPNProtocol())
		}
		covers(t, "session.prop.alpnProtocol")
	}
	if got := w.client.OriginSet(); !slices.Equal(got, []string{"https://example.org:8443"}) {
		t.Errorf("the origins of a client over TLS: %q", got)
	}
}

func TestNode_sessionProperties(t *testing.T) {
	t.Run("create-client-session.2", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.client.OnConnect(func() {
				encrypted, known := d.client.Encrypted()
				d.note("%v %v %v %s", encrypted, known, d.client.OriginSet() == nil, d.client.ALPNProtocol())
				d.client.Close()
			})
			d.srv.OnClose(func() { d.note("server closed") })
			d.answer()
			d.srv.Close()
			d.srv.Wait()
			d.happened("client connect", "false true true h2c", "client close", "server goaway 0 last=0", "server close", "server closed")
		})
	})
	t.Run("ip-address-host.2", func(t *testing.T) {
		cert := devCert(t)
		ran(t)
		for _, url := range []string{"https://127.0.0.1:8443", "https://[::1]:8443"} {
			synctest.Test(t, func(t *testing.T) {
				srv, client := overTLS(t, cert, url, events.SecureServerOptions{})
				if err := client.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := client.OriginSet(); len(got) == 0 || got[0] != url {
					t.Errorf("the origins of %s: %q", url, got)
				}
				covers(t, "session.prop.originSet")
				client.Close()
				client.Wait()
				srv.Close()
				srv.Wait()
			})
		}
	})
	t.Run("client-setNextStreamID-errors", func(t *testing.T) {
		// 2^32 does not compile.
		w := newWorld(t, setup{})
		w.settle()
		for id, message := range map[events.StreamID]string{
			0:       `The value of "id" is out of range. It must be > 0 and <= 4294967295. Received 0`,
			1 << 31: `The value of "id" is out of range. It must be > 0 and <= 2147483647. Received 2147483648`,
		} {
			fails(t, "SetNextStreamID", w.client.SetNextStreamID(id), events.ErrOutOfRange, "ERR_OUT_OF_RANGE: "+message)
		}
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			if err := d.client.SetNextStreamID(0); !errors.Is(err, events.ErrOutOfRange) {
				t.Errorf("before it is connected: %v", err)
			}
		})
	})
}

// The snapshot of a session, number by number.
func TestSessionState(t *testing.T) {
	w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{
		Settings:      events.Settings{HeaderTableSize: events.Set[uint32](2048)},
		SessionLimits: events.SessionLimits{MaxDeflateDynamicTableSize: events.Set[uint32](1024)},
		FixedWindows:  true,
	}}})
	s := w.server
	var open *events.ServerStream
	w.serve(func(st *events.ServerStream, _ events.Headers) { open = st })
	r := newRaw(t, s, false)
	want := func(row, what string, got, want int64) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s is %d, want %d", row, what, got, want)
		}
		covers(t, row)
	}
	r.send(r.peer.Handshake(true).Table(2048).Headers(1, false, coretest.Request("POST", "/")...).Headers(3, false, coretest.Request("POST", "/")...))
	at := s.State()
	want("session.state.effectiveLocalWindowSize", "the window", at.EffectiveLocalWindowSize, 65535)
	want("session.state.localWindowSize", "what the peer may send", at.LocalWindowSize, 65535)
	want("session.state.remoteWindowSize", "what it may send", at.RemoteWindowSize, 65535)
	want("session.state.effectiveRecvDataLength", "what came", at.EffectiveRecvDataLength, 0)
	want("session.state.lastProcStreamID", "the last stream", int64(at.LastProcStreamID), 3)
	want("session.state.nextStreamID", "the next stream", int64(at.NextStreamID), 2)
	want("session.state.outboundQueueSize", "the queue", int64(at.OutboundQueueSize), 0)

	// 1000 bytes come on the first stream, 500 go.
	open.Respond(events.Headers{})
	open.Write(make([]byte, 500))
	r.send(r.peer.Data(1, make([]byte, 1000), false))
	at = s.State()
	want("session.state.effectiveRecvDataLength", "what came", at.EffectiveRecvDataLength, 1000)
	want("session.state.localWindowSize", "what the peer may send", at.LocalWindowSize, 64535)
	want("session.state.remoteWindowSize", "what it may send", at.RemoteWindowSize, 65035)
	want("session.state.lastProcStreamID", "the last stream", int64(at.LastProcStreamID), 1)
	r.send(r.peer.WindowUpdate(0, 100).SettingsAck())
	want("session.state.remoteWindowSize", "what it may send", s.State().RemoteWindowSize, 65135)

	// So large are the tables at most: the library does not tell their fill.
	want("session.state.deflateDynamicTableSize", "the table for sending", int64(s.State().DeflateDynamicTableSize), 1024)
	want("session.state.inflateDynamicTableSize", "the table for receiving", int64(s.State().InflateDynamicTableSize), 2048)

	// What a turn says waits for its end.
	s.Do(func() {
		s.Goaway(events.NoError, 0, nil)
		s.Ping(func(error, time.Duration, [8]byte) {})
		want("session.state.outboundQueueSize", "the queue", int64(s.State().OutboundQueueSize), 2)
		if err := s.SetNextStreamID(10); err != nil {
			t.Error(err)
		}
		want("session.state.nextStreamID", "the next stream", int64(s.State().NextStreamID), 10)
	})
	r.link.Settle()
	want("session.state.outboundQueueSize", "the queue", int64(s.State().OutboundQueueSize), 0)
	covers(t, "session.prop.state")

	s.Destroy(nil, events.NoError)
	if got := s.State(); got != (events.SessionState{}) {
		t.Errorf("after the end: %+v", got)
	}
}

// SetLocalWindowSize sets the connection's window as a whole.
func TestSetLocalWindowSize(t *testing.T) {
	const size = 1 << 20
	w := newWorld(t, setup{before: func(w *world) {
		set := func(s *events.Session) {
			if err := s.SetLocalWindowSize(size); err != nil {
				t.Error(err)
			}
			if at := s.State(); at.EffectiveLocalWindowSize != size || at.LocalWindowSize != size {
				t.Errorf("the windows: %+v", at)
			}
		}
		w.srv.OnSession(func(ss *events.ServerSession) { set(&ss.Session) })
		w.client.OnConnect(func() { set(&w.client.Session) })
	}})
	w.settle()
	for who, sent := range map[string]*wire{"client": w.fromClient, "server": w.fromServer} {
		if !sent.has("WINDOW_UPDATE 0 +983041") {
			t.Errorf("the %s sent %q", who, sent.list())
		}
	}
	covers(t, "session.method.setLocalWindowSize")
	if err := w.client.SetLocalWindowSize(-1); !errors.Is(err, events.ErrOutOfRange) {
		t.Errorf("a negative size: %v", err)
	}
	// Before the connection stands it waits for that.
	dialing(t, events.ConnectOptions{}, func(d *dialed) {
		if err := d.client.SetLocalWindowSize(size); err != nil {
			t.Error(err)
		}
		d.answer()
		if !d.fromClient.has("WINDOW_UPDATE 0 +983041") {
			t.Errorf("sent: %q", d.fromClient.list())
		}
	})
}

// A session's socket is a view that lets nothing through that would corrupt
// the session.
func TestSessionSocket(t *testing.T) {
	dialing(t, events.ConnectOptions{}, func(d *dialed) {
		d.answer()
		d.happened("client connect")
		socket := d.client.Socket()
		calls := map[string]func() error{
			"destroy": socket.Destroy, "end": socket.End, "pause": socket.Pause, "resume": socket.Resume,
			"read":  func() error { _, err := socket.Read(make([]byte, 1)); return err },
			"write": func() error { _, err := socket.Write([]byte("x")); return err },
			"close": socket.Close, "closeWrite": socket.CloseWrite,
		}
		for what, call := range calls {
			fails(t, what, call(), events.ErrNoSocketManipulation,
				"ERR_HTTP2_NO_SOCKET_MANIPULATION: HTTP/2 sockets should not be directly manipulated (e.g. read and written)")
		}
		if _, is := any(socket).(net.Conn); !is {
			t.Error("the view is no net.Conn")
		}
		covers(t, "rule.session-socket.blocked")
		before := d.fromClient.list()
		n, err := socket.Write([]byte("x"))
		var e *events.Error
		if n != 0 || !errors.As(err, &e) || e.Code != "ERR_HTTP2_NO_SOCKET_MANIPULATION" || !errors.Is(err, events.ErrNoSocketManipulation) {
			t.Errorf("Write: %d, %v", n, err)
		}
		covers(t, "error.ERR_HTTP2_NO_SOCKET_MANIPULATION")
		synctest.Wait()
		if d.client.Destroyed() || socket.Destroyed() || !slices.Equal(d.fromClient.list(), before) {
			t.Errorf("the session suffered: %q", d.fromClient.list())
		}
		covers(t, "rule.session.no-direct-socket-io")
		if socket.LocalAddr() != d.near.LocalAddr() || socket.RemoteAddr() != d.near.RemoteAddr() {
			t.Errorf("the addresses: %v, %v", socket.LocalAddr(), socket.RemoteAddr())
		}
		sent := socket.BytesWritten()
		d.client.Ping(func(error, time.Duration, [8]byte) {})
		synctest.Wait()
		if got := socket.BytesWritten() - sent; got != 17 || socket.BytesRead() == 0 {
			t.Errorf("a PING counts as %d bytes", got)
		}
		if _, ok := socket.ConnectionState(); ok {
			t.Error("TLS in cleartext")
		}
		covers(t, "rule.session-socket.passthrough")
		d.client.Destroy(nil, events.NoError)
		d.happened("client close", "server goaway 0 last=0", "server close")
		if d.client.Socket() != nil {
			t.Error("a socket after the close event")
		}
		covers(t, "session.prop.socket")
	})
}

// Who waits for a server or a client waits for its sessions, except for those
// that Unref was called on.
func TestRef(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialed(t, "http://localhost:8080", events.ConnectOptions{})
		var session *events.ServerSession
		d.srv.OnSession(func(ss *events.ServerSession) { session = ss })
		d.answer()
		d.srv.Close()
		waits := func(wait func()) chan bool {
			over := make(chan bool)
			go func() { wait(); close(over) }()
			return over
		}
		over := func(c chan bool) bool {
			synctest.Wait()
			select {
			case <-c:
				return true
			default:
				return false
			}
		}
		for who, side := range map[string]struct {
			s    *events.Session
			wait func()
		}{"server": {&session.Session, d.srv.Wait}, "client": {&d.client.Session, d.client.Wait}} {
			first := waits(side.wait)
			if over(first) {
				t.Errorf("the %s does not wait for its session", who)
			}
			side.s.Unref()
			side.s.Unref()
			if !over(first) || !over(waits(side.wait)) {
				t.Errorf("the %s waits for a session after Unref", who)
			}
			covers(t, "session.method.unref")
			side.s.Ref()
			if over(waits(side.wait)) {
				t.Errorf("the %s does not wait after Ref", who)
			}
			covers(t, "session.method.ref")
		}
		d.client.Destroy(nil, events.NoError)
		d.client.Wait()
		d.srv.Wait()
		d.abort()
	})
}

// overTLS is a secure server and a client of Connect on a pipe.
func overTLS(t *testing.T, cert tls.Certificate, url string, opts events.SecureServerOptions, with ...func(*events.ClientSession)) (*events.SecureServer, *events.ClientSession) {
	opts.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv, err := events.CreateSecureServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	near, far := mem.Pipe()
	go func() {
		if _, err := srv.ServeConn(far); err != nil {
			t.Error(err)
		}
	}()
	return srv, connectTLS(t, near, url, with...)
}

// connectTLS connects a client over TLS on conn.
func connectTLS(t *testing.T, conn net.Conn, url string, with ...func(*events.ClientSession)) *events.ClientSession {
	client, err := events.Connect(context.Background(), url, events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) {
			c := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			return c, c.HandshakeContext(ctx)
		},
		Setup: func(s *events.ClientSession) {
			for _, f := range with {
				f(s)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func devCert(t *testing.T) tls.Certificate {
	cert, _, err := wefttls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
