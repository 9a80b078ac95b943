package nodetest

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"weft/events"
	"weft/transport/mem"
)

// dialling is a client whose connection is not up until connect, and a server.
// It lives in a bubble of package synctest.
type dialling struct {
	notes
	t          *testing.T
	client     *events.ClientSession
	srv        *events.Server
	conns      chan net.Conn
	fromClient *wire
	// handler is what the server does with a request.
	handler func(st *events.ServerStream)
}

func newDialling(t *testing.T) *dialling {
	ran(t)
	d := &dialling{t: t, conns: make(chan net.Conn, 1), fromClient: newWire(t, true)}
	var err error
	if d.srv, err = events.CreateServer(events.ServerOptions{}); err != nil {
		t.Fatal(err)
	}
	d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		d.note("server stream %d", st.ID())
		d.watch("server", &st.Stream)
		if d.handler != nil {
			d.handler(st)
		}
	})
	d.client, err = events.Connect(context.Background(), "http://localhost:8080", events.ConnectOptions{
		SessionOptions: events.SessionOptions{Trace: d.fromClient.trace},
		CreateConnection: func(context.Context) (net.Conn, error) {
			conn := <-d.conns
			if conn == nil {
				return nil, errors.New("no connection")
			}
			return conn, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.client.OnConnect(func() { d.note("session connect") })
	d.client.OnError(func(err error) { d.note("session error %s", errText(err)) })
	return d
}

// request makes a request and notes what becomes of it.
func (d *dialling) request(h events.Headers) (st *events.ClientStream) {
	d.t.Helper()
	st, err := d.client.Request(d.t.Context(), h)
	if err != nil {
		d.t.Fatal(err)
	}
	st.OnReady(func() { d.note("client ready %d", st.ID()) })
	st.OnResponse(func(h events.Headers, _ events.Flags) { d.note("client response %d", h.Status()) })
	d.watch("client", &st.Stream)
	return st
}

// connect connects the two, and waits until nothing happens any more.
func (d *dialling) connect() {
	here, there := mem.Pipe()
	if _, err := d.srv.ServeConn(there); err != nil {
		d.t.Fatal(err)
	}
	d.conns <- here
	synctest.Wait()
}

// over closes both sides and waits for that.
func (d *dialling) over() {
	d.client.Close()
	d.client.Wait()
	d.srv.Shutdown(context.Background())
}

// happened compares what was noted by a side, or by all with "".
func (d *dialling) happened(who string, want ...string) {
	d.t.Helper()
	got := d.log
	if who != "" {
		got = d.of(who)
	}
	compare(d.t, got, want)
}
