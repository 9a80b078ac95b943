package http1_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
)

// A handler sees the same whatever the protocol, as far as it can.
func TestRequest(t *testing.T) {
	bubble(t, func(w *world) {
		var got []string
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			_, hasStream := req.Stream()
			if _, ok := res.Stream(); ok != hasStream {
				t.Error("request and response disagree about the stream")
			}
			got = []string{req.HTTPVersion(), req.Method(), req.URL(), req.Scheme(), req.Authority(), req.Headers().Get("x-a")}
			if req.Headers().Has(":path") != hasStream || slices.Contains(req.RawHeaders(), ":path") != hasStream {
				t.Errorf("pseudo-fields: %q", req.RawHeaders())
			}
			if res.CanPush() != hasStream {
				t.Errorf("a push is possible: %t", !hasStream)
			}
			req.SetURL("/rewritten")
			if req.URL() != "/rewritten" {
				t.Errorf("URL is %q", req.URL())
			}
			res.End(nil)
		})
		c := w.dial()
		c.send("GET /a?b HTTP/1.1", "Host: localhost", "X-A: 1", "X-A: 2", "", "")
		c.gets("GET", 200, "")
		if want := []string{"1.1", "GET", "/a?b", "http", "localhost", "1, 2"}; !slices.Equal(got, want) {
			t.Errorf("by HTTP/1.1: %q", got)
		}
		c.send("GET / HTTP/1.0", "", "")
		c.gets("GET", 200, "")
		c.ended()
		if want := []string{"1.0", "GET", "/", "http", "", ""}; !slices.Equal(got, want) {
			t.Errorf("by HTTP/1.0: %q", got)
		}
		c = w.dial()
		c.send("OPTIONS * HTTP/1.1", "Host: a", "", "")
		c.gets("OPTIONS", 200, "")
		if want := []string{"1.1", "OPTIONS", "*", "http", "a", ""}; !slices.Equal(got, want) {
			t.Errorf("for the server as a whole: %q", got)
		}
		cs := w.overHTTP2()
		st, _ := cs.Request(context.Background(), events.H(":path", "/a?b", "x-a", "1", "x-a", "2"))
		st.Blocking().Response()
		if want := []string{"2.0", "GET", "/a?b", "http", "localhost", "1, 2"}; !slices.Equal(got, want) {
			t.Errorf("by HTTP/2: %q", got)
		}
		cs.Destroy(nil, events.NoError)
	})
}

func TestKeepAlive(t *testing.T) {
	bubble(t, func(w *world) {
		w.handle(func(req *events.Request, res *events.Response) {
			if req.URL() == "/last" {
				res.SetHeader("Connection", "close")
			}
			res.EndString(req.URL())
		})
		c := w.dial()
		for range 2 {
			c.send("GET /a HTTP/1.1", "Host: a", "", "")
			c.gets("GET", 200, "/a")
			w.happened("GET /a", "finish", "req close")
		}
		c.send("GET /last HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 200, "/last")
		c.ended()
	})
}

func TestBodiesAndTrailers(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			var body strings.Builder
			req.OnData(func(p []byte) { body.Write(p) })
			req.OnEnd(func() {
				res.SetTrailer("x-sum", req.Trailers().Get("x-sum"))
				res.EndString(body.String())
			})
		})
		c := w.dial()
		c.send("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Trailer: x-sum", "",
			"5", "hello", "6", " world", "0", "X-Sum: 11", "", "")
		res := c.gets("POST", 200, "hello world")
		if res.Trailer.Get("X-Sum") != "11" || !slices.Equal(res.TransferEncoding, []string{"chunked"}) {
			t.Errorf("trailers %v, encoding %q", res.Trailer, res.TransferEncoding)
		}
		c.send("POST / HTTP/1.1", "Host: a", "Content-Length: 3", "", "abc")
		c.gets("POST", 200, "abc")
	})
}

// HEAD, 204 and 304 have no body, and nothing is made up that was not set.
func TestNoBody(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			switch req.URL() {
			case "/204":
				res.SetStatusCode(204)
			case "/304":
				res.SetStatusCode(304)
			case "/nodate":
				res.SetSendDate(false)
			default:
				res.SetHeader("content-length", "4")
			}
			res.EndString("body")
		})
		c := w.dial()
		c.send("HEAD / HTTP/1.1", "Host: a", "", "")
		if res := c.gets("HEAD", 200, ""); res.ContentLength != 4 || res.Header.Get("Date") == "" {
			t.Errorf("HEAD: %v", res.Header)
		}
		for _, path := range []string{"/204", "/304"} {
			c.send("GET "+path+" HTTP/1.1", "Host: a", "", "")
			if res := c.response("GET"); "/"+res.Status[:3] != path {
				t.Errorf("%s: %s", path, res.Status)
			}
		}
		c.send("GET /nodate HTTP/1.1", "Host: a", "", "")
		res := c.gets("GET", 200, "body")
		if res.Header.Get("Date") != "" || res.Header.Get("Content-Type") != "" {
			t.Errorf("made up: %v", res.Header)
		}
	})
}

func TestContinue(t *testing.T) {
	post := []string{"POST / HTTP/1.1", "Host: a", "Content-Length: 2", "Expect: 100-continue", "", ""}
	echo := func(req *events.Request, res *events.Response) {
		req.OnData(func(p []byte) { res.Write(p) })
		req.OnEnd(func() { res.End(nil) })
	}
	t.Run("by itself", func(t *testing.T) {
		bubble(t, func(w *world) {
			w.srv.OnRequest(echo)
			c := w.dial()
			c.send(post...)
			if c.line() != "HTTP/1.1 100 Continue" || c.line() != "" {
				t.Error("no 100")
			}
			io.WriteString(c, "ok")
			c.gets("POST", 200, "ok")
		})
	})
	t.Run("checked", func(t *testing.T) {
		bubble(t, func(w *world) {
			w.srv.OnRequest(func(*events.Request, *events.Response) { t.Error("request") })
			w.srv.OnCheckContinue(func(req *events.Request, res *events.Response) {
				if !res.WriteContinue() {
					t.Error("WriteContinue: false")
				}
				echo(req, res)
			})
			c := w.dial()
			c.send(post...)
			if c.line() != "HTTP/1.1 100 Continue" || c.line() != "" {
				t.Error("no 100")
			}
			io.WriteString(c, "ok")
			c.gets("POST", 200, "ok")
		})
	})
	t.Run("refused", func(t *testing.T) {
		bubble(t, func(w *world) {
			w.srv.OnRequest(func(*events.Request, *events.Response) {})
			w.srv.OnCheckContinue(func(_ *events.Request, res *events.Response) {
				res.WriteHead(403)
				res.EndString("no")
			})
			c := w.dial()
			c.send(post...)
			if !c.gets("POST", 403, "no").Close {
				t.Error("the connection is kept, and what comes next on it is not known")
			}
			c.Close()
		})
	})
	t.Run("another expectation", func(t *testing.T) {
		bubble(t, func(w *world) {
			c := w.dial()
			c.send("GET / HTTP/1.1", "Host: a", "Expect: meow", "", "")
			c.gets("GET", 417, "")
		})
	})
}

func TestEarlyHints(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(_ *events.Request, res *events.Response) {
			res.WriteEarlyHints([]string{"</a.css>; rel=preload; as=style"})
			res.EndString("page")
		})
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		if got := []string{c.line(), c.line(), c.line()}; !slices.Equal(got, []string{"HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload; as=style", ""}) {
			t.Errorf("got %q", got)
		}
		if res := c.gets("GET", 200, "page"); res.Header.Get("Link") != "" {
			t.Error("the hints are in the response")
		}
		c.send("GET / HTTP/1.0", "", "") // which has no informational responses
		c.gets("GET", 200, "page")
	})
}

// What a client does not read holds the handler back.
func TestBackPressure(t *testing.T) {
	const size = 8 << 20
	bubble(t, func(w *world) {
		written := 0
		w.srv.OnRequest(func(_ *events.Request, res *events.Response) {
			piece := make([]byte, 64<<10)
			more := func() {
				for written < size {
					written += len(piece)
					if ready, _ := res.Write(piece); !ready {
						return
					}
				}
				res.End(nil)
			}
			res.OnDrain(more)
			more()
		})
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		synctest.Wait()
		if written > 4<<20 {
			t.Errorf("%d bytes were written to a client that reads none", written)
		}
		res := c.response("GET")
		if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
			t.Errorf("got %d bytes, %v", n, err)
		}
	})
}

func TestBlocking(t *testing.T) {
	body := strings.Repeat("0123456789abcdef", 1<<16)
	bubble(t, func(w *world) {
		w.srv.OnRequest(events.InGoroutine(func(req *events.Request, res *events.Response) {
			if _, err := io.Copy(res.Blocking(), req.Body()); err != nil {
				t.Error(err)
			}
		}))
		c := w.dial()
		go func() {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n"+body)
		}()
		c.gets("POST", 200, body)
		c.send("POST / HTTP/1.1", "Host: a", "Content-Length: 1", "", "x")
		c.gets("POST", 200, "x")
	})
}

// A response that is broken off does not look complete.
func TestDestroy(t *testing.T) {
	bubble(t, func(w *world) {
		w.handle(func(req *events.Request, res *events.Response) {
			if req.URL() == "/begun" {
				res.WriteString("begun")
			}
			res.Destroy(nil)
		})
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.ended()
		c = w.dial()
		c.send("GET /begun HTTP/1.1", "Host: a", "", "")
		res := c.response("GET")
		if _, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("reading what was cut short: %v", err)
		}
	})
}

func TestClientLeaves(t *testing.T) {
	bubble(t, func(w *world) {
		w.handle(func(req *events.Request, res *events.Response) { res.WriteHead(200); res.FlushHeaders() })
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.response("GET")
		c.Close()
		w.happened("GET /", "aborted", "req close", "res close", "finish")
		c = w.dial()
		c.send("POST /half HTTP/1.1", "Host: a", "Content-Length: 9", "", "x")
		synctest.Wait()
		c.Close()
		w.happened("POST /half", "aborted", "req close", "res close", "finish")
	})
}

func TestPanic(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(*events.Request, *events.Response) { panic("kaboom") })
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 500, "")
	})
}

func TestNobodyListens(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { t.Error("there is a stream") })
		w.srv.OnSession(func(*events.ServerSession) { t.Error("there is a session") })
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 503, "")
	})
}

// No header smuggles in another.
func TestInjection(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(_ *events.Request, res *events.Response) {
			for _, bad := range []string{"a\r\nb: c", "a\nb", "a\x00b"} {
				if res.SetHeader("x", bad) == nil || res.SetTrailer("x", bad) == nil || res.AppendHeader("x", bad) == nil ||
					res.WriteHead(200, events.H("x", bad)) == nil || res.SetHeader(bad, "x") == nil {
					t.Errorf("%q is taken", bad)
				}
			}
			res.EndString("fine")
		})
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 200, "fine")
	})
}

// A response that needs none of the request's body does not wait for it.
func TestUnreadBody(t *testing.T) {
	bubble(t, func(w *world) {
		w.srv.OnRequest(func(_ *events.Request, res *events.Response) {
			res.SetStatusCode(http.StatusRequestEntityTooLarge)
			res.EndString("too much")
		})
		c := w.dial()
		c.send("POST / HTTP/1.1", "Host: a", "Content-Length: 10000000000", "", "the first of it")
		c.gets("POST", 413, "too much")
	})
}

// The timeouts of requests are those of their streams.
func TestTimeout(t *testing.T) {
	bubble(t, func(w *world) {
		begun := time.Now()
		w.srv.OnRequest(func(req *events.Request, res *events.Response) {
			req.SetTimeout(time.Second, func() { res.EndString("too late") })
		})
		c := w.dial()
		c.send("GET / HTTP/1.1", "Host: a", "", "")
		c.gets("GET", 200, "too late")
		if d := time.Since(begun); d != time.Second {
			t.Errorf("after %v", d)
		}
	})
}
