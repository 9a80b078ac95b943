package events_test

import (
	"context"
	"errors"
	"testing"

	"weft/events"
)

// A request whose context is done already is not sent.
func TestRequestWithEndedContext(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { p.note("server stream") })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p.client.Do(func() {
		st, err := p.client.Request(ctx, events.H(":path", "/"))
		if err != nil {
			t.Fatal(err)
		}
		p.note("destroyed %t", st.Destroyed())
		st.OnError(func(err error) { p.note("error %t", errors.Is(err, events.ErrAbort)) })
		st.OnClose(func() {
			code, _ := st.RSTCode()
			p.note("close %v id %d", code, st.ID())
		})
	})
	p.settle()
	p.happened("destroyed true", "error true", "close CANCEL id 0")
}
