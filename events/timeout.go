package events

import (
	"container/heap"
	"time"
)

// A timeout says that nothing happened on a session or stream for a while. It
// ends nothing by itself. After it has been emitted, only activity starts the
// time again.

// idle is a timer of inactivity. Activity only notes when it was; the timer
// looks whether there was any when its time has come.
type idle struct {
	after time.Duration // 0: off
	last  time.Time     // when something happened
	at    time.Time     // when to look
	armed bool
	index int // of a stream's, in the session's heap
}

func (t *idle) set(after time.Duration, now time.Time) {
	*t = idle{after: after, last: now, at: now.Add(after), armed: after > 0, index: t.index}
}

// passed reports whether the time has really passed, and moves the timer on if
// not.
func (t *idle) passed(now time.Time) bool {
	if due := t.last.Add(t.after); due.After(now) {
		t.at = due
		return false
	}
	t.armed = false
	return true
}

// OnTimeout registers f for when nothing happened on the session for the time
// given to SetTimeout.
func (s *Session) OnTimeout(f func()) Listener {
	mustListen("Session.OnTimeout", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.timeout, on.timeout.add(f)}
}

// SetTimeout has the timeout event emitted when nothing was received or sent
// on the session for d, and f, if not nil, called the first time; 0 turns it
// off. The time counts from when the session is connected. A negative d is
// ErrOutOfRange.
func (s *Session) SetTimeout(d time.Duration, f func()) error {
	if d < 0 {
		return negativeTimeout(d)
	}
	s.lock()
	defer s.unlock()
	s.setTimeout(d)
	if f != nil {
		on := s.listeners()
		on.timeout.once(on.timeout.add(f))
	}
	return nil
}

func (s *Session) setTimeout(d time.Duration) {
	if s.destroyed {
		return
	}
	if d == 0 && s.timeouts == nil {
		return
	}
	s.timed().session.set(d, s.time())
	s.touched = true
}

// timeouts are those of a session and of its streams.
type timeouts struct {
	session idle
	streams quietStreams
}

func (s *Session) timed() *timeouts {
	if s.timeouts == nil {
		s.timeouts = new(timeouts)
	}
	return s.timeouts
}

func negativeTimeout(d time.Duration) error {
	return ErrOutOfRange.with(`The value of "msecs" is out of range. It must be >= 0. Received %v`, float64(d)/float64(time.Millisecond))
}

// active notes that something was received or sent.
func (s *Session) active(now time.Time) {
	if s.timeouts == nil || s.timeouts.session.after == 0 {
		return
	}
	t := &s.timeouts.session
	t.last = now
	if !t.armed {
		t.armed, t.at = true, now.Add(t.after)
	}
}

// OnTimeout registers f for when nothing happened on the stream for the time
// given to SetTimeout.
func (st *Stream) OnTimeout(f func()) Listener {
	mustListen("Stream.OnTimeout", f == nil)
	st.s.lock()
	defer st.s.unlock()
	return st.listen(timeoutEvent, f)
}

// SetTimeout has the timeout event emitted when nothing was received or sent
// on the stream for d, and f, if not nil, called the first time; 0 turns it
// off, and so does the stream's close. Headers and trailers count, too. A
// negative d is ErrOutOfRange.
func (st *Stream) SetTimeout(d time.Duration, f func()) error {
	if d < 0 {
		return negativeTimeout(d)
	}
	st.s.lock()
	defer st.s.unlock()
	if st.is(isDestroyed | isClosed) {
		return nil
	}
	if f != nil {
		l := st.listen(timeoutEvent, f)
		l.at.once(l.id)
	}
	s := st.s
	x := st.extras()
	x.quiet.set(d, s.time())
	switch {
	case d == 0:
		s.timed().streams.drop(st)
	case x.queued:
		heap.Fix(&s.timed().streams, x.quiet.index)
	default:
		heap.Push(&s.timed().streams, st)
	}
	s.touched = true
	return nil
}

// active notes that something was received or sent on the stream.
func (st *Stream) active() {
	if st.more != nil && st.more.quiet.after != 0 {
		st.more.noteActivity(st)
	}
}

func (x *extra) noteActivity(st *Stream) {
	now := st.s.now
	x.quiet.last = now
	if !x.quiet.armed {
		x.quiet.armed, x.quiet.at = true, now.Add(x.quiet.after)
		heap.Push(&st.s.timed().streams, st)
	}
}

// stopTimeout ends the stream's timeout for good.
func (st *Stream) stopTimeout() {
	if st.more != nil && st.more.quiet.after != 0 {
		st.s.timed().streams.drop(st)
		st.more.quiet = idle{}
	}
}

// quietStreams are the streams with a running timeout, the next to look at
// first: a container/heap.
type quietStreams []*Stream

func (q quietStreams) Len() int           { return len(q) }
func (q quietStreams) Less(i, j int) bool { return q[i].more.quiet.at.Before(q[j].more.quiet.at) }
func (q quietStreams) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].more.quiet.index, q[j].more.quiet.index = i, j
}

func (q *quietStreams) Push(x any) {
	st := x.(*Stream)
	st.more.quiet.index, st.more.queued = len(*q), true
	*q = append(*q, st)
}

func (q *quietStreams) Pop() any {
	n := len(*q) - 1
	st := (*q)[n]
	(*q)[n] = nil
	*q = (*q)[:n]
	st.more.queued = false
	return st
}

// drop takes a stream out.
func (q *quietStreams) drop(st *Stream) {
	if st.more != nil && st.more.queued {
		heap.Remove(q, st.more.quiet.index)
	}
}

// nextTimeout is when to look for the next timeout, the zero Time if never.
func (s *Session) nextTimeout() time.Time {
	at := s.client.pendingDeadline()
	if s.timeouts == nil {
		return at
	}
	if t := s.timeouts.session; t.armed && (at.IsZero() || t.at.Before(at)) {
		at = t.at
	}
	if streams := s.timeouts.streams; len(streams) > 0 {
		if t := streams[0].more.quiet.at; at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

// fireTimeouts emits what has become due. It is part of a turn.
func (s *Session) fireTimeouts(now time.Time) {
	if s.client != nil {
		s.client.dropPending(now)
	}
	t := s.timeouts
	if t == nil {
		return
	}
	for len(t.streams) > 0 && !t.streams[0].more.quiet.at.After(now) {
		st := t.streams[0]
		if !st.more.quiet.passed(now) {
			heap.Fix(&t.streams, 0)
			continue
		}
		heap.Pop(&t.streams)
		st.enqueue(pendTimeout)
	}
	if t.session.armed && !t.session.at.After(now) && t.session.passed(now) {
		s.post(s.sayTimeout)
	}
}

// sayTimeout is a task: it runs without the lock.
func (s *Session) sayTimeout() {
	s.mu.Lock()
	over := s.destroyed
	s.mu.Unlock()
	if over {
		return
	}
	if s.server != nil && s.server.byServer {
		s.server.owner.sessionTimedOut(s.server)
	}
	for _, f := range s.take(func(on *sessionEvents) *event[func()] { return &on.timeout }) {
		s.guard(f)
	}
}
