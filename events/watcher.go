package events

import (
	"runtime/debug"
	"time"

	"weft/core"
)

// A watcher does for a session what its PerformanceObserver and its Diagnostics
// want done. A session without either has none, and its methods, which are all
// called with the session's lock held, stand behind a check for that: who
// watches nothing pays for nothing.
type watcher struct {
	s        *Session
	diag     *Diagnostics
	observer *PerformanceObserver
	meter    sessionMeter
	entries  []PerformanceEntry // to be delivered
	said     []func()           // diagnostics to be told
}

// watched is what a watcher keeps with a stream.
type watched struct {
	start   time.Time // zero while it has no id
	metrics StreamMetrics
	pieces  []int  // lengths of what was written and is not yet sent
	partial []byte // what was sent of the first
}

// newWatcher returns nil if there is nothing to do.
func newWatcher(s *Session, opts *SessionOptions) *watcher {
	if opts.Performance == nil && opts.Diagnostics == nil {
		return nil
	}
	w := &watcher{s: s, diag: opts.Diagnostics, observer: opts.Performance}
	if w.diag == nil {
		w.diag = &Diagnostics{}
	}
	return w
}

// of returns what is kept with the stream.
func (w *watcher) of(st *Stream) *watched {
	x := st.extras()
	if x.watched == nil {
		x.watched = new(watched)
	}
	return x.watched
}

// created notes a new stream with the headers of its request.
func (w *watcher) created(st *Stream, h Headers) {
	w.begin(st)
	w.publish(st, withHeaders(w.diag.Client.StreamCreated, h), withHeaders(w.diag.Server.StreamCreated, h))
}

// started notes that the stream is under way.
func (w *watcher) started(st *Stream, h Headers) {
	w.begin(st)
	w.publish(st, withHeaders(w.diag.Client.StreamStart, h), withHeaders(w.diag.Server.StreamStart, h))
}

// headersReceived notes a header block; final says that it is the response's.
func (w *watcher) headersReceived(st *Stream, h Headers, final, end bool) {
	w.firstHeader(st)
	if f := w.diag.Client.StreamFinish; f != nil && final {
		w.publish(st, func(at ClientStreamRecord) { f(at, h, flagsOf(end)) }, nil)
	}
}

// responded notes that a server sent the response's headers.
func (w *watcher) responded(st *Stream, end bool) {
	if f, h := w.diag.Server.StreamFinish, st.sentList(); f != nil {
		w.publish(st, nil, func(at ServerStreamRecord) { f(at, h, flagsOf(end)) })
	}
}

// wrote notes a piece of the body that the application gave.
func (w *watcher) wrote(st *Stream, p []byte) {
	if w.diag.Client.StreamBodyChunkSent != nil && st.client() != nil && len(p) > 0 {
		x := w.of(st)
		x.pieces = append(x.pieces, len(p))
	}
}

// sent notes bytes of the body that the core took.
func (w *watcher) sent(st *Stream, p []byte) {
	if len(p) == 0 {
		return
	}
	w.countSent(st, len(p))
	f := w.diag.Client.StreamBodyChunkSent
	if f == nil || st.client() == nil {
		return
	}
	if list := w.of(st).cut(p); len(list) > 0 {
		chunk := BodyChunk{Data: list, Encoding: "buffer"}
		if len(list) > 1 {
			chunk.Writev, chunk.Encoding = true, ""
		}
		w.publish(st, func(at ClientStreamRecord) { f(at, chunk) }, nil)
	}
}

// cut returns the written pieces that are complete with p. What came from a
// source was not written, and is a piece by itself.
func (x *watched) cut(p []byte) (list [][]byte) {
	for len(p) > 0 {
		n := len(p)
		if len(x.pieces) > 0 {
			n = min(n, x.pieces[0]-len(x.partial))
		}
		x.partial = append(x.partial, p[:n]...)
		p = p[n:]
		if len(x.pieces) > 0 {
			if len(x.partial) < x.pieces[0] {
				break
			}
			x.pieces = x.pieces[1:]
		}
		list = append(list, x.partial)
		x.partial = nil
	}
	return list
}

// bodySent notes that this side's message is with the core.
func (w *watcher) bodySent(st *Stream) { w.publish(st, w.diag.Client.StreamBodySent, nil) }

// closed notes that the stream was closed.
func (w *watcher) closed(st *Stream) {
	w.publish(st, w.diag.Client.StreamClose, w.diag.Server.StreamClose)
}

// failed notes what the stream was destroyed with.
func (w *watcher) failed(st *Stream, err error) {
	w.publish(st, withError(w.diag.Client.StreamError, err), withError(w.diag.Server.StreamError, err))
}

func withHeaders[R any](f func(R, Headers), h Headers) func(R) {
	if f == nil {
		return nil
	}
	return func(at R) { f(at, h) }
}

func withError[R any](f func(R, error), err error) func(R) {
	if f == nil {
		return nil
	}
	return func(at R) { f(at, err) }
}

// publish has client or server, whichever is for the stream's side, told of the
// stream as it is now. nil: nobody cares.
func (w *watcher) publish(st *Stream, client func(ClientStreamRecord), server func(ServerStreamRecord)) {
	at := StreamMoment{ID: st.id, Closed: st.is(isClosed), Destroyed: st.is(isDestroyed), RSTCode: core.NoError}
	if at.Closed {
		at.RSTCode = st.code
	}
	switch {
	case st.client() != nil && client != nil:
		at.Time = w.s.time()
		w.say(func() { client(ClientStreamRecord{st.client(), at}) })
	case st.server() != nil && server != nil:
		at.Time = w.s.time()
		w.say(func() { server(ServerStreamRecord{st.server(), at}) })
	}
}

// say queues a diagnostic: it is told before the next callback of the session,
// and if there is none by the turn all the same.
func (w *watcher) say(f func()) {
	if len(w.said) == 0 {
		w.s.post(func() {})
	}
	w.said = append(w.said, f)
}

// tell runs what was queued. It is called within turns only.
func (w *watcher) tell() {
	for len(w.said) > 0 {
		f := w.said[0]
		w.said = w.said[1:]
		w.run(f)
	}
	w.said = nil
}

// run calls a function of the user's without the lock. A panic ends nothing.
func (w *watcher) run(f func()) {
	w.s.mu.Unlock()
	defer func() {
		r := recover()
		w.s.mu.Lock()
		if r != nil {
			w.s.opts.logger().Error("weft: panic in an observer", "panic", r, "stack", string(debug.Stack()))
		}
	}()
	f()
}

// leave lets go of the lock for a callback. What happened before it is told
// before it.
func (s *Session) leave() {
	if s.watcher != nil {
		s.watcher.tell()
	}
	s.mu.Unlock()
}
