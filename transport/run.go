package transport

import (
	"context"
	"io"
	"time"

	"weft/transport/internal/raw"
)

// Options adjust Run. The zero Options are ready for use.
type Options struct {
	// Now tells the time; default time.Now.
	Now func() time.Time

	// HoldFirstWrite keeps back the first output until the peer's first bytes
	// have been received, but no longer than this; default 0, and negative:
	// write at once.
	// A server on a cleartext port sets it to DefaultHold: a client that turns
	// out to speak HTTP/1 then gets a clean answer instead of one behind a
	// SETTINGS frame.
	HoldFirstWrite time.Duration

	// Linger is how long input is discarded after the endpoint was done and
	// its last output written, so that closing the connection does not destroy
	// what the peer has not read yet; default 1 s, negative: not at all.
	Linger time.Duration

	// Stall is how long, once the endpoint or the input is over, the peer may
	// take none of the remaining output before the connection is closed with
	// CloseStalled; default 30 s, negative: no limit. Before that, it is the
	// endpoint's business (core.Timeouts.Write).
	Stall time.Duration
}

// DefaultHold is what a cleartext server sets Options.HoldFirstWrite to. A client
// speaks first (RFC 9113 §3.4), so that this delays only one that waits for the
// server; a busy machine may take long between a client's connect and its first
// bytes.
const DefaultHold = 500 * time.Millisecond

// MaxUnsent is how many bytes Run has a TCP socket take beyond what it has sent
// already, where the system can be told so (Linux). It is for a Pump that has
// sockets of its own: without such a bound what is said next, however urgent,
// leaves after megabytes.
const MaxUnsent = raw.MaxUnsent

const (
	defaultLinger = time.Second
	defaultStall  = 30 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Linger == 0 {
		o.Linger = defaultLinger
	}
	if o.Stall == 0 {
		o.Stall = defaultStall
	}
	return o
}

// Run pumps conn through ep until the connection is over, and closes conn. It
// reads on the calling goroutine. It does not matter who dialled, nor which
// role ep plays. Both are Run's alone from now on, apart from what ep does
// inside its turns and what it is told elsewhere; see Endpoint.
//
// The result is never nil: it is always a *CloseError, the first reason there
// was. When Run returns, conn is closed, all goroutines it started have ended
// and ep is not called any more. ep.ReceiveEOF has been called exactly once.
//
// When ctx is done, the connection is closed at once, without a flush. To end
// it politely, tell the endpoint.
//
// conn may be anything. TCP and Unix sockets, and what implements Wired, are
// written without blocking and hold no read buffer while idle; the rest, a
// *tls.Conn of crypto/tls included, is read and written by blocking calls, at
// most one of each at a time. Its Close, which comes from another goroutine,
// must then end a Read and a Write that wait, as in package net.
//
// A read deadline that was set on conn ends the connection, but is lost when a body
// that came fast stops (Foreseer).
//
// A peer can make Run hold no more output than ep itself lets pend.
func Run(ctx context.Context, conn io.ReadWriteCloser, ep Endpoint, opts Options) error {
	p := newPump(wireOf(conn), ep, opts.withDefaults())
	p.watch(ctx)
	p.begin()
	p.readAll()
	return p.end()
}
