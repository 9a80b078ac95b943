package events_test

import (
	"context"
	"net"
	"slices"
	"testing"

	"weft/core"
	"weft/events"
)

// Paused, a stream receives what its window holds and no more; resumed, all.
func TestPause(t *testing.T) {
	const size = 1 << 20
	p := newPair(t, pairOptions{})
	var server *events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		if server == nil {
			server = st
		}
		st.End(make([]byte, size))
	})
	st := p.request(events.Headers{})
	got, other := 0, 0
	st.OnData(func(b []byte) { got += len(b) })
	st.Pause()
	second := p.request(events.Headers{})
	second.OnData(func(b []byte) { other += len(b) })
	p.settle()
	if got != 0 || !st.IsPaused() {
		t.Errorf("%d bytes while paused", got)
	}
	if left := size - server.BufferSize(); left != 65535 {
		t.Errorf("%d bytes left the server", left)
	}
	if other != size {
		t.Errorf("the stream beside it got %d bytes", other)
	}
	st.Resume()
	p.settle()
	if got != size || !st.Destroyed() {
		t.Errorf("%d bytes after Resume, destroyed %v", got, st.Destroyed())
	}
}

// Pause within a callback holds the rest back at once.
func TestPauseWithin(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.End(make([]byte, 40000))
	})
	st := p.request(events.Headers{})
	var pieces []int
	st.OnData(func(b []byte) {
		pieces = append(pieces, len(b))
		st.Pause()
	})
	for range 4 {
		p.settle()
		st.Resume()
	}
	p.settle()
	if !slices.Equal(pieces, []int{16384, 16384, 7232}) {
		t.Errorf("pieces %v", pieces)
	}
}

// Resume without a listener drops the data, and the exchange comes to its end.
func TestDiscard(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Resume()
		st.Respond(events.Status(405), events.RespondOptions{EndStream: true})
	})
	st := p.request(events.H(":method", "POST"))
	st.End(make([]byte, 1<<20))
	p.settle()
	if !st.Complete() || st.Aborted() || !st.Destroyed() {
		t.Errorf("complete %v, aborted %v, destroyed %v", st.Complete(), st.Aborted(), st.Destroyed())
	}
}

// Write says when to wait, and drain when to go on.
func TestDrain(t *testing.T) {
	const pieces, piece = 100, 20 << 10
	p := newPair(t, pairOptions{})
	waits, most := 0, 0
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		n := 0
		more := func() {
			for n < pieces {
				n++
				ready, err := st.Write(make([]byte, piece))
				if err != nil {
					t.Error(err)
					return
				}
				most = max(most, st.BufferSize())
				if !ready {
					waits++
					return
				}
			}
			st.End(nil)
		}
		st.OnDrain(more)
		more()
	})
	st := p.request(events.Headers{})
	got := 0
	st.OnData(func(b []byte) { got += len(b) })
	p.settle()
	if got != pieces*piece || !st.Complete() {
		t.Errorf("%d bytes, complete %v", got, st.Complete())
	}
	if waits == 0 || most >= 64<<10+piece {
		t.Errorf("%d waits, up to %d bytes queued", waits, most)
	}
}

// The high-water mark, in Node's own example.
func TestHighWaterMark(t *testing.T) {
	f := &frames{}
	p := newPair(t, pairOptions{server: events.SessionOptions{
		HighWaterMark: 20,
		Trace:         func(net.Conn) events.Trace { return f },
	}})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		first, _ := st.Write(make([]byte, 5))
		second, _ := st.Write(make([]byte, 40))
		p.note("%v %v", first, second)
		st.OnDrain(func() {
			third, _ := st.Write(make([]byte, 5))
			p.note("drain %v", third)
			st.End(nil)
		}).Once()
	})
	p.request(events.Headers{})
	p.settle()
	if got, want := f.of(1), []string{"HEADERS 1", "DATA 1 5", "DATA 1 40", "DATA 1 5 end"}; !slices.Equal(got, want) {
		t.Errorf("frames %q, want %q", got, want)
	}
	if p.log[1] != "true false" || p.log[2] != "drain true" {
		t.Errorf("%q", p.log)
	}
}

// With more handlers running than streams may be open, the next one waits, and
// the one after that is refused.
func TestHold(t *testing.T) {
	p := newPair(t, pairOptions{server: events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(1))},
	}})
	var held []*events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		p.note("server %s", h.Path())
		st.OnClose(func() { p.note("server %s close", h.Path()) })
		st.Hold()
		held = append(held, st)
	})
	open := func(path string) *events.ClientStream {
		var st *events.ClientStream
		p.client.Do(func() { st, _ = p.client.Request(context.Background(), events.H(":path", path)) })
		p.settle()
		return st
	}
	first := open("/1")
	first.Close(core.Cancel)
	p.settle()
	p.happened("server /1", "server /1 close")
	second := open("/2")
	p.happened() // waits for a place
	second.Close(core.Cancel)
	p.settle()
	third := open("/3")
	third.OnError(func(err error) { p.note("client %v", err) })
	p.settle()
	p.happened() // in the place of the second
	held[0].Release()
	p.settle()
	p.happened("server /3")
	held[0].Release() // once too often
	third.Close(core.Cancel)
	p.settle()
	fourth := open("/4")
	fourth.OnError(func(err error) { p.note("client %v", err) })
	fifth := open("/5") // waits in the client
	p.happened("server /3 close")
	held[1].Release()
	p.settle()
	p.happened("server /4")
	_ = fifth
}

// What beyond its limit a client resets and asks again, it has not running.
func TestRapidReset(t *testing.T) {
	p := newPair(t, pairOptions{server: events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(3))},
	}})
	running, most := 0, 0
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		running++
		most = max(most, running)
		st.Hold()
		p.link.After(1000, func() { running--; st.Release() })
	})
	for range 200 {
		st := p.request(events.Headers{})
		st.Close(core.Cancel)
	}
	p.settle()
	if most > 3 {
		t.Errorf("%d handlers at once, 3 streams may be open", most)
	}
}

func TestPush(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		if !st.PushAllowed() {
			t.Error("push is not allowed")
		}
		push, err := st.PushStream(events.H(":path", "/style.css"))
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := push.PushStream(events.Headers{}); err == nil {
			t.Error("a push within a push")
		}
		push.Respond(events.H("content-type", "text/css"))
		push.EndString("a{}")
		st.EndString("page")
	})
	p.client.OnStream(func(st *events.ClientStream, h events.Headers, _ events.Flags) {
		p.note("client stream %d %s %s%s", st.ID(), h.Method(), h.Authority(), h.Path())
		p.watchClient(st)
	})
	p.request(events.Headers{})
	p.settle()
	p.happened("client ready 1",
		"client stream 2 GET example.org/style.css",
		"client push 200", "client data a{}", "client end", "client close NO_ERROR",
		"client response 200 flags=4", "client data page", "client end", "client close NO_ERROR")
}

func TestPushDisabled(t *testing.T) {
	p := newPair(t, pairOptions{client: events.SessionOptions{
		Settings: events.Settings{EnablePush: events.Set(false)},
	}})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		if _, err := st.PushStream(events.Headers{}); err == nil || st.PushAllowed() {
			t.Errorf("pushed: %v", err)
		}
		st.End(nil)
	})
	p.request(events.Headers{})
	p.settle()
}
