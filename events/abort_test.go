package events_test

import (
	"context"
	"testing"

	"weft/events"
)

// On a link a context that is done ends its request at once and in order: from
// inside a callback in the same turn, from outside before anything else happens.
func TestAbortOnLink(t *testing.T) {
	for range 20 {
		p := newPair(t, pairOptions{})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			p.watch("server", &st.Stream)
			st.Respond(events.Status(200))
			st.WriteString("some")
		})
		ctx, cancel := context.WithCancel(context.Background())
		outer, giveUp := context.WithCancel(context.Background())
		p.client.Do(func() {
			for _, c := range []context.Context{ctx, outer} {
				st, err := p.client.Request(c, events.H(":path", "/"))
				if err != nil {
					t.Fatal(err)
				}
				name := map[bool]string{true: "inner", false: "outer"}[c == ctx]
				st.OnData(func([]byte) {
					p.note("%s data", name)
					if c == ctx {
						cancel()
					}
				})
				st.OnError(func(err error) { p.note("%s error %v", name, err) })
				st.OnClose(func() { p.note("%s close", name) })
			}
		})
		p.settle()
		p.happened("server end", "server end",
			"inner data", "outer data", "inner error ABORT_ERR: The operation was aborted: context canceled", "inner close",
			"server aborted", "server close CANCEL")
		giveUp()
		p.settle()
		p.happened("outer error ABORT_ERR: The operation was aborted: context canceled", "outer close",
			"server aborted", "server close CANCEL")
	}
}
