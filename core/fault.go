package core

// Fault names one thing that a peer can do wrong, or that can run out while
// waiting for it. Its String is short and stable, for logs, metrics and the
// debug data of GOAWAY.
type Fault uint8

// scope says how far a fault reaches.
type scope uint8

const (
	noScope     scope = iota
	streamScope       // ends the stream, the connection lives on
	connScope         // ends the connection
)

// The faults. The table below gives each its scope, code and source.
const (
	FaultNone Fault = iota

	// Connection preface (preface.go).
	FaultBadPreface
	FaultHTTP1
	FaultFirstFrameNotSettings

	// Frames (receive.go and its handlers).
	FaultFrameTooLarge
	FaultFrameSize
	FaultPadding
	FaultStreamZero
	FaultStreamNotZero
	FaultInterleaved
	FaultContinuation
	FaultPrioritySize

	// Streams (state.go, stream.go).
	FaultIdleStream
	FaultStreamID
	FaultSkippedStream
	FaultClosedStream
	FaultHalfClosed
	FaultResetStream
	FaultReservedStream
	FaultRefused
	FaultSelfDependency

	// Flow control (flow.go).
	FaultZeroIncrement
	FaultZeroIncrementConn
	FaultWindowOverflow
	FaultWindowOverflowConn
	FaultInitialWindowOverflow
	FaultWindowExceeded
	FaultWindowExceededConn

	// Settings (settings.go).
	FaultSettingValue
	FaultSettingWindow
	FaultSettingPush
	FaultSettingConnectProtocol
	FaultSettingPriorities
	FaultTooManySettings
	FaultSettingsNotAcknowledged

	// Header blocks (block.go).
	FaultCompression
	FaultStringTooLong
	FaultBlockTooLong
	FaultTooManyContinuations
	FaultTooManyFieldsHard
	FaultTooManyFields
	FaultHeaderListTooLarge

	// Messages (message.go).
	FaultFieldName
	FaultFieldValue
	FaultConnectionField
	FaultTE
	FaultPseudoUnknown
	FaultPseudoMisplaced
	FaultPseudoDuplicate
	FaultPseudoMissing
	FaultPseudoTrailers
	FaultMethod
	FaultScheme
	FaultAuthority
	FaultPath
	FaultHost
	FaultConnect
	FaultProtocol
	FaultStatus
	FaultSchemeMismatch
	FaultContentLength
	FaultBodyLength
	FaultBodyNotAllowed
	FaultDataBeforeHeaders
	FaultHeadersNotLast
	FaultInterimEndStream
	FaultTooManyInterim
	FaultTunnelFrame

	// Push (push.go).
	FaultPushDisabled
	FaultPushToServer
	FaultPushStream
	FaultPromisedID
	FaultPushRequest
	FaultPushAuthority
	FaultTooManyPushes

	// Priorities (priority.go).
	FaultPriorityUpdateFromServer
	FaultPriorityUpdateStream
	FaultTooManyPriorities

	// GOAWAY (goaway.go).
	FaultGoAwayStream
	FaultGoneAway

	// Budget (abuse.go).
	FaultAbuse
	FaultAbuseWarning
	FaultTooManyInvalid
	FaultTooManyResets
	FaultTooManyStalls
	FaultOutputBacklog

	// Time (timer.go).
	FaultPrefaceTimeout
	FaultHeaderBlockTimeout
	FaultIdle
	FaultBodyIdle
	FaultStalled
	FaultWriteStalled
	FaultPushTimeout
	FaultShutdownTimeout
	FaultKeepAlive

	// The end of input (conn.go).
	FaultEOF
	FaultTruncated
	FaultStreamsExhausted

	numFaults
)

// faultInfo is a row of the fault table.
type faultInfo struct {
	name  string
	scope scope
	code  ErrCode
	rule  string // where the rule comes from
}

var faults = [numFaults]faultInfo{
	FaultNone: {"none", noScope, NoError, ""},

	FaultBadPreface:            {"bad-preface", connScope, ProtocolError, "RFC 9113 §3.4"},
	FaultHTTP1:                 {"http1-request", connScope, ProtocolError, "RFC 9113 §3.4"},
	FaultFirstFrameNotSettings: {"first-frame-not-settings", connScope, ProtocolError, "RFC 9113 §3.4"},

	FaultFrameTooLarge: {"frame-too-large", connScope, FrameSizeError, "RFC 9113 §4.2"},
	FaultFrameSize:     {"frame-size", connScope, FrameSizeError, "RFC 9113 §4.2"},
	FaultPadding:       {"padding-too-long", connScope, ProtocolError, "RFC 9113 §6.1"},
	FaultStreamZero:    {"frame-on-stream-zero", connScope, ProtocolError, "RFC 9113 §6"},
	FaultStreamNotZero: {"connection-frame-on-stream", connScope, ProtocolError, "RFC 9113 §6"},
	FaultInterleaved:   {"frame-inside-header-block", connScope, ProtocolError, "RFC 9113 §6.2"},
	FaultContinuation:  {"unexpected-continuation", connScope, ProtocolError, "RFC 9113 §6.10"},
	FaultPrioritySize:  {"priority-size", streamScope, FrameSizeError, "RFC 9113 §6.3"},

	FaultIdleStream:     {"frame-on-idle-stream", connScope, ProtocolError, "RFC 9113 §5.1"},
	FaultStreamID:       {"bad-stream-id", connScope, ProtocolError, "RFC 9113 §5.1.1"},
	FaultSkippedStream:  {"skipped-stream-id", connScope, ProtocolError, "RFC 9113 §5.1.1"},
	FaultClosedStream:   {"frame-on-closed-stream", connScope, StreamClosed, "RFC 9113 §5.1"},
	FaultHalfClosed:     {"frame-after-end-stream", streamScope, StreamClosed, "RFC 9113 §5.1"},
	FaultResetStream:    {"frame-after-reset", streamScope, StreamClosed, "RFC 9113 §5.1"},
	FaultReservedStream: {"frame-on-reserved-stream", connScope, ProtocolError, "RFC 9113 §5.1"},
	FaultRefused:        {"too-many-streams", streamScope, RefusedStream, "RFC 9113 §5.1.2"},
	FaultSelfDependency: {"self-dependency", streamScope, ProtocolError, "RFC 7540 §5.3.1"},

	FaultZeroIncrement:         {"zero-increment", streamScope, ProtocolError, "RFC 9113 §6.9"},
	FaultZeroIncrementConn:     {"zero-increment-connection", connScope, ProtocolError, "RFC 9113 §6.9"},
	FaultWindowOverflow:        {"window-overflow", streamScope, FlowControlError, "RFC 9113 §6.9.1"},
	FaultWindowOverflowConn:    {"window-overflow-connection", connScope, FlowControlError, "RFC 9113 §6.9.1"},
	FaultInitialWindowOverflow: {"initial-window-overflow", connScope, FlowControlError, "RFC 9113 §6.9.2"},
	FaultWindowExceeded:        {"window-exceeded", streamScope, FlowControlError, "RFC 9113 §6.9.1"},
	FaultWindowExceededConn:    {"window-exceeded-connection", connScope, FlowControlError, "RFC 9113 §6.9.1"},

	FaultSettingValue:            {"setting-value", connScope, ProtocolError, "RFC 9113 §6.5.2"},
	FaultSettingWindow:           {"setting-window", connScope, FlowControlError, "RFC 9113 §6.5.2"},
	FaultSettingPush:             {"setting-push-from-server", connScope, ProtocolError, "RFC 9113 §6.5.2"},
	FaultSettingConnectProtocol:  {"setting-connect-protocol-withdrawn", connScope, ProtocolError, "RFC 8441 §3"},
	FaultSettingPriorities:       {"setting-priorities-changed", connScope, ProtocolError, "RFC 9218 §2.1"},
	FaultTooManySettings:         {"too-many-settings", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultSettingsNotAcknowledged: {"settings-not-acknowledged", connScope, SettingsTimeout, "RFC 9113 §6.5.3"},

	FaultCompression:          {"compression", connScope, CompressionError, "RFC 9113 §4.3"},
	FaultStringTooLong:        {"string-too-long", connScope, CompressionError, "RFC 7541 §7.4"},
	FaultBlockTooLong:         {"header-block-too-long", connScope, EnhanceYourCalm, "RFC 9113 §10.5.1"},
	FaultTooManyContinuations: {"too-many-continuations", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultTooManyFieldsHard:    {"far-too-many-fields", connScope, EnhanceYourCalm, "RFC 9113 §10.5.1"},
	FaultTooManyFields:        {"too-many-fields", streamScope, EnhanceYourCalm, "RFC 9113 §10.5.1"},
	FaultHeaderListTooLarge:   {"header-list-too-large", streamScope, EnhanceYourCalm, "RFC 9113 §10.5.1"},

	FaultFieldName:         {"field-name", streamScope, ProtocolError, "RFC 9113 §8.2.1"},
	FaultFieldValue:        {"field-value", streamScope, ProtocolError, "RFC 9113 §8.2.1"},
	FaultConnectionField:   {"connection-field", streamScope, ProtocolError, "RFC 9113 §8.2.2"},
	FaultTE:                {"te", streamScope, ProtocolError, "RFC 9113 §8.2.2"},
	FaultPseudoUnknown:     {"pseudo-unknown", streamScope, ProtocolError, "RFC 9113 §8.3"},
	FaultPseudoMisplaced:   {"pseudo-misplaced", streamScope, ProtocolError, "RFC 9113 §8.3"},
	FaultPseudoDuplicate:   {"pseudo-duplicate", streamScope, ProtocolError, "RFC 9113 §8.3"},
	FaultPseudoMissing:     {"pseudo-missing", streamScope, ProtocolError, "RFC 9113 §8.3.1"},
	FaultPseudoTrailers:    {"pseudo-in-trailers", streamScope, ProtocolError, "RFC 9113 §8.1"},
	FaultMethod:            {"method", streamScope, ProtocolError, "RFC 9113 §8.3.1"},
	FaultScheme:            {"scheme", streamScope, ProtocolError, "RFC 9113 §8.3.1"},
	FaultAuthority:         {"authority", streamScope, ProtocolError, "RFC 9113 §8.3.1"},
	FaultPath:              {"path", streamScope, ProtocolError, "RFC 9113 §8.3.1"},
	FaultHost:              {"host", streamScope, ProtocolError, "RFC 9113 §8.3.1"},
	FaultConnect:           {"connect", streamScope, ProtocolError, "RFC 9113 §8.5"},
	FaultProtocol:          {"protocol", streamScope, ProtocolError, "RFC 8441 §4"},
	FaultStatus:            {"status", streamScope, ProtocolError, "RFC 9113 §8.3.2"},
	FaultSchemeMismatch:    {"scheme-mismatch", streamScope, ProtocolError, "RFC 9110 §7.4"},
	FaultContentLength:     {"content-length", streamScope, ProtocolError, "RFC 9110 §8.6"},
	FaultBodyLength:        {"body-length", streamScope, ProtocolError, "RFC 9113 §8.1.1"},
	FaultBodyNotAllowed:    {"body-not-allowed", streamScope, ProtocolError, "RFC 9110 §6.4.1"},
	FaultDataBeforeHeaders: {"data-before-headers", streamScope, ProtocolError, "RFC 9113 §8.1"},
	FaultHeadersNotLast:    {"headers-without-end-stream", streamScope, ProtocolError, "RFC 9113 §8.1"},
	FaultInterimEndStream:  {"interim-with-end-stream", streamScope, ProtocolError, "RFC 9113 §8.1"},
	FaultTooManyInterim:    {"too-many-interim", streamScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultTunnelFrame:       {"headers-on-tunnel", streamScope, ProtocolError, "RFC 9113 §8.5"},

	FaultPushDisabled:  {"push-disabled", connScope, ProtocolError, "RFC 9113 §6.6"},
	FaultPushToServer:  {"push-to-server", connScope, ProtocolError, "RFC 9113 §8.4"},
	FaultPushStream:    {"push-on-stream", connScope, ProtocolError, "RFC 9113 §6.6"},
	FaultPromisedID:    {"promised-id", connScope, ProtocolError, "RFC 9113 §6.6"},
	FaultPushRequest:   {"push-request", streamScope, ProtocolError, "RFC 9113 §8.4"},
	FaultPushAuthority: {"push-authority", streamScope, ProtocolError, "RFC 9113 §8.4"},
	FaultTooManyPushes: {"too-many-pushes", streamScope, RefusedStream, "RFC 9113 §10.5"},

	FaultPriorityUpdateFromServer: {"priority-update-from-server", connScope, ProtocolError, "RFC 9218 §7.1"},
	FaultPriorityUpdateStream:     {"priority-update-stream", connScope, ProtocolError, "RFC 9218 §7.1"},
	FaultTooManyPriorities:        {"too-many-priority-updates", connScope, ProtocolError, "RFC 9218 §7.1"},

	FaultGoAwayStream: {"goaway-stream", connScope, ProtocolError, "RFC 9113 §6.8"},
	FaultGoneAway:     {"gone-away", noScope, NoError, "RFC 9113 §6.8"},

	FaultAbuse:          {"abuse-budget-spent", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultAbuseWarning:   {"abuse-budget-low", noScope, NoError, "RFC 9113 §10.5"},
	FaultTooManyInvalid: {"too-many-invalid-frames", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultTooManyResets:  {"too-many-resets", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultTooManyStalls:  {"too-many-stalled-streams", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultOutputBacklog:  {"output-backlog", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},

	FaultPrefaceTimeout:     {"preface-timeout", connScope, ProtocolError, "RFC 9113 §3.4"},
	FaultHeaderBlockTimeout: {"header-block-timeout", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultIdle:               {"idle", noScope, NoError, "RFC 9113 §9.1"},
	FaultBodyIdle:           {"body-idle", streamScope, Cancel, "RFC 9113 §10.5"},
	FaultStalled:            {"stalled", streamScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultWriteStalled:       {"write-stalled", connScope, EnhanceYourCalm, "RFC 9113 §10.5"},
	FaultPushTimeout:        {"push-timeout", streamScope, Cancel, "RFC 9113 §10.5"},
	FaultShutdownTimeout:    {"shutdown-timeout", connScope, NoError, "RFC 9113 §6.8"},
	FaultKeepAlive:          {"keepalive-timeout", connScope, NoError, "RFC 9113 §8.7"},

	FaultEOF:              {"eof", noScope, NoError, "RFC 9113 §6.8"},
	FaultTruncated:        {"truncated", connScope, ProtocolError, "RFC 9113 §4.1"},
	FaultStreamsExhausted: {"stream-ids-exhausted", noScope, NoError, "RFC 9113 §5.1.1"},
}

// String returns the short name of the fault.
func (f Fault) String() string {
	if f < numFaults {
		return faults[f].name
	}
	return "unknown"
}

// Code is the error code that answers the fault on the wire.
func (f Fault) Code() ErrCode {
	if f < numFaults {
		return faults[f].code
	}
	return InternalError
}

// Conn reports whether the fault ends the whole connection rather than one
// stream.
func (f Fault) Conn() bool { return f < numFaults && faults[f].scope == connScope }

// Rule is where the fault's rule is written, for example "RFC 9113 §6.9.1".
func (f Fault) Rule() string {
	if f < numFaults {
		return faults[f].rule
	}
	return ""
}

// Faults lists every fault there is, in the order of the table.
func Faults() []Fault {
	list := make([]Fault, 0, numFaults-1)
	for f := FaultNone + 1; f < numFaults; f++ {
		list = append(list, f)
	}
	return list
}
