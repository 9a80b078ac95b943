package events

import (
	"context"
	"errors"
	"fmt"

	"weft/core"
)

// Error is an error with one of Node's codes. Compare with errors.Is and the
// sentinels of this package, which match by Code; errors.As gives the rest.
type Error struct {
	// Code is Node's, for example "ERR_HTTP2_STREAM_ERROR".
	Code string
	// Message says what happened, in Node's words where it has some.
	Message string
	// Errno is the number of an ERR_HTTP2_ERROR in Node, 0 if it has none.
	Errno Errno
	// HTTP2 is the error code on the wire, NoError if there is none.
	HTTP2 core.ErrCode
	// Fault is what the peer did, or what ran out while waiting for it.
	Fault core.Fault
	// ByPeer: the peer said so, by RST_STREAM or GOAWAY.
	ByPeer bool
	// Unprocessed: the peer did not act on the request (RFC 9113 §8.7).
	Unprocessed bool
	// LastStream is what the GOAWAY named, for errors of a session.
	LastStream core.StreamID
	// Cause is the error behind this one, if any; Unwrap returns it.
	Cause error

	told bool // the message says what Cause does
}

// Error returns the code, the message and what is known of the reason.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	if e.Fault != core.FaultNone {
		s += " (" + e.Fault.String() + ")"
	}
	if e.Cause != nil && !e.told {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Is reports whether target has the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

// Retryable reports whether the request may be sent again on another
// connection whatever its method: the peer did not act on it.
func (e *Error) Retryable() bool { return e.Unprocessed }

// The sentinels, in the order of their names. An error matches the one with its
// code.
var (
	ErrAbort                     = &Error{Code: "ABORT_ERR", Message: "The operation was aborted"}
	ErrALPNCallbackWithProtocols = &Error{Code: "ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS", Message: "The ALPNCallback and ALPNProtocols TLS options are mutually exclusive"}

	ErrAltsvcInvalidOrigin = &Error{Code: "ERR_HTTP2_ALTSVC_INVALID_ORIGIN", Message: "HTTP/2 ALTSVC frames require a valid origin"}
	ErrAltsvcLength        = &Error{Code: "ERR_HTTP2_ALTSVC_LENGTH", Message: "HTTP/2 ALTSVC frames are limited to 16382 bytes"}
	ErrConnect             = &Error{Code: "ERR_HTTP2_CONNECT_FAILED", Message: "The connection could not be made"}
	ErrConnectAuthority    = &Error{Code: "ERR_HTTP2_CONNECT_AUTHORITY", Message: ":authority header is required for CONNECT requests"}
	ErrConnectPath         = &Error{Code: "ERR_HTTP2_CONNECT_PATH", Message: "The :path header is forbidden for CONNECT requests"}
	ErrConnectScheme       = &Error{Code: "ERR_HTTP2_CONNECT_SCHEME", Message: "The :scheme header is forbidden for CONNECT requests"}
	ErrGoAwaySession       = &Error{Code: "ERR_HTTP2_GOAWAY_SESSION", Message: "New streams cannot be created after receiving a GOAWAY"}
	ErrHeadersAfterRespond = &Error{Code: "ERR_HTTP2_HEADERS_AFTER_RESPOND", Message: "Cannot specify additional headers after response initiated"}

	ErrHeaderSingleValue  = &Error{Code: "ERR_HTTP2_HEADER_SINGLE_VALUE", Message: "Header field must only have a single value"}
	ErrHeadersSent        = &Error{Code: "ERR_HTTP2_HEADERS_SENT", Message: "Response has already been initiated."}
	ErrHTTP2              = &Error{Code: "ERR_HTTP2_ERROR", Message: "Protocol error"}
	ErrInfoStatus         = &Error{Code: "ERR_HTTP2_INVALID_INFO_STATUS", Message: "Invalid informational status code"}
	ErrInvalidArg         = &Error{Code: "ERR_INVALID_ARG_VALUE", Message: "The argument is invalid"}
	ErrInvalidArgType     = &Error{Code: "ERR_INVALID_ARG_TYPE", Message: "The argument has the wrong type"}
	ErrInvalidChar        = &Error{Code: "ERR_INVALID_CHAR", Message: "Invalid character in header content"}
	ErrInvalidConnection  = &Error{Code: "ERR_HTTP2_INVALID_CONNECTION_HEADERS", Message: "HTTP/1 Connection specific headers are forbidden"}
	ErrInvalidHeaderValue = &Error{Code: "ERR_HTTP2_INVALID_HEADER_VALUE", Message: "Invalid value for header"}

	ErrInvalidOrigin       = &Error{Code: "ERR_HTTP2_INVALID_ORIGIN", Message: "HTTP/2 ORIGIN frames require a valid origin"}
	ErrInvalidProtocol     = &Error{Code: "ERR_HTTP2_UNSUPPORTED_PROTOCOL", Message: "protocol is unsupported"}
	ErrInvalidPseudo       = &Error{Code: "ERR_HTTP2_INVALID_PSEUDOHEADER", Message: "A pseudoheader is invalid or is used incorrectly"}
	ErrInvalidSession      = &Error{Code: "ERR_HTTP2_INVALID_SESSION", Message: "The session has been destroyed"}
	ErrInvalidSettingValue = &Error{Code: "ERR_HTTP2_INVALID_SETTING_VALUE", Message: "Invalid value for setting"}
	ErrInvalidStream       = &Error{Code: "ERR_HTTP2_INVALID_STREAM", Message: "The stream has been destroyed"}
	ErrInvalidToken        = &Error{Code: "ERR_INVALID_HTTP_TOKEN", Message: "Header name must be a valid HTTP token"}
	ErrInvalidURL          = &Error{Code: "ERR_INVALID_URL", Message: "Invalid URL"}
	ErrMaxPendingSettings  = &Error{Code: "ERR_HTTP2_MAX_PENDING_SETTINGS_ACK", Message: "Maximum number of pending settings acknowledgements"}

	ErrNestedPush           = &Error{Code: "ERR_HTTP2_NESTED_PUSH", Message: "A push stream cannot initiate another push stream."}
	ErrNoSocketManipulation = &Error{Code: "ERR_HTTP2_NO_SOCKET_MANIPULATION", Message: "HTTP/2 sockets should not be directly manipulated (e.g. read and written)"}
	ErrNotExist             = &Error{Code: "ENOENT", Message: "no such file or directory"}
	ErrOriginLength         = &Error{Code: "ERR_HTTP2_ORIGIN_LENGTH", Message: "HTTP/2 ORIGIN frames are limited to 16382 bytes"}
	ErrOutOfRange           = &Error{Code: "ERR_OUT_OF_RANGE", Message: "The value is out of range"}
	ErrOutOfStreams         = &Error{Code: "ERR_HTTP2_OUT_OF_STREAMS", Message: "No stream ID is available because maximum stream ID has been reached"}
	ErrPackedSettings       = &Error{Code: "ERR_HTTP2_INVALID_PACKED_SETTINGS_LENGTH", Message: "Packed settings length must be a multiple of six"}
	ErrPayloadForbidden     = &Error{Code: "ERR_HTTP2_PAYLOAD_FORBIDDEN", Message: "Responses with this status must not have a payload"}
	ErrPendingLimit         = &Error{Code: "ERR_HTTP2_TOO_MANY_PENDING_REQUESTS", Message: "Too many requests wait for the connection or its stream limit"}

	ErrPendingTimeout = &Error{Code: "ERR_HTTP2_PENDING_REQUEST_TIMEOUT", Message: "The request waited too long for the server's limit of concurrent streams"}
	ErrPingCancel     = &Error{Code: "ERR_HTTP2_PING_CANCEL", Message: "HTTP2 ping cancelled"}
	ErrPushDisabled   = &Error{Code: "ERR_HTTP2_PUSH_DISABLED", Message: "HTTP/2 client has disabled push streams"}
	ErrSendFile       = &Error{Code: "ERR_HTTP2_SEND_FILE", Message: "Directories cannot be sent"}
	ErrSendFileNoSeek = &Error{Code: "ERR_HTTP2_SEND_FILE_NOSEEK", Message: "Offset or length can only be specified for regular files"}
	ErrSendPipe       = &Error{Code: "ERR_HTTP2_SEND_PIPE", Message: "A pipe is read by a goroutine, and this session is driven by a loop of the caller's"}
	ErrServerClosed   = &Error{Code: "ERR_SERVER_NOT_RUNNING", Message: "Server is not running."}
	ErrSessionError   = &Error{Code: "ERR_HTTP2_SESSION_ERROR", Message: "Session closed with an error"}
	ErrSocketBound    = &Error{Code: "ERR_HTTP2_SOCKET_BOUND", Message: "The socket is already bound to an Http2Session"}
	ErrStatus101      = &Error{Code: "ERR_HTTP2_STATUS_101", Message: "HTTP status code 101 (Switching Protocols) is forbidden in HTTP/2"}

	ErrStatusInvalid        = &Error{Code: "ERR_HTTP2_STATUS_INVALID", Message: "Invalid status code"}
	ErrStreamCancel         = &Error{Code: "ERR_HTTP2_STREAM_CANCEL", Message: "The pending stream has been canceled"}
	ErrStreamError          = &Error{Code: "ERR_HTTP2_STREAM_ERROR", Message: "Stream closed with an error"}
	ErrTooManyCustom        = &Error{Code: "ERR_HTTP2_TOO_MANY_CUSTOM_SETTINGS", Message: "Number of custom settings exceeds MAX_ADDITIONAL_SETTINGS"}
	ErrTooManyInvalidFrames = &Error{Code: "ERR_HTTP2_TOO_MANY_INVALID_FRAMES", Message: "Too many invalid HTTP/2 frames"}
	ErrTooManyRejected      = &Error{Code: "ERR_HTTP2_TOO_MANY_REJECTED_STREAMS", Message: "Too many streams were refused for want of memory"}
	ErrTrailersAlreadySent  = &Error{Code: "ERR_HTTP2_TRAILERS_ALREADY_SENT", Message: "Trailing headers have already been sent"}
	ErrTrailersNotReady     = &Error{Code: "ERR_HTTP2_TRAILERS_NOT_READY", Message: "Trailing headers cannot be sent until after the wantTrailers event is emitted"}
	ErrWriteAfterEnd        = &Error{Code: "ERR_STREAM_WRITE_AFTER_END", Message: "write after end"}
)

// with returns an error like e with another message.
func (e *Error) with(format string, args ...any) *Error {
	return &Error{Code: e.Code, Message: fmt.Sprintf(format, args...)}
}

// caused returns an error like e with a cause.
func (e *Error) caused(err error) *Error {
	return &Error{Code: e.Code, Message: e.Message, Cause: err}
}

// because gives an error that was made with with its cause.
func (e *Error) because(err error) *Error {
	e.Cause = err
	return e
}

// told gives an error that has said it all its cause.
func told(e *Error, cause error) *Error {
	e.Cause, e.told = cause, true
	return e
}

// codeName is Node's name of an error code, "NGHTTP2_CANCEL".
func codeName(c core.ErrCode) string { return "NGHTTP2_" + c.String() }

// streamError is what a stream that closed with a code reports.
func streamError(code core.ErrCode, why core.StreamReset) *Error {
	e := ErrStreamError.with("Stream closed with error code %s", codeName(code))
	e.HTTP2, e.Fault, e.ByPeer, e.Unprocessed = code, why.Fault, why.ByPeer, why.Unprocessed
	return e
}

// abortError is what a request whose context is done reports.
func abortError(ctx context.Context) *Error {
	e := ErrAbort.caused(context.Cause(ctx))
	e.HTTP2 = core.Cancel
	return e
}

// misuse translates what a command of the core returned.
func misuse(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, core.ErrHeaderListTooLarge):
		e := ErrHTTP2.with("%v", ErrnoFrameSizeError)
		e.Errno, e.Cause = ErrnoFrameSizeError, err
		return e
	case errors.Is(err, core.ErrConnectProtocol):
		// A peer that never heard of :protocol says so.
		e := streamError(core.ProtocolError, core.StreamReset{})
		e.Cause = err
		return e
	case errors.Is(err, core.ErrPushDisabled):
		return ErrPushDisabled
	case errors.Is(err, core.ErrStreamsExhausted):
		return ErrOutOfStreams
	case errors.Is(err, core.ErrGoingAway):
		return ErrGoAwaySession
	case errors.Is(err, core.ErrClosed):
		return ErrInvalidSession
	case errors.Is(err, core.ErrTooManySettings):
		return ErrMaxPendingSettings
	case errors.Is(err, core.ErrTooManyPings):
		return ErrPingCancel
	case errors.Is(err, core.ErrNoStream):
		return ErrInvalidStream
	}
	var config *core.ConfigError
	if errors.As(err, &config) {
		if key := settingKey(config.Option); key != config.Option || key == core.SettingNoRFC7540Priorities.String() {
			return told(ErrInvalidSettingValue.with("Invalid value for setting %q: %s, must be %s", key, config.Value, config.Range), err)
		}
		return told(ErrOutOfRange.with("%s is %s, must be %s", config.Option, config.Value, config.Range), err)
	}
	return ErrHTTP2.caused(err)
}
