package nodetest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// secureAt is a secure server on a real port.
func secureAt(t *testing.T, addr string, change ...func(*events.SecureServerOptions)) (*events.SecureServer, string) {
	t.Helper()
	opts := events.SecureServerOptions{TLS: testTLS(t)}
	opts.Logger = silent
	for _, f := range change {
		f(&opts)
	}
	srv, err := events.CreateSecureServer(opts)
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

// securely connects to a secure server and waits until that has happened.
func securely(t *testing.T, authority string, cfg *tls.Config, protocol ...string) *events.ClientSession {
	t.Helper()
	opts := events.ConnectOptions{TLS: cfg}
	if len(protocol) > 0 {
		opts.Protocol = protocol[0]
	}
	cs, err := events.Connect(context.Background(), authority, opts)
	if err != nil {
		t.Fatalf("%s: %v", authority, err)
	}
	if err := cs.Ready(t.Context()); err != nil {
		t.Fatalf("%s: %v", authority, err)
	}
	t.Cleanup(func() {
		cs.Destroy(nil, events.NoError)
		cs.Wait()
	})
	return cs
}

func TestNode_secureSession(t *testing.T) {
	anyone := &tls.Config{InsecureSkipVerify: true}
	t.Run("create-client-connect.3", func(t *testing.T) {
		_, port := secureAt(t, "localhost:0")
		for _, form := range []struct{ authority, protocol string }{
			{"https://localhost:" + port, ""},
			{"HTTPS://user:secret@LOCALHOST:" + port + "/path?query#part", ""},
			{":" + port, "https:"},
			{"localhost:" + port, "https:"},
			{"//localhost:" + port, "https:"},
		} {
			connected := make(chan struct{})
			cs, err := events.Connect(t.Context(), form.authority, events.ConnectOptions{TLS: anyone, Protocol: form.protocol,
				Setup: func(cs *events.ClientSession) { cs.OnConnect(func() { close(connected) }) }})
			if err != nil {
				t.Fatalf("%+v: %v", form, err)
			}
			<-connected
			cs.Close()
			cs.Wait()
		}
		ran(t)
	})

	// side is what a session knows of its connection.
	type side struct {
		encrypted, known bool
		protocol         string
		origins          []string
	}
	look := func(s *events.Session) (got side) {
		got.encrypted, got.known = s.Encrypted()
		got.protocol, got.origins = s.ALPNProtocol(), s.OriginSet()
		return got
	}
	same := func(a, b side) bool {
		return a.encrypted == b.encrypted && a.known == b.known && a.protocol == b.protocol && slices.Equal(a.origins, b.origins)
	}
	t.Run("create-client-secure-session.1", func(t *testing.T) {
		srv, port := secureAt(t, "localhost:0")
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("") })
		for name, cfg := range map[string]*tls.Config{
			"localhost": trusting(testTLS(t)),
			"agent1":    {RootCAs: trusting(testTLS(t)).RootCAs, ServerName: "agent1"},
		} {
			cs := securely(t, "https://localhost:"+port, cfg)
			if got := look(&cs.Session); !same(got, side{true, true, "h2", []string{"https://" + name + ":" + port}}) {
				t.Errorf("%s: the client has %+v", name, got)
			}
			st, err := cs.Request(t.Context(), events.Headers{})
			if err != nil {
				t.Fatal(err)
			}
			if h, err := st.Blocking().Response(); h.Status() != 200 || !h.Has("date") || err != nil {
				t.Errorf("%s: the response is %q, %v", name, fieldsOf(h), err)
			}
		}
		ran(t)
	})
	t.Run("create-client-secure-session.2", func(t *testing.T) {
		srv, port := secureAt(t, "localhost:0")
		seen := make(chan side, 1)
		srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			seen <- look(&st.Session().Session)
			st.EndString(h.Authority())
		})
		cs := securely(t, "https://localhost:"+port, &tls.Config{RootCAs: trusting(testTLS(t)).RootCAs, ServerName: "agent1"})
		st, err := cs.Request(t.Context(), events.Headers{})
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(st.Blocking()); string(b) != "agent1:"+port || err != nil {
			t.Errorf("a request for %q, %v", b, err)
		}
		// The port is the one the client knows the server by, not the client's.
		if got := <-seen; !same(got, side{true, true, "h2", []string{"https://agent1:" + port}}) {
			t.Errorf("the server has %+v", got)
		}
		ran(t)
	})
	t.Run("create-client-secure-session.3", func(t *testing.T) {
		srv, port := secureAt(t, "localhost:0")
		names := make(chan string, 1)
		srv.OnSession(func(ss *events.ServerSession) {
			state, _ := ss.Socket().ConnectionState()
			names <- state.ServerName
		})
		for given, sent := range map[string]string{"": "localhost", "agent1": "agent1"} {
			securely(t, "https://localhost:"+port, &tls.Config{RootCAs: trusting(testTLS(t)).RootCAs, ServerName: given})
			if got := <-names; got != sent {
				t.Errorf("with %q the client asks for %q", given, got)
			}
		}
		cs, err := events.Connect(t.Context(), "https://localhost:"+port, events.ConnectOptions{
			TLS: &tls.Config{RootCAs: trusting(testTLS(t)).RootCAs, ServerName: "agent2"}})
		if err != nil {
			t.Fatal(err)
		}
		cs.Wait()
		if wrong := new(tls.CertificateVerificationError); !errors.As(cs.Err(), &wrong) {
			t.Errorf("a server of another name: %v", cs.Err())
		}
		ran(t)
	})
	t.Run("ip-address-host.1", func(t *testing.T) {
		for _, host := range []string{"127.0.0.1", "[::1]"} {
			srv, port := secureAt(t, host+":0")
			srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				state, ok := st.Session().Socket().ConnectionState()
				if !ok || state.ServerName != "" {
					t.Errorf("%s: asked for by the name %q", host, state.ServerName)
				}
				st.Respond(events.H("content-type", "text/plain"), events.RespondOptions{EndStream: true})
			})
			cs := securely(t, "https://"+host+":"+port, anyone)
			st, err := cs.Request(t.Context(), events.Headers{})
			if err != nil {
				t.Fatal(err)
			}
			if h, err := st.Blocking().Response(); h.Get("content-type") != "text/plain" || err != nil {
				t.Errorf("%s: %q, %v", host, fieldsOf(h), err)
			}
			ran(t)
		}
	})
}

func TestNode_alpn(t *testing.T) {
	choose := func(string, []string) string { return "a" }
	t.Run("alpn.1", func(t *testing.T) {
		ran(t)
		_, err := events.CreateSecureServer(events.SecureServerOptions{ALPNCallback: choose, ALPNProtocols: []string{"a"}})
		fails(t, "both", err, events.ErrALPNCallbackWithProtocols, "ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS: "+
			"The ALPNCallback and ALPNProtocols TLS options are mutually exclusive")
	})
	// negotiates offers a protocol, and compares what is made of it.
	negotiates := func(t *testing.T, opts events.SecureServerOptions, offered, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			opts.TLS, opts.Logger = testTLS(t), silent
			srv, err := events.CreateSecureServer(opts)
			if err != nil {
				t.Fatal(err)
			}
			protocols := make(chan string, 1)
			srv.OnSession(func(ss *events.ServerSession) { protocols <- ss.ALPNProtocol() })
			near, far := mem.Pipe()
			go srv.ServeConn(far)
			c := tls.Client(near, &tls.Config{InsecureSkipVerify: true, ServerName: "agent1", NextProtos: []string{offered}})
			defer near.Close()
			if err := c.HandshakeContext(t.Context()); (err == nil) != (want != "") {
				t.Errorf("%s: %v", offered, err)
			} else if err == nil {
				if got := <-protocols; got != want || c.ConnectionState().NegotiatedProtocol != want {
					t.Errorf("%s: the server has %q, the client %q", offered, got, c.ConnectionState().NegotiatedProtocol)
				}
			}
			srv.DestroyAll()
			srv.Wait()
		})
	}
	t.Run("alpn.2", func(t *testing.T) {
		ran(t)
		var asked []string
		note := func(name string, offered []string) string {
			asked = append(asked, name+" "+strings.Join(offered, " "))
			return "a"
		}
		negotiates(t, events.SecureServerOptions{ALPNCallback: note}, "a", "a")
		negotiates(t, events.SecureServerOptions{ALPNCallback: note}, "h2", "")
		if !slices.Equal(asked, []string{"agent1 a", "agent1 h2"}) {
			t.Errorf("the callback was asked %q", asked)
		}
	})
	t.Run("a list", func(t *testing.T) {
		negotiates(t, events.SecureServerOptions{ALPNProtocols: []string{"b", "a"}}, "a", "a")
		negotiates(t, events.SecureServerOptions{ALPNProtocols: []string{"b", "a"}}, "h2", "")
	})
}

func TestNode_unknownProtocol(t *testing.T) {
	t.Run("https-fallback.2", func(t *testing.T) {
		secureServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnRequest(func(*events.Request, *events.Response) { k.note("request") })
			k.OnUnknownProtocol(func(c net.Conn) {
				k.note("unknownProtocol")
				c.Close()
			})
			c, err := k.shaken()
			wantNil(k.t, "the handshake", err)
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if b, _ := io.ReadAll(c); len(b) > 0 {
				k.t.Errorf("answered %q", b)
			}
			c.Close()
			k.happened("unknownProtocol")
		})
	})
	refused := func(t *testing.T, protocol string) {
		secureServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnRequest(func(*events.Request, *events.Response) { k.note("request") })
			k.OnUnknownProtocol(func(net.Conn) { k.note("unknownProtocol") })
			k.OnSession(func(*events.ServerSession) { k.note("session") })
			c, err := k.shaken(protocol)
			if err == nil || !strings.Contains(err.Error(), "no application protocol") {
				k.t.Errorf("%s: %v", protocol, err)
			}
			c.Close()
			k.happened()
		})
	}
	t.Run("https-fallback.3", func(t *testing.T) {
		refused(t, "fake")
		refused(t, "http/1.1")
	})
	t.Run("server-unknown-protocol.2", func(t *testing.T) { refused(t, "bogus") })

	const text = "HTTP/1.0 403 Forbidden\r\nContent-Type: text/plain\r\n\r\nMissing ALPN Protocol, expected `h2` to be available.\n"
	t.Run("https-fallback.4", func(t *testing.T) {
		secureServers(t, events.ServerOptions{}, func(k *kind) {
			c, err := k.shaken()
			wantNil(k.t, "the handshake", err)
			if b, err := io.ReadAll(c); !strings.HasPrefix(string(b), text) || strings.Count(string(b), "\n") != 5 || err != nil {
				k.t.Errorf("told %q, %v", b, err)
			}
			c.Close()
		})
	})
	t.Run("server-unknown-protocol.1", func(t *testing.T) {
		secureServers(t, events.ServerOptions{UnknownProtocolTimeout: 500 * time.Millisecond}, func(k *kind) {
			// The client reads, and never closes.
			c, err := k.shaken()
			wantNil(k.t, "the handshake", err)
			if b, err := io.ReadAll(c); !strings.HasPrefix(string(b), text) || err != nil {
				k.t.Errorf("told %q, %v", b, err)
			}
			// Nor does it read.
			near, far := mem.PipeSize(1 << 10)
			begun := time.Now()
			go tls.Client(near, &tls.Config{InsecureSkipVerify: true}).Handshake()
			_, err = k.ServeConn(far)
			wantErr(k.t, "ServeConn", err, events.ErrInvalidProtocol)
			if d := time.Since(begun); d > time.Second {
				k.t.Errorf("the connection lives for %v", d)
			}
			near.Close()
			c.Close()
		})
	})
	t.Run("tls-disconnect", func(t *testing.T) {
		secureServers(t, events.ServerOptions{}, func(k *kind) {
			big := make([]byte, 100<<10)
			k.OnRequest(func(_ *events.Request, res *events.Response) {
				k.note("request")
				res.End(big)
				res.OnClose(func() { k.note("cut short") })
			})
			near, far := mem.Pipe()
			go k.ServeConn(far)
			cs, err := events.Connect(context.Background(), "https://localhost", events.ConnectOptions{
				CreateConnection: func(context.Context) (net.Conn, error) {
					return tls.Client(near, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}), nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			cs.OnError(func(error) {})
			const n = 50
			var want []string
			for range n {
				st, err := cs.Request(context.Background(), events.Headers{})
				wantNil(k.t, "Request", err)
				st.OnError(func(error) {})
				st.Pause() // so that it is still in flight
				want = append(want, "request")
			}
			k.happened(want...)
			near.Reset()
			k.happened(slices.Repeat([]string{"cut short"}, n)...)
			cs.Wait()
			k.Close()
			k.Wait()
		})
	})
}
