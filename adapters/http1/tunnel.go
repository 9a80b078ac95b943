package http1

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"weft/events"
)

// wantsUpgrade reports whether a request asks for another protocol on its
// connection (RFC 9110 §7.8).
func wantsUpgrade(r *http.Request) bool {
	// RFC 9113 §3.1: "h2c" was an upgrade to HTTP/2 that is obsolete, and that
	// clients still offer with requests they want answered.
	if to := r.Header.Get("Upgrade"); to == "" || strings.EqualFold(to, "h2c") {
		return false
	}
	for _, list := range r.Header["Connection"] {
		for option := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(option), "upgrade") {
				return true
			}
		}
	}
	return false
}

// upgrade gives the connection to who listens for upgrades.
func (c *conn) upgrade(w http.ResponseWriter, r events.HTTP1Request) {
	if !c.server.addTunnel(c) {
		unavailable(w)
		return
	}
	_, rest, ok := takeOver(w)
	if !ok {
		c.server.removeTunnel(c)
		panic(http.ErrAbortHandler)
	}
	defer c.finish()
	head, _ := rest.Peek(rest.Buffered())
	c.events.Upgrade(r, taken{c}, append([]byte(nil), head...))
}

// taken is a connection as who serves an upgrade gets it: one that the server
// knows of until it is closed.
type taken struct{ *conn }

// Close closes the connection.
func (t taken) Close() error {
	t.server.removeTunnel(t.conn)
	return t.conn.Close()
}

// NetConn returns the connection under this one, as that of crypto/tls does.
func (t taken) NetConn() net.Conn { return t.Conn }

// takeOver takes the connection from net/http, and what was read from it.
func takeOver(w http.ResponseWriter) (net.Conn, *bufio.Reader, bool) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, false
	}
	c.SetDeadline(time.Time{})
	return c, rw.Reader, true
}

// tunnel answers CONNECT. From then on both bodies are what goes over the
// connection.
func (x *exchange) tunnel(answer events.Headers) {
	defer x.c.finish()
	defer x.d.Close()
	raw, rest, ok := takeOver(x.w)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	defer raw.Close()
	x.left()
	if _, err := raw.Write(connectHead(answer)); err != nil {
		return
	}
	in := make(chan error, 1)
	go func() {
		_, err := io.Copy(x.d, rest)
		if err == nil {
			x.endBody()
		} else {
			x.d.Close() // the tunnel broke, for the other direction as well
		}
		in <- err
	}()
	if _, err := io.Copy(raw, x.d); err == nil && x.c.CloseWrite() == nil {
		<-in // until the client has nothing to say any more, either
		return
	}
	raw.Close()
	x.d.Close()
	<-in
}

// connectHead is the head of a response to CONNECT. It has no body, and so
// nothing that would announce one (RFC 9110 §9.3.6).
func connectHead(answer events.Headers) []byte {
	status := answer.Status()
	head := fmt.Appendf(nil, "HTTP/1.1 %03d %s\r\n", status, http.StatusText(status))
	for name, value := range answer.All() {
		switch name {
		case ":status", "content-length", "transfer-encoding":
		default:
			head = fmt.Appendf(head, "%s: %s\r\n", http.CanonicalHeaderKey(name), value)
		}
	}
	return append(head, "\r\n"...)
}

// addTunnel notes a connection that is about to speak something else, until
// removeTunnel. It reports whether there may be another one.
func (s *server) addTunnel(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || len(s.tunnels) >= s.maxTunnels {
		return false
	}
	s.tunnels[c] = true
	return true
}

func (s *server) removeTunnel(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tunnels, c)
}
