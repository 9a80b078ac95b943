package http1_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
)

// What is no request is answered as such, and nothing behind it is taken for one.
func TestNotARequest(t *testing.T) {
	const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tt := range []struct {
		why, sent string
		status    int
	}{
		{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
		{"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na", 400},
		{"a length with a sign", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", 400},
		{"a coding nobody knows", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
		{"codings that contradict each other", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501},
		{"a space before the colon", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
		{"a pseudo-field", "GET / HTTP/1.1\r\nHost: a\r\n:path: /b\r\n\r\n", 400},
		{"a bare CR", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
		{"NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"a host with userinfo", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
		{"* with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"a target of no form", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"the preface of another version", "PRI * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"another version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
		{"a head that is too large", "GET / HTTP/1.1\r\nHost: a\r\nX: " + string(bytes.Repeat([]byte("a"), 32<<10)) + "\r\n\r\n", 431},

		{"a chunk with a size in another notation", chunked + "0x1\r\na\r\n0\r\n\r\n", 400},
		{"a chunk with a negative size", chunked + "-1\r\na\r\n0\r\n\r\n", 400},
		{"a chunk of 2^68 bytes", chunked + "fffffffffffffffff\r\na\r\n0\r\n\r\n", 400},
		{"a chunk longer than it says", chunked + "1\r\nab\r\n0\r\n\r\n", 400},
		{"a chunk's line that ends in a bare LF", chunked + "1;a=\nb\r\na\r\n0\r\n\r\n", 400},
	} {
		bubble(t, func(w *world) {
			w.srv.OnRequest(func(req *events.Request, res *events.Response) {
				req.OnEnd(func() {
					if !req.Aborted() {
						w.note("%s: %s %s", tt.why, req.Method(), req.URL())
					}
					res.EndString("served")
				})
				req.Resume()
			})
			c := w.dial()
			go io.WriteString(c, tt.sent+"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
			if res := c.response("GET"); res.StatusCode != tt.status || !res.Close {
				t.Errorf("%s: %d, closes: %v, want %d", tt.why, res.StatusCode, res.Close, tt.status)
			}
			io.Copy(io.Discard, c.r)
			c.Close()
			w.happened()
		})
	}
}

// RFC 9112 §6.1: a request with both a length and a coding is the last one of its
// connection, in whatever pieces it comes.
func TestLengthAndCoding(t *testing.T) {
	bubble(t, func(w *world) {
		w.handle(func(req *events.Request, res *events.Response) {
			req.OnEnd(func() { res.EndString(req.URL()) })
			req.Resume()
		})
		const (
			both     = "POST /both HTTP/1.1\r\nHost: a\r\nCONTENT-LENGTH: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
			smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
			length   = "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"
			coding   = "POST /coding HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
		)
		c := w.dial()
		go io.WriteString(c, length+length+both+smuggled)
		for _, want := range []string{"/length", "/length", "/both"} {
			if res := c.gets("POST", 200, want); res.Close != (want == "/both") {
				t.Errorf("%s: closes: %v", want, res.Close)
			}
		}
		c.ended()
		slow := w.dial()
		go func() {
			for _, b := range []byte(both + smuggled) {
				if _, err := slow.Write([]byte{b}); err != nil {
					return
				}
			}
		}()
		slow.gets("POST", 200, "/both")
		slow.ended()
		c = w.dial()
		for range 3 { // each for itself is nothing special
			c.send(length)
			c.gets("POST", 200, "/length")
			c.send(coding)
			if res := c.gets("POST", 200, "/coding"); res.Close {
				t.Error("a coding after a length ends the connection")
			}
		}
		c.Close()
		synctest.Wait()
		for _, line := range w.log {
			if line == "GET /smuggled" {
				t.Error("what followed was taken for a request")
			}
		}
	})
}

// The preface of HTTP/2 behind a request is not one, although net/http would say so.
func TestPrefaceBehindRequest(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) { res.EndString(req.Method()) })
		c := w.dial()
		go c.send("GET / HTTP/1.1", "Host: a", "", "PRI * HTTP/2.0", "", "SM", "", "")
		c.gets("GET", 200, "GET")
		if res := c.gets("PRI", 505, ""); !res.Close {
			t.Error("the connection stays open")
		}
	})
}

// Who has begun with the preface, or says nothing at all, has no more time than where
// nothing but HTTP/2 is spoken, however slowly bytes come.
func TestPrefaceThatDoesNotEnd(t *testing.T) {
	for _, tt := range []struct {
		timeout, want time.Duration
	}{{0, 10 * time.Second}, {4 * time.Second, 4 * time.Second}, {core.Never, 2 * time.Minute}} {
		for _, silent := range []bool{false, true} {
			bubbleWith(t, core.Timeouts{Preface: tt.timeout}, func(w *world) {
				c := w.dial()
				begun := time.Now()
				if !silent {
					<-time.After(time.Second)
					c.send("PRI")
					<-time.After(2 * time.Second)
					c.send(" *")
				}
				c.ended()
				if after := time.Since(begun); after != tt.want {
					t.Errorf("Preface %v, silent %v: it ended after %v, want %v", tt.timeout, silent, after, tt.want)
				}
			})
		}
	}
}

// RFC 9112 §2.2: empty lines ahead of the first request are skipped.
func TestEmptyLines(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) { res.EndString(req.URL()) })
		c := w.dial()
		c.send("", "")
		synctest.Wait()
		c.send("", "GET /a HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 200, "/a")
	})
}

// RFC 9110 §6.5.1: what frames, routes or authenticates has no place in trailers. The
// rest of them, and the request, count.
func TestTrailersWithoutPlace(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			req.OnEnd(func() {
				res.EndString(fmt.Sprint(req.Trailers().Get("x-sum"), req.Trailers().Len(), req.Headers().Get("host")))
			})
			req.Resume()
		})
		for _, name := range []string{"Host", "Connection", "TE", "Content-Type", "Authorization", "Cookie"} {
			c := w.dial()
			c.send("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "", "1", "a", "0", name+": b", "X-Sum: 9", "", "")
			c.gets("POST", 200, "91a")
		}
	})
}

// A client that has its response cannot keep the connection by a body that it does
// not send, nor one whose response was cut.
func TestRestOfBody(t *testing.T) {
	bubble(t, func(w *world) {
		got := make(chan *events.Response, 1)
		w.srv.OnRequest(func(_ *events.Request, res *events.Response) { got <- res })
		head := []string{"POST / HTTP/1.1", "Host: a", "Content-Length: 2", "", "a"}
		c := w.dial()
		begun := time.Now()
		c.send(head...)
		synctest.Wait() // until all waits for the rest: one that waited for a mutex would stop the clock
		(<-got).EndString("early")
		c.gets("POST", 200, "early")
		c.ended()
		if after := time.Since(begun); after != time.Minute {
			t.Errorf("without the rest it ended after %v", after)
		}

		c = w.dial()
		begun = time.Now()
		c.send(head...)
		synctest.Wait()
		(<-got).Destroy(nil)
		c.ended()
		if after := time.Since(begun); after != 0 {
			t.Errorf("cut, it ended after %v", after)
		}
	})
}

// The server's deadline for the bodies of requests is that of HTTP/1.1 as well.
func TestBodyIdle(t *testing.T) {
	bubbleWith(t, core.Timeouts{BodyIdle: 60 * time.Second}, func(w *world) {
		w.handle(func(req *events.Request, res *events.Response) {})
		c := w.dial()
		begun := time.Now()
		c.send("POST /slow HTTP/1.1", "Host: a", "Content-Length: 1000", "", "a")
		<-time.After(50 * time.Second)
		c.send("b")
		c.ended()
		if after := time.Since(begun); after != 110*time.Second {
			t.Errorf("a body that does not come ended the connection after %v", after)
		}
		w.happened("POST /slow", "aborted", "req close", "res close", "finish")
	})
}
