package nodetest

import (
	"crypto/tls"
	"errors"
	"slices"
	"testing"
	"time"

	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"

	"github.com/google/go-cmp/cmp"
)

func TestNode_sessionSettings(t *testing.T) {
	t.Run("session-settings.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.settle()
		for who, read := range map[string]func() events.Settings{
			"localSettings": w.client.LocalSettings, "remoteSettings": w.server.RemoteSettings,
		} {
			first := read()
			for key, value := range keys(first) {
				if value == "unset" {
					t.Errorf("%s: %s is not set", who, key)
				}
			}
			if d := cmp.Diff(first, read(), allOpts); d != "" {
				t.Errorf("%s read again: %s", who, d)
			}
		}
		// Each side's own are what the other one has of it.
		w = newWorld(t, setup{client: events.SessionOptions{Settings: events.Settings{InitialWindowSize: events.Set[uint32](70_000)}}})
		w.settle()
		if c, s := w.client.LocalSettings().InitialWindowSize, w.server.LocalSettings().InitialWindowSize; c.Or(0) != 70_000 || s.Or(0) != 65535 {
			t.Errorf("windows of %s and %s", show(c), show(s))
		}
		covers(t, "session.prop.localSettings")
		if c, s := w.client.RemoteSettings().InitialWindowSize, w.server.RemoteSettings().InitialWindowSize; c.Or(0) != 65535 || s.Or(0) != 70_000 {
			t.Errorf("the others' windows are %s and %s", show(c), show(s))
		}
		covers(t, "session.prop.remoteSettings")
	})
	t.Run("session-settings.2", func(t *testing.T) {
		w := newWorld(t, setup{
			server: events.ServerOptions{SessionOptions: events.SessionOptions{
				Settings:             events.Settings{CustomSettings: map[uint16]uint32{1244: 456}},
				RemoteCustomSettings: []uint16{55},
			}},
			client: events.SessionOptions{
				Settings:             events.Settings{EnablePush: events.Set(true), CustomSettings: map[uint16]uint32{55: 12, 155: 144}},
				RemoteCustomSettings: []uint16{1244},
			},
		})
		w.client.OnLocalSettings(func(s events.Settings) { w.note("client local %v", s.CustomSettings) })
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			w.note("server local %v", w.server.LocalSettings().CustomSettings)
			w.note("server remote %v", w.server.RemoteSettings().CustomSettings)
			st.EndString("")
		})
		w.settle()
		w.happened("client local map[55:12 155:144]")
		w.get()
		w.settle()
		for _, line := range []string{"server local map[1244:456]", "server remote map[55:12]"} {
			if !w.saw(line) {
				t.Errorf("%q is missing: %q", line, w.log)
			}
		}
		if got := w.client.RemoteSettings().CustomSettings; len(got) != 1 || got[1244] != 456 {
			t.Errorf("client remote: %v", got)
		}
		if !w.fromClient.has("SETTINGS ENABLE_PUSH=1 0x37=12 0x9b=144") {
			t.Errorf("sent: %q", w.fromClient.list())
		}
	})
	t.Run("session-settings.3", func(t *testing.T) {
		w := newWorld(t, setup{client: events.SessionOptions{Settings: events.Settings{
			EnablePush: events.Set(false), InitialWindowSize: events.Set[uint32](123456),
		}}})
		w.client.OnLocalSettings(func(s events.Settings) {
			w.note("localSettings %s %s %s", show(s.EnablePush), show(s.InitialWindowSize), show(s.MaxFrameSize))
		})
		w.settle()
		w.happened("localSettings false 123456 16384")
		err := w.client.Settings(events.Settings{MaxHeaderListSize: events.Set[uint32](1)},
			func(err error, s events.Settings, rtt time.Duration) {
				w.note("callback %v %s %v", err, show(s.MaxHeaderListSize), rtt > 0)
			})
		if err != nil {
			t.Fatal(err)
		}
		w.settle()
		if got := w.of("localSettings"); !slices.Equal(got, []string{"false 123456 16384"}) {
			t.Errorf("%q", w.log)
		}
		covers(t, "session.event.localSettings")
		w.happened("callback <nil> 1 true", "localSettings false 123456 16384")
		covers(t, "session.method.settings")
	})
	t.Run("session-settings.4", func(t *testing.T) {
		w := newWorld(t, setup{before: func(w *world) {
			w.client.OnRemoteSettings(func(s events.Settings) { w.note("remoteSettings %s", show(s.MaxConcurrentStreams)) })
			w.srv.OnSession(func(ss *events.ServerSession) {
				if err := ss.Settings(events.Settings{MaxConcurrentStreams: events.Set[uint32](2)}, nil); err != nil {
					t.Error(err)
				}
			})
		}})
		w.settle()
		w.happened("remoteSettings 4294967295", "remoteSettings 2")
		covers(t, "session.event.remoteSettings")
	})
	t.Run("session-settings.5", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(nil)
		w.get(func(st *events.ClientStream) {
			st.OnReady(func() { w.note("pending %v", w.client.PendingSettingsAck()) })
		})
		if w.settle(); !w.saw("pending true") || w.client.PendingSettingsAck() {
			t.Errorf("%q, and now %v", w.log, w.client.PendingSettingsAck())
		}
		covers(t, "session.prop.pendingSettingsAck")
	})
	t.Run("session-settings.6", func(t *testing.T) {
		// Values outside of 32 bits do not compile.
		w := newWorld(t, setup{})
		w.settle()
		w.fromClient.clear()
		for _, c := range invalidSettings {
			checkInvalid(t, "Settings", w.client.Settings(c.settings, nil), c.message)
		}
		if w.settle(); len(w.fromClient.list()) > 0 {
			t.Errorf("sent: %q", w.fromClient.list())
		}
	})
	t.Run("session-settings.7", func(t *testing.T) {
		// Ids of over 16 bits and values of over 32 do not compile.
		w := newWorld(t, setup{})
		err := w.client.Settings(events.Settings{CustomSettings: map[uint16]uint32{0: 1}}, nil)
		checkInvalid(t, "Settings", err, `Invalid value for setting "customSettings:id": 0`)
	})
}

func TestNode_settings(t *testing.T) {
	t.Run("max-concurrent-streams.3", func(t *testing.T) {
		w := newWorld(t, setup{
			server: events.ServerOptions{SessionOptions: events.SessionOptions{
				Settings: events.Settings{MaxConcurrentStreams: events.Set[uint32](1)},
			}},
			before: func(w *world) {
				w.client.OnRemoteSettings(func(s events.Settings) { w.note("remoteSettings %s", show(s.MaxConcurrentStreams)) })
			},
		})
		w.settle()
		w.happened("remoteSettings 1")
	})
	t.Run("settings-unsolicited-ack.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(*events.ServerStream, events.Headers) { w.note("stream") })
		w.server.OnRemoteSettings(func(events.Settings) { w.note("remoteSettings") })
		w.server.OnLocalSettings(func(events.Settings) { w.note("localSettings") })
		r := newRaw(t, w.server, false)
		r.send(r.peer.Preface().Settings())
		if got := r.got.list(); len(got) == 0 || got[0] != "SETTINGS" {
			t.Errorf("the first frame: %q", got)
		}
		r.send(r.peer.SettingsAck().SettingsAck())
		w.happened("remoteSettings", "localSettings")
		// AC-057: one stray acknowledgement never closes the connection.
		r.send(r.peer.Headers(1, true, coretest.Request("GET", "/")...))
		if !w.saw("stream") {
			t.Error("the session does not live on")
		}
	})
	t.Run("ping-settings-heapdump.2", func(t *testing.T) {
		w := newWorld(t, setup{before: func(w *world) {
			w.srv.OnSession(func(ss *events.ServerSession) {
				if err := ss.Settings(events.Settings{}, func(err error, _ events.Settings, _ time.Duration) { w.note("callback %v", err) }); err != nil {
					t.Error(err)
				}
				ss.OnClose(func() { w.note("close") })
				ss.Destroy(nil, events.NoError)
			})
		}})
		w.settle()
		w.happened("close")
	})
	t.Run("util-asserts.2", func(t *testing.T) {
		ran(t)
		for _, v := range []uint32{16384, 16777215} {
			if _, err := events.GetPackedSettings(events.Settings{MaxFrameSize: events.Set(v)}); err != nil {
				t.Errorf("%d: %v", v, err)
			}
		}
		for v, message := range map[uint32]string{
			16383: `Invalid value for setting "maxFrameSize": 16383`, 16777216: `Invalid value for setting "maxFrameSize": 16777216`,
		} {
			_, err := events.GetPackedSettings(events.Settings{MaxFrameSize: events.Set(v)})
			checkInvalid(t, "GetPackedSettings", err, message)
		}
	})
}

// An ERR_HTTP2_ERROR keeps Node's number and has its message.
func TestNode_util(t *testing.T) {
	t.Run("util-nghttp2error", func(t *testing.T) {
		w := newWorld(t, setup{})
		var err error
		w.server.OnError(func(e error) { err = e })
		r := newRaw(t, w.server, false)
		r.send(r.peer.Raw([]byte("this is no preface of HTTP/2")...))
		var e *events.Error
		if !errors.As(err, &e) || !errors.Is(err, events.ErrHTTP2) || e.Errno != -903 || e.Message != "Received bad client magic byte string" {
			t.Errorf("the session's error: %#v", err)
		}
		for n, want := range map[events.Errno]string{-501: "Invalid argument", -505: "Protocol error", 401: "Unknown error code"} {
			if got := n.String(); got != want {
				t.Errorf("%d is %q, want %q", n, got, want)
			}
		}
	})
}

func TestNode_updateSettings(t *testing.T) {
	t.Run("update-settings.1", func(t *testing.T) {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{Settings: events.Settings{
			HeaderTableSize: events.Set[uint32](1), MaxHeaderSize: events.Set[uint32](2),
			CustomSettings: map[uint16]uint32{1000: 1},
		}}}})
		w.settle()
		old := w.fromServer.list()[0]
		for _, s := range []events.Settings{
			{HeaderTableSize: events.Set[uint32](3), InitialWindowSize: events.Set[uint32](4), MaxConcurrentStreams: events.Set[uint32](5)},
			{MaxHeaderListSize: events.Set[uint32](6), MaxFrameSize: events.Set[uint32](16385), EnablePush: events.Set(false)},
			{EnableConnectProtocol: events.Set(true), CustomSettings: map[uint16]uint32{1001: 7}},
		} {
			if err := w.srv.UpdateSettings(s); err != nil {
				t.Fatal(err)
			}
		}
		w.fromServer.clear()
		w.settle()
		if got := w.fromServer.list(); len(got) > 0 || w.server.LocalSettings().HeaderTableSize.Or(0) != 1 {
			t.Errorf("the session that exists sent %q", got)
		}
		if old != "SETTINGS HEADER_TABLE_SIZE=1 MAX_HEADER_LIST_SIZE=2 0x3e8=1" {
			t.Errorf("at first: %s", old)
		}
		next, err := w.srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		r := newRaw(t, next, false)
		r.send(r.peer.Handshake(true))
		const want = "SETTINGS HEADER_TABLE_SIZE=3 ENABLE_PUSH=0 MAX_CONCURRENT_STREAMS=5 INITIAL_WINDOW_SIZE=4 " +
			"MAX_FRAME_SIZE=16385 MAX_HEADER_LIST_SIZE=6 ENABLE_CONNECT_PROTOCOL=1 0x3e9=7"
		if got := r.got.list()[0]; got != want {
			t.Errorf("the next session sent %s\nwant %s", got, want)
		}
		covers(t, "server.method.updateSettings")
	})
	t.Run("update-settings.1, secure", func(t *testing.T) {
		srv, err := events.CreateSecureServer(events.SecureServerOptions{TLS: &tls.Config{Certificates: make([]tls.Certificate, 1)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.UpdateSettings(events.Settings{HeaderTableSize: events.Set[uint32](3)}); err != nil {
			t.Fatal(err)
		}
		next, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		r := newRaw(t, next, false)
		r.send(r.peer.Handshake(true))
		if got := r.got.list()[0]; got != "SETTINGS HEADER_TABLE_SIZE=3" {
			t.Errorf("the next session sent %s", got)
		}
		covers(t, "secureServer.method.updateSettings")
	})
	t.Run("update-settings.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		for _, c := range invalidSettings {
			checkInvalid(t, "UpdateSettings", w.srv.UpdateSettings(c.settings), c.message)
		}
		if err := w.srv.UpdateSettings(custom(11)); !errors.Is(err, events.ErrTooManyCustom) {
			t.Errorf("eleven custom settings: %v", err)
		}
	})
}
