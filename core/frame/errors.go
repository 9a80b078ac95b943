package frame

import "errors"

// What can be wrong with a payload by itself. The ParseX functions return
// these two errors and no others, as they are.
var (
	// ErrSize: the payload is not as long as its type requires, or too short
	// for the fields its flags announce. The code is FrameSizeError
	// (RFC 9113 §4.2).
	ErrSize = errors.New("frame: wrong payload size")

	// ErrPadding: there is more padding than room for it. The code is
	// ProtocolError (RFC 9113 §6.1).
	ErrPadding = errors.New("frame: padding exceeds the payload")
)
