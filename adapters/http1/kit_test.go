package http1_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"weft/adapters/http1"
	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// world is a server that allows HTTP/1.1, in a bubble of package synctest.
type world struct {
	t   *testing.T
	srv *events.Server

	mu  sync.Mutex
	log []string
}

// bubble runs f with a server.
func bubble(t *testing.T, f func(w *world)) {
	t.Helper()
	bubbleWith(t, core.Timeouts{}, f)
}

// bubbleWith does so with a server that has timeouts.
func bubbleWith(t *testing.T, timeouts core.Timeouts, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t}
		var err error
		w.srv, err = events.CreateServer(events.ServerOptions{
			SessionOptions: events.SessionOptions{Logger: slog.New(slog.DiscardHandler), Timeouts: timeouts},
			AllowHTTP1:     true, HTTP1: http1.New(),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer w.srv.Wait()
		defer w.srv.DestroyAll()
		f(w)
	})
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

// happened compares what was noted since the last call.
func (w *world) happened(want ...string) {
	w.t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.log, want) {
		w.t.Errorf("happened: %q, want %q", w.log, want)
	}
	w.log = nil
}

// handle has f called for each request, and the events of both objects noted.
func (w *world) handle(f func(req *events.Request, res *events.Response)) {
	w.srv.OnRequest(func(req *events.Request, res *events.Response) {
		w.watch(req, res)
		f(req, res)
	})
}

func (w *world) watch(req *events.Request, res *events.Response) {
	w.note("%s %s", req.Method(), req.URL())
	req.OnAborted(func() { w.note("aborted") })
	req.OnClose(func() { w.note("req close") })
	res.OnFinish(func() { w.note("finish") })
	res.OnClose(func() { w.note("res close") })
}

// client is a client's end of a connection.
type client struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

func (w *world) dial() *client {
	near, far := mem.Pipe()
	go w.srv.ServeConn(far)
	near.SetDeadline(time.Now().Add(time.Hour)) // for a test that would hang
	return &client{near, w.t, bufio.NewReader(near)}
}

// send sends lines, without an end to the last.
func (c *client) send(lines ...string) {
	c.t.Helper()
	if _, err := io.WriteString(c, strings.Join(lines, "\r\n")); err != nil {
		c.t.Error(err)
	}
}

// line reads a line.
func (c *client) line() string {
	c.t.Helper()
	s, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Error(err)
	}
	return strings.TrimSuffix(s, "\r\n")
}

// response reads the head of a response to a request with the method.
func (c *client) response(method string) *http.Response {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	return res
}

// gets reads a whole response and compares status and body.
func (c *client) gets(method string, status int, body string) *http.Response {
	c.t.Helper()
	res := c.response(method)
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Error(err)
	}
	if res.StatusCode != status || string(b) != body {
		c.t.Errorf("got %d %q, want %d %q", res.StatusCode, b, status, body)
	}
	return res
}

// ended checks that the server closes the connection.
func (c *client) ended() {
	c.t.Helper()
	if b, err := io.ReadAll(c.r); err != nil || len(b) > 0 {
		c.t.Errorf("at the end: %q, %v", b, err)
	}
}

// overHTTP2 makes a session by HTTP/2 with the server.
func (w *world) overHTTP2() *events.ClientSession {
	near, far := mem.Pipe()
	go w.srv.ServeConn(far)
	cs, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return cs
}
