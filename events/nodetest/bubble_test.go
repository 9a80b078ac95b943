package nodetest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// dialed is a client of Connect and a server on both ends of a pipe, within a
// synctest bubble: for what happens while the connection is made. It is made
// when answer is called.
type dialed struct {
	notes
	t      *testing.T
	client *events.ClientSession
	srv    *events.Server
	abort  context.CancelFunc // of Connect's context

	near, far  net.Conn
	fromClient *wire
	release    chan struct{}
}

// dialing runs f with a client that has begun to connect. wrap, if not nil,
// makes of the client's end of the pipe what carries HTTP/2.
func dialing(t *testing.T, opts events.ConnectOptions, f func(d *dialed)) {
	t.Helper()
	ran(t)
	synctest.Test(t, func(t *testing.T) {
		d := newDialed(t, "http://localhost:8080", opts)
		f(d)
		d.client.Destroy(nil, events.NoError)
		d.srv.DestroyAll()
		d.far.Close() // if nobody has served it
		d.srv.Wait()
		d.client.Wait()
		d.abort()
	})
}

func newDialed(t *testing.T, url string, opts events.ConnectOptions) *dialed {
	d := &dialed{t: t, release: make(chan struct{}), fromClient: newWire(t, true)}
	var err error
	if d.srv, err = events.CreateServer(events.ServerOptions{}); err != nil {
		t.Fatal(err)
	}
	d.srv.OnSession(func(ss *events.ServerSession) { d.watch("server", &ss.Session) })
	d.srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		d.note("server stream %s", h.Path())
		st.OnError(func(err error) { d.note("server stream error %s", errText(err)) })
		st.OnAborted(func() { d.note("server stream aborted") })
		st.OnClose(func() {
			code, _ := st.RSTCode()
			d.note("server stream close %d", code)
		})
	})
	d.near, d.far = mem.Pipe()
	opts.CreateConnection = func(ctx context.Context) (net.Conn, error) {
		select {
		case <-d.release:
			return d.near, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	opts.Trace = d.fromClient.trace
	opts.Setup = func(s *events.ClientSession) {
		d.watch("client", &s.Session)
		s.OnConnect(func() { d.note("client connect") })
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.abort = cancel
	if d.client, err = events.Connect(ctx, url, opts); err != nil {
		t.Fatal(err)
	}
	return d
}

// watch notes how a session ends.
func (d *dialed) watch(who string, s *events.Session) {
	s.OnGoaway(func(code core.ErrCode, last events.StreamID, _ []byte) {
		d.note("%s goaway %d last=%d", who, code, last)
	})
	s.OnError(func(err error) { d.note("%s error %s", who, errText(err)) })
	s.OnClose(func() { d.note("%s close", who) })
}

// request makes a request in a turn of the client's, notes how it ends under
// the name "request", and waits for what comes of it at once.
func (d *dialed) request(ctx context.Context, h events.Headers, with ...func(*events.ClientStream)) *events.ClientStream {
	d.t.Helper()
	var st *events.ClientStream
	d.client.Do(func() {
		var err error
		if st, err = d.client.Request(ctx, h); err != nil {
			d.t.Errorf("Request: %v", err)
			return
		}
		d.watchRequest("request", st)
		for _, f := range with {
			f(st)
		}
	})
	synctest.Wait()
	if st == nil {
		d.t.FailNow()
	}
	return st
}

func (d *dialed) watchRequest(who string, st *events.ClientStream) {
	st.OnResponse(func(h events.Headers, _ events.Flags) { d.note("%s response %d", who, h.Status()) })
	st.OnEnd(func() { d.note("%s end", who) })
	st.OnError(func(err error) { d.note("%s error %s", who, errText(err)) })
	st.OnClose(func() {
		code, _ := st.RSTCode()
		d.note("%s close %d", who, code)
	})
}

// answer lets the connection be made, and everything happen that then does.
func (d *dialed) answer() {
	d.t.Helper()
	if _, err := d.srv.ServeConn(d.far); err != nil {
		d.t.Fatal(err)
	}
	close(d.release)
	synctest.Wait()
}

// happened compares what the client's side noted since the last call, and then
// what the server's did; the two have goroutines of their own.
func (d *dialed) happened(want ...string) {
	d.t.Helper()
	synctest.Wait()
	log := d.forget()
	slices.SortStableFunc(log, func(a, b string) int {
		return order(a) - order(b)
	})
	compare(d.t, log, want)
}

func order(note string) int {
	if strings.HasPrefix(note, "server") {
		return 1
	}
	return 0
}

// is expects an error, whatever its message.
func is(t *testing.T, what string, err, sentinel error) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Errorf("%s: %v, want %v", what, err, sentinel)
	}
}
