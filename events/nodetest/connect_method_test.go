package nodetest

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// A proxy that tunnels to one target and does nothing else.
func TestConnectMethod(t *testing.T) {
	plainServers(t, func(k *kind) {
		target := mem.Listen()
		go func() { // it answers each line of five bytes, and goes when told
			for {
				conn, err := target.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					line := make([]byte, 5)
					for {
						if _, err := io.ReadFull(conn, line); err != nil {
							return
						}
						io.WriteString(conn, "got "+string(line)+"\n")
					}
				}()
			}
		}()
		k.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			if h.Method() != "CONNECT" {
				st.Close(events.RefusedStream)
				return
			}
			d := st.Blocking()
			go func() {
				defer d.Close()
				var conn net.Conn
				err := errors.New("nobody is there")
				if h.Authority() == "target.example:25" {
					conn, err = target.Dial(context.Background())
				}
				if err != nil {
					st.Close(events.ConnectError)
					return
				}
				defer conn.Close()
				st.Respond(events.Headers{})
				go func() {
					io.Copy(conn, d)
					conn.Close()
				}()
				io.Copy(d, conn)
			}()
		})
		c := k.connect()
		tunnel, err := c.Request(k.t.Context(), events.H(":method", "CONNECT", ":authority", "target.example:25"))
		if err != nil {
			t.Fatal(err)
		}
		d := tunnel.Blocking()
		if h, err := d.Response(); err != nil || h.Status() != 200 {
			t.Errorf("the answer: %v, %v", h, err)
		}
		for _, s := range []string{"hello", "there"} { // both ways, again and again
			io.WriteString(d, s)
			line := make([]byte, 10)
			if _, err := io.ReadFull(d, line); string(line) != "got "+s+"\n" || err != nil {
				t.Errorf("%q, %v", line, err)
			}
		}
		d.Close()
		synctest.Wait()
		covers(t, "rule.connect-method.proxy")

		k.get(c)
		k.happened("request error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_REFUSED_STREAM")
		covers(t, "rule.connect-method.refuse-others")

		failed, err := c.Request(k.t.Context(), events.H(":method", "CONNECT", ":authority", "other.example:25"))
		if err != nil {
			t.Fatal(err)
		}
		c.Do(func() {
			failed.OnResponse(func(events.Headers, events.Flags) { k.note("response") })
			failed.OnError(func(err error) { k.note("error %s", errText(err)) })
			failed.OnClose(func() {
				code, _ := failed.RSTCode()
				k.note("close %v", code)
			})
		})
		k.happened("error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_CONNECT_ERROR", "close CONNECT_ERROR")
		covers(t, "rule.connect-method.dial-failure")
		if c.Destroyed() {
			t.Error("the session is over")
		}
		c.Close()
		c.Wait()
		target.Close()
	})
}

func TestExtendedConnect(t *testing.T) {
	websocket := events.H(":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", "example.org", ":path", "/chat")
	enabled := events.SessionOptions{Settings: events.Settings{EnableConnectProtocol: events.Set(true)}}
	t.Run("the server", func(t *testing.T) {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: enabled}, base: "https://example.org"})
		w.serve(func(st *events.ServerStream, h events.Headers) {
			w.note("server %s %s %s", h.Method(), h.Get(":protocol"), h.Path())
			st.Respond(events.Headers{})
			st.OnData(func(p []byte) { st.Write(append([]byte("echo "), p...)) })
		})
		w.client.OnRemoteSettings(func(s events.Settings) { w.note("client may: %v", s.EnableConnectProtocol.Or(false)) })
		w.link.Run(func() bool { return w.saw("client may: true") })
		if !w.fromServer.has("SETTINGS ENABLE_CONNECT_PROTOCOL=1") {
			t.Errorf("sent %q", w.fromServer.list())
		}
		covers(t, "rule.extended-connect.enable")
		w.log = nil
		st := w.request(websocket, events.RequestOptions{})
		st.Write([]byte("hello"))
		w.settle()
		w.happened("client ready 1", "server CONNECT websocket /chat", "client response 200 flags=4", "client data echo hello")
		if st.Closed() {
			t.Error("the tunnel is closed")
		}
		covers(t, "rule.extended-connect.protocol-header")
		st.Close(events.NoError)
		w.settle()
	})
	t.Run("the client waits", func(t *testing.T) {
		w := newWorld(t, setup{base: "https://example.org"})
		r := newRaw(t, w.client, true)
		tried := func(want ...string) {
			t.Helper()
			w.client.Do(func() {
				st, err := w.client.Request(t.Context(), websocket)
				if err != nil {
					t.Error(err)
					return
				}
				w.watchClient("client", st)
			})
			r.link.Settle()
			w.happened(want...)
		}
		refused := []string{"client aborted", "client error " + errProtocolText, "client close 1"}
		tried(refused...) // nothing is known of the server
		r.send(r.peer.Handshake(false))
		tried(refused...) // it does not take it
		if got := first(r.got.list()); count(got, "HEADERS") > 0 {
			t.Errorf("sent %q", r.got.list())
		}
		r.send(r.peer.Settings(core.Setting{ID: core.SettingEnableConnectProtocol, Value: 1}))
		tried("client ready 1")
		if !r.saw("HEADERS 1 :method=CONNECT :protocol=websocket :scheme=https :authority=example.org :path=/chat") {
			t.Errorf("sent %q", r.got.list())
		}
		covers(t, "rule.extended-connect.client-waits")
	})
}
