package core

import "weft/core/frame"

// The field's own names come from package frame; they are repeated here so
// that a program which drives a Conn rarely needs to import it.
type (
	// StreamID identifies a stream: odd ids are opened by the client, even
	// ids by the server, 0 is the connection (RFC 9113 §5.1.1).
	StreamID = frame.StreamID
	// ErrCode is an HTTP/2 error code (RFC 9113 §7). It is a number from the
	// wire and deliberately not a Go error.
	ErrCode = frame.ErrCode
	// SettingID names a SETTINGS parameter (RFC 9113 §6.5.2).
	SettingID = frame.SettingID
	// Setting is one SETTINGS parameter with its value.
	Setting = frame.Setting
	// Priority is the RFC 7540 §5.3 priority of a stream: its parent, the
	// exclusive flag and a weight from 1 to 256.
	Priority = frame.PriorityParam
)

// The error codes of RFC 9113 §7.
const (
	NoError            = frame.NoError
	ProtocolError      = frame.ProtocolError
	InternalError      = frame.InternalError
	FlowControlError   = frame.FlowControlError
	SettingsTimeout    = frame.SettingsTimeout
	StreamClosed       = frame.StreamClosed
	FrameSizeError     = frame.FrameSizeError
	RefusedStream      = frame.RefusedStream
	Cancel             = frame.Cancel
	CompressionError   = frame.CompressionError
	ConnectError       = frame.ConnectError
	EnhanceYourCalm    = frame.EnhanceYourCalm
	InadequateSecurity = frame.InadequateSecurity
	HTTP11Required     = frame.HTTP11Required
)

// The settings of RFC 9113 §6.5.2, RFC 8441 §3 and RFC 9218 §2.1.
const (
	SettingHeaderTableSize       = frame.SettingHeaderTableSize
	SettingEnablePush            = frame.SettingEnablePush
	SettingMaxConcurrentStreams  = frame.SettingMaxConcurrentStreams
	SettingInitialWindowSize     = frame.SettingInitialWindowSize
	SettingMaxFrameSize          = frame.SettingMaxFrameSize
	SettingMaxHeaderListSize     = frame.SettingMaxHeaderListSize
	SettingEnableConnectProtocol = frame.SettingEnableConnectProtocol
	SettingNoRFC7540Priorities   = frame.SettingNoRFC7540Priorities
)

// MaxStreamID is the highest stream id there is.
const MaxStreamID = frame.MaxStreamID

// Preface is what a client sends first (RFC 9113 §3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Field is one field line of a header or trailer section, pseudo-fields
// included. Names are lower case. Sensitive fields are never put into a
// compression table, here or by an intermediary (RFC 7541 §7.1.3).
type Field struct {
	Name, Value string
	Sensitive   bool
}

// Size is what the field counts for against SETTINGS_MAX_HEADER_LIST_SIZE
// (RFC 9113 §6.5.2): name, value and 32 bytes.
func (f Field) Size() int { return len(f.Name) + len(f.Value) + fieldOverhead }

const fieldOverhead = 32
