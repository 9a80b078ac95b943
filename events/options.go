package events

import (
	"log/slog"
	"net"
	"time"

	"weft/core"
)

// SessionOptions are what servers and clients have in common. The zero
// SessionOptions announce what Node announces by default.
type SessionOptions struct {
	// Settings are announced when the session begins.
	Settings Settings

	// RemoteCustomSettings are the numbers of settings this package has no
	// name for that RemoteSettings is to show in CustomSettings, at most 10;
	// others that the peer announces are dropped.
	RemoteCustomSettings []uint16

	// WindowSize is the connection's receive window in bytes, 65535 (the
	// default) to 2^31-1.
	WindowSize int
	// FixedWindows keeps the receive windows as configured. Otherwise they
	// grow with the measured bandwidth-delay product, up to 32 MiB.
	FixedWindows bool

	SessionLimits

	// PaddingStrategy chooses how HEADERS, PUSH_PROMISE and DATA frames are
	// padded; default PaddingStrategyNone.
	PaddingStrategy PaddingStrategy

	// Limits and Timeouts change the protocol's guards; a zero in them means
	// the default of package core, except that Idle, BodyIdle, Stall and
	// Shutdown are core.Never unless set.
	Limits   core.Limits
	Timeouts core.Timeouts

	// StrictSingleValueFields: a field that has one value, such as
	// content-type, must not be given twice; the call fails with
	// ErrHeaderSingleValue. Default true. Set(false) sends all of them, except
	// for pseudo-fields, content-length and host, which RFC 9113 wants once.
	StrictSingleValueFields Opt[bool]
	// StrictFieldWhitespaceValidation: a message with a value that begins or
	// ends with a space or tab is malformed (RFC 9113 §8.2.1). Received, its
	// stream is reset with PROTOCOL_ERROR; given to be sent, the call fails
	// with ErrInvalidChar. Default true. Set(false) delivers and sends such
	// values as they are.
	StrictFieldWhitespaceValidation Opt[bool]
	// IndexCredentials leaves credentials to the compression tables unless they
	// are marked; see Headers.MarkSensitive. By default authorization,
	// proxy-authorization, and values of cookie and set-cookie under 20 bytes
	// count as marked.
	IndexCredentials bool

	// Transport says what carries a session where that can't be seen: on a
	// mem.Link, on what CreateConnection returns, or where somebody else ends TLS
	// for a server without. Over core.TransportEncrypted the session counts as
	// encrypted. By default a client goes by the scheme of its base URL; a server
	// knows TLS and TCP when it sees them, and of anything else nothing. What
	// dials or does the handshake knows by itself, and a Transport that
	// contradicts it is ErrInvalidArg.
	//
	// A request to a server for https over TCP in the clear, or for http over TLS,
	// is malformed (RFC 9110 §7.4): its stream is reset with PROTOCOL_ERROR. Behind
	// a proxy that is trusted to say https where it ended TLS itself, the server
	// wants core.TransportEncrypted, and core.TransportAny if http comes as well.
	Transport core.Transport

	// HighWaterMark is how many bytes a stream's Write queues before it says
	// to wait for the drain event, 1 or more; default 64 KiB. A negative one is
	// ErrOutOfRange.
	HighWaterMark int

	// Logger gets the errors nobody listens for and the panics of callbacks;
	// default slog.Default().
	Logger *slog.Logger

	// Trace, if not nil, is asked for each session and gets all bytes of its
	// connection; a nil result traces nothing. conn is nil where a loop of the
	// caller's drives the session. Connections by HTTP/1.1 have no trace, nor any
	// part in Performance and Diagnostics.
	Trace func(conn net.Conn) Trace

	// Performance, if not nil, gets a measurement of the session and of each
	// of its streams when they have ended.
	Performance *PerformanceObserver

	// Diagnostics, if not nil, is told of what becomes of streams.
	Diagnostics *Diagnostics

	// Now tells the time to what is done outside a turn. By default that is
	// time.Now where this package drives the session, and where a loop of the
	// caller's does, the time of the last turn: without Now, what is then done
	// after a long silence, such as Settings, may time out at once. On a
	// mem.Link that is its method Now.
	Now func() time.Time
}

// Trace gets the bytes of a connection, in both directions and each in order. An
// adapters/inspector Log is one. Its methods may run at the same time, but none
// with itself; they must neither block nor call the session, whose lock may be
// held, and p is theirs until they return.
type Trace interface {
	// Received gets what came from the peer, before it is acted on.
	Received(now time.Time, p []byte)
	// Sent gets what is handed to the transport.
	Sent(now time.Time, p []byte)
}

const (
	defaultHighWaterMark = 64 << 10
	maxPendingRequests   = 1000
	pendingRequestTime   = 30 * time.Second
	// maxSourced bounds what the sources of a connection's streams have
	// delivered and the peer not yet made room for.
	maxSourced = 8 << 20
	// maxSourcedStream does so for one stream.
	maxSourcedStream = 64 << 10
)

// only returns what there is one of at most: the options of a call.
func only[T any](given []T) (one T, err error) {
	switch len(given) {
	case 0:
		return one, nil
	case 1:
		return given[0], nil
	}
	return one, ErrInvalidArg.with("%d times %T, must be once at most", len(given), one)
}

// config is the core's configuration for the options.
func (o *SessionOptions) config(client bool) (core.Config, error) {
	settings, err := o.Settings.list()
	if err != nil {
		return core.Config{}, err
	}
	if len(o.RemoteCustomSettings) > maxCustomSettings {
		return core.Config{}, tooManyCustom("RemoteCustomSettings", len(o.RemoteCustomSettings))
	}
	if o.Transport > core.TransportAny {
		return core.Config{}, ErrOutOfRange.with("Transport is %d, must be a Transport constant", o.Transport)
	}
	if o.HighWaterMark < 0 {
		return core.Config{}, ErrOutOfRange.with("HighWaterMark is %d, must be 0 for the default or positive", o.HighWaterMark)
	}
	cfg := core.Config{
		Settings:        settings,
		BareSettings:    true,
		ConnWindow:      o.WindowSize,
		FixedWindows:    o.FixedWindows,
		Transport:       o.Transport,
		UncheckedLength: true,
		ReportedWrites:  true,
		Limits:          o.Limits,
		Timeouts:        o.Timeouts,

		LaxFieldValues:   !o.StrictFieldWhitespaceValidation.Or(true),
		IndexCredentials: o.IndexCredentials,
	}
	switch w := int64(o.WindowSize); {
	case w == 0:
		cfg.ConnWindow = 65535
	case w < 65535 || w > 1<<31-1:
		return cfg, ErrOutOfRange.with("WindowSize is %d, must be 0 for the default or 65535 to 2^31-1", w)
	}
	switch o.PaddingStrategy {
	case PaddingStrategyNone:
	case PaddingStrategyAligned:
		cfg.Padding = padAligned
	case PaddingStrategyMax:
		cfg.Padding = core.PadMax
	default:
		return cfg, ErrInvalidArg.with("The option PaddingStrategy is %d, must be a PaddingStrategy constant", o.PaddingStrategy)
	}
	if err := o.SessionLimits.apply(&cfg, client); err != nil {
		return cfg, err
	}
	for _, t := range []*time.Duration{
		&cfg.Timeouts.Idle, &cfg.Timeouts.BodyIdle, &cfg.Timeouts.Stall, &cfg.Timeouts.Shutdown,
	} {
		if *t == 0 {
			*t = core.Never
		}
	}
	return cfg, nil
}

func (o *SessionOptions) logger() *slog.Logger {
	if o.Logger != nil {
		return o.Logger
	}
	return slog.Default()
}

func (o *SessionOptions) highWaterMark() int {
	if o.HighWaterMark > 0 {
		return o.HighWaterMark
	}
	return defaultHighWaterMark
}
