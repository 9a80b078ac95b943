package nodetest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"weft/events"
	wefttls "weft/transport/tls"
)

// A request over TLS may say all of its pseudo-fields itself.
func TestNode_httpsFallback(t *testing.T) {
	t.Run("https-fallback.5", func(t *testing.T) {
		cert, _, err := wefttls.DevelopmentCertificate(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(leaf)
		srv, err := events.CreateSecureServer(events.SecureServerOptions{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			st.Respond(events.H("content-type", "application/json"))
			st.EndString(h.Authority())
		})
		addr, err := srv.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Wait()
		defer srv.DestroyAll()
		_, port, _ := net.SplitHostPort(addr.String())
		authority := "localhost:" + port

		type result struct {
			h    events.Headers
			body string
		}
		got := make(chan result, 1)
		_, err = events.Connect(t.Context(), "https://127.0.0.1:"+port, events.ConnectOptions{
			TLS: &tls.Config{RootCAs: roots},
			Setup: func(cs *events.ClientSession) {
				cs.OnConnect(func() {
					st, err := cs.Request(t.Context(), events.H(
						":path", "/", ":method", "GET", ":scheme", "https", ":authority", authority))
					if err != nil {
						t.Errorf("Request: %v", err)
						return
					}
					var r result
					st.OnResponse(func(h events.Headers, _ events.Flags) { r.h = h })
					st.OnData(func(p []byte) { r.body += string(p) })
					st.OnClose(func() { got <- r })
				})
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case r := <-got:
			if r.h.Status() != 200 || r.h.Get("content-type") != "application/json" || r.body != authority {
				t.Errorf("received %q and %q", fieldsOf(r.h), r.body)
			}
		case <-time.After(time.Minute):
			t.Fatal("no response")
		}
		ran(t)
	})
}
