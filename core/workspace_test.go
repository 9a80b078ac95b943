package core

import (
	"testing"
	"time"

	"weft/core/frame"
)

// lend has c use w for what p makes of it, and takes the output: w comes back, or
// nil.
func lend(t *testing.T, now time.Time, c *Conn, w *Workspace, p []byte, answer bool) *Workspace {
	t.Helper()
	if !c.WantsWorkspace() {
		t.Fatal("it wants no workspace")
	}
	c.UseWorkspace(w)
	c.Receive(now, p)
	for ev := c.Next(); ev != nil; ev = c.Next() {
		switch ev := ev.(type) {
		case *HeadersReceived:
			if answer {
				c.Headers(now, ev.Stream, []Field{{Name: ":status", Value: "204"}}, true)
			}
		case *ConnClosed:
			t.Fatal(ev)
		}
	}
	c.SwapOutput(nil)
	return c.SpareWorkspace()
}

func newServer(t *testing.T, now time.Time) *Conn {
	t.Helper()
	c, err := NewServer(now, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// oneRequest is all that a client says that asks once.
func oneRequest(t *testing.T, path string) []byte {
	t.Helper()
	now := time.Unix(0, 0)
	c, err := NewClient(now, Config{Settings: []Setting{{ID: SettingEnablePush, Value: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Open(now, []Field{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"},
		{Name: ":path", Value: path}, {Name: ":authority", Value: "x"}}, true); err != nil {
		t.Fatal(err)
	}
	return c.AppendOutput(nil)
}

// Connections that make one request each use the same workspace, in which nothing
// is left of any.
func TestWorkspaceInTurn(t *testing.T) {
	now := time.Unix(0, 0)
	w := new(Workspace)
	w.Attached = "ours"
	input := oneRequest(t, "/secret")
	for range 3 {
		c := newServer(t, now)
		if got := lend(t, now, c, w, input, true); got != w {
			t.Fatalf("%p comes back, want %p", got, w)
		}
		for _, f := range w.fieldBuf[:cap(w.fieldBuf)] {
			if f != (Field{}) {
				t.Errorf("%v is left", f)
			}
		}
		if w.ev.headers.Fields != nil || w.got.fields != nil || w.decodeCache != nil || w.got.number != 0 || w.lent {
			t.Errorf("%+v is left", w)
		}
		if c.streams.free != nil || w.record == nil || w.record.allNext != nil || w.Attached != "ours" {
			t.Errorf("records %v and %v, %v attached", c.streams.free, w.record, w.Attached)
		}
		// The acknowledgement of its settings comes later, when another has it.
		if got := lend(t, now, c, w, frame.AppendSettingsAck(nil), true); got != w {
			t.Fatal("it stays")
		}
	}
	c := newServer(t, now)
	if n := testing.AllocsPerRun(100, func() {
		c.UseWorkspace(w)
		c.Receive(now, input[:10]) // of the preface
		c.Next()
		c.preface = int32(len(Preface))
		c.SpareWorkspace()
	}); n > 0 {
		t.Errorf("a turn takes %v allocations", n)
	}
}

// A connection keeps its workspace as long as it has to.
func TestWorkspaceStays(t *testing.T) {
	now := time.Unix(0, 0)
	input := oneRequest(t, "/")
	begun := func() *Conn {
		c := newServer(t, now)
		if lend(t, now, c, new(Workspace), input, true) == nil {
			t.Fatal("it stays after the first request")
		}
		return c
	}
	second := frame.AppendHeaders(nil, 3, []byte{0x82, 0x86, 0x84, 0x01, 1, 'x'}, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)

	c := newServer(t, now)
	if lend(t, now, c, new(Workspace), input, false) != nil {
		t.Error("it goes while a request waits for its answer")
	}
	c.Headers(now, 1, []Field{{Name: ":status", Value: "200"}}, false)
	c.Send(now, 1, []byte("body"), true)
	if c.SpareWorkspace() != nil {
		t.Error("it goes while a push might have to come before what is to be written")
	}
	c.SwapOutput(nil)
	if c.SpareWorkspace() == nil {
		t.Error("it stays after the answer")
	}

	c = begun()
	open := frame.AppendHeaders(nil, 3, []byte{0x82}, frame.FlagEndStream, nil, -1)
	if lend(t, now, c, new(Workspace), open, true) != nil {
		t.Error("it goes while a header block is open")
	}

	c = begun()
	if lend(t, now, c, new(Workspace), second, true) != nil {
		t.Error("it goes after a second request")
	}
	if c.busy == nil || c.busy.lent {
		t.Error("it is not the connection's own")
	}
	at := now.Add(slimDelay)
	c.Advance(at)
	c.Next()
	third := frame.AppendHeaders(nil, 5, []byte{0x82, 0x86, 0x84, 0x01, 1, 'x'}, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
	if lend(t, at, c, new(Workspace), third, true) == nil {
		t.Error("it stays, the connection having rested")
	}
}

// What was large once does not stay.
func TestWorkspaceIsBounded(t *testing.T) {
	now := time.Unix(0, 0)
	many := make([]Setting, 3*maxSpareFields/2)
	for i := range many {
		many[i].ID = SettingID(1000 + i)
	}
	p := frame.AppendSettings([]byte(Preface), many)
	block := []byte{0x82, 0x86, 0x84, 0x01, 1, 'x'}
	for range 100 {
		block = append(block, 0x00, 1, 'a', 1, 'b')
	}
	p = frame.AppendHeaders(p, 1, block, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
	c, err := NewServer(now, Config{Limits: Limits{MaxSettingsEntries: 100}})
	if err != nil {
		t.Fatal(err)
	}
	w := lend(t, now, c, new(Workspace), p, true)
	if w == nil {
		t.Fatal("it stays")
	}
	if n := cap(w.fieldBuf); n > maxSpareFields {
		t.Errorf("it has room for %d fields, want at most %d", n, maxSpareFields)
	}
	if n := cap(w.ev.early.settings.Settings); n > maxSpareFields {
		t.Errorf("it has room for %d settings, want at most %d", n, maxSpareFields)
	}
}
