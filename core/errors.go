package core

import (
	"errors"
	"fmt"
)

// Misuse by the caller. A command that returns one of these has changed
// nothing. None of them can be caused by received bytes alone.
var (
	// ErrClosed: the connection is over, or input ended.
	ErrClosed = errors.New("weft: connection is closed")
	// ErrNoStream: the stream was never opened, or it is closed and gone.
	ErrNoStream = errors.New("weft: no such stream")
	// ErrStreamState: the stream's state does not permit the command, for
	// example DATA before a response's HEADERS or after END_STREAM.
	ErrStreamState = errors.New("weft: not permitted in this stream state")
	// ErrNoBlock: Repeat was asked for a block that is not kept any more.
	ErrNoBlock = errors.New("weft: the header block is not kept any more")
	// ErrStreamLimit: the peer's SETTINGS_MAX_CONCURRENT_STREAMS is reached.
	// StreamsAllowed will say when to try again.
	ErrStreamLimit = errors.New("weft: the peer's limit of concurrent streams is reached")
	// ErrGoingAway: a GOAWAY was sent or received, no stream may be opened.
	ErrGoingAway = errors.New("weft: connection is going away")
	// ErrStreamsExhausted: all stream ids are used (RFC 9113 §5.1.1).
	ErrStreamsExhausted = errors.New("weft: stream ids are exhausted")
	// ErrRole: the command belongs to the other role.
	ErrRole = errors.New("weft: not permitted in this role")
	// ErrPushDisabled: the client does not take pushes.
	ErrPushDisabled = errors.New("weft: the peer has disabled push")
	// ErrHeaderListTooLarge: the fields exceed the peer's
	// SETTINGS_MAX_HEADER_LIST_SIZE, or 4096 bytes if that is less. A server's
	// Headers charges it to Limits.AbuseBudget.
	ErrHeaderListTooLarge = errors.New("weft: header list is larger than the peer accepts")
	// ErrBodyLength: the body does not have the announced content-length.
	ErrBodyLength = errors.New("weft: body does not match content-length")
	// ErrTooManySettings: Config.MaxPendingSettings are unacknowledged.
	ErrTooManySettings = errors.New("weft: too many unacknowledged SETTINGS")
	// ErrTooManyPings: Config.MaxPendingPings are unanswered.
	ErrTooManyPings = errors.New("weft: too many unanswered PINGs")
	// ErrConnectProtocol: the peer did not announce extended CONNECT
	// (RFC 8441 §3).
	ErrConnectProtocol = errors.New("weft: the peer does not accept extended CONNECT")
)

// FieldError reports a field the caller may not send.
type FieldError struct {
	Name   string // the field's name
	Reason string // what is wrong and what would be right
}

// Error returns what is wrong.
func (e *FieldError) Error() string {
	return fmt.Sprintf("weft: field %q: %s", e.Name, e.Reason)
}

// ConfigError reports a Config field or argument outside its range.
type ConfigError struct {
	Option string // for example "MaxFrameSize"
	Value  string
	Range  string // what would be accepted
}

// Error returns what is wrong.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("weft: %s is %s, must be %s", e.Option, e.Value, e.Range)
}

// StreamError is a StreamReset as an error, for the layers above.
type StreamError struct {
	Stream      StreamID
	Code        ErrCode
	Fault       Fault
	ByPeer      bool
	Unprocessed bool
}

// Error returns what is wrong.
func (e *StreamError) Error() string {
	return fmt.Sprintf("weft: stream %d ended with %v (%s)", e.Stream, e.Code, blame(e.ByPeer, e.Fault))
}

// Err returns the event as a *StreamError.
func (e *StreamReset) Err() error {
	return &StreamError{e.Stream, e.Code, e.Fault, e.ByPeer, e.Unprocessed}
}

// ConnError is a ConnClosed as an error.
type ConnError struct {
	Code       ErrCode
	Fault      Fault
	ByPeer     bool
	LastStream StreamID
	Debug      string // the peer's text, quoted by Error
}

// Error returns what is wrong.
func (e *ConnError) Error() string {
	s := fmt.Sprintf("weft: connection ended with %v (%s)", e.Code, blame(e.ByPeer, e.Fault))
	if e.Debug != "" {
		s += fmt.Sprintf(": %q", e.Debug)
	}
	return s
}

// Err returns the event as a *ConnError, or nil if the connection ended in
// good order: with NO_ERROR and for no fault of anybody's.
func (e *ConnClosed) Err() error {
	if e.Code == NoError && (e.Fault == FaultNone || e.Fault == FaultIdle) {
		return nil
	}
	return &ConnError{e.Code, e.Fault, e.ByPeer, e.LastStream, string(e.Debug)}
}

func blame(byPeer bool, f Fault) string {
	switch {
	case f == FaultNone && byPeer:
		return "said the peer"
	case f == FaultNone:
		return "by us"
	}
	return f.String()
}
