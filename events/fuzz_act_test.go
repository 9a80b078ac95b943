package events_test

import (
	"context"
	"errors"
	"io/fs"
	"testing/fstest"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// step does one thing between callbacks.
func (w *fuzzWorld) step() {
	switch c := w.tape; c.byte() % 16 {
	case 0, 1, 2, 3:
		w.client.act()
	case 4, 5, 6:
		w.server.act()
	case 7, 8, 9, 10:
		for range 1 + c.below(20) {
			w.link.Step()
		}
	case 11, 12:
		w.link.Settle()
	case 13:
		if len(w.cancels) > 0 && c.one(2) {
			w.cancels[0]()
			synctest.Wait() // its session is woken by a goroutine
			w.cancels = w.cancels[1:]
			return
		}
		w.link.RunFor(time.Duration(c.byte()) * time.Millisecond)
	case 14: // several calls in one turn
		s := pick(c, w.client, w.server)
		n := c.below(8)
		s.session.Do(func() {
			defer s.enter("do")()
			for range n {
				s.act()
			}
		})
	case 15:
		w.incident()
	}
}

// incident is something that befalls the link.
func (w *fuzzWorld) incident() {
	c := w.tape
	side := pick(c, mem.A, mem.B)
	switch c.below(8) {
	default:
		// Not for so long that the protocol's own timeouts end the session.
		if d := time.Duration(c.byte()) * 4 * time.Millisecond; w.stalled < 2*time.Second {
			w.stalled += d
			w.link.Stall(side, d)
		}
	case 6:
		if c.one(4) {
			w.broken = true
			w.link.Reset()
		}
	case 7:
		if c.one(4) {
			w.broken = true
			w.link.CloseWrite(side)
		}
	}
}

// size is a number of bytes to write, as long as there are any.
func (w *fuzzWorld) size() int {
	n := min(pick(w.tape, 1, 10, 0, 999, 100, 16384, 16385, 65535, 100_000), w.bytes)
	w.bytes -= n
	return n
}

// codes are those that accuse nobody of anything.
var codes = []core.ErrCode{core.NoError, core.Cancel, core.InternalError, core.RefusedStream, core.ConnectError}

// act does something on the side.
func (s *fuzzSide) act() {
	w, c := s.w, s.w.tape
	w.ops++
	op := c.byte() % 32
	switch {
	case op < 6 && s.client != nil:
		s.request()
	case op < 26:
		if list := last(s.streams, 8); len(list) > 0 {
			st := list[c.below(len(list))]
			if st.server != nil && c.one(2) {
				st.serve()
			} else {
				st.act()
			}
		}
	default:
		s.own()
	}
}

// own does something that concerns the session.
func (s *fuzzSide) own() {
	w, c, b := s.w, s.w.tape, s.base
	switch c.below(16) {
	case 0, 1:
		b.Ping(func(error, time.Duration, [8]byte) { s.enter("pong")() })
	case 2, 3:
		b.Settings(events.Settings{InitialWindowSize: events.Set(pick[uint32](c, 0, 50, 65535, 1<<20))}, func(err error, _ events.Settings, _ time.Duration) {
			s.enter("settled %v", err)()
		})
	case 4:
		b.Settings(events.Settings{
			MaxConcurrentStreams: events.Set(pick[uint32](c, 1, 2, 100)), HeaderTableSize: events.Set(pick[uint32](c, 0, 4096)),
			MaxFrameSize: events.Set(pick[uint32](c, 16384, 100_000)),
		}, nil)
	case 5:
		b.SetLocalWindowSize(pick(c, 65535, 1<<20))
	case 6, 7:
		b.SetTimeout(time.Duration(c.byte())*time.Millisecond, func() { s.enter("timed out")() })
	case 8:
		if s.server != nil {
			s.server.Altsvc(`h2=":81"`, "https://a.example")
		}
	case 9:
		if s.server != nil {
			s.server.Origin("https://a.example")
		}
	case 10:
		if c.one(4) {
			w.note("%s closes", s.name)
			b.Close()
		}
	case 11:
		if c.one(4) {
			w.note("%s goes away", s.name)
			b.Goaway(core.NoError, 0, []byte("bye"))
		}
	case 12:
		if c.one(4) {
			w.note("%s is destroyed", s.name)
			w.broken, s.killed = true, true
			b.Destroy(pick(c, nil, errors.New("made up")), pick(c, core.NoError, core.Cancel))
		}
	default:
		n := c.below(3)
		b.Do(func() {
			defer s.enter("do")()
			for range n {
				s.act()
			}
		})
	}
}

// request makes a request.
func (s *fuzzSide) request() {
	w, c := s.w, s.w.tape
	if len(w.exchanges) >= 30 || s.inside == 0 && s.base.Destroyed() {
		return
	}
	x, n := w.newExchange()
	o := events.RequestOptions{WaitForTrailers: c.one(3)}
	method := pick(c, "POST", "GET", "PUT", "HEAD", "OPTIONS")
	if method == "GET" && c.one(2) {
		o.EndStream = events.Set(false)
	}
	ctx := context.Background()
	given := c.one(8)
	if given { // a context that ends
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		w.cancels = append(w.cancels, cancel)
	}
	h := events.H(":method", method, "n", n)
	if c.one(8) {
		h = events.H(":method", method, "n", n, "expect", "100-continue")
	}
	st, err := s.client.Request(ctx, h, o)
	if err != nil {
		w.note("no request: %v", err)
		return
	}
	w.note("request %s %s", method, n)
	x.down.dropped, x.down.ended = method == "HEAD", method == "HEAD"
	x.up.ended = method == "HEAD" || method == "GET" && o.EndStream.Or(true)
	fs := s.join(st, &st.Stream, nil, x)
	st.OnReady(func() { s.callback(fs, "ready %s", n)() })
	st.OnContinue(func() { s.callback(fs, "continue %s", n)() })
	st.OnHeaders(func(h events.Headers, _ events.Flags) { s.callback(fs, "headers %s %d", n, h.Status())() })
	st.OnResponse(func(h events.Headers, _ events.Flags) { s.callback(fs, "response %s %d", n, h.Status())() })
	fs.killed = given
}

// wrote notes what was accepted.
func (st *fuzzStream) wrote(n int, end bool, err error) {
	w := st.side.w
	w.note("%s %s writes %d end=%t %v", st.side.name, st.name, n, end, err)
	var e *events.Error
	if err != nil && !errors.As(err, &e) {
		w.fail("%s: an error that is no *events.Error: %v", st.name, err)
	}
	if err == nil {
		st.out.accepted += n
		st.out.ended = st.out.ended || end
	}
}

// act does something with a stream.
func (st *fuzzStream) act() {
	w, c, b := st.side.w, st.side.w.tape, st.base
	switch c.below(20) {
	case 0, 1, 2, 3:
		n := w.size()
		_, err := b.Write(st.out.next(n))
		st.wrote(n, false, err)
	case 4, 5:
		n := w.size()
		if was := st.out.ended; was { // a second end takes no bytes
			n = 0
		}
		st.wrote(n, true, b.End(st.out.next(n)))
	case 6:
		n := w.size()
		_, err := b.WriteFunc(st.out.next(n), func(err error) { st.side.enter("written %s %v", st.name, err)() })
		st.wrote(n, false, err)
	case 7:
		n := w.size()
		st.wrote(n, true, b.SendFrom(st.out.reader(n), pick(c, int64(n), -1)))
	case 8:
		st.trailers()
	case 9:
		b.Pause()
	case 10, 11:
		st.in.dropped = st.in.dropped || !st.listening
		b.Resume()
	case 12, 13:
		st.listen()
	case 14:
		code := codes[c.below(len(codes))]
		w.note("%s closes %s with %v", st.side.name, st.name, code)
		st.killed = true
		b.Close(code)
	case 15:
		w.note("%s destroys %s", st.side.name, st.name)
		st.killed = true
		b.Destroy(pick(c, nil, errors.New("made up")))
	case 16:
		b.SetTimeout(time.Duration(c.byte())*time.Millisecond, nil)
	case 17:
		b.Priority(events.PriorityOptions{Weight: 1 + int(c.byte()), Exclusive: c.one(2)})
	case 18:
		b.Start()
	case 19:
		b.Pause()
		b.Resume()
		st.in.dropped = st.in.dropped || !st.listening
	}
}

// serve does something that only servers can.
func (st *fuzzStream) serve() {
	w, c, s := st.side.w, st.side.w.tape, st.server
	switch c.below(10) {
	case 0, 1, 2, 3:
		o := events.RespondOptions{WaitForTrailers: c.one(3), EndStream: c.one(6)}
		status := pick(c, 200, 200, 200, 404, 204)
		st.wrote(0, o.EndStream || status == 204, s.Respond(events.Status(status), o))
	case 4:
		s.AdditionalHeaders(events.Status(pick(c, 103, 100)))
	case 5, 6:
		if w.pushed >= 10 {
			return
		}
		w.pushed++
		x, n := w.newExchange()
		push, err := s.PushStream(events.H("n", n))
		if err != nil {
			w.note("no push: %v", err)
			return
		}
		x.up.ended = true
		fs := st.side.join(push, &push.Stream, push, x)
		if c.one(2) {
			fs.serve()
			fs.act()
		}
	case 7:
		n := w.size()
		err := s.RespondWithFS(fstest.MapFS{"x": {Data: st.out.next(n)}}, "x", events.Headers{}, events.FileOptions{
			StatCheck: func(fs.FileInfo, *events.Headers) bool { // unless something else was quicker
				st.wrote(n, true, nil)
				return true
			},
		})
		st.wrote(0, false, err)
	case 8:
		st.holds++
		s.Hold()
	case 9:
		if st.holds > 0 {
			st.holds--
			s.Release()
		}
	}
}

func (st *fuzzStream) trailers() {
	st.wrote(0, true, st.base.SendTrailers(pick(st.side.w.tape, events.H("tail", "x"), events.Headers{})))
}
