package websocket

import (
	"errors"
	"fmt"

	"github.com/gobwas/ws"
)

// Errors to compare with errors.Is. That of a connection whose peer closed it
// is a *CloseError; that of one whose peer broke the rules is a *ProtocolError.
// Once a connection is over, all its methods return why. net.ErrClosed is that
// it was closed here.
var (
	// ErrNotWebSocket: the request does not ask for a WebSocket.
	ErrNotWebSocket = errors.New("websocket: the request does not ask for a WebSocket")
	// ErrNotEnabled: the peer may not or must not use extended CONNECT, since
	// the server does not announce SETTINGS_ENABLE_CONNECT_PROTOCOL.
	ErrNotEnabled = errors.New("websocket: the server does not announce SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441)")
	// ErrRefused: the request was answered with a status that refuses it; the
	// error is a *RefusedError.
	ErrRefused = errors.New("websocket: refused")
	// ErrHandshake: the other side's part of the handshake is not one.
	ErrHandshake = errors.New("websocket: bad handshake")
	// ErrInvalidArg: an argument or option has a value that means nothing.
	ErrInvalidArg = errors.New("websocket: invalid argument")
	// ErrNoAnswer: the peer has left a ping unanswered, or has not taken what is
	// written for as long as Options.WriteTimeout.
	ErrNoAnswer = errors.New("websocket: the peer does not answer")
	// ErrMessageTooBig: the peer's message is larger than Options.MaxMessageSize.
	ErrMessageTooBig = errors.New("message too big")
	// ErrInvalidUTF8: the peer's text is not UTF-8.
	ErrInvalidUTF8 = errors.New("text is not UTF-8")
	// ErrInvalidDeflate: the peer's compressed message can't be decompressed.
	ErrInvalidDeflate = errors.New("compressed data is malformed")
	// ErrUnexpectedMessage: the peer sent a message to who called CloseRead.
	ErrUnexpectedMessage = errors.New("nobody reads messages here")
)

// StatusCode is the code of a close frame (RFC 6455 §7.4).
type StatusCode uint16

// Codes of close frames. Those from 3000 to 4999 are the application's.
const (
	StatusNormalClosure   StatusCode = 1000
	StatusGoingAway       StatusCode = 1001
	StatusProtocolError   StatusCode = 1002
	StatusUnsupportedData StatusCode = 1003
	// StatusNoStatus is what a *CloseError has if the peer gave no code. It is
	// never sent.
	StatusNoStatus        StatusCode = 1005
	StatusInvalidData     StatusCode = 1007
	StatusPolicyViolation StatusCode = 1008
	StatusMessageTooBig   StatusCode = 1009
	StatusMandatoryExt    StatusCode = 1010
	StatusInternalError   StatusCode = 1011
	StatusServiceRestart  StatusCode = 1012
	StatusTryAgainLater   StatusCode = 1013
	StatusBadGateway      StatusCode = 1014
)

// check reports what is wrong with a code that is to be sent or was received.
func (c StatusCode) check(reason string) error {
	switch {
	case c >= StatusServiceRestart && c <= StatusBadGateway:
		c = StatusNormalClosure // registered later than the codec knows
	case c > maxStatus: // the codec does not mind
		return ws.ErrProtocolStatusCodeUnknown
	}
	return ws.CheckCloseFrameData(ws.StatusCode(c), reason)
}

// maxStatus is the last of those for private use (RFC 6455 §7.4.2).
const maxStatus = 4999

// CloseError is how the peer closed the connection.
type CloseError struct {
	Code   StatusCode // StatusNoStatus if it gave none
	Reason string     // UTF-8, at most 123 bytes
}

// Error returns code and reason.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("websocket: closed by the peer with code %d", e.Code)
	}
	return fmt.Sprintf("websocket: closed by the peer with code %d: %q", e.Code, e.Reason)
}

// ProtocolError is what the peer did wrong. It was told by a close frame with
// Code, if it still listened.
type ProtocolError struct {
	Code StatusCode
	Err  error // ErrMessageTooBig, ErrInvalidUTF8, ErrInvalidDeflate, ErrUnexpectedMessage, or what the codec says
}

// Error returns what is wrong.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("websocket: %v (closed with code %d)", e.Err, e.Code)
}

// Unwrap returns Err.
func (e *ProtocolError) Unwrap() error { return e.Err }

// RefusedError is the status of a response that refuses a WebSocket. On a server
// it is the answer that was given, and Err says why.
type RefusedError struct {
	Status int
	Err    error
}

// Error returns the status and why.
func (e *RefusedError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%v with status %d", ErrRefused, e.Status)
	}
	return fmt.Sprintf("%v with status %d: %v", ErrRefused, e.Status, e.Err)
}

// Is reports whether target is ErrRefused.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

// Unwrap returns Err.
func (e *RefusedError) Unwrap() error { return e.Err }
