package nodetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"weft/events"
	"weft/transport/mem"
)

func TestNode_priority(t *testing.T) {
	t.Run("client-priority-before-connect", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.End(nil) })
			st := d.request(context.Background(), events.Headers{})
			if err := st.Priority(events.PriorityOptions{}); err != nil {
				t.Error(err)
			}
			st.Resume()
			d.answer()
			d.happened("client connect", "request response 200", "request end", "request close 0", "server stream /", "server stream close 0")
		})
	})
	t.Run("client-set-priority", func(t *testing.T) {
		for given, want := range map[int]int{-1: 1, 0: 16, 1: 1, 16: 16, 256: 256, 257: 256, 512: 256} {
			w := newWorld(t, setup{})
			w.serve(func(st *events.ServerStream, _ events.Headers) {
				if s := st.State(); s.Weight != want || s.SumDependencyWeight != 0 {
					t.Errorf("weight %d: %+v", given, s)
				}
				st.EndString("test")
			})
			w.request(events.Headers{}, events.RequestOptions{Weight: given})
			w.settle()
			same(t, "client", w.of("client"), []string{"ready 1", "finish", "response 200 flags=4", "data test", "end", "close 0"})
		}
		covers(t, "session.request.option.weight")
	})
	t.Run("priority-cycle-", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.End(make([]byte, 10_000)) })
		closed := 0
		w.client.Do(func() {
			for _, parent := range []events.StreamID{5, 1, 3} {
				st, _ := w.client.Request(context.Background(), events.Headers{})
				st.OnReady(func() {
					if err := st.Priority(events.PriorityOptions{Parent: parent}); err != nil {
						t.Errorf("parent %d: %v", parent, err)
					}
				})
				st.Resume()
				st.OnClose(func() { closed++ })
			}
		})
		w.settle()
		if closed != 3 {
			t.Errorf("%d closed", closed)
		}
	})
	t.Run("priority-event", func(t *testing.T) {
		w := newWorld(t, setup{})
		o := events.PriorityOptions{Parent: 0, Weight: 1}
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if err := st.Priority(o); err != nil {
				t.Error(err)
			}
			st.End(nil)
		})
		w.get(func(st *events.ClientStream) {
			st.OnReady(func() {
				if err := st.Priority(o); err != nil {
					t.Error(err)
				}
			})
		})
		w.settle()
		w.happened("client ready 1", "client finish", "server end", "server finish", "server close 0",
			"client response 200 flags=4", "client end", "client close 0")
	})
}

// weights is what each stream's state says of priorities.
func weights(streams map[events.StreamID]*events.ServerStream) string {
	var list []string
	for id := events.StreamID(1); len(list) < len(streams); id += 2 {
		s := streams[id].State()
		list = append(list, fmt.Sprintf("%d:%d,%d", id, s.Weight, s.SumDependencyWeight))
	}
	return strings.Join(list, " ")
}

func TestPriorityOptions(t *testing.T) {
	w := newWorld(t, setup{})
	streams := make(map[events.StreamID]*events.ServerStream)
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { streams[st.ID()] = st })
	var client [3]*events.ClientStream
	for i := range client {
		client[i] = w.get()
	}
	w.settle()
	set := func(i int, o events.PriorityOptions, frame, state string) {
		t.Helper()
		w.fromClient.clear()
		w.client.Do(func() {
			if err := client[i].Priority(o); err != nil {
				t.Errorf("%+v: %v", o, err)
			}
		})
		w.settle()
		var sent []string
		if frame != "" {
			sent = []string{frame}
		}
		if got := w.fromClient.list(); !slices.Equal(got, sent) {
			t.Errorf("%+v: sent %q, want %q", o, got, sent)
		}
		if got := weights(streams); got != state {
			t.Errorf("%+v: the server has %s, want %s", o, got, state)
		}
	}
	set(1, events.PriorityOptions{}, "PRIORITY 3 prio=0,16", "1:16,0 3:16,0 5:16,0")
	covers(t, "stream.method.priority")
	set(1, events.PriorityOptions{Weight: 100}, "PRIORITY 3 prio=0,100", "1:16,0 3:100,0 5:16,0")
	covers(t, "stream.priority.option.weight")
	if s := streams[3].State(); s.Weight != 100 || client[1].State().Weight != 100 {
		t.Errorf("weights %d and %d", s.Weight, client[1].State().Weight)
	}
	covers(t, "stream.state.weight")
	set(1, events.PriorityOptions{Parent: 1, Weight: 100}, "PRIORITY 3 prio=1,100", "1:16,100 3:100,0 5:16,0")
	covers(t, "stream.priority.option.parent")
	if s, c := streams[1].State(), client[0].State(); s.SumDependencyWeight != 100 || c.SumDependencyWeight != 100 {
		t.Errorf("the sums below stream 1: %d and %d", s.SumDependencyWeight, c.SumDependencyWeight)
	}
	covers(t, "stream.state.sumDependencyWeight")
	set(2, events.PriorityOptions{Parent: 1, Exclusive: true, Weight: 1000}, "PRIORITY 5 prio=1,256,excl", "1:16,256 3:100,0 5:256,100")
	covers(t, "stream.priority.option.exclusive")
	set(2, events.PriorityOptions{Weight: 7, Silent: true}, "", "1:16,256 3:100,0 5:256,100")
	if s := client[2].State(); s.Weight != 7 {
		t.Errorf("this side has %+v", s)
	}
	covers(t, "stream.priority.option.silent")

	for _, parent := range []events.StreamID{5, 1 << 31} {
		if err := client[2].Priority(events.PriorityOptions{Parent: parent}); errText(err)[:21] != events.ErrInvalidArg.Code {
			t.Errorf("parent %d: %v", parent, err)
		}
	}
	if err := client[2].Priority(events.PriorityOptions{Parent: 1 << 30}); err != nil {
		t.Errorf("a parent nobody knows: %v", err)
	}
}

// What is said before the request is sent goes with it.
func TestPriorityBeforeRequest(t *testing.T) {
	for _, c := range []struct {
		o      events.PriorityOptions
		frame  string
		weight int
	}{
		{events.PriorityOptions{Weight: 42, Exclusive: true}, "HEADERS 1 prio=0,42,excl ", 42},
		{events.PriorityOptions{Weight: 42, Silent: true}, "HEADERS 1 :", 42},
	} {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			st := d.request(context.Background(), events.Headers{})
			if err := st.Priority(c.o); err != nil {
				t.Error(err)
			}
			d.answer()
			if sent := d.fromClient.stream(1); len(sent) != 1 || !strings.HasPrefix(sent[0], c.frame) {
				t.Errorf("%+v: sent %q", c.o, sent)
			}
			if s := st.State(); s.Weight != c.weight {
				t.Errorf("%+v: %+v", c.o, s)
			}
		})
	}
	dialing(t, events.ConnectOptions{}, func(d *dialed) {
		st := d.request(context.Background(), events.Headers{})
		st.Priority(events.PriorityOptions{Parent: 1})
		d.answer()
		const text = `request error ERR_INVALID_ARG_VALUE: The property "options.parent" is 1: a stream can't depend on itself`
		d.happened("client connect", text, "request close 2")
	})
}

// The order of what is sent goes by the tree.
func TestPrioritySchedules(t *testing.T) {
	w := newWorld(t, setup{link: mem.Options{Bandwidth: 100_000},
		client: events.SessionOptions{Settings: events.Settings{InitialWindowSize: events.Set[uint32](1 << 20)}, WindowSize: 1 << 21}})
	const size = 1 << 19
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		push, err := st.PushStream(events.H(":path", "/pushed"))
		if err != nil {
			t.Fatal(err)
		}
		// A push has the weight of any stream until Priority changes it.
		if s := push.State(); s.Weight != 16 || s.State != events.StreamStateReservedLocal {
			t.Errorf("%+v", s)
		}
		w.fromServer.clear()
		st.Priority(events.PriorityOptions{Weight: 256, Silent: true})
		push.Priority(events.PriorityOptions{Weight: 1, Silent: true})
		st.End(make([]byte, size)) // the first of it finds room at once
		push.End(make([]byte, size))
	})
	pushed, atEnd := 0, 0
	w.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) {
		st.OnData(func(p []byte) { pushed += len(p) })
	})
	w.get(func(st *events.ClientStream) { st.OnEnd(func() { atEnd = pushed }) })
	w.link.RunFor(60e9)
	if pushed != size || atEnd > size/8 {
		t.Errorf("of %d bytes pushed, %d came before the end of what counts 256 times as much", pushed, atEnd)
	}
	for _, s := range w.fromServer.list() {
		if strings.HasPrefix(s, "PRIORITY") {
			t.Errorf("sent %s", s)
		}
	}
	covers(t, "rule.push.no-weight")
}

func TestPushOptions(t *testing.T) {
	w := newWorld(t, setup{})
	var main, first, second *events.ServerStream
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		main = st
		push := func(o events.PushOptions) *events.ServerStream {
			p, err := st.PushStream(events.H(":path", "/p"), o)
			if err != nil {
				t.Fatalf("%+v: %v", o, err)
			}
			return p
		}
		st.Priority(events.PriorityOptions{Weight: 30, Silent: true})
		first = push(events.PushOptions{Parent: st.ID()})
		if s := main.State(); s.SumDependencyWeight != 16 {
			t.Errorf("the parent: %+v", s)
		}
		covers(t, "serverStream.pushStream.option.parent")
		second = push(events.PushOptions{Parent: st.ID(), Exclusive: true})
		if m, s := main.State(), second.State(); m.SumDependencyWeight != 16 || s.SumDependencyWeight != 16 {
			t.Errorf("the parent: %+v, the exclusive one: %+v", m, s)
		}
		covers(t, "serverStream.pushStream.option.exclusive")
		w.fromServer.clear()
		_, err := st.PushStream(events.H(":path", "/p"), events.PushOptions{Parent: 6})
		fails(t, "itself", err, events.ErrInvalidArg, `ERR_INVALID_ARG_VALUE: The property "options.parent" is 6: a stream can't depend on itself`)
	})
	w.get()
	w.settle()
	if first == nil || len(w.fromServer.stream(6)) != 0 {
		t.Errorf("sent %q", w.fromServer.list())
	}
}
