package events

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Backoff says how often, and how far apart, Retry tries. The zero Backoff works.
type Backoff struct {
	// Attempts is how often it tries in all. Default 3.
	Attempts int
	// First is the longest wait before the second attempt; default 100 ms. Each
	// further one may be twice as long, up to Max; default 30 s. What is waited is
	// between half of that and all of it, at random, so that clients that lost a
	// server at the same time do not come back at the same time.
	First, Max time.Duration
}

// Retry calls f, and calls it again if its error says that the server did not act
// on the request (Error.Retryable, RFC 9113 §8.7), whatever its method. It is for
// who keeps sessions: neither a Session nor Connect ever tries again by itself, and
// a server that sends GOAWAY on each new connection would otherwise be overrun.
// f takes a new session if the one it had is closed.
//
// It returns what f returned last, or the cause of ctx if that is done while it
// waits; both are there for errors.Is then. Errors: ErrOutOfRange for a negative
// field of b, and f was not called then.
func Retry(ctx context.Context, b Backoff, f func(context.Context) error) error {
	mustCall("Retry", f == nil)
	if b.Attempts < 0 || b.First < 0 || b.Max < 0 {
		return ErrOutOfRange.with("Backoff is %+v, must be 0 for the default or positive", b)
	}
	if b.Attempts == 0 {
		b.Attempts = 3
	}
	if b.First == 0 {
		b.First = 100 * time.Millisecond
	}
	if b.Max == 0 {
		b.Max = 30 * time.Second
	}
	for wait := min(b.First, b.Max); ; wait = min(wait, b.Max-wait) + wait {
		err := f(ctx)
		var e *Error
		if b.Attempts--; err == nil || b.Attempts == 0 || !errors.As(err, &e) || !e.Retryable() {
			return err
		}
		timer := time.NewTimer(wait - time.Duration(rand.Float64()*float64(wait/2)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(context.Cause(ctx), err)
		}
	}
}
