package events

import (
	"strings"
	"testing"

	"weft/transport/mem"
)

// A session that has made one request has nothing left that the next one of
// another could use, and so has one that made its first after a rest.
func TestWorkspaceGoesOn(t *testing.T) {
	w := newLent(t, SessionOptions{})
	for range 2 {
		w.ask()
		if !w.server.conn.WantsWorkspace() || w.server.fields != nil {
			t.Errorf("it has a workspace: %v, and room for %d fields", !w.server.conn.WantsWorkspace(), cap(w.server.fields))
		}
		w.link.RunFor(2e9)
	}
	w.ask()
	w.ask()
	if w.server.conn.WantsWorkspace() {
		t.Error("a session that is busy has none of its own")
	}
}

// Sessions whose responses are the same have one list of it, and yet no server
// sends what it would not.
func TestListsAreShared(t *testing.T) {
	shared := false
	var before *Field
	for range 100 { // a pool may lose things
		w := newLent(t, SessionOptions{})
		if w.ask(); w.err != nil || w.got != long {
			t.Fatalf("%d bytes, %v", len(w.got), w.err)
		}
		now := &w.server.sent.list[0]
		shared = shared || now == before
		before = now

		narrow := SessionOptions{}
		narrow.MaxSendHeaderBlockLength = 500
		w = newLent(t, narrow)
		if w.ask(); w.got != "" || w.err == nil {
			t.Fatalf("a server that sends at most 500 bytes of fields sends %d (%v)", len(w.got), w.err)
		}
	}
	if !shared {
		t.Error("the list is made anew each time")
	}
}

var long = strings.Repeat("long", 200)

// lent is a client and a server on a link.
type lent struct {
	t      *testing.T
	link   *mem.Link
	server *ServerSession
	client *ClientSession

	got string // a field of the last response
	err error  // or this
}

func newLent(t *testing.T, server SessionOptions) *lent {
	t.Helper()
	w := &lent{t: t}
	var err error
	if w.server, err = NewServerSession(mem.Epoch, server); err != nil {
		t.Fatal(err)
	}
	answer := Status(200, "x-long", long)
	w.server.OnStream(func(st *ServerStream, _ Headers, _ Flags) {
		st.OnError(func(error) {})
		st.Respond(answer)
		st.EndString("hello")
	})
	if w.client, err = NewClientSession(mem.Epoch, "http://example.org", SessionOptions{}); err != nil {
		t.Fatal(err)
	}
	w.link = mem.NewLink(w.client, w.server, mem.Options{})
	return w
}

func (w *lent) ask() {
	w.t.Helper()
	w.got, w.err = "", nil
	st, err := w.client.Request(w.t.Context(), Headers{})
	if err != nil {
		w.t.Fatal(err)
	}
	st.OnResponse(func(h Headers, _ Flags) { w.got = h.Get("x-long") })
	st.OnError(func(err error) { w.err = err })
	st.OnData(func([]byte) {})
	w.link.Settle()
}
