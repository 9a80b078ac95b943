package core_test

import (
	"slices"

	"weft/core"
	"weft/core/coretest"
)

// actor is one user: it knows the streams it has heard of and commands them at
// random. What is refused is refused; what is accepted has to arrive.
type actor struct {
	w     *world
	name  string
	end   *coretest.End
	other *actor
	eager bool // reads at once

	streams map[core.StreamID]*talk
}

// talk is what an actor knows of a stream.
type talk struct {
	sent, received int    // body bytes, which count up from 0 modulo 251
	unread         int    // delivered and not consumed
	queue          []byte // still to be sent
	end            bool   // with the last of queue
	headers        bool   // the final ones went out
	held           bool
}

// over forgets what was still to be done on a stream.
func (s *talk) over() { s.queue, s.end, s.unread = nil, false, 0 }

func newActor(w *world, end, other *coretest.End) *actor {
	a := &actor{w: w, name: "client", end: end, streams: map[core.StreamID]*talk{}}
	if !end.Conn.Client() {
		a.name = "server"
	}
	end.OnEvent = a.hear
	return a
}

// ids lists the streams in order, so that a seed repeats.
func (a *actor) ids() []core.StreamID {
	list := make([]core.StreamID, 0, len(a.streams))
	for id := range a.streams {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

func (a *actor) stream(id core.StreamID) *talk {
	s := a.streams[id]
	if s == nil {
		s = &talk{headers: a.end.Conn.Client()}
		a.streams[id] = s
	}
	return s
}

func (a *actor) hear(ev core.Event) {
	switch ev := ev.(type) {
	case *core.HeadersReceived:
		a.stream(ev.Stream)
	case *core.PushPromiseReceived:
		a.stream(ev.Promised)
	case *core.DataReceived:
		s := a.stream(ev.Stream)
		for _, b := range ev.Data {
			if b != byte(s.received%251) {
				a.w.Fatalf("%s: stream %d: byte %d is %d", a.name, ev.Stream, s.received, b)
			}
			s.received++
		}
		s.unread += len(ev.Data)
		if ev.EndStream {
			if sent := a.other.stream(ev.Stream).sent; sent != s.received {
				a.w.Fatalf("%s: stream %d ended at %d of %d", a.name, ev.Stream, s.received, sent)
			}
		}
		if a.eager {
			a.consume(ev.Stream, s, s.unread)
		}
	case *core.Writable:
		a.send(ev.Stream)
	case *core.StreamReset:
		switch ev.Fault {
		case core.FaultNone, core.FaultRefused, core.FaultGoneAway: // FaultRefused: a limit was lowered meanwhile
		default:
			a.w.Fatalf("%s accuses: %v", a.name, ev)
		}
		a.stream(ev.Stream).over()
	case *core.ConnClosed:
		a.w.Fatalf("%s: %v", a.name, ev)
	}
}

func (a *actor) consume(id core.StreamID, s *talk, n int) {
	if err := a.end.Conn.Consume(id, n); err != nil {
		a.w.Fatalf("%s: consuming %d of %d on %d: %v", a.name, n, s.unread, id, err)
	}
	s.unread -= n
}

func (a *actor) consumeAll() {
	for _, id := range a.ids() {
		if s := a.streams[id]; s.unread > 0 {
			a.consume(id, s, s.unread)
		}
	}
	a.end.Drain()
}

// send sends of the queue what is taken.
func (a *actor) send(id core.StreamID) {
	s := a.streams[id]
	if s == nil || len(s.queue) == 0 && !s.end {
		return
	}
	waiting := a.end.Conn.OutputPending()
	n, err := a.end.Conn.Send(a.w.pair.Now, id, s.queue, s.end)
	if err != nil {
		s.queue, s.end = nil, false
		return
	}
	if now := a.end.Conn.OutputPending(); now > max(maxOutput, waiting+32) {
		a.w.Fatalf("%s: %d bytes of output wait, %d are the bound", a.name, now, maxOutput)
	}
	s.queue = s.queue[n:]
	s.sent += n
	if len(s.queue) == 0 {
		s.end = false
	}
}

func (a *actor) sendAll() {
	for _, id := range a.ids() {
		a.send(id)
	}
	a.end.Drain()
}
