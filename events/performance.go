package events

import (
	"sync/atomic"
	"time"
)

// A PerformanceObserver gets a measurement of every session that has ended,
// and of every stream. Give it to the sessions it is for by
// SessionOptions.Performance, and have it Observe:
//
//	observer := events.NewPerformanceObserver(func(items *events.EntryList) {
//		for _, e := range items.GetEntries() {
//			log.Println(e.Name, e.Duration)
//		}
//	})
//	observer.Observe(events.ObserveOptions{EntryTypes: []events.EntryType{events.EntryTypeHTTP2}})
//
// Sessions without an observer measure nothing.
type PerformanceObserver struct {
	f  func(items *EntryList)
	on atomic.Bool
}

// NewPerformanceObserver makes an observer that calls f with what was measured.
//
// It is called at the end of the turn in which a stream ended, after the
// stream's close event, with all streams that ended in it; and after the close
// event of a session. Calls for one session never run at the same time, those
// for different sessions may. f must not block. If it panics, that is logged
// and nothing else comes of it.
func NewPerformanceObserver(f func(items *EntryList)) *PerformanceObserver {
	mustCall("NewPerformanceObserver", f == nil)
	return &PerformanceObserver{f: f}
}

// EntryType is a kind of entries.
type EntryType string

// EntryTypeHTTP2 is the one kind of entries there is here.
const EntryTypeHTTP2 EntryType = "http2"

// ObserveOptions say what is observed.
type ObserveOptions struct {
	// EntryTypes are the kinds of entries to deliver; at least one.
	EntryTypes []EntryType
}

// Observe has entries delivered from now on. What was going on before is
// measured from its beginning all the same.
//
// Errors: ErrInvalidArg for no type, or for one there is not.
func (o *PerformanceObserver) Observe(opts ObserveOptions) error {
	if len(opts.EntryTypes) == 0 {
		return ErrInvalidArg.with("EntryTypes is empty, must name %q", EntryTypeHTTP2)
	}
	for _, t := range opts.EntryTypes {
		if t != EntryTypeHTTP2 {
			return ErrInvalidArg.with("EntryTypes has %q, must be %q", t, EntryTypeHTTP2)
		}
	}
	o.on.Store(true)
	return nil
}

// Disconnect undoes Observe: what ends from now on is not delivered.
func (o *PerformanceObserver) Disconnect() { o.on.Store(false) }

// EntryList is what an observer is called with.
type EntryList struct{ entries []PerformanceEntry }

// GetEntries returns the entries in the order in which what they measure
// ended. The slice is the caller's.
func (l *EntryList) GetEntries() []PerformanceEntry { return l.entries }

// What entries measure.
const (
	EntryNameSession = "Http2Session"
	EntryNameStream  = "Http2Stream"
)

// PerformanceEntry measures one session, or one stream.
type PerformanceEntry struct {
	EntryType EntryType // EntryTypeHTTP2
	Name      string    // EntryNameSession or EntryNameStream
	// StartTime is when the connection stood, or when the stream got its id.
	StartTime time.Time
	// Duration is how long it took from there to the end.
	Duration time.Duration

	Session *SessionMetrics // of a session, otherwise nil
	Stream  *StreamMetrics  // of a stream, otherwise nil
}

// SessionMetrics are what is measured of a session.
type SessionMetrics struct {
	Type SessionType
	// PingRTT is the round trip time that the last Ping measured; not set if
	// none was answered.
	PingRTT Opt[time.Duration]
	// StreamAverageDuration is the mean Duration of its streams.
	StreamAverageDuration time.Duration
	// StreamCount is how many streams there were, pushes included.
	StreamCount int
	// MaxConcurrentStreams is how many there were at the same time, at most.
	MaxConcurrentStreams int

	FramesReceived uint64
	FramesSent     uint64
	// BytesRead and BytesWritten are those of the connection, in HTTP/2:
	// below them there may be TLS.
	BytesRead    int64
	BytesWritten int64
}

// StreamMetrics are what is measured of a stream. Times count from StartTime,
// and have the resolution of turns: all that one read brought came at the same
// time.
type StreamMetrics struct {
	ID StreamID
	// BytesRead and BytesWritten are bytes of the bodies, without padding.
	BytesRead    int64
	BytesWritten int64
	// TimeToFirstHeader is when the first header block came. For a stream the
	// peer began that is 0. Not set if none came.
	TimeToFirstHeader Opt[time.Duration]
	// TimeToFirstByte is when the first of the body came, TimeToFirstByteSent
	// when the first of ours was handed to the connection; not set if that was
	// never.
	TimeToFirstByte     Opt[time.Duration]
	TimeToFirstByteSent Opt[time.Duration]
}
