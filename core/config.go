package core

import (
	"fmt"

	"weft/core/frame"
)

// Config says how a Conn behaves. The zero Config is ready for use and safe
// against a hostile peer. In every field of Limits and Timeouts, zero means the
// default, a negative value is an error, and Unlimited or Never removes the
// bound. In the sizes here zero means the default as well, and what is outside
// the range they name is an error.
type Config struct {
	// Settings are announced in the first SETTINGS frame, in this order. A
	// server that does not list MAX_CONCURRENT_STREAMS announces 100, a client
	// that does not list ENABLE_PUSH announces 0, and either announces
	// MAX_HEADER_LIST_SIZE unless it is listed. Listing a setting with its
	// initial value is legal; listing one twice is not.
	Settings []Setting

	// BareSettings suppresses the additions just described: what is listed is
	// what is sent. The safe limits are in force all the same, except that
	// MAX_CONCURRENT_STREAMS is then unlimited and push is on.
	BareSettings bool

	// ConnWindow is the connection's receive window in bytes, 65535 to
	// 2^31-1; default 65535, or 1 MiB where windows are not Fixed.
	ConnWindow int

	// FixedWindows keeps the receive windows as they are configured. Otherwise
	// they grow with the measured bandwidth-delay product, up to MaxWindow.
	FixedWindows bool

	// MaxWindow bounds the growth of a receive window in bytes, 1 to 2^31-1;
	// default 32 MiB. A stream's unread data is bounded by it.
	MaxWindow int

	// EncoderTable bounds the HPACK table used for sending, whatever the peer
	// allows, in bytes, 1 to 1048576; default 4096. NoTable (-1) stands for zero.
	EncoderTable int

	// Padding chooses how many bytes of padding a HEADERS, PUSH_PROMISE or
	// DATA frame gets. n is the payload's length, max (at most 255) what
	// fits the frame and the windows. nil means none. See PadMax, PadAligned.
	Padding func(n, max int) int

	// PeerStreams is what the peer's MAX_CONCURRENT_STREAMS is taken to be
	// before its SETTINGS: so many streams a client opens at once. Default 100,
	// or Unlimited. The SETTINGS replace it, also when they name no limit.
	PeerStreams int

	// FrameTypes lists the unknown frame types to be reported as
	// FrameReceived instead of being ignored. Types this package knows cannot
	// be listed.
	FrameTypes []uint8

	// Transport says whether bytes travel encrypted: then a request's :scheme
	// must agree and ORIGIN frames count. Unknown skips these checks.
	Transport Transport

	// Authoritative says whether the server may push for an authority; nil
	// accepts the authority of the request the push belongs to. Client only.
	Authoritative func(authority string) bool

	// Unchecked lifts the rules of RFC 9113 §8 from what the caller sends,
	// for proxies that forward verbatim and for tests. Framing stays correct.
	Unchecked bool

	// UncheckedLength lifts only the rule that what is sent has the announced
	// content-length.
	UncheckedLength bool

	// LaxFieldValues lifts the rule that a field's value neither begins nor
	// ends with a space or tab (RFC 9113 §8.2.1), in both directions: such a
	// value is sent and delivered as it is. Control characters stay forbidden.
	LaxFieldValues bool

	// IndexCredentials leaves authorization, proxy-authorization, and values of
	// cookie and set-cookie under 20 bytes, to the compression tables unless they
	// are marked Sensitive. By default these are never indexed (RFC 7541 §7.1.3).
	IndexCredentials bool

	// ReportedWrites: the loop calls Wrote for all it writes. Output handed
	// over but not yet Wrote counts as waiting, and a write that makes no
	// progress ends the connection. Without it, AppendOutput counts as
	// written.
	ReportedWrites bool

	Limits
	Timeouts

	shared *shared
}

// shared is what connections of one Config have in common.
type shared struct {
	client       bool
	limits       *Limits
	timeouts     *Timeouts
	fromLimits   Limits // what they were made of
	fromTimeouts Timeouts
}

// Share checks cfg and returns one that means the same. The connections made of
// it, and of its copies, share what Limits and Timeouts come to, which costs each
// some 300 bytes otherwise. It is for connections of one role.
//
// Errors: *ConfigError.
func (cfg Config) Share(client bool) (Config, error) {
	full, err := cfg.withDefaults(client)
	if err != nil {
		return cfg, err
	}
	cfg.shared = &shared{client, full.Limits, full.Timeouts, cfg.Limits, cfg.Timeouts}
	return cfg, nil
}

// NoTable, as Config.EncoderTable, sends without a dynamic table.
const NoTable = -1

// Transport says what carries a connection.
type Transport uint8

// The kinds of transport.
const (
	TransportUnknown   Transport = iota
	TransportCleartext           // http
	TransportEncrypted           // https
	TransportAny                 // both: a proxy that is trusted ends TLS for some of its requests
)

// config is the part of a Config that is needed while a connection lives, with
// defaults filled in. Limits and Timeouts are shared between connections that
// do not change them, and never written to.
type config struct {
	fixedWindows     bool
	unchecked        bool
	uncheckedLength  bool
	laxValues        bool
	indexCredentials bool
	reportedWrites   bool
	transport        Transport
	maxWindow        int64
	encoderTable     uint32
	peerStreams      uint32
	padding          func(n, max int) int
	frameTypes       []uint8
	authoritative    func(authority string) bool
	*Limits
	*Timeouts
}

// withDefaults returns what is in force, or a *ConfigError.
func (cfg *Config) withDefaults(client bool) (config, error) {
	c := config{
		fixedWindows: cfg.FixedWindows, unchecked: cfg.Unchecked, uncheckedLength: cfg.UncheckedLength || cfg.Unchecked,
		laxValues: cfg.LaxFieldValues, indexCredentials: cfg.IndexCredentials, reportedWrites: cfg.ReportedWrites,
		transport: cfg.Transport, maxWindow: int64(cfg.MaxWindow),
		padding: cfg.Padding, frameTypes: cfg.FrameTypes, authoritative: cfg.Authoritative,
		Limits: defaultLimits, Timeouts: defaultTimeouts[0],
	}
	if client {
		c.Timeouts = defaultTimeouts[1]
	}
	common := cfg.shared
	if common != nil && common.client != client {
		common = nil
	}
	if common != nil && cfg.Limits == common.fromLimits {
		c.Limits = common.limits
	} else if cfg.Limits != (Limits{}) {
		l := cfg.Limits
		if err := l.fill(); err != nil {
			return c, err
		}
		if l.MaxOutput <= frame.HeaderLen {
			return c, &ConfigError{"MaxOutput", fmt.Sprint(l.MaxOutput), "room for at least one frame with one byte"}
		}
		c.Limits = &l
	}
	if common != nil && cfg.Timeouts == common.fromTimeouts {
		c.Timeouts = common.timeouts
	} else if cfg.Timeouts != (Timeouts{}) {
		t := cfg.Timeouts
		if err := t.fill(client); err != nil {
			return c, err
		}
		c.Timeouts = &t
	}
	if w := cfg.ConnWindow; w != 0 && (w < defaultWindow || w > maxWindow) {
		return c, &ConfigError{"ConnWindow", fmt.Sprint(w), "65535 to 2^31-1"}
	}
	switch {
	case cfg.MaxWindow == 0:
		c.maxWindow = 32 << 20
	case cfg.MaxWindow < 0 || cfg.MaxWindow > maxWindow:
		return c, &ConfigError{"MaxWindow", fmt.Sprint(cfg.MaxWindow), "1 to 2^31-1"}
	}
	switch {
	case cfg.EncoderTable == 0:
		c.encoderTable = initialTable
	case cfg.EncoderTable == NoTable:
	case cfg.EncoderTable < 0 || cfg.EncoderTable > 1<<20:
		return c, &ConfigError{"EncoderTable", fmt.Sprint(cfg.EncoderTable), "NoTable or 1 to 1048576"}
	default:
		c.encoderTable = uint32(cfg.EncoderTable)
	}
	switch {
	case cfg.PeerStreams == 0:
		c.peerStreams = assumedStreams
	case cfg.PeerStreams < 0:
		return c, &ConfigError{"PeerStreams", fmt.Sprint(cfg.PeerStreams), "0 for the default, positive, or Unlimited"}
	default:
		c.peerStreams = uint32(min(int64(cfg.PeerStreams), unlimitedSetting))
	}
	for _, t := range cfg.FrameTypes {
		if knownFrame(t) {
			return c, &ConfigError{"FrameTypes", fmt.Sprintf("0x%02x", t), "types this package does not handle itself"}
		}
	}
	if !client && cfg.Authoritative != nil {
		return c, &ConfigError{"Authoritative", "set", "nil on a server, which is promised nothing"}
	}
	if cfg.Transport > TransportAny {
		return c, &ConfigError{"Transport", fmt.Sprint(cfg.Transport), "a Transport constant"}
	}
	if c.transport == TransportAny {
		c.transport = TransportUnknown // which holds nobody to anything
	}
	return c, nil
}

// connWindow is the connection's receive window to begin with.
func (cfg *Config) connWindow() int64 {
	switch {
	case cfg.ConnWindow != 0:
		return int64(cfg.ConnWindow)
	case cfg.FixedWindows:
		return defaultWindow
	}
	return defaultConnWindow
}
