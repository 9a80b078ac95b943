package transport

import "time"

// An Endpoint is one side of a connection as a transport sees it: it takes
// bytes and the time, and gives bytes and its next deadline. Drive makes one
// of a core.Conn; a session of package events is one as well. Run pumps a
// connection through it, and package mem joins two of them without any.
//
// One call of Receive, ReceiveEOF or Advance is a turn. Turns never overlap:
// who drives the endpoint sees to that. All other methods may be called from
// any goroutine at any time, also during a turn.
//
// What an endpoint is told to do inside a turn produces output that waits for
// the turn's end; then it is taken and written at once. What it is told
// outside a turn it announces through the function given to OnWake.
type Endpoint interface {
	// Receive takes bytes from the peer, parses them and runs callbacks. p is
	// only lent: it must not be kept. It is never empty. Once Done reports
	// true Receive is not called again, but a call may be on its way.
	Receive(now time.Time, p []byte)

	// ReceiveEOF says that no more bytes come, and that this is the last turn;
	// it is called exactly once. cause is nil if the end was orderly (the
	// peer's end of input, or ours after Done), else what broke the
	// connection. Output it makes is still written if cause is nil.
	ReceiveEOF(now time.Time, cause error)

	// Advance says that time has passed, or that output was written so that
	// there is room for more. It does what has become due. Afterwards
	// NextDeadline must be later than now.
	Advance(now time.Time)

	// SwapOutput takes the pending output, which then is the caller's, nil or
	// empty if there is none. It must be written whole and in order. spare,
	// which may be nil, becomes the endpoint's: storage to collect the next
	// output in. An endpoint that was given nil should hold no buffer until it
	// has output again.
	SwapOutput(spare []byte) []byte

	// Wrote says that n more bytes of what SwapOutput returned reached the
	// transport. n is at least 1.
	Wrote(now time.Time, n int)

	// NextDeadline returns when Advance is to be called at the latest; the
	// zero time if never, a time in the past if at once.
	NextDeadline() time.Time

	// ReadPaused reports that no input should be read for now, because too
	// much that it caused waits to be written. It may only clear by Wrote, by
	// a turn, or together with a wake-up.
	ReadPaused() bool

	// Done reports that the endpoint is over: nothing more comes out of it
	// than what is pending. It never goes back to false.
	Done() bool

	// OnWake registers the one function to call when, outside a turn, output
	// appeared, NextDeadline moved to an earlier time or Done became true. The
	// endpoint calls it from any goroutine, but never while it holds a lock
	// that its methods take. The function does not block and runs no callback.
	OnWake(f func())
}

// Waiter is an Endpoint that knows whether an Advance is worth its while.
// Without it, one Advance follows all output that was written.
type Waiter interface {
	Endpoint
	// Due reports whether Advance would do anything even if no time passed:
	// someone waits for room that has come back, or callbacks are queued. It
	// may be called from any goroutine.
	Due() bool
}

// Rester is an Endpoint that knows when it has come to rest.
type Rester interface {
	Endpoint
	// Resting reports, after an Advance, whether nothing has gone on for a while,
	// so that what only a busy connection needs had better be given back. It may
	// be called from any goroutine.
	Resting() bool
}

// Survivor is an Endpoint that may have callbacks to run after its connection
// has ended: somebody may only then read what has arrived.
type Survivor interface {
	Waiter
	// TurnsGoOn is the promise of whoever drives the endpoint, given before its
	// first turn, to call Advance whenever Due reports true, after ReceiveEOF as
	// well. Without it, which is how Run does, the endpoint runs what is left
	// to run in a goroutine of its own.
	TurnsGoOn()
}
