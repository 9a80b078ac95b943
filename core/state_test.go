package core_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
)

const golden = "testdata/state.golden"

// matrix prints the whole transition table.
func matrix() string {
	var b strings.Builder
	for s := range core.NumStates {
		if s > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%v\n", s)
		for i := range int(core.NumInputs) {
			fmt.Fprintf(&b, "    %-20s %s\n", core.InputName(i), core.Cell(s, i))
		}
	}
	return b.String()
}

// TestStateMatrix compares the transition table with testdata/state.golden, so
// that a change of rule is a visible line; -update writes it.
func TestStateMatrix(t *testing.T) {
	got := matrix()
	if *coretest.Update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the table differs from %s; -update writes it", golden)
	}
}

// TestNoReceivedFrameUndecided: whatever may arrive in whatever state has a
// verdict (RFC 9113 §5.1).
func TestNoReceivedFrameUndecided(t *testing.T) {
	for s := range core.NumStates {
		for i := range int(core.NumInputs) {
			if strings.HasPrefix(core.InputName(i), "recv") && core.Cell(s, i) == "not permitted" {
				t.Errorf("%v, %s: no verdict", s, core.InputName(i))
			}
		}
	}
}

// TestEveryPair puts a stream of a real connection into every state, lets every
// input happen to it, and compares with the table what becomes of it.
func TestEveryPair(t *testing.T) {
	for s := range core.NumStates {
		for i := range int(core.NumInputs) {
			name := core.InputName(i)
			t.Run(fmt.Sprintf("%v/%s", s, name), func(t *testing.T) {
				b := newBench(t, s, name)
				if b == nil {
					t.Skip("no connection can be brought to this")
				}
				want := core.Cell(s, i)
				if got := b.happen(s, name); got != want {
					t.Errorf("happened: %s\nthe table: %s", got, want)
				}
			})
		}
	}
}

// bench is a connection with one stream in a given state.
type bench struct {
	*coretest.Link
	id core.StreamID
}

// newBench brings a connection to where the input can happen to a stream in
// that state, or returns nil if the roles exclude it.
func newBench(t *testing.T, s core.State, input string) *bench {
	client := strings.HasPrefix(input, "recv") // whose messages are the plainer to receive
	switch {
	case s == core.StateReservedLocal, input == "send PUSH_PROMISE", input == "send promise":
		client = false
	case s == core.StateReservedRemote:
		client = true
	case s == core.StateIdle:
		client = strings.Contains(input, "PUSH_PROMISE") || strings.Contains(input, "promise") ||
			strings.HasPrefix(input, "send")
		if input == "send PUSH_PROMISE" || input == "send promise" {
			client = false
		}
	}
	if s == core.StateReservedRemote && !client {
		return nil // only a client has such streams
	}
	if s == core.StateReservedLocal && (input == "recv PUSH_PROMISE" || input == "recv promise") {
		return nil // and only a client receives promises
	}
	if s == core.StateReservedRemote && strings.HasSuffix(input, "PUSH_PROMISE") && strings.HasPrefix(input, "send") {
		return nil
	}
	b := &bench{coretest.NewLink(t, client, core.Config{
		Settings: []core.Setting{{ID: core.SettingEnablePush, Value: map[bool]uint32{true: 1}[client]}},
	}), 1}
	if client {
		b.prepareClient(s)
	} else {
		b.prepareServer(s)
	}
	if got := b.Conn.StreamState(b.id); got != s {
		t.Fatalf("the stream is %v", got)
	}
	return b
}

func (b *bench) prepareServer(s core.State) {
	if s == core.StateIdle {
		return
	}
	// The first response header goes out ahead, so that DATA and trailers are in
	// order as far as the message goes.
	b.Receive(b.Peer.Headers(1, s == core.StateHalfClosedRemote || s == core.StateClosed, coretest.Request("POST", "/")...))
	switch s {
	case core.StateReservedLocal:
		b.id, _ = b.Conn.Push(b.Now, 1, coretest.Request("GET", "/"))
	case core.StateHalfClosedLocal, core.StateClosed:
		b.Conn.Headers(b.Now, 1, coretest.Response("200"), true)
	case core.StateClosedByPeer:
		b.Receive(b.Peer.Reset(1, core.Cancel))
	case core.StateClosedByUs:
		b.Conn.Reset(b.Now, 1, core.Cancel)
	}
	b.Drain()
}

func (b *bench) prepareClient(s core.State) {
	if s == core.StateIdle {
		return
	}
	end := s == core.StateHalfClosedLocal || s == core.StateClosed || s == core.StateReservedRemote
	b.Conn.Open(b.Now, coretest.Request("POST", "/"), end)
	b.Drain()
	switch s {
	case core.StateReservedRemote:
		b.Receive(b.Peer.PushPromise(1, 2, coretest.Request("GET", "/")...))
		b.id = 2
	case core.StateHalfClosedRemote, core.StateClosed:
		b.Receive(b.Peer.Headers(1, true, coretest.Response("200")...))
	case core.StateClosedByPeer:
		b.Receive(b.Peer.Reset(1, core.Cancel))
	case core.StateClosedByUs:
		b.Conn.Reset(b.Now, 1, core.Cancel)
	}
	b.Drain()
}
