package events

import "time"

// What a watcher measures for a PerformanceObserver.

// sessionMeter is what is measured of a session.
type sessionMeter struct {
	start   time.Time
	metrics SessionMetrics
	open    int           // streams with an id that have not ended
	ended   int           // those that have
	total   time.Duration // how long those took
}

// connected notes that the session has a connection.
func (w *watcher) connected(now time.Time) { w.meter.start = now }

// received notes bytes of the connection.
func (w *watcher) received(n int) { w.meter.metrics.BytesRead += int64(n) }

// taken notes that the transport is about to take the output.
func (w *watcher) taken() {
	if w.observer != nil {
		w.meter.metrics.FramesSent += uint64(w.s.conn.Info().FramesWaiting)
	}
}

// written notes bytes that the transport took.
func (w *watcher) written(n int) { w.meter.metrics.BytesWritten += int64(n) }

// pinged notes the answer to a Ping.
func (w *watcher) pinged(rtt time.Duration) { w.meter.metrics.PingRTT = Set(rtt) }

// begin starts to measure a stream, as soon as it has an id.
func (w *watcher) begin(st *Stream) {
	if w.observer == nil || st.id == 0 {
		return
	}
	x := w.of(st)
	if !x.start.IsZero() {
		return
	}
	x.start = w.s.time()
	x.metrics.ID = st.id
	if st.is(isPush) == (st.client() != nil) { // the peer began it
		x.metrics.TimeToFirstHeader = Set(time.Duration(0))
	}
	m := &w.meter
	m.metrics.StreamCount++
	m.open++
	m.metrics.MaxConcurrentStreams = max(m.metrics.MaxConcurrentStreams, m.open)
}

// first sets a time that was not.
func (w *watcher) first(st *Stream, at *Opt[time.Duration]) {
	if _, ok := at.Get(); !ok {
		*at = Set(w.s.time().Sub(st.more.watched.start))
	}
}

func (w *watcher) firstHeader(st *Stream) {
	if w.observer != nil {
		w.first(st, &w.of(st).metrics.TimeToFirstHeader)
	}
}

// dataReceived notes bytes of a body.
func (w *watcher) dataReceived(st *Stream, n int) {
	if w.observer != nil && n > 0 {
		m := &w.of(st).metrics
		m.BytesRead += int64(n)
		w.first(st, &m.TimeToFirstByte)
	}
}

func (w *watcher) countSent(st *Stream, n int) {
	if w.observer != nil {
		m := &w.of(st).metrics
		m.BytesWritten += int64(n)
		w.first(st, &m.TimeToFirstByteSent)
	}
}

// gone ends the measurement of a stream. One that never had an id is none.
func (w *watcher) gone(st *Stream) {
	x := st.extra().watched
	if x == nil || x.start.IsZero() {
		return
	}
	took := w.s.time().Sub(x.start)
	w.meter.open--
	w.meter.ended++
	w.meter.total += took
	w.entries = append(w.entries, PerformanceEntry{
		EntryType: EntryTypeHTTP2, Name: EntryNameStream, StartTime: x.start, Duration: took, Stream: &x.metrics,
	})
}

// over ends the measurement of the session, and delivers what there is: the
// session's last event must not come before. One that never had a connection
// is not measured.
func (w *watcher) over() {
	s := w.s
	if w.observer != nil && s.conn != nil {
		m := w.meter.metrics
		m.Type = SessionTypeServer
		if s.client != nil {
			m.Type = SessionTypeClient
		}
		if w.meter.ended > 0 {
			m.StreamAverageDuration = w.meter.total / time.Duration(w.meter.ended)
		}
		info := s.conn.Info()
		m.FramesReceived = info.FramesReceived
		if s.brokenBy() == nil { // what waits still goes out
			m.FramesSent += uint64(info.FramesWaiting)
			m.BytesWritten += int64(info.Waiting)
		}
		w.entries = append(w.entries, PerformanceEntry{
			EntryType: EntryTypeHTTP2, Name: EntryNameSession, StartTime: w.meter.start,
			Duration: s.time().Sub(w.meter.start), Session: &m,
		})
	}
	w.deliver()
}

// deliver hands entries to the observer. It reports whether there were any.
func (w *watcher) deliver() bool {
	if len(w.entries) == 0 {
		return false
	}
	items := &EntryList{w.entries}
	w.entries = nil
	if w.observer.on.Load() {
		w.run(func() { w.observer.f(items) })
	}
	return true
}
