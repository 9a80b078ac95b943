package core

import (
	"fmt"
	"math"
	"time"
)

// Unlimited, as the value of a count or size in Config, takes a bound away. It
// has to be written out: nothing else means unlimited.
const Unlimited = math.MaxInt

// Never, as the value of a time in Config, takes a deadline away.
const Never time.Duration = math.MaxInt64

// Limits bounds everything a peer can make grow or repeat. Each line says what
// it bounds, its default, why that number, and what happens beyond it.
type Limits struct {
	// MaxHeaderFields bounds the fields of one header block, cookie crumbs
	// counted singly, and those without a name not at all, one of which makes
	// the message malformed; 128 is Node's maxHeaderListPairs and far above any
	// browser. Beyond: stream error ENHANCE_YOUR_CALM. Answers HPACK bombs of
	// tiny fields (CVE-2026-49975).
	MaxHeaderFields int

	// MaxHeaderFieldsHard bounds the fields of one header block that are taken
	// whole from a compression table, and so cost the peer no more than a byte
	// or two; 1000, unless the list is too large by MaxHeaderList before there
	// are too many. Beyond: connection error ENHANCE_YOUR_CALM (CVE-2026-49975).
	// Others take as much of MaxHeaderBlock as they cost.
	MaxHeaderFieldsHard int

	// MaxHeaderList bounds the decoded size of a header block in bytes, 32
	// per field included; 64 KiB, or the MAX_HEADER_LIST_SIZE in Settings,
	// which raises MaxHeaderBlock and MaxContinuations to what it takes. It is
	// also the longest single string. Beyond: stream error
	// ENHANCE_YOUR_CALM; a longer string: connection error COMPRESSION_ERROR.
	MaxHeaderList int

	// MaxHeaderBlock bounds a header block as it is encoded; 64 KiB.
	// Beyond: connection error ENHANCE_YOUR_CALM (CVE-2024-27316).
	MaxHeaderBlock int

	// MaxContinuations bounds the CONTINUATION frames of one header block; 8.
	// Beyond: connection error ENHANCE_YOUR_CALM (VU#421644).
	MaxContinuations int

	// MaxInterim bounds the 1xx responses to one request; 32, and
	// MaxHeaderList bytes of them. Beyond: stream error ENHANCE_YOUR_CALM.
	MaxInterim int

	// MaxReserved bounds the streams a server has promised but not begun;
	// 200. Beyond: REFUSED_STREAM (CVE-2024-2398).
	MaxReserved int

	// MaxSettingsEntries bounds the entries of one SETTINGS frame; 32, as in
	// nghttp2. Beyond: connection error ENHANCE_YOUR_CALM (CVE-2020-11080).
	MaxSettingsEntries int

	// MaxPendingSettings bounds our own unacknowledged SETTINGS; 10. Beyond:
	// ErrTooManySettings.
	MaxPendingSettings int

	// MaxPendingPings bounds our own unanswered PINGs; 10. Beyond:
	// ErrTooManyPings.
	MaxPendingPings int

	// MaxReplies bounds the frames sent only because the peer made us (PING
	// and SETTINGS acknowledgements, RST_STREAM) that wait to be written;
	// 128. Beyond, no more input is taken until some are written
	// (CVE-2019-9512, CVE-2019-9515).
	MaxReplies int

	// MaxOutput bounds the serialised bytes that wait to be written; 256 KiB.
	// Beyond, Send takes nothing, and a server that has as many bytes of
	// response headers waiting takes no more input (CVE-2019-9517).
	MaxOutput int

	// MaxClosedStreams is how many closed streams are remembered exactly;
	// 100, the default concurrency. Older ids count as used.
	MaxClosedStreams int

	// MaxIdlePriorities bounds the nodes of the RFC 7540 tree that have no
	// stream; 100. Beyond, the oldest is dropped (CVE-2019-9513).
	MaxIdlePriorities int

	// MaxOrigins bounds the origin set; 128 entries and 16 KiB. More are
	// dropped.
	MaxOrigins int

	// MaxDebugData bounds how much of a GOAWAY's debug data is kept; 1 KiB.
	MaxDebugData int

	// AbuseBudget is how many points of suspicious behaviour a connection has;
	// 10000, refilled by AbuseRefill a second. See abuse.go for what costs
	// what. At a quarter left: graceful shutdown. At 0: connection error
	// ENHANCE_YOUR_CALM (CVE-2023-44487, CVE-2025-8671).
	AbuseBudget int

	// AbuseRefill is how many points come back in a second; 330.
	AbuseRefill int

	// MaxInvalid bounds the frames of a whole connection that end a stream for
	// being wrong, or are DATA frames that carry nothing; Unlimited, since
	// they cost budget as well, and that comes back with time. Beyond:
	// connection error ENHANCE_YOUR_CALM. Node's maxSessionInvalidFrames.
	MaxInvalid int

	// ResetBurst and ResetRate bound the RST_STREAM frames of the peer, of
	// whatever streams: so many at once, and so many more each second;
	// Unlimited and 33, since those of unfinished exchanges cost budget.
	// Beyond: connection error ENHANCE_YOUR_CALM (CVE-2023-44487). Node's
	// streamResetBurst and streamResetRate.
	ResetBurst int
	ResetRate  int

	// MaxStalls is how many streams may be reset for not reading before the
	// connection is ended with ENHANCE_YOUR_CALM; 10.
	MaxStalls int

	// StallBytes is what a stream with output waiting must accept in
	// Timeouts.Stall; 1024 bytes.
	StallBytes int
}

// Timeouts are the deadlines a Conn keeps by itself. NextDeadline tells when
// Advance has to be called for them.
type Timeouts struct {
	// Preface: from the start to the peer's complete preface and SETTINGS;
	// 10 s, absolute. Beyond: connection error PROTOCOL_ERROR.
	Preface time.Duration

	// HeaderBlock: from the first bytes of a HEADERS or PUSH_PROMISE to the end
	// of the frame with END_HEADERS; 10 s, absolute. Beyond: connection error ENHANCE_YOUR_CALM.
	HeaderBlock time.Duration

	// SettingsAck: from our SETTINGS to their acknowledgement; 10 s. Beyond:
	// connection error SETTINGS_TIMEOUT (RFC 9113 §6.5.3).
	SettingsAck time.Duration

	// Idle: without any stream; 120 s for a server, Never for a client.
	// Beyond: graceful shutdown. PING and SETTINGS do not count as activity.
	Idle time.Duration

	// BodyIdle: between two DATA frames of a request that was not answered
	// yet; 60 s. Beyond: stream error CANCEL. Server only.
	BodyIdle time.Duration

	// Stall: in which a stream with output waiting for the peer's window has
	// to accept Limits.StallBytes; 60 s. Beyond: stream error
	// ENHANCE_YOUR_CALM (CVE-2016-1546).
	Stall time.Duration

	// Write: in which the transport has to take at least one byte of waiting
	// output; 30 s, only with Config.ReportedWrites. Beyond: the connection
	// ends.
	Write time.Duration

	// Push: from a promise to its response; 30 s. Beyond: the promised stream
	// is reset with CANCEL. Client only.
	Push time.Duration

	// ShutdownNotice: between the two GOAWAYs of a graceful shutdown when the
	// PING that measures a round trip is not answered; 1 s.
	ShutdownNotice time.Duration

	// Shutdown: from Shutdown to the end of the connection; 30 s. Beyond: it
	// is closed with streams open.
	Shutdown time.Duration

	// KeepAlive: without input while a stream waits for the peer, after which
	// a PING is sent; Never. KeepAliveReply is how long its answer may take;
	// 15 s. Beyond: the connection ends.
	KeepAlive      time.Duration
	KeepAliveReply time.Duration
}

const (
	defaultWindow     = 65535
	maxWindow         = 1<<31 - 1
	defaultConnWindow = 1 << 20
	minPeerHeaderList = 4096 // AC-035: a peer's smaller MAX_HEADER_LIST_SIZE is not believed
)

// limitRows drive the defaults and the range checks.
func (l *Limits) rows() [23]limitRow {
	return [...]limitRow{
		{"MaxHeaderFields", &l.MaxHeaderFields, 128},
		{"MaxHeaderFieldsHard", &l.MaxHeaderFieldsHard, 1000},
		{"MaxHeaderList", &l.MaxHeaderList, 64 << 10},
		{"MaxHeaderBlock", &l.MaxHeaderBlock, 64 << 10},
		{"MaxContinuations", &l.MaxContinuations, 8},
		{"MaxInterim", &l.MaxInterim, 32},
		{"MaxReserved", &l.MaxReserved, 200},
		{"MaxSettingsEntries", &l.MaxSettingsEntries, 32},
		{"MaxPendingSettings", &l.MaxPendingSettings, 10},
		{"MaxPendingPings", &l.MaxPendingPings, 10},
		{"MaxReplies", &l.MaxReplies, 128},
		{"MaxOutput", &l.MaxOutput, 256 << 10},
		{"MaxClosedStreams", &l.MaxClosedStreams, 100},
		{"MaxIdlePriorities", &l.MaxIdlePriorities, 100},
		{"MaxOrigins", &l.MaxOrigins, 128},
		{"MaxDebugData", &l.MaxDebugData, 1 << 10},
		{"AbuseBudget", &l.AbuseBudget, 10000},
		{"AbuseRefill", &l.AbuseRefill, 330},
		{"MaxInvalid", &l.MaxInvalid, Unlimited},
		{"ResetBurst", &l.ResetBurst, Unlimited},
		{"ResetRate", &l.ResetRate, 33},
		{"MaxStalls", &l.MaxStalls, 10},
		{"StallBytes", &l.StallBytes, 1024},
	}
}

type limitRow struct {
	name  string
	value *int
	def   int
}

type timeoutRow struct {
	name  string
	value *time.Duration
	def   time.Duration
}

func (t *Timeouts) rows(client bool) [12]timeoutRow {
	idle := 120 * time.Second
	if client {
		idle = Never
	}
	return [...]timeoutRow{
		{"Preface", &t.Preface, 10 * time.Second},
		{"HeaderBlock", &t.HeaderBlock, 10 * time.Second},
		{"SettingsAck", &t.SettingsAck, 10 * time.Second},
		{"Idle", &t.Idle, idle},
		{"BodyIdle", &t.BodyIdle, 60 * time.Second},
		{"Stall", &t.Stall, 60 * time.Second},
		{"Write", &t.Write, 30 * time.Second},
		{"Push", &t.Push, 30 * time.Second},
		{"ShutdownNotice", &t.ShutdownNotice, time.Second},
		{"Shutdown", &t.Shutdown, 30 * time.Second},
		{"KeepAlive", &t.KeepAlive, Never},
		{"KeepAliveReply", &t.KeepAliveReply, 15 * time.Second},
	}
}

var (
	defaultLimits   = mustLimits(Limits{})
	defaultTimeouts = [2]*Timeouts{mustTimeouts(Timeouts{}, false), mustTimeouts(Timeouts{}, true)}
)

func mustLimits(l Limits) *Limits {
	l.fill()
	return &l
}

func mustTimeouts(t Timeouts, client bool) *Timeouts {
	t.fill(client)
	return &t
}

func (l *Limits) fill() error {
	for _, r := range l.rows() {
		if *r.value < 0 {
			return &ConfigError{r.name, fmt.Sprint(*r.value), "0 for the default, positive, or Unlimited"}
		}
		if *r.value == 0 {
			*r.value = r.def
		}
	}
	return nil
}

func (t *Timeouts) fill(client bool) error {
	for _, r := range t.rows(client) {
		if *r.value < 0 {
			return &ConfigError{r.name, r.value.String(), "0 for the default, positive, or Never"}
		}
		if *r.value == 0 {
			*r.value = r.def
		}
	}
	return nil
}
