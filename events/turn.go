package events

import (
	"runtime/debug"
	"time"

	"weft/core"
)

// A turn is one Receive, ReceiveEOF or Advance. It alone takes events from the
// core and runs callbacks, with the lock let go. What methods have to say to
// the application is queued and run by the turn that is going on, between two
// events of the core, or by one that the transport is asked for.

// task is one thing a turn has to do: what pends on a stream, or a function.
type task struct {
	st *Stream
	f  func()
}

// tasks is a queue.
type tasks struct {
	list []task
	head int
}

func (q *tasks) empty() bool { return q.head == len(q.list) }

func (q *tasks) push(t task) { q.list = append(q.list, t) }

func (q *tasks) pop() task {
	t := q.list[q.head]
	q.list[q.head] = task{}
	q.head++
	if q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
	}
	return t
}

// lock begins what changes the session, or shows what the core has done so far:
// what was deferred (deferred.go) is done before.
func (s *Session) lock() {
	if s.mu.Lock(); s.deferred != nil {
		s.undefer()
	}
}

// unlock ends a method call. What was said outside a turn is announced to
// whoever drives the session.
func (s *Session) unlock() {
	if s.inTurn || !s.touched {
		s.mu.Unlock()
		return
	}
	s.unlockTouched()
}

func (s *Session) unlockTouched() {
	s.touched = false
	s.publish()
	wake := s.wake.Load()
	if !s.driven {
		wake = nil
		if !s.queue.empty() && !s.alone {
			s.alone = true
			go s.ownTurn()
		}
	}
	s.mu.Unlock()
	if wake != nil {
		(*wake)()
	}
}

// ownTurn runs a turn where nobody else would: before the transport stands and,
// unless its driver goes on (transport.Survivor), after it has gone.
func (s *Session) ownTurn() {
	s.turn.Lock()
	s.mu.Lock()
	s.alone = false
	s.lookAtClock()
	s.inTurn = true
	s.endTurn()
}

func (s *Session) beginTurn(now time.Time) {
	s.turn.Lock()
	s.mu.Lock()
	s.setNow(now)
	s.inTurn = true
}

// endTurn does what there is to do, and lets go of both locks.
func (s *Session) endTurn() {
	mine := s.reliefs
	for {
		some := s.report()
		switch {
		case s.reliefs != mine:
			s.mu.Unlock()
			return // it is another's
		case s.passing:
			s.passTurn()
			return
		}
		if !some && !s.abortDone() && !s.flushHeld() && !s.endLater() && (s.watcher == nil || !s.watcher.deliver()) {
			break
		}
	}
	if len(s.credits) > 0 {
		s.giveCredits()
	}
	if s.conn != nil {
		s.paused = s.conn.ReadPaused()
	}
	if s.server != nil {
		s.server.turnEnded()
	}
	if s.crew != nil {
		s.crew.haveWork()
	}
	s.poke, s.roomier = false, false
	s.inTurn, s.touched, s.owed, s.mayLead = false, false, false, false
	led := s.crew != nil && s.crew.turnLed()
	s.publish()
	s.mu.Unlock()
	s.turn.Unlock()
	if led {
		s.crew.over <- true
	}
}

// report hands out what the core reports and what is queued. It reports
// whether there was anything.
func (s *Session) report() (some bool) {
	mine := s.reliefs
	var at *exchange // whose handler runs in this turn
	defer func() {
		if at != nil {
			s.broken(at, mine, recover())
		} else if s.announcing != nil {
			s.caught(recover())
		}
	}()
	for {
		if c := s.crew; c != nil && c.pending != nil {
			if !c.leading {
				s.passing = true
				return some
			}
			some = true
			f := c.begin()
			at = s.announcing.exchange()
			s.leave()
			f(&at.res.req, &at.res)
			x := at
			at = nil
			if s.lock(); s.reliefs != mine {
				s.mu.Unlock()
				x.handled(nil)
				s.mu.Lock()
				return some
			}
			c.done(x)
		}
		for !s.queue.empty() {
			some = true
			if t := s.queue.pop(); t.st != nil {
				t.st.runPending()
			} else {
				s.call(t.f)
			}
		}
		if s.conn == nil {
			return some
		}
		ev := s.conn.Next()
		if ev == nil {
			return some
		}
		some = true
		if e, ok := ev.(*core.HeadersReceived); ok {
			s.onHeaders(e)
			if ss := s.server; ss != nil && ss.asked != nil {
				x := s.announcing.exchange()
				list := ss.asked
				ss.asked = nil
				s.leave()
				for _, f := range list {
					f(&x.res.req, &x.res)
				}
				s.lock()
				if s.crew == nil || s.crew.pending == nil {
					x.stream.announced()
				} // else a handler is to run before
			}
			continue
		}
		s.handle(ev)
	}
}

// caught is deferred by report. It deals with a panic in the stream event of
// a new request: recovering once a turn is cheaper than once a request. All
// other callbacks are looked after where they are called.
func (s *Session) caught(r any) {
	if r == nil {
		return
	}
	s.lock()
	st := s.announcing
	if s.crew != nil {
		s.crew.pending = nil
	}
	st.panicked(r)
	st.server().announced()
}

// flushHeld sends what streams held back. It reports whether there was any.
func (s *Session) flushHeld() bool {
	if len(s.held) == 0 {
		return false
	}
	for i, st := range s.held {
		s.held[i] = nil
		st.clear(isHolding)
		st.send()
	}
	s.held = s.held[:0]
	return true
}

func (s *Session) setNow(now time.Time) {
	if !now.After(s.now) {
		return
	}
	if s.now = now; s.client == nil && now.Unix() != s.dateAt {
		s.given = Headers{} // the last response has another date
	}
}

// time returns the present time: a turn's is that of its beginning.
func (s *Session) time() time.Time {
	if !s.inTurn {
		s.lookAtClock()
	}
	return s.now
}

func (s *Session) lookAtClock() {
	if s.clock != nil {
		s.setNow(s.clock())
	}
}

// push adds a task to the queue. A stream that is being announced has the first
// place there without being in it: most never need one.
func (s *Session) push(t task) {
	if st := s.announcing; st != nil && st.is(isQueued) && s.queue.empty() {
		s.queue.push(task{st: st})
	}
	s.queue.push(t)
}

// post queues a function.
func (s *Session) post(f func()) {
	s.push(task{f: f})
	s.touched = true
}

// call runs a callback of the session's. If it panics, the session ends.
func (s *Session) call(f func()) {
	s.leave()
	defer s.called()
	f()
}

// called takes the lock back after callbacks. It is deferred.
func (s *Session) called() {
	r := recover()
	s.mu.Lock()
	if r == nil {
		return
	}
	s.opts.logger().Error("weft: panic in a callback of a session", "panic", r, "stack", string(debug.Stack()))
	e := ErrHTTP2.with("panic in a callback: %v", r)
	e.HTTP2 = core.InternalError
	s.destroy(e, core.InternalError)
}

// handle turns an event of the core, other than headers, into callbacks.
func (s *Session) handle(ev core.Event) {
	switch e := ev.(type) {
	case *core.DataReceived:
		s.heard = e.Stream
		if st := s.stream(e.Stream); st != nil {
			st.onData(e.Data, e.EndStream)
		}
	case *core.StreamReset:
		if st := s.stream(e.Stream); st != nil {
			st.onReset(*e)
		}
	case *core.Writable:
		if st := s.stream(e.Stream); st != nil {
			st.setWaiting(false)
			st.send()
		}
	case *core.StreamsAllowed:
		if s.client != nil {
			s.client.openPending()
		}
	case *core.PushPromiseReceived:
		s.client.onPush(e)
	case *core.SettingsReceived:
		s.custom.received(e.Settings, s.opts.RemoteCustomSettings)
		for _, f := range s.on.remoteSettings.take(nil) {
			settings := s.remoteSettings()
			s.call(func() { f(settings) })
		}
	case *core.SettingsAcked:
		s.onSettingsAcked(e)
	case *core.PingReceived:
		opaque := e.Opaque
		for _, f := range s.on.ping.take(nil) {
			s.call(func() { f(opaque) })
		}
	case *core.PingAcked:
		s.onPingAcked(e.Opaque, e.RTT)
	case *core.GoAwayReceived:
		s.onGoAway(e)
	case *core.AltSvcReceived:
		s.client.onAltsvcFrame(e)
	case *core.OriginReceived:
		s.client.onOriginFrame(e)
	case *core.ShutdownStarted:
		s.closing, s.shut = true, true
	case *core.ConnClosed:
		s.onClosed(e)
	}
}

func (s *Session) onHeaders(e *core.HeadersReceived) {
	s.heard = e.Stream
	if e.Kind == core.KindRequest {
		s.server.onRequest(e)
		return
	}
	st := s.stream(e.Stream)
	if st == nil {
		return
	}
	st.active()
	switch {
	case e.Kind == core.KindTrailers:
		st.onTrailers(s.view(e.Fields))
	case st.client() == nil:
	case e.Kind == core.KindInterim:
		st.client().onInterim(s.view(e.Fields))
	default:
		st.client().onResponse(s.view(e.Fields), e.EndStream)
	}
}

// view returns received fields in a form that may be kept. Blocks that repeat,
// as those of a busy connection do, share it.
func (s *Session) view(fields []Field) Headers {
	block := s.conn.LastReceived()
	if block != 0 && block == s.receivedBlock {
		return s.received
	}
	h := s.received
	if !sameFields(h.list, fields) {
		h = Headers{append(make([]Field, 0, len(fields)), fields...)}
		if len(fields) > keepFields {
			return h
		}
	}
	s.received, s.receivedBlock = h, block
	return h
}

// keepFields is how long a header block may be that a session keeps.
const keepFields = 32

func sameFields(a, b []Field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
