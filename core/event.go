package core

import (
	"slices"
	"time"
)

// Event is something a Conn reports. Each event is a pointer to a record the
// Conn owns: it, and everything it points to, is valid until the next call to
// Next, and not to be written to. Clone keeps one for longer. The set of events
// is closed.
type Event interface {
	// String is one line: the event's name, its stream and its particulars,
	// as the test scripts print it.
	String() string
	// Clone returns a copy that shares nothing with the Conn.
	Clone() Event
	event()
}

// HeadersKind says which part of a message a header block is.
type HeadersKind uint8

// The kinds of header block (RFC 9113 §8.1).
const (
	KindRequest  HeadersKind = iota // a request's header section
	KindInterim                     // a 1xx response
	KindResponse                    // the final response's header section
	KindTrailers                    // a trailer section, always with EndStream
)

// String names the kind, as "request".
func (k HeadersKind) String() string {
	return [...]string{"request", "interim", "response", "trailers"}[k]
}

// Pseudo holds the pseudo-fields of a header section (RFC 9113 §8.3); a field
// that was absent is empty.
type Pseudo struct {
	Method string // :method
	Scheme string // :scheme
	// Authority is :authority, or the value of host where :authority was
	// absent: a server sees one authority (RFC 9113 §8.3.1).
	Authority string
	Path      string // :path
	Protocol  string // :protocol, extended CONNECT only (RFC 8441)
	Status    int    // :status, responses only
}

// HeadersReceived reports a complete, valid header block: a request that
// opens a stream, a response, an interim response or trailers. Blocks that
// break the rules of RFC 9113 §8 never get here.
type HeadersReceived struct {
	Stream StreamID
	Kind   HeadersKind
	// Fields are all field lines in order, pseudo-fields first. Several
	// cookie fields are joined into one (RFC 9113 §8.2.3).
	Fields []Field
	Pseudo
	// ContentLength is the declared length of the body in bytes, -1 if none.
	ContentLength int64
	// EndStream: no body and no trailers follow.
	EndStream bool
}

// DataReceived reports the payload of one DATA frame without its padding.
// Data counts against the stream's receive window until Consume returns it.
type DataReceived struct {
	Stream    StreamID
	Data      []byte
	EndStream bool
}

// StreamReset reports that a stream ended before both sides said END_STREAM,
// and why. It is the stream's last event. It is not sent for streams the
// caller itself reset.
type StreamReset struct {
	Stream StreamID
	Code   ErrCode
	// Fault is what the peer did, or what ran out, when this side ended the
	// stream; FaultNone when the peer reset it.
	Fault Fault
	// ByPeer: the peer reset the stream or said it would not process it.
	ByPeer bool
	// Unprocessed: the peer did not act on the request, so that it may be
	// sent again whatever its method (RFC 9113 §8.7).
	Unprocessed bool
}

// Writable reports that a stream on which Send fell short may send again, and
// how many bytes Send would take now at most. Streams get their turns in the order of
// their priority, first-come among equals.
type Writable struct {
	Stream StreamID
	N      int
}

// StreamsAllowed reports that Open, having failed with ErrStreamLimit, may be
// called again, and how often.
type StreamsAllowed struct{ N int }

// PushPromiseReceived reports a request the server is going to answer without
// having been asked (RFC 9113 §8.4). Reset on Promised refuses it.
type PushPromiseReceived struct {
	Stream   StreamID // the request it belongs to
	Promised StreamID
	Fields   []Field
	Pseudo
}

// SettingsReceived reports the peer's SETTINGS, already in force and
// acknowledged. Settings are those of the frame, in order, unknown ones
// included; at most Config.MaxSettingsEntries.
type SettingsReceived struct{ Settings []Setting }

// SettingsAcked reports that the peer acknowledged the oldest SETTINGS of ours
// that it had not yet acknowledged, which are now in force.
type SettingsAcked struct {
	Settings []Setting
	RTT      time.Duration // since they were sent
}

// PingReceived reports a PING of the peer, already answered.
type PingReceived struct{ Opaque [8]byte }

// PingAcked reports the answer to a Ping of ours.
type PingAcked struct {
	Opaque [8]byte
	RTT    time.Duration
}

// PingUnsolicited reports a PING acknowledgement nobody asked for. The core
// counts it and goes on.
type PingUnsolicited struct{ Opaque [8]byte }

// GoAwayReceived reports a GOAWAY (RFC 9113 §6.8). The streams it leaves
// behind are reported next, each as an Unprocessed StreamReset.
type GoAwayReceived struct {
	Code ErrCode
	// LastStream is the highest stream of ours the peer acted on: the lowest
	// value of all GOAWAY frames so far.
	LastStream StreamID
	// Debug is at most Config.MaxDebugData bytes. It is the peer's text: quote
	// it before showing it.
	Debug []byte
}

// PriorityUpdateReceived reports a priority signal of RFC 9218 §7, already
// applied to the sending order. Stream may not be open yet.
type PriorityUpdateReceived struct {
	Stream      StreamID
	Urgency     int // 0 (first) to 7 (last)
	Incremental bool
}

// AltSvcReceived reports an ALTSVC frame (RFC 7838 §4): on stream 0 for
// Origin, else for the origin of Stream. It is never acted on. A client that
// does not hold the connection authoritative for Origin must drop it.
type AltSvcReceived struct {
	Stream StreamID
	Origin string
	Value  string
}

// OriginReceived reports the origins of an ORIGIN frame (RFC 8336 §2) that
// were new to the connection's origin set.
type OriginReceived struct{ Origins []string }

// FrameReceived reports a frame of a type listed in Config.FrameTypes.
type FrameReceived struct {
	Type    uint8
	Flags   uint8
	Stream  StreamID
	Payload []byte
}

// ShutdownStarted reports that the core itself began a graceful shutdown:
// open streams go on, no new ones are taken. Fault says why: the idle timeout,
// three quarters of the abuse budget, or stream ids that ran out.
type ShutdownStarted struct{ Fault Fault }

// ConnClosed is the last event of a connection: nothing can be sent or
// received any more, except for the output that is still waiting. Streams
// that were open have been reported before it, each by a StreamReset.
type ConnClosed struct {
	Code   ErrCode
	Fault  Fault
	ByPeer bool // the peer ended the connection
	// LastStream is the last stream named in the GOAWAY that ended it.
	LastStream StreamID
	Debug      []byte // the peer's, at most Config.MaxDebugData bytes
}

func (*HeadersReceived) event()        {}
func (*DataReceived) event()           {}
func (*StreamReset) event()            {}
func (*Writable) event()               {}
func (*StreamsAllowed) event()         {}
func (*PushPromiseReceived) event()    {}
func (*SettingsReceived) event()       {}
func (*SettingsAcked) event()          {}
func (*PingReceived) event()           {}
func (*PingAcked) event()              {}
func (*PingUnsolicited) event()        {}
func (*GoAwayReceived) event()         {}
func (*PriorityUpdateReceived) event() {}
func (*AltSvcReceived) event()         {}
func (*OriginReceived) event()         {}
func (*FrameReceived) event()          {}
func (*ShutdownStarted) event()        {}
func (*ConnClosed) event()             {}

// Clone returns a copy that may be kept.
func (e *HeadersReceived) Clone() Event {
	c := *e
	c.Fields = slices.Clone(e.Fields)
	return &c
}

// Clone returns a copy that may be kept.
func (e *DataReceived) Clone() Event {
	c := *e
	c.Data = slices.Clone(e.Data)
	return &c
}

// Clone returns a copy that may be kept.
func (e *PushPromiseReceived) Clone() Event {
	c := *e
	c.Fields = slices.Clone(e.Fields)
	return &c
}

// Clone returns a copy that may be kept.
func (e *SettingsReceived) Clone() Event {
	return &SettingsReceived{slices.Clone(e.Settings)}
}

// Clone returns a copy that may be kept.
func (e *SettingsAcked) Clone() Event {
	return &SettingsAcked{slices.Clone(e.Settings), e.RTT}
}

// Clone returns a copy that may be kept.
func (e *GoAwayReceived) Clone() Event {
	c := *e
	c.Debug = slices.Clone(e.Debug)
	return &c
}

// Clone returns a copy that may be kept.
func (e *OriginReceived) Clone() Event {
	return &OriginReceived{slices.Clone(e.Origins)}
}

// Clone returns a copy that may be kept.
func (e *FrameReceived) Clone() Event {
	c := *e
	c.Payload = slices.Clone(e.Payload)
	return &c
}

// Clone returns a copy that may be kept.
func (e *ConnClosed) Clone() Event {
	c := *e
	c.Debug = slices.Clone(e.Debug)
	return &c
}

// Clone returns a copy that may be kept.
func (e *StreamReset) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *Writable) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *StreamsAllowed) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *PingReceived) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *PingAcked) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *PingUnsolicited) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *PriorityUpdateReceived) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *AltSvcReceived) Clone() Event { c := *e; return &c }

// Clone returns a copy that may be kept.
func (e *ShutdownStarted) Clone() Event { c := *e; return &c }
