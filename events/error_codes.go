package events

import (
	"weft/core"
)

// ErrCode is an error code of HTTP/2, as RST_STREAM and GOAWAY carry it.
type ErrCode = core.ErrCode

// The error codes (RFC 9113 §7).
const (
	NoError            = core.NoError            // a graceful end
	ProtocolError      = core.ProtocolError      // the peer broke a rule
	InternalError      = core.InternalError      // something failed on this side
	FlowControlError   = core.FlowControlError   // more than a window was sent
	SettingsTimeout    = core.SettingsTimeout    // SETTINGS were not acknowledged in time
	StreamClosed       = core.StreamClosed       // a frame on a stream that was closed
	FrameSizeError     = core.FrameSizeError     // a frame of an illegal size
	RefusedStream      = core.RefusedStream      // nothing was done about the request
	Cancel             = core.Cancel             // the stream is not wanted any more
	CompressionError   = core.CompressionError   // the compression state is broken
	ConnectError       = core.ConnectError       // what a CONNECT led to failed
	EnhanceYourCalm    = core.EnhanceYourCalm    // the peer makes too much work
	InadequateSecurity = core.InadequateSecurity // the TLS parameters are too weak
	HTTP11Required     = core.HTTP11Required     // try HTTP/1.1
)

// Errno is the number an ERR_HTTP2_ERROR has in Node, which it gets from the
// protocol library below it. Error.Errno has it.
type Errno int

// The numbers that have a name. No such error comes from memory running out
// here, nor from data that is deferred: these two are for programs that compare
// with Node's.
const (
	ErrnoInvalidArgument      Errno = -501
	ErrnoProtocol             Errno = -505
	ErrnoDeferred             Errno = -508
	ErrnoStreamIDNotAvailable Errno = -509
	ErrnoStreamClosed         Errno = -510
	ErrnoGoawayAlreadySent    Errno = -517
	ErrnoFrameSizeError       Errno = -522
	ErrnoNoMem                Errno = -901
	ErrnoBadClientMagic       Errno = -903
	ErrnoFlooded              Errno = -904
)

// String returns the message of an ERR_HTTP2_ERROR of that number.
func (n Errno) String() string {
	switch n {
	case ErrnoInvalidArgument:
		return "Invalid argument"
	case ErrnoProtocol:
		return "Protocol error"
	case ErrnoDeferred:
		return "Data transfer deferred"
	case ErrnoStreamIDNotAvailable:
		return "No more Stream ID available"
	case ErrnoStreamClosed:
		return "Stream was already closed or invalid"
	case ErrnoGoawayAlreadySent:
		return "GOAWAY has already been sent"
	case ErrnoFrameSizeError:
		return "The length of the frame is invalid"
	case ErrnoNoMem:
		return "Out of memory"
	case ErrnoBadClientMagic:
		return "Received bad client magic byte string"
	case ErrnoFlooded:
		return "Flooding was detected in this HTTP/2 session, and it must be closed"
	}
	return "Unknown error code"
}
