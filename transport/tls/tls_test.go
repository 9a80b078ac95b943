package tls_test

import (
	"context"
	ctls "crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/internal/h2test"
	"weft/transport/internal/socktest"
	"weft/transport/mem"
	"weft/transport/tls"
)

// development returns a certificate of its own for each test, and who trusts
// it.
func development(t *testing.T) (cert ctls.Certificate, roots *x509.CertPool) {
	t.Helper()
	cert, _, err := tls.DevelopmentCertificate(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	return cert, roots
}

func configs(t *testing.T, fallback bool) (server, client *ctls.Config) {
	t.Helper()
	cert, roots := development(t)
	server, err := tls.ServerConfig(tls.ServerOptions{Base: &ctls.Config{Certificates: []ctls.Certificate{cert}}, Fallback: fallback})
	if err != nil {
		t.Fatal(err)
	}
	client, err = tls.ClientConfig(tls.ClientOptions{Base: &ctls.Config{RootCAs: roots, ServerName: "localhost"}, Fallback: fallback})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

// shake does a handshake over a pipe; the client is crypto/tls itself.
func shake(t *testing.T, server, client *ctls.Config) (s *tls.Conn, serverErr, clientErr error) {
	t.Helper()
	a, b := mem.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	s = tls.Server(b, server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if serverErr = s.HandshakeContext(t.Context()); serverErr != nil {
			b.Close()
		}
	}()
	c := ctls.Client(a, client)
	if clientErr = c.HandshakeContext(t.Context()); clientErr == nil {
		// With TLS 1.3 the server's verdict comes after the client's handshake.
		<-done
		if serverErr != nil {
			_, clientErr = c.Read(make([]byte, 1))
		}
	}
	<-done
	return s, serverErr, clientErr
}

func TestALPN(t *testing.T) {
	for _, test := range []struct {
		name     string
		fallback bool
		offered  []string
		want     string // protocol, or
		refused  bool
	}{
		{"h2", false, []string{"h2"}, "h2", false},
		{"h2 preferred", true, []string{"http/1.1", "h2"}, "h2", false},
		{"http/1.1 to h2 only", false, []string{"http/1.1"}, "", true},
		{"http/1.1 to a fallback", true, []string{"http/1.1"}, "http/1.1", false},
		{"something else", true, []string{"bogus", "spdy/3"}, "", true},
		{"no ALPN", false, nil, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, client := configs(t, test.fallback)
			client.NextProtos = test.offered
			for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
				client.MaxVersion = version
				s, serverErr, clientErr := shake(t, server, client)
				if test.refused {
					if serverErr == nil || clientErr == nil || !strings.Contains(clientErr.Error(), "no application protocol") {
						t.Errorf("%s: server says %v, client %v, want no_application_protocol", ctls.VersionName(version), serverErr, clientErr)
					}
					continue
				}
				if serverErr != nil || clientErr != nil {
					t.Errorf("%s: server says %v, client %v", ctls.VersionName(version), serverErr, clientErr)
				} else if s.Protocol() != test.want {
					t.Errorf("%s: protocol %q, want %q", ctls.VersionName(version), s.Protocol(), test.want)
				}
			}
		})
	}
}

func TestVersionsAndSuites(t *testing.T) {
	server, client := configs(t, false)
	old := client.Clone()
	old.MinVersion, old.MaxVersion = ctls.VersionTLS11, ctls.VersionTLS11
	if _, serverErr, clientErr := shake(t, server, old); serverErr == nil || clientErr == nil {
		t.Error("TLS 1.1 passes")
	}
	cbc := client.Clone()
	cbc.MaxVersion = ctls.VersionTLS12
	cbc.CipherSuites = []uint16{ctls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	if _, serverErr, clientErr := shake(t, server, cbc); serverErr == nil || clientErr == nil {
		t.Error("a cipher suite of Appendix A passes")
	}

	// A server that was configured elsewhere is found out after the handshake.
	cert, _ := development(t)
	careless := &ctls.Config{
		Certificates: []ctls.Certificate{cert}, NextProtos: []string{"h2"}, MaxVersion: ctls.VersionTLS12,
		CipherSuites: []uint16{ctls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA},
	}
	cbc.InsecureSkipVerify = true
	_, err, _ := shake(t, careless, cbc)
	var inadequate *tls.SecurityError
	if !errors.As(err, &inadequate) || inadequate.Code() != core.InadequateSecurity {
		t.Errorf("error %v, want a SecurityError", err)
	}
}

func TestConfigErrors(t *testing.T) {
	for name, opts := range map[string]tls.ServerOptions{
		"old version":        {Base: &ctls.Config{MaxVersion: ctls.VersionTLS11}},
		"bad suites":         {Base: &ctls.Config{CipherSuites: []uint16{ctls.TLS_RSA_WITH_AES_128_CBC_SHA}}},
		"half a pair":        {CertFile: "cert.pem"},
		"missing files":      {CertFile: "/nonexistent/cert.pem", KeyFile: "/nonexistent/key.pem"},
		"both certificates":  {CertFile: "cert.pem", KeyFile: "key.pem", Base: &ctls.Config{Certificates: make([]ctls.Certificate, 1)}},
		"nothing to reload":  {OnReloadError: func(error) {}},
		"no protocol":        {Protocols: []string{}},
		"an empty protocol":  {Protocols: []string{"h2", ""}},
		"a long protocol":    {Protocols: []string{strings.Repeat("x", 256)}},
		"two ways to choose": {Protocols: []string{"h2"}, Choose: func(string, []string) string { return "h2" }},
		"two logs":           {KeyLog: io.Discard, Base: &ctls.Config{KeyLogWriter: io.Discard}},
	} {
		if _, err := tls.ServerConfig(opts); err == nil || !strings.HasPrefix(err.Error(), "weft/tls: ") && name != "missing files" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyLogOnlyWhenAsked(t *testing.T) {
	t.Setenv("SSLKEYLOGFILE", t.TempDir()+"/keys")
	var log strings.Builder
	server, client := configs(t, false)
	if server.KeyLogWriter != nil || client.KeyLogWriter != nil {
		t.Error("secrets are logged unasked")
	}
	asked, err := tls.ClientConfig(tls.ClientOptions{Base: client, KeyLog: &log})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := shake(t, server, asked); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "SECRET") {
		t.Errorf("key log: %q", log.String())
	}
	log.Reset()
	server.KeyLogWriter = &log // as crypto/tls has it
	again, err := tls.ServerConfig(tls.ServerOptions{Base: server})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := shake(t, again, client); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "SECRET") {
		t.Errorf("the key log of the base: %q", log.String())
	}
}

// inLoops is Run by Loops.
func inLoops(ctx context.Context, conn io.ReadWriteCloser, ep transport.Endpoint, opts transport.Options) error {
	ended := make(chan error)
	new(transport.Loops).Start(ctx, conn, ep, opts, func(err error) { ended <- err })
	return <-ended
}

// TestPump runs both sides over TCP, where the records are written without
// blocking, in goroutines and in loops, and over a pipe, where they are not.
func TestPump(t *testing.T) {
	for name, pair := range map[string]func() (net.Conn, net.Conn){
		"tcp":   func() (net.Conn, net.Conn) { return socktest.Pair(t) },
		"loops": func() (net.Conn, net.Conn) { return socktest.Pair(t) },
		"mem":   func() (net.Conn, net.Conn) { return mem.Pipe() },
	} {
		pump := transport.Run
		if name == "loops" {
			pump = inLoops
		}
		for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
			t.Run(name+" "+ctls.VersionName(version), func(t *testing.T) {
				server, client := configs(t, false)
				client.MaxVersion = version
				a, b := pair()
				const n, down, up = 50, 300_000, 200_000
				c, s := h2test.NewClient(time.Now(), core.Config{}), h2test.NewServer(time.Now(), core.Config{})
				c.OnEvent = func(core.Event) {
					if c.Answers == n {
						c.Conn.Shutdown(time.Now())
					}
				}
				for range n {
					c.Request("/300000", up)
				}
				var wg sync.WaitGroup
				run := func(conn io.ReadWriteCloser, ep transport.Endpoint) {
					var end *transport.CloseError
					if err := pump(t.Context(), conn, ep, transport.Options{}); !errors.As(err, &end) || !end.Orderly() {
						t.Errorf("ended with %v", err)
					}
				}
				wg.Go(func() { run(tls.Client(a, client), c) })
				wg.Go(func() { run(tls.Server(b, server), s) })
				wg.Wait()
				if c.Answers != n || c.Body != n*down || s.Body != n*up {
					t.Errorf("%d answers, %d bytes down, %d bytes up", c.Answers, c.Body, s.Body)
				}
			})
		}
	}
}

// Requests of all sizes, one after another: records that come whole and in
// pieces, a handshake that brings the first of them along, and ends behind data.
func TestSmallRecordsInLoops(t *testing.T) {
	server, client := configs(t, false)
	for _, version := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		client := client.Clone()
		client.MaxVersion = version
		var loops transport.Loops
		var all sync.WaitGroup
		for i := range 8 {
			const n = 100
			a, b := socktest.Pair(t)
			c, s := h2test.NewClient(time.Now(), core.Config{}), h2test.NewServer(time.Now(), core.Config{})
			up := 0
			next := func() (path string, size int) {
				size = (c.Answers + 1) * (i + 1)
				up += size
				return "/" + strconv.Itoa(size), size
			}
			c.OnEvent = func(ev core.Event) {
				if d, ok := ev.(*core.DataReceived); !ok || !d.EndStream {
					return
				}
				if c.Answers == n {
					c.Conn.Shutdown(time.Now())
				} else {
					path, size := next()
					c.Next(time.Now(), path, size)
				}
			}
			c.Request(next())
			for _, end := range []struct {
				conn io.ReadWriteCloser
				ep   transport.Endpoint
			}{{tls.Client(a, client), c}, {tls.Server(b, server), s}} {
				all.Add(1)
				go loops.Start(t.Context(), end.conn, end.ep, transport.Options{}, func(err error) {
					var end *transport.CloseError
					if !errors.As(err, &end) || !end.Orderly() {
						t.Errorf("ended with %v", err)
					}
					all.Done()
				})
			}
			defer func() {
				if c.Answers != n || s.Body != int64(up) {
					t.Errorf("%d answers, %d bytes up of %d", c.Answers, s.Body, up)
				}
			}()
		}
		all.Wait()
	}
}

func TestDialSaysWhatWasChosen(t *testing.T) {
	server, client := configs(t, true)
	server.NextProtos = []string{"http/1.1"}
	server.GetConfigForClient = nil
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, test := range []struct {
		server []string
		offer  []string
		chosen string
		text   string
	}{
		{[]string{"http/1.1"}, []string{"h2"}, "", "refuses"},
		{nil, []string{"h2"}, "", "did not choose"},
	} {
		server, client := server.Clone(), client.Clone()
		server.NextProtos, client.NextProtos = test.server, test.offer
		wg.Go(func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			s := tls.Server(conn, server)
			if s.Handshake() == nil {
				s.Read(make([]byte, 1))
			}
		})
		_, err := tls.Dial(context.Background(), l.Addr().String(), client)
		var protocol *tls.ProtocolError
		if !errors.As(err, &protocol) || protocol.Chosen != test.chosen || !strings.Contains(err.Error(), test.text) {
			t.Errorf("server with %q, client with %q: %v", test.server, test.offer, err)
		}
	}
}

func TestServerName(t *testing.T) {
	for host, want := range map[string]string{
		"example.org": "example.org", "192.0.2.1": "192.0.2.1", "::1": "::1", "fe80::1%eth0": "fe80::1",
	} {
		if got := tls.ServerName(host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}
