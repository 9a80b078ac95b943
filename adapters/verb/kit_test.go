package verb

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	_ "weft/core/coretest" // the flag -update
	"weft/events"
	"weft/internal/parity"
	"weft/transport/mem"
)

const pageHead = `# Parity with the Express-like API

What each name and option of that API is in Go, in package ` + "`adapters/verb`" + `, and which test shows it.

Written by ` + "`go test ./adapters/verb -update`" + ` from ` + "`adapters/verb/testdata`" + ` and from the run; a whole run compares it.
`

var run = parity.Run{
	Page: "../../docs/verb-parity.md", Head: pageHead,
	Home:     "weft/adapters/verb",
	Update:   "go test ./adapters/verb -update",
	Updating: updating,
	Complete: true,
}

// TestMain compares what the whole run has shown with the lists.
func TestMain(m *testing.M) { run.Main(m) }

// covers says that the assertion beside it shows rows of docs/verb-parity.md.
func covers(t *testing.T, rows ...string) {
	t.Helper()
	for _, row := range rows {
		run.Covers(t, row)
	}
}

// updating reports whether the page is to be rewritten.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }

func newApp() *App {
	return CreateServer(HTTP2).WithOptions(Options{Logger: slog.New(slog.DiscardHandler)})
}

// client speaks HTTP/2 to an app, without a socket.
type client struct {
	t *testing.T
	*events.ClientSession
}

func dial(t *testing.T, app *App) *client {
	t.Helper()
	server, err := app.Server()
	if err != nil {
		t.Fatal(err)
	}
	near, far := mem.Pipe()
	go server.ServeConn(far)
	session, err := events.Connect(context.Background(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		session.Destroy(nil, core.NoError)
		server.DestroyAll()
		server.Wait()
	})
	return &client{t, session}
}

// answer is a response, as it came.
type answer struct {
	status   int
	headers  events.Headers
	body     string
	err      error
	trailers events.Headers
	hints    []string
}

// do makes a request: method, path, fields by names and values.
func (c *client) do(method, path, body string, fields ...string) answer {
	c.t.Helper()
	h := events.H(append([]string{":method", method, ":path", path}, fields...)...)
	var a answer
	hints := make(chan string, 8)
	asked := make(chan *events.Duplex, 1)
	c.Do(func() { // all of it before anything is answered
		st, err := c.Request(context.Background(), h, events.RequestOptions{EndStream: events.Set(body == "")})
		if err != nil {
			c.t.Error(err)
			close(asked)
			return
		}
		st.OnError(func(error) {})
		st.OnHeaders(func(h events.Headers, _ events.Flags) { hints <- h.Get("link") })
		asked <- st.Blocking()
	})
	d, ok := <-asked
	if !ok {
		c.t.FailNow()
	}
	defer d.Close()
	d.SetDeadline(time.Now().Add(time.Minute)) // for a test that would hang
	if len(body) > 0 {
		io.WriteString(d, body)
		d.CloseWrite()
	}
	a.headers, a.err = d.Response()
	if a.err != nil {
		return a
	}
	b, err := io.ReadAll(d)
	a.status, a.body, a.err, a.trailers = a.headers.Status(), string(b), err, d.Trailers()
	close(hints)
	a.hints = slices.Collect(func(yield func(string) bool) {
		for s := range hints {
			yield(s)
		}
	})
	return a
}

func (c *client) get(path string, fields ...string) answer {
	c.t.Helper()
	return c.do("GET", path, "", fields...)
}

// is compares status and body.
func (a answer) is(t *testing.T, status int, body string) {
	t.Helper()
	if a.err != nil || a.status != status || strings.TrimSpace(a.body) != body {
		t.Errorf("answered %d %q, %v; want %d %q", a.status, a.body, a.err, status, body)
	}
}
