package events_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"weft/core"
	"weft/events"
	"weft/transport"
	"weft/transport/mem"
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

// A connection that the peer resets is lost, unless it has said GOAWAY: then it
// has left.
func TestResetOfTheConnection(t *testing.T) {
	for _, left := range []bool{false, true} {
		p := newPair(t, pairOptions{})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.Respond(events.Status(200))
			if left {
				p.server.Goaway(core.NoError, 0, nil)
			}
		})
		p.client.OnError(func(err error) { p.note("session error %t", errors.Is(err, syscall.ECONNRESET)) })
		p.client.OnClose(func() { p.note("session close") })
		p.request(events.H(":path", "/")).Resume()
		p.settle()
		p.log = nil
		p.client.ReceiveEOF(mem.Epoch, &transport.CloseError{Kind: transport.CloseReset, Err: syscall.ECONNRESET})
		if left {
			p.happened("client end", "client close CANCEL", "session close")
		} else {
			p.log = without(p.log, "client error")
			p.happened("client close INTERNAL_ERROR", "session error true", "session close")
		}
	}
}
