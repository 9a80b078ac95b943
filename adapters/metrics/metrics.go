package metrics

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"weft/events"
)

// Options say how is counted. The zero Options work.
type Options struct {
	// Buckets are the upper bounds of the histogram of durations: none negative,
	// ascending, no two the same, at most 100; default 1 ms to 10 s in eleven
	// steps. Others are a panic.
	Buckets []time.Duration
	// Now tells the time; default time.Now. On a mem.Link that is its method.
	Now func() time.Time
}

var defaultBuckets = []time.Duration{
	time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 5 * time.Second, 10 * time.Second,
}

// Metrics are counters, made by New. They may be of several servers at once. All
// methods may be called from any goroutine and any callback.
type Metrics struct {
	now     func() time.Time
	buckets []time.Duration

	mu       sync.Mutex // of what becomes of sessions, so that no byte is lost or told twice
	sessions map[*events.ServerSession]*events.Socket
	over     struct{ read, written int64 } // bytes of connections that are over

	connections, settings, frameErrors atomic.Int64
	received, sent                     codes // GOAWAY frames
	resets                             codes
	requests, running                  atomic.Int64
	pushes, pushing                    atomic.Int64
	statuses                           [len(methods) + 1]statuses
	counts                             []atomic.Int64 // by bucket, the last for what is above all
	took                               atomic.Int64   // nanoseconds
}

// New makes counters that count nothing yet.
func New(o Options) *Metrics {
	if len(o.Buckets) == 0 {
		o.Buckets = defaultBuckets
	}
	if b := o.Buckets; len(b) > 100 || b[0] < 0 || !slices.IsSorted(b) || len(slices.Compact(slices.Clone(b))) < len(b) {
		panic(fmt.Sprintf("metrics: Buckets are %v, must be at most 100, none negative, ascending and no two the same", b))
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Metrics{
		now: o.Now, buckets: slices.Clone(o.Buckets), counts: make([]atomic.Int64, len(o.Buckets)+1),
		sessions: make(map[*events.ServerSession]*events.Socket),
	}
}

// Watch counts the sessions of a server that begin from now on.
func (m *Metrics) Watch(srv *events.Server) {
	srv.OnSession(func(s *events.ServerSession) {
		if m.add(s) {
			m.listen(s, false)
		}
	})
}

// Session counts a session, once, until its end. What happened on it before is
// not counted, save the exchange of settings with which it began.
func (m *Metrics) Session(s *events.ServerSession) {
	if m.add(s) {
		s.Do(func() { m.listen(s, s.State().LastProcStreamID > 0) }) // a turn: nothing happens meanwhile
	}
}

func (m *Metrics) add(s *events.ServerSession) (added bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.sessions[s]; known {
		return false
	}
	k := s.Socket()
	if k == nil {
		return false // it is over
	}
	m.sessions[s] = k
	m.connections.Add(1)
	return true
}

// listen registers for what is counted. late says that there were requests.
func (m *Metrics) listen(s *events.ServerSession, late bool) {
	if late {
		m.settings.Add(1) // the client's come before its first request
		if !s.PendingSettingsAck() {
			m.settings.Add(1)
		}
	}
	s.OnRemoteSettings(func(events.Settings) { m.settings.Add(1) })
	s.OnLocalSettings(func(events.Settings) { m.settings.Add(1) })
	s.OnGoaway(func(code events.ErrCode, _ events.StreamID, _ []byte) { m.received.add(code) })
	s.OnFrameError(func(uint8, events.ErrCode, events.StreamID) { m.frameErrors.Add(1) })
	s.OnClose(func() { m.end(s) })
	if s.Socket() == nil {
		m.end(s) // before anybody listened
	}
}

// end notes that a session is over, once.
func (m *Metrics) end(s *events.ServerSession) {
	m.mu.Lock()
	k, open := m.sessions[s]
	if open {
		delete(m.sessions, s)
		m.over.read += k.BytesRead()
		m.over.written += k.BytesWritten()
	}
	m.mu.Unlock()
	var e *events.Error
	if !open || !errors.As(s.Err(), &e) {
		return
	}
	if !e.ByPeer && e.HTTP2 != events.NoError {
		m.sent.add(e.HTTP2)
	}
	if e.Fault != 0 {
		m.frameErrors.Add(1)
	}
}

// Handler counts requests of the Compatibility API, and has f serve them.
func (m *Metrics) Handler(f func(req *events.Request, res *events.Response)) func(req *events.Request, res *events.Response) {
	if f == nil {
		panic("metrics: the function given to Handler is nil")
	}
	return func(req *events.Request, res *events.Response) {
		m.Exchange(req, res)
		f(req, res)
	}
}

// Exchange counts a request of the Compatibility API, until its end.
func (m *Metrics) Exchange(req *events.Request, res *events.Response) {
	if st, ok := req.Stream(); ok {
		m.Stream(st)
		return
	}
	begun, method := m.begin(), req.Method()
	end := sync.OnceFunc(func() {
		status := 0
		if res.HeadersSent() {
			status = res.StatusCode()
		}
		m.finish(method, status, begun)
	})
	res.Socket().OnClose(end)
	if res.Socket().Destroyed() {
		end()
	}
}

// Stream counts the request of a stream, until the stream's end.
func (m *Metrics) Stream(st *events.ServerStream) {
	if s := st.Session(); s != nil {
		m.Session(s)
	}
	begun, method := m.begin(), st.Headers().Method()
	m.untilClose(st, func() { m.finish(method, st.SentHeaders().Status(), begun) })
}

// Push counts a pushed stream, until its end.
func (m *Metrics) Push(st *events.ServerStream) {
	m.pushes.Add(1)
	m.pushing.Add(1)
	m.untilClose(st, func() { m.pushing.Add(-1) })
}

// untilClose calls f once, when the stream has ended; that may have been.
func (m *Metrics) untilClose(st *events.ServerStream, f func()) {
	end := sync.OnceFunc(func() {
		if code, _ := st.RSTCode(); code != events.NoError {
			m.resets.add(code)
		}
		f()
	})
	st.OnClose(end)
	if st.Destroyed() {
		end()
	}
}

// Observe counts a request that came by other ways, and is over: a status of 0
// says that it had no response.
func (m *Metrics) Observe(method string, status int, took time.Duration) {
	m.requests.Add(1)
	m.count(method, status, took)
}

func (m *Metrics) begin() time.Time {
	m.requests.Add(1)
	m.running.Add(1)
	return m.now()
}

func (m *Metrics) finish(method string, status int, begun time.Time) {
	m.running.Add(-1)
	m.count(method, status, m.now().Sub(begun))
}

func (m *Metrics) count(method string, status int, took time.Duration) {
	m.statuses[methodNumber(method)].add(status)
	i, _ := slices.BinarySearch(m.buckets, took) // a bound is within its bucket
	m.counts[i].Add(1)
	m.took.Add(int64(took))
}
