package nodetest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// shaken dials with the protocols and does the handshake.
func (k *kind) shaken(protocols ...string) (net.Conn, error) {
	conn := k.dial(protocols...).(*tls.Conn)
	err := conn.HandshakeContext(k.t.Context())
	synctest.Wait()
	return conn, err
}

// secureServers is bothServers for the secure one.
func secureServers(t *testing.T, opts events.ServerOptions, f func(k *kind)) {
	bothServers(t, opts, func(k *kind) {
		if k.name == "secureServer" {
			f(k)
		}
	})
}

func TestUnknownProtocol(t *testing.T) {
	t.Run("who is unknown", func(t *testing.T) {
		secureServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnSession(func(*events.ServerSession) { k.note("session") })
			k.OnUnknownProtocol(func(c net.Conn) {
				k.note("unknownProtocol")
				line := make([]byte, 5)
				io.ReadFull(c, line)
				io.WriteString(c, "you said "+string(line))
				c.Close()
			})
			// Without ALPN the listener gets a connection to speak on.
			conn, err := k.shaken()
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, "hello")
			if answer, err := io.ReadAll(conn); string(answer) != "you said hello" || err != nil {
				t.Errorf("%q, %v", answer, err)
			}
			conn.Close()
			k.happened("unknownProtocol")
			k.shows("event.unknownProtocol")

			// With h2 there is a session.
			if conn, err = k.shaken("http/1.1", "h2"); err != nil {
				t.Fatal(err)
			}
			if p := conn.(*tls.Conn).ConnectionState().NegotiatedProtocol; p != "h2" {
				t.Errorf("negotiated %q", p)
			}
			k.happened("session")
			conn.Close()

			// With others only, the handshake fails, and nobody hears of it.
			for _, p := range []string{"http/1.1", "h2c", "spdy/3"} {
				conn, err := k.shaken(p)
				if alert := new(net.OpError); !errors.As(err, &alert) || !strings.Contains(err.Error(), "no application protocol") {
					t.Errorf("%s: %v", p, err)
				}
				conn.Close()
			}
			covers(t, "rule.alpn.mismatch-fails-handshake")
			k.happened()
			covers(t, "rule.alpn.unknownProtocol-condition")
		})
	})
	t.Run("nobody listens", func(t *testing.T) {
		secureServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnSession(func(*events.ServerSession) { k.note("session") })
			conn, err := k.shaken()
			if err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			if !strings.HasPrefix(string(answer), "HTTP/1.0 403 Forbidden\r\n") ||
				!strings.Contains(string(answer), "Missing ALPN Protocol, expected `h2` to be available") || err != nil {
				t.Errorf("%q, %v", answer, err)
			}
			conn.Close()
			k.happened()
			covers(t, "rule.alpn.unknownProtocol-no-listener")
		})
	})
	t.Run("its time", func(t *testing.T) {
		for _, c := range []struct{ opt, limit time.Duration }{{0, 10 * time.Second}, {time.Minute, time.Minute}} {
			opts := events.ServerOptions{UnknownProtocolTimeout: c.opt}
			lives := func(k *kind, conn net.Conn) {
				t.Helper()
				start := time.Now()
				_, err := conn.Read(make([]byte, 1)) // until it is closed
				if after := time.Since(start); err != io.EOF || after < c.limit || after > c.limit+time.Second {
					t.Errorf("%s: closed after %v, want %v: %v", k.name, after, c.limit, err)
				}
				conn.Close()
			}
			keep := func(k *kind) {
				k.OnUnknownProtocol(func(c net.Conn) {
					k.note("unknownProtocol")
					go io.Copy(io.Discard, c) // and never done
				})
			}
			bothServers(t, opts, func(k *kind) {
				keep(k)
				if k.name == "secureServer" {
					conn, err := k.shaken()
					if err != nil {
						t.Fatal(err)
					}
					k.happened("unknownProtocol")
					lives(k, conn)
					covers(t, "rule.alpn.unknownProtocol-timeout")
					covers(t, "createSecureServer.option.unknownProtocolTimeout")
					return
				}
				// A server without TLS of its own may be given such a
				// connection.
				near, far := mem.Pipe()
				conn := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
				given := make(chan error, 1)
				go func() {
					ss, err := k.ServeConn(tls.Server(far, testTLS(t)))
					if ss != nil {
						t.Error("there is a session")
					}
					given <- err
				}()
				if err := conn.HandshakeContext(k.t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := <-given; !errors.Is(err, events.ErrInvalidProtocol) {
					t.Errorf("ServeConn: %v", err)
				}
				k.happened("unknownProtocol")
				lives(k, conn)
				covers(t, "createServer.option.unknownProtocolTimeout")
			})
		}
		_, err := events.CreateServer(events.ServerOptions{UnknownProtocolTimeout: -1})
		if !errors.Is(err, events.ErrOutOfRange) {
			t.Errorf("a negative time: %v", err)
		}
	})
	// A connection with TLS that did negotiate h2 is served, by either kind;
	// whoever terminated TLS does not matter.
	t.Run("given with TLS", func(t *testing.T) {
		bothServers(t, events.ServerOptions{}, func(k *kind) {
			k.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				encrypted, known := st.Session().Encrypted()
				k.note("encrypted: %v, %v; %s for %q", encrypted, known, st.Session().ALPNProtocol(), st.Session().OriginSet())
				st.EndString("ok")
			})
			near, far := mem.Pipe()
			cfg := testTLS(t)
			cfg.NextProtos = []string{"h2"}
			go func() {
				if _, err := k.ServeConn(tls.Server(far, cfg)); err != nil {
					t.Errorf("%s: ServeConn: %v", k.name, err)
				}
			}()
			client := tls.Client(near, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}, ServerName: "agent1"})
			cs, err := events.Connect(k.t.Context(), "https://agent1", events.ConnectOptions{
				CreateConnection: func(ctx context.Context) (net.Conn, error) { return client, client.HandshakeContext(ctx) },
			})
			if err != nil {
				t.Fatal(err)
			}
			k.get(cs)
			k.happened(`encrypted: true, true; h2 for ["https://agent1"]`, "response 200")
			cs.Destroy(nil, events.NoError)
			cs.Wait()
		})
	})
}

// HTTP/1.1 does not become HTTP/2 on a cleartext connection, by Upgrade neither.
func TestNoUpgrade(t *testing.T) {
	ran(t)
	w := newWorld(t, setup{})
	w.serve(func(*events.ServerStream, events.Headers) { w.note("stream") })
	w.watchSession("session", &w.server.Session)
	r := newRaw(t, w.server, false)
	r.push([]byte("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n" +
		"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"))
	r.link.Settle()
	w.happened("session connect", "session error ERR_HTTP2_ERROR: Received bad client magic byte string", "session close")
	list := r.got.frames
	if n := len(list); n == 0 || !strings.Contains(list[n-1].Text, "HTTP/1.1 400 ") || !r.eof {
		t.Errorf("answered %v", list)
	}
	covers(t, "rule.alpn.no-cleartext-upgrade")
}

// Browsers speak HTTP/2 over TLS only: a secure server answers their handshake
// with h2; a plain one has no TLS, and serves those who know beforehand.
func TestBrowsersNeedTLS(t *testing.T) {
	bothServers(t, events.ServerOptions{}, func(k *kind) {
		conn, err := k.l.Dial(k.t.Context())
		if err != nil {
			t.Fatal(err)
		}
		browser := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
		err = browser.HandshakeContext(k.t.Context())
		if k.name == "secureServer" {
			if p := browser.ConnectionState().NegotiatedProtocol; err != nil || p != "h2" {
				t.Errorf("negotiated %q, %v", p, err)
			}
		} else if err == nil {
			t.Error("a server without TLS did the handshake")
		}
		conn.Close()
		k.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) { st.EndString("ok") })
		cs := k.connect()
		k.get(cs)
		k.happened("response 200")
		cs.Destroy(nil, events.NoError)
		cs.Wait()
		covers(t, "rule.module.browser-needs-tls")
	})
}

// Certificates come in a *tls.Config: the key and the chain of a server, and
// whom a client trusts.
func TestOptionCertificates(t *testing.T) {
	ran(t)
	synctest.Test(t, func(t *testing.T) {
		own, err := makeCertificate()
		if err != nil {
			t.Fatal(err)
		}
		second, err := makeCertificate()
		if err != nil {
			t.Fatal(err)
		}
		own.Certificate = append(own.Certificate, second.Certificate...) // a chain
		srv, err := events.CreateSecureServer(events.SecureServerOptions{TLS: &tls.Config{Certificates: []tls.Certificate{own}}})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.DestroyAll()
		connect := func(cfg *tls.Config) (*events.ClientSession, error) {
			near, far := mem.Pipe()
			go srv.ServeConn(far)
			cfg.NextProtos = []string{"h2"}
			conn := tls.Client(near, cfg)
			if err := conn.HandshakeContext(t.Context()); err != nil {
				near.Close()
				return nil, err
			}
			return events.Connect(t.Context(), "https://localhost", events.ConnectOptions{
				CreateConnection: func(context.Context) (net.Conn, error) { return conn, nil },
			})
		}
		cfg := trusting(&tls.Config{Certificates: []tls.Certificate{own}})
		cfg.ServerName = "localhost"
		client, err := connect(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		state, ok := client.Socket().ConnectionState()
		if !ok || len(state.PeerCertificates) != 2 || !state.PeerCertificates[0].Equal(own.Leaf) ||
			!bytes.Equal(state.PeerCertificates[1].Raw, second.Certificate[0]) {
			t.Errorf("the server showed %v", state.PeerCertificates)
		}
		covers(t, "createSecureServer.option.cert")
		// The handshake has proved that the server has the key of that.
		if key := own.PrivateKey.(crypto.Signer).Public(); !state.HandshakeComplete ||
			!state.PeerCertificates[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
			t.Error("the key is another one")
		}
		covers(t, "createSecureServer.option.key")
		// Key and chain in one thing, for a name: what pfx is.
		if len(state.VerifiedChains) == 0 || state.ServerName != "localhost" {
			t.Errorf("verified: %v", state.VerifiedChains)
		}
		covers(t, "createSecureServer.option.pfx")
		client.Destroy(nil, events.NoError)
		client.Wait()
		// Without it, another one's roots don't do.
		other := trusting(testTLS(t))
		other.ServerName = "localhost"
		var unknown x509.UnknownAuthorityError
		if _, err := connect(other); !errors.As(err, &unknown) {
			t.Errorf("another certificate: %v", err)
		}
		synctest.Wait()
	})
}

// ca is tls.Config.RootCAs, on a real socket.
func TestOptionRoots(t *testing.T) {
	ran(t)
	cfg := testTLS(t)
	srv, err := events.CreateSecureServer(events.SecureServerOptions{TLS: cfg, ServerOptions: events.ServerOptions{
		SessionOptions: events.SessionOptions{Logger: silent},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Wait()
	defer srv.DestroyAll()
	at, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	other, err := makeCertificate()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		trusts *tls.Config
		ok     bool
	}{{cfg, true}, {&tls.Config{Certificates: []tls.Certificate{other}}, false}} {
		client, err := events.Connect(t.Context(), "https://"+at.String(), events.ConnectOptions{
			TLS:            trusting(c.trusts),
			SessionOptions: events.SessionOptions{Logger: silent},
		})
		if err != nil {
			t.Fatal(err)
		}
		err = client.Ready(t.Context())
		if c.ok && err != nil || !c.ok && !errors.Is(err, events.ErrConnect) {
			t.Errorf("trusted: %v; %v", c.ok, err)
		}
		client.Destroy(nil, events.NoError)
		client.Wait()
	}
	covers(t, "connect.option.ca")
}
