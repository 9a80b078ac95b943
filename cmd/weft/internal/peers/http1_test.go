package peers

import (
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Who speaks HTTP/1.1 is told what is spoken here.
func TestHTTP1(t *testing.T) {
	t.Parallel()
	cleartext, secure := wires[0], wires[1]

	t.Run("curl cleartext", func(t *testing.T) {
		path := need(t, "curl")
		s := serve(t, cleartext)
		r := must(t, exec.Command(path, "-s", "-i", "--http1.1", s.base+"/"))
		text := string(r.stdout)
		if !strings.HasPrefix(text, "HTTP/1.1 400 ") || !strings.Contains(text, "HTTP/2") {
			t.Errorf("got %q", text)
		}
		s.healthy(t)
	})
	t.Run("bytes", func(t *testing.T) {
		s := serve(t, cleartext)
		conn, err := net.Dial("tcp", s.addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		io.WriteString(conn, "GET /index.html HTTP/1.1\r\nhost: localhost\r\n\r\n")
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Errorf("no clean close: %v", err)
		}
		head, body, ok := strings.Cut(string(answer), "\r\n\r\n")
		if !ok || !strings.HasPrefix(head, "HTTP/1.1 400 Bad Request\r\n") || !strings.Contains(body, "HTTP/2") {
			t.Errorf("got %q", answer)
		}
		s.healthy(t)
	})
	t.Run("curl tls", func(t *testing.T) {
		path := need(t, "curl")
		s := serve(t, secure)
		r := run(t, exec.Command(path, "-sS", "-k", "--http1.1", s.base+"/"))
		if r.code != 35 || !strings.Contains(r.stderr, "alert no application protocol") { // CURLE_SSL_CONNECT_ERROR
			t.Errorf("want exit 35 and the alert no_application_protocol\n%s", r)
		}
		s.healthy(t)
	})
	// A client without ALPN: the handshake stands, then the server closes,
	// with close_notify (OpenSSL 3 would complain of an "unexpected eof").
	t.Run("no alpn", func(t *testing.T) {
		path := need(t, "openssl")
		s := serve(t, secure)
		for _, version := range []string{"-tls1_2", "-tls1_3"} {
			cmd := exec.Command(path, "s_client", "-connect", s.addr(), "-CAfile", thePKI(t).ca, "-quiet", version)
			stdin, err := cmd.StdinPipe() // stays open: the server ends it
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(stdin, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
			r := run(t, cmd)
			stdin.Close()
			if r.code != 0 || strings.Contains(r.stderr, "error:") {
				t.Errorf("%s: want a close without an error\n%s", version, r)
			}
		}
		s.healthy(t)
	})
}
