package websocket

import (
	"fmt"
	"math"
	"strings"
	"time"

	"weft/core"
	"weft/events"
)

// NoLimit as Options.MaxMessageSize lets a peer send messages of any size,
// which are in memory as a whole.
const NoLimit = math.MaxInt64

// Never as one of the times of Options turns off what happens after it.
const Never = core.Never

// Options are those of both sides. The zero Options work.
type Options struct {
	// Subprotocols are those spoken here, in order of preference. A client
	// offers them. A server speaks the first of its own that the client offers,
	// or none of them; Conn.Subprotocol tells.
	Subprotocols []string
	// Headers are sent with the request or the response that opens the
	// connection. Those of a client can't begin with sec-websocket-: what these
	// say follows from the other options.
	Headers events.Headers
	// MaxMessageSize bounds a message that Read receives, in bytes; default 1 MiB,
	// NoLimit for none. A larger one ends the connection with
	// StatusMessageTooBig.
	MaxMessageSize int64
	// Compression has messages compressed (permessage-deflate, RFC 7692) if the
	// peer wants that, too: a client offers it, a server accepts it. Each is
	// compressed by itself, those of less than 256 bytes and those that would not shrink
	// not at all. MaxMessageSize bounds what messages are decompressed to. That may
	// take a thousandth of it on the wire, so that it also bounds what work a peer can cause
	// for nothing. Do not compress secrets together with what others choose.
	// Default false.
	Compression bool
	// PingInterval is how long a Read, or whoever else waits for the peer, waits
	// in silence before it sends a ping; after as long again without a byte the
	// connection ends with ErrNoAnswer. Default 30 s, Never for no pings.
	PingInterval time.Duration
	// WriteTimeout is how long the peer may take nothing of what is written,
	// at most 64 KiB at a time, before the connection ends with ErrNoAnswer.
	// Default 60 s, Never for no bound.
	WriteTimeout time.Duration
	// CloseTimeout bounds the close handshake. Default 5 s; it has to end.
	CloseTimeout time.Duration
}

// ServerOptions are those of a server. The zero ServerOptions work.
type ServerOptions struct {
	Options
	// Check reports the status, of 300 to 599, that refuses a request, for a path
	// that does not exist, say, or somebody who may not; 0 accepts it. It runs in the
	// goroutine of the handler, and may block. Default: all are accepted.
	Check func(req *events.Request) int
	// CheckOrigin reports whether a request may come from where it says it
	// does; if not, it is refused with status 403. WebSockets are not held to
	// the same-origin policy of browsers, so a page of anyone's may open one, with the
	// user's cookies. Default: SameOrigin. See AnyOrigin.
	CheckOrigin func(req *events.Request) bool
}

// withDefaults returns the options with their defaults.
func (o Options) withDefaults(client bool) (Options, error) {
	if o.MaxMessageSize < 0 {
		return o, fmt.Errorf("%w: MaxMessageSize is %d, must be 0 for the default, positive or NoLimit", ErrInvalidArg, o.MaxMessageSize)
	}
	if o.MaxMessageSize == 0 {
		o.MaxMessageSize = 1 << 20
	}
	for _, t := range []struct {
		name  string
		value *time.Duration
		by    time.Duration
	}{
		{"PingInterval", &o.PingInterval, 30 * time.Second},
		{"WriteTimeout", &o.WriteTimeout, time.Minute},
		{"CloseTimeout", &o.CloseTimeout, 5 * time.Second},
	} {
		switch {
		case t.name == "CloseTimeout" && (*t.value < 0 || *t.value == Never):
			return o, fmt.Errorf("%w: CloseTimeout is %v, must be 0 for the default or positive, and not Never", ErrInvalidArg, *t.value)
		case *t.value < 0:
			return o, fmt.Errorf("%w: %s is %v, must be 0 for the default, positive or Never", ErrInvalidArg, t.name, *t.value)
		}
		if *t.value == 0 {
			*t.value = t.by
		}
	}
	for _, p := range o.Subprotocols {
		if !isToken(p) {
			return o, fmt.Errorf("%w: the subprotocol %q is not a token", ErrInvalidArg, p)
		}
	}
	for name, value := range o.Headers.All() {
		if !isToken(name) {
			return o, fmt.Errorf("%w: Headers has the field %q, which is not a token", ErrInvalidArg, name)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return o, fmt.Errorf("%w: Headers has a control character in the field %q", ErrInvalidArg, name)
		}
		if client && strings.HasPrefix(name, "sec-websocket-") {
			return o, fmt.Errorf("%w: Headers has the field %q, which follows from the options", ErrInvalidArg, name)
		}
	}
	return o, nil
}

// only returns the options of a call, of which there is one at most.
func only[T any](given []T) (one T, err error) {
	switch len(given) {
	case 0:
		return one, nil
	case 1:
		return given[0], nil
	}
	return one, fmt.Errorf("%w: %d times %T, must be once at most", ErrInvalidArg, len(given), one)
}

// isToken reports whether s is a token of RFC 9110 §5.6.2.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// from returns when a time is over that begins now.
func from(d time.Duration) time.Time {
	if d == Never {
		return time.Time{}
	}
	return time.Now().Add(d)
}
