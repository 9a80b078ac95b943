package events

import (
	"math"

	"weft/core"
)

// SessionLimits are Node's bounds on what a peer can make a session hold or
// repeat. In a number 0 means the default, and negative values are errors where
// nothing else is said. Those of package core, in SessionOptions.Limits, hold as
// well; where both bound the same thing, the one given here counts.
type SessionLimits struct {
	// MaxDeflateDynamicTableSize bounds the HPACK table used for sending, in
	// bytes, whatever the peer allows: 0 to 1048576, default 4096.
	MaxDeflateDynamicTableSize Opt[uint32]

	// MaxSettings is how many entries a received SETTINGS frame may have;
	// default 32. Beyond, the session ends with ENHANCE_YOUR_CALM.
	MaxSettings int

	// MaxSessionMemory is how much memory a session may use, in megabytes of
	// 1,000,000 bytes: streams with the requests' header lists, header tables
	// by their limits, data that waits to be sent or delivered, unacknowledged
	// PINGs and SETTINGS; default 10. While a session
	// is above, streams go on, but new ones are refused with
	// ENHANCE_YOUR_CALM.
	MaxSessionMemory int

	// MaxHeaderListPairs is how many fields a received header block may have,
	// pseudo-fields included; default 128, on a server less than 4 is 4. Beyond, the
	// stream is refused with ENHANCE_YOUR_CALM.
	MaxHeaderListPairs int

	// MaxOutstandingPings is how many PINGs may be unanswered; default 10.
	// Beyond, Ping reports false.
	MaxOutstandingPings int

	// MaxOutstandingSettings is how many SETTINGS may be unacknowledged, the
	// first included; default 10. Beyond, the session ends with
	// ErrMaxPendingSettings.
	MaxOutstandingSettings int

	// MaxSendHeaderBlockLength bounds the header blocks that are sent, by an
	// estimate of their length without compression: 17 bytes, and 12 for each
	// field besides its name and value; default 65536. A longer one is not
	// sent: the stream emits frameError, error and close.
	MaxSendHeaderBlockLength int

	// MaxReservedRemoteStreams is how many streams a server may have promised
	// and not begun; default 200, negative: no bound. Beyond, promises are
	// refused with REFUSED_STREAM. Client only.
	MaxReservedRemoteStreams Opt[int]

	// PeerMaxConcurrentStreams is what the peer's limit of concurrent streams
	// is taken to be, RemoteSettings included, until the peer has announced
	// its own: so many a client opens at once. 1 to 4294967295,
	// default 100.
	PeerMaxConcurrentStreams Opt[uint32]

	// MaxSessionInvalidFrames is how many invalid frames a session tolerates;
	// default 1000. As in Node the first is free: the session ends with
	// ErrTooManyInvalidFrames at the second one after so many.
	MaxSessionInvalidFrames Opt[int]

	// MaxSessionRejectedStreams is how many streams may be refused for
	// MaxSessionMemory before the session ends; default 100.
	MaxSessionRejectedStreams Opt[int]

	// StreamResetBurst and StreamResetRate bound the RST_STREAM frames of a
	// client: so many at once, and so many more each second. They take effect
	// together; one alone leaves the defaults, 1000 and 33. Beyond, the
	// session ends with ENHANCE_YOUR_CALM. Server only.
	StreamResetBurst int
	StreamResetRate  int
}

const (
	megabyte             = 1000 * 1000
	defaultMemory        = 10
	defaultSendBlock     = 64 << 10
	defaultInvalidFrames = 1000
	defaultRejected      = 100
)

// apply puts the limits into the core's configuration.
func (l *SessionLimits) apply(cfg *core.Config, client bool) error {
	for _, row := range []struct {
		name  string
		value int
	}{
		{"MaxSettings", l.MaxSettings},
		{"MaxSessionMemory", l.MaxSessionMemory},
		{"MaxHeaderListPairs", l.MaxHeaderListPairs},
		{"MaxOutstandingPings", l.MaxOutstandingPings},
		{"MaxOutstandingSettings", l.MaxOutstandingSettings},
		{"MaxSendHeaderBlockLength", l.MaxSendHeaderBlockLength},
		{"MaxSessionInvalidFrames", l.MaxSessionInvalidFrames.Or(0)},
		{"MaxSessionRejectedStreams", l.MaxSessionRejectedStreams.Or(0)},
		{"StreamResetBurst", l.StreamResetBurst},
		{"StreamResetRate", l.StreamResetRate},
	} {
		if row.value < 0 {
			return ErrOutOfRange.with(`The value of %q is out of range. It must be >= 0. Received %d`, row.name, row.value)
		}
	}
	if size, ok := l.MaxDeflateDynamicTableSize.Get(); ok {
		switch {
		case size > 1<<20:
			return ErrOutOfRange.with(`The value of "MaxDeflateDynamicTableSize" is out of range. It must be >= 0 && <= 1048576. Received %d`, size)
		case size == 0:
			cfg.EncoderTable = core.NoTable
		default:
			cfg.EncoderTable = int(size)
		}
	}
	given := func(to *int, value int) {
		if value > 0 {
			*to = value
		}
	}
	given(&cfg.MaxSettingsEntries, l.MaxSettings)
	given(&cfg.MaxPendingPings, l.MaxOutstandingPings)
	given(&cfg.MaxPendingSettings, l.MaxOutstandingSettings)
	if l.MaxHeaderListPairs > 0 {
		least := 1
		if !client {
			least = 4
		}
		cfg.MaxHeaderFields = max(l.MaxHeaderListPairs, least)
	}
	invalid := l.MaxSessionInvalidFrames.Or(defaultInvalidFrames)
	if cfg.MaxInvalid == 0 || l.MaxSessionInvalidFrames.set {
		cfg.MaxInvalid = invalid + min(1, math.MaxInt-invalid)
	}
	if n, ok := l.MaxReservedRemoteStreams.Get(); ok {
		switch {
		case !client:
			return ErrInvalidArg.with("The option MaxReservedRemoteStreams is %d, but servers are promised nothing", n)
		case n < 0:
			cfg.MaxReserved = core.Unlimited
		case n > 0: // with 0 the session refuses them itself
			cfg.MaxReserved = n
		}
	}
	if n, ok := l.PeerMaxConcurrentStreams.Get(); ok {
		cfg.PeerStreams = int(min(int64(n), math.MaxInt)) // of 32 bits on some machines
		if n == 0 {
			return ErrOutOfRange.with(`The value of "PeerMaxConcurrentStreams" is out of range. It must be >= 1 && <= 4294967295. Received 0`)
		}
	}
	switch {
	case l.StreamResetBurst == 0 && l.StreamResetRate == 0:
	case client:
		return ErrInvalidArg.with("The options StreamResetBurst and StreamResetRate are for servers")
	case l.StreamResetBurst > 0 && l.StreamResetRate > 0:
		cfg.ResetBurst, cfg.ResetRate = l.StreamResetBurst, l.StreamResetRate
	}
	return nil
}

// memory is what a session may use before it refuses streams, in bytes.
func (l *SessionLimits) memory() int {
	if l.MaxSessionMemory > 0 {
		return min(l.MaxSessionMemory, math.MaxInt/megabyte) * megabyte
	}
	return defaultMemory * megabyte
}

// sendBlock is how long a header block may be, by estimate.
func (l *SessionLimits) sendBlock() int {
	if l.MaxSendHeaderBlockLength > 0 {
		return l.MaxSendHeaderBlockLength
	}
	return defaultSendBlock
}
