package nodetest

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"testing"

	"weft/events"
)

// Connections that are really made: real sockets.
func TestNode_connect(t *testing.T) {
	listen := func(t *testing.T, addr string) (*events.Server, string) {
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		at, err := srv.Listen(addr)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() {
			srv.DestroyAll()
			srv.Wait()
		})
		_, port, _ := net.SplitHostPort(at.String())
		return srv, port
	}
	connect := func(t *testing.T, authority string, opts events.ConnectOptions) *dialed {
		d := &dialed{t: t}
		opts.Setup = func(s *events.ClientSession) {
			s.OnConnect(func() { d.note("connect") })
			d.watch("client", &s.Session)
		}
		var err error
		if d.client, err = events.Connect(context.Background(), authority, opts); err != nil {
			t.Fatalf("%s: %v", authority, err)
		}
		return d
	}
	t.Run("connect-options", func(t *testing.T) {
		srv, port := listen(t, "127.0.0.1:0")
		remote := make(chan string, 1)
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			remote <- st.Session().Socket().RemoteAddr().String()
			st.EndString("")
		})
		d := connect(t, "http://localhost:"+port, events.ConnectOptions{Dialer: &net.Dialer{
			LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)},
		}})
		if err := d.client.Ready(t.Context()); err != nil {
			t.Skip("this host has one loopback address: ", err)
		}
		ran(t)
		st, err := d.client.Request(t.Context(), events.Headers{})
		if err != nil {
			t.Fatal(err)
		}
		st.OnEnd(func() {
			st.Close(events.NoError)
			d.client.Close()
		})
		st.Resume()
		if got := <-remote; !strings.HasPrefix(got, "127.0.0.2:") {
			t.Errorf("the server sees %s", got)
		}
		d.client.Wait()
		for _, line := range d.log {
			if strings.Contains(line, "error") {
				t.Error(line)
			}
		}
		covers(t, "connect.option.net-tls-options")
	})
	t.Run("create-client-connect.1", func(t *testing.T) {
		ran(t)
		srv, port := listen(t, "localhost:0")
		authorities := make(chan string, 1)
		srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			authorities <- h.Authority()
			st.EndString("")
		})
		for _, form := range []struct{ authority, protocol string }{
			{"http://localhost:" + port, ""},
			{"HTTP://user:secret@LOCALHOST:" + port + "/path?query#part", ""},
			{":" + port, "http:"}, // a port alone is localhost's
			{"localhost:" + port, "http:"},
			{"//localhost:" + port, "http:"},
		} {
			d := connect(t, form.authority, events.ConnectOptions{Protocol: form.protocol})
			if err := d.client.Ready(t.Context()); err != nil {
				t.Errorf("%+v: %v", form, err)
			}
			st, err := d.client.Request(t.Context(), events.Headers{})
			if err != nil {
				t.Fatal(err)
			}
			st.Resume()
			if got := <-authorities; got != "localhost:"+port {
				t.Errorf("%+v: a request of %s", form, got)
			}
			if form.protocol == "" {
				covers(t, "rule.connect.authority-form")
			} else {
				covers(t, "connect.option.protocol")
			}
			d.client.Close()
			d.client.Wait()
			if !slices.Equal(d.log, []string{"connect", "client close"}) {
				t.Errorf("%+v: %q", form, d.log)
			}
		}
	})
	t.Run("create-client-connect.2", func(t *testing.T) {
		ran(t)
		srv, port := listen(t, "localhost:0")
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("fine") })
		srv.OnError(func(err error) { t.Errorf("the server's error: %v", err) })
		good := connect(t, "http://localhost:"+port, events.ConnectOptions{})
		if err := good.client.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		for authority, protocol := range map[string]string{
			"localhost:" + port: "https:", ":" + port: "", "https://localhost:" + port: "http:",
		} {
			d := connect(t, authority, events.ConnectOptions{Protocol: protocol, TLS: &tls.Config{InsecureSkipVerify: true}})
			d.client.Wait()
			if len(d.log) != 2 || !strings.HasPrefix(d.log[0], "client error ERR_HTTP2_CONNECT_FAILED") || d.log[1] != "client close" {
				t.Errorf("%s: %q", authority, d.log)
			}
		}
		covers(t, "rule.connect.protocol-default")
		st, err := good.client.Request(t.Context(), events.Headers{})
		if err != nil {
			t.Fatal(err)
		}
		body := make(chan string, 1)
		st.OnData(func(p []byte) { body <- string(p) })
		if got := <-body; got != "fine" {
			t.Errorf("the other session: %q", got)
		}
		good.client.Close()
		good.client.Wait()
	})
}
