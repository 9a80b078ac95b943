package nodetest

import (
	"testing"

	"weft/core/coretest"
	"weft/events"
)

// The kit itself: one exchange, as both sides see it.
func TestKit(t *testing.T) {
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.Respond(events.Status(200))
		st.EndString("hello")
	})
	w.get()
	w.settle()
	w.happened("client ready 1", "client finish", "server end", "server finish", "server close 0",
		"client response 200 flags=4", "client data hello", "client end", "client close 0")
	if !w.fromServer.has(`DATA 1 5 "hello" END_STREAM`) {
		t.Errorf("the server sent %q", w.fromServer.list())
	}
}

func TestKitRaw(t *testing.T) {
	w := newWorld(t, setup{}) // for its options; the raw peer takes the client's place
	w.serve(func(st *events.ServerStream, _ events.Headers) { st.EndString("hello") })
	r := newRaw(t, w.server, false)
	r.send(r.peer.Handshake(true).Headers(1, true, coretest.Request("GET", "/")...))
	if !r.saw(`DATA 1 5 "hello" END_STREAM`) {
		t.Errorf("the server sent %q", r.got.list())
	}
}
