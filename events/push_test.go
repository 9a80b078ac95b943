package events_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"weft/core"
	"weft/events"
)

// On the server a push has nothing to read: it ends, like any other stream.
func TestPushEnds(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) { st.Resume() })
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		push, err := st.PushStream(events.H(":path", "/pushed"))
		if err != nil {
			t.Fatal(err)
		}
		p.note("allowed %t", push.PushAllowed())
		push.OnEnd(func() { p.note("end") })
		push.OnClose(func() { p.note("close") })
		push.EndString("pushed")
		st.EndString("body")
	})
	p.request(events.H(":path", "/")).Resume()
	p.settle()
	p.log = without(p.log, "client ")
	p.happened("allowed true", "end", "close")
}

// Whoever closed the stream or the session has no use for pushes.
func TestPushOnClosed(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		if h.Path() == "/closed" {
			st.Close(core.Cancel)
		} else {
			p.server.Close()
		}
		_, err := st.PushStream(events.H(":path", "/pushed"))
		p.note("%s %t %t", h.Path(), st.PushAllowed(), errors.Is(err, events.ErrPushDisabled))
		st.EndString("body")
	})
	p.request(events.H(":path", "/closed"))
	p.settle()
	p.request(events.H(":path", "/closing"))
	p.settle()
	p.log = without(p.log, "client ")
	p.happened("/closed false true", "/closing false true")
}

// Once the response's end has been said with its headers there is no promise, and
// the error is that of a stream that is over.
func TestPushAfterHeadersEnd(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		st.Respond(events.Headers{}, events.RespondOptions{EndStream: true})
		_, err := st.PushStream(events.H(":path", "/pushed"))
		p.note("%t %t", errors.Is(err, events.ErrInvalidStream), errors.Is(err, core.ErrStreamState))
	})
	p.request(events.H(":method", "POST"))
	p.settle()
	p.log = without(p.log, "client ")
	p.happened("true true")
}

// A reset without an error aborts the stream before what there is of it ends.
func TestAbortedBeforeEnd(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.Close(core.NoError) })
	p.request(events.H(":path", "/", ":method", "POST"))
	p.settle()
	p.happened("client ready 1", "client aborted", "client end", "client close NO_ERROR")
}

// without returns the lines that do not begin with prefix.
func without(list []string, prefix string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return strings.HasPrefix(s, prefix) })
}
