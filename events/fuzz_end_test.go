package events_test

import (
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
)

// end has everything come to its end, first in order, then at once, and looks at
// what has become of it.
func (w *fuzzWorld) end() {
	w.final = true
	w.note("the end")
	for _, cancel := range w.cancels {
		cancel()
		synctest.Wait() // the session is woken by a goroutine
	}
	w.both(func(s *fuzzSide) {
		// Or bytes would go a few at a time. Not more than is needed, which
		// would hide windows that are not given back.
		s.base.Settings(events.Settings{InitialWindowSize: events.Set[uint32](30_000)}, nil)
	})
	for range 3 {
		for _, s := range []*fuzzSide{w.client, w.server} {
			for _, st := range s.streams {
				st.finish()
			}
		}
		w.link.RunFor(time.Minute)
	}
	w.both(func(s *fuzzSide) {
		for _, st := range s.streams {
			if st.closes != 1 {
				w.fail("%s: %s has closed %d times: %v, %+v", s.name, st.name, st.closes, st.base.State(), st.base)
			}
		}
	})
	for _, x := range w.exchanges {
		w.compare(x)
	}
	w.both(func(s *fuzzSide) {
		s.base.Destroy(nil, core.NoError)
	})
	w.link.RunFor(time.Minute)
	w.both(func(s *fuzzSide) {
		if s.closes != 1 {
			w.fail("the %s has closed %d times", s.name, s.closes)
		}
		if said, counted := events.Accounts(s.base); said != [4]int{} || counted != [4]int{} {
			w.fail("in the end the %s keeps %v, it says %v", s.name, counted, said)
		}
	})
}

func (w *fuzzWorld) both(f func(s *fuzzSide)) {
	f(w.client)
	f(w.server)
}

// finish says and reads what is left of a stream.
func (st *fuzzStream) finish() {
	if st.server != nil && !st.server.HeadersSent() {
		st.server.Respond(events.Status(200))
	}
	if st.closes == 0 {
		st.listen()
	}
	st.base.Resume()
	if !st.out.ended {
		st.wrote(0, true, st.base.End(nil))
	}
	st.base.SendTrailers(events.Headers{})
	for ; st.holds > 0; st.holds-- {
		st.server.Release()
	}
}

// compare checks an exchange that is over.
func (w *fuzzWorld) compare(x *fuzzExchange) {
	if x.client == nil || !x.client.well() || x.client.off() {
		return
	}
	if x.server == nil && x.client.base.Complete() {
		w.fail("%s: nobody served what has a complete response", x.client.name)
	}
	if w.broken || x.server == nil {
		return
	}
	for _, way := range []struct {
		f        *flow
		from, to *fuzzStream
	}{{&x.up, x.client, x.server}, {&x.down, x.server, x.client}} {
		f := way.f
		if way.from.off() || way.to.off() || !way.from.well() || f.dropped {
			continue
		}
		// A server may do without the rest of a request that it has answered.
		if way.to.well() && f.got != f.accepted && (way.to == x.client || way.to.base.Complete()) {
			w.fail("%s: %s got %d bytes of %d, and all seems well", way.to.side.name, way.to.name, f.got, f.accepted)
		}
	}
}
