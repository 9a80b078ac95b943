package http1_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
)

// The timeout of a server ends a connection on which nothing happens, with an
// exchange or without.
func TestServerTimeout(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.SetTimeout(2*time.Second, nil)
		w.handle(func(req *events.Request, res *events.Response) {
			if req.URL() == "/answered" {
				res.EndString("ok")
			}
		})
		silent := w.dial() // has to say something, or it might speak HTTP/2
		silent.send("GET / ")
		c := w.dial()
		begun := time.Now()
		c.send("GET /answered HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 200, "ok")
		c.ended()
		if after := time.Since(begun); after != 2*time.Second {
			t.Errorf("the connection ended after %v", after)
		}
		silent.ended()
		w.happened("GET /answered", "finish", "req close")

		c = w.dial()
		begun = time.Now()
		c.send("POST /waits HTTP/1.1", "Host: a", "Content-Length: 1000", "", "")
		for range 3 { // what arrives starts the time anew
			<-time.After(time.Second)
			c.send("a piece")
		}
		c.ended()
		if after := time.Since(begun); after != 5*time.Second {
			t.Errorf("the connection ended after %v", after)
		}
		w.happened("POST /waits", "aborted", "req close", "res close", "finish")

		// An upgraded one is somebody else's.
		w.srv.OnUpgrade(func(_ *events.Request, conn net.Conn, _ []byte) {
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			<-time.After(time.Minute)
			io.WriteString(conn, "still here\r\n")
			conn.Close()
		})
		c = w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "Connection: upgrade", "Upgrade: x", "", "")
		c.line()
		c.line()
		if got := c.line(); got != "still here" {
			t.Errorf("after an upgrade: %q", got)
		}
		c.ended()

		w.srv.SetTimeout(0, nil) // for those to come
		c = w.dial()
		c.send("GET /waits HTTP/1.1", "Host: a", "", "")
		<-time.After(time.Minute)
		w.happened("GET /waits")
		c.Close()
	})
}

// Whoever listens for it has to deal with it, and may end the connection.
func TestServerTimeoutHeard(t *testing.T) {
	bubble(t, func(w *world) {
		var last *events.ServerSession
		w.srv.SetTimeout(2*time.Second, func(ss *events.ServerSession) {
			w.note("timeout of another: %v", last != nil && ss != last)
			last = ss
		})
		var res *events.Response
		w.srv.OnRequest(func(_ *events.Request, r *events.Response) { res = r })
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		<-time.After(time.Hour)
		w.happened("timeout of another: false") // once, for nothing happens
		res.WriteString("some")
		<-time.After(time.Hour)
		w.happened("timeout of another: false")
		res.EndString(" more")
		synctest.Wait()
		last.Destroy(nil, events.NoError)
		var got strings.Builder
		for {
			b, err := c.r.ReadByte()
			if err != nil {
				break
			}
			got.WriteByte(b)
		}
		if !strings.HasSuffix(got.String(), "0\r\n\r\n") {
			t.Errorf("got %q", got.String())
		}
	})
}
