package transport

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// CloseKind says how a connection ended.
type CloseKind uint8

// The ways a connection ends.
const (
	// CloseEOF: the peer ended its output in order. What was pending here has
	// been written if the peer still took it. Err is io.EOF.
	CloseEOF CloseKind = iota + 1
	// CloseDone: the endpoint was over and all its output was written. Err is
	// nil.
	CloseDone
	// CloseCanceled: the context of Run was done. Err is the context's cause.
	CloseCanceled
	// CloseReset: the peer, or something on the way, reset the connection.
	CloseReset
	// CloseRead: reading failed in another way.
	CloseRead
	// CloseWrite: writing failed in another way.
	CloseWrite
	// CloseTimeout: a deadline set on the connection itself passed.
	CloseTimeout
	// CloseStalled: the endpoint was over, but the peer took none of the
	// remaining output for Options.Stall. Err is ErrStalled.
	CloseStalled
	// CloseLocal: somebody else in this program closed the connection.
	CloseLocal
)

// String names the kind, for logs.
func (k CloseKind) String() string {
	names := [...]string{"unknown", "end of input", "done", "canceled", "reset", "read error",
		"write error", "timeout", "stalled", "closed locally"}
	if int(k) >= len(names) {
		k = 0
	}
	return names[k]
}

// ErrStalled is the Err of a connection that ended with CloseStalled.
var ErrStalled = errors.New("weft: the peer does not read")

// CloseError is the one result of Run: how the connection ended, and the error
// behind it. It is also what Endpoint.ReceiveEOF is told if the end was not
// orderly. errors.Is and errors.As see through to Err.
type CloseError struct {
	Kind CloseKind
	Err  error // nil only with CloseDone
}

// Error describes the end in one line.
func (e *CloseError) Error() string {
	if e.Err == nil || e.Kind == CloseEOF {
		return "weft: connection closed: " + e.Kind.String()
	}
	return "weft: connection closed: " + e.Kind.String() + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }

// Orderly reports whether the connection ended as connections should: by the
// peer's end of input, or because the endpoint was done.
func (e *CloseError) Orderly() bool { return e.Kind == CloseEOF || e.Kind == CloseDone }

// readError and writeError say what an error of the connection means.
func readError(err error) *CloseError {
	if errors.Is(err, io.EOF) {
		return &CloseError{CloseEOF, io.EOF}
	}
	if errors.Is(err, io.ErrClosedPipe) {
		return &CloseError{CloseLocal, err}
	}
	return &CloseError{kindOf(err, CloseRead), err}
}

func writeError(err error) *CloseError { return &CloseError{kindOf(err, CloseWrite), err} }

func kindOf(err error, otherwise CloseKind) CloseKind {
	switch {
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNABORTED):
		return CloseReset
	case errors.Is(err, os.ErrDeadlineExceeded):
		return CloseTimeout
	case errors.Is(err, net.ErrClosed), errors.Is(err, fs.ErrClosed):
		return CloseLocal
	}
	return otherwise
}
