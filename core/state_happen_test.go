package core_test

import (
	"fmt"
	"strings"

	"weft/core"
	"weft/core/coretest"
	"weft/core/frame"
)

// happen lets an input happen to the bench's stream and describes what became
// of it in the words of core.Cell.
func (b *bench) happen(s core.State, input string) string {
	if strings.HasPrefix(input, "recv") {
		return b.arrives(s, strings.TrimPrefix(input, "recv "))
	}
	return b.commanded(s, strings.TrimPrefix(input, "send "))
}

// arrives is for what the peer sends.
func (b *bench) arrives(s core.State, input string) string {
	what, end := strings.CutSuffix(input, "+END")
	p, response := b.Peer, coretest.Response("200")
	watched := b.id
	if !b.Conn.Client() {
		response = coretest.Request("POST", "/")
		if s != core.StateIdle {
			response = []core.Field{{Name: "x", Value: "y"}}
		}
	}
	switch what {
	case "HEADERS":
		p.Headers(b.id, end, response...)
	case "DATA":
		if b.Conn.Client() && (s == core.StateOpen || s == core.StateHalfClosedLocal) {
			b.Receive(p.Headers(b.id, false, response...)) // a response has begun
		}
		p.Data(b.id, []byte("x"), end)
	case "RST_STREAM":
		p.Reset(b.id, core.Cancel)
	case "WINDOW_UPDATE":
		p.WindowUpdate(b.id, 1)
	case "PUSH_PROMISE":
		p.PushPromise(b.id, 4, coretest.Request("GET", "/")...)
	case "promise":
		watched = b.promise(s)
	}
	before := b.Conn.Info().LastFault
	b.Receive(p)
	after := b.Conn.StreamState(watched)
	switch {
	case b.Closed != nil:
		return fmt.Sprintf("connection error %v, %v", b.Closed.Code, b.Closed.Fault)
	case b.Sent(frame.TypeRSTStream, b.id) && b.Conn.Info().LastFault != before:
		f := b.Conn.Info().LastFault
		return fmt.Sprintf("stream error %v, %v", f.Code(), f)
	case s.String() == after.String() && strings.HasPrefix(s.String(), "closed"):
		return "dropped"
	}
	return "-> " + after.String()
}

// promise promises the bench's stream itself, on another that is open. An idle
// one is the next even id.
func (b *bench) promise(s core.State) core.StreamID {
	on := core.StreamID(1)
	if s != core.StateReservedRemote {
		on, _ = b.Conn.Open(b.Now, coretest.Request("GET", "/"), true)
		b.Drain()
	}
	id := b.id
	if s == core.StateIdle {
		id = 2
	}
	b.Peer.PushPromise(on, id, coretest.Request("GET", "/")...)
	return id
}

// commanded is for what our own user asks.
func (b *bench) commanded(s core.State, input string) string {
	what, end := strings.CutSuffix(input, "+END")
	c, now, watched := b.Conn, b.Now, b.id
	var err error
	switch what {
	case "HEADERS":
		switch {
		case s == core.StateIdle && c.Client():
			watched, err = c.Open(now, coretest.Request("POST", "/"), end)
		default:
			err = c.Headers(now, b.id, coretest.Response("200"), end)
		}
	case "DATA":
		if s == core.StateOpen || s == core.StateHalfClosedRemote {
			c.Headers(now, b.id, coretest.Response("200"), false) // DATA comes behind it
		}
		_, err = c.Send(now, b.id, []byte("x"), end)
	case "RST_STREAM":
		err = c.Reset(now, b.id, core.Cancel)
	case "WINDOW_UPDATE":
		return b.windowUpdate(s)
	case "PUSH_PROMISE":
		_, err = c.Push(now, b.id, coretest.Request("GET", "/"))
	case "promise":
		if s != core.StateIdle {
			return "not permitted" // ids are never used twice: nobody can ask
		}
		b.Receive(b.Peer.Headers(1, true, coretest.Request("GET", "/")...))
		watched, err = c.Push(now, 1, coretest.Request("GET", "/"))
	}
	b.Drain()
	if err != nil {
		return "not permitted"
	}
	return "-> " + c.StreamState(watched).String()
}

// windowUpdate asks for one by reading what came. Where DATA cannot come there
// is none, with one exception: a stream that was reserved for us.
func (b *bench) windowUpdate(s core.State) string {
	if s == core.StateReservedRemote {
		return "-> " + s.String() // permitted, and never needed
	}
	info, _ := b.Conn.Stream(b.id)
	if s == core.StateOpen || s == core.StateHalfClosedLocal {
		for range 2 {
			b.Receive(b.Peer.Data(b.id, make([]byte, 16384), false))
		}
		info, _ = b.Conn.Stream(b.id)
	}
	b.Conn.Consume(b.id, int(info.Unread))
	b.Drain()
	if !b.Sent(frame.TypeWindowUpdate, b.id) {
		return "not permitted"
	}
	return "-> " + b.Conn.StreamState(b.id).String()
}
