package events

// SessionType says which end of the connection a session is.
type SessionType int

// The types of sessions.
const (
	SessionTypeServer SessionType = 0
	SessionTypeClient SessionType = 1
)

// String returns "server" or "client".
func (t SessionType) String() string {
	if t == SessionTypeClient {
		return "client"
	}
	return "server"
}

// StreamStateCode is a state of RFC 9113 §5.1, by the number it has in
// StreamState.
type StreamStateCode int

// The states of a stream.
const (
	StreamStateIdle             StreamStateCode = 1
	StreamStateOpen             StreamStateCode = 2
	StreamStateReservedLocal    StreamStateCode = 3
	StreamStateReservedRemote   StreamStateCode = 4
	StreamStateHalfClosedLocal  StreamStateCode = 5
	StreamStateHalfClosedRemote StreamStateCode = 6
	StreamStateClosed           StreamStateCode = 7
)

var streamStateNames = [...]string{
	StreamStateIdle:             "idle",
	StreamStateOpen:             "open",
	StreamStateReservedLocal:    "reserved (local)",
	StreamStateReservedRemote:   "reserved (remote)",
	StreamStateHalfClosedLocal:  "half-closed (local)",
	StreamStateHalfClosedRemote: "half-closed (remote)",
	StreamStateClosed:           "closed",
}

// String returns the state's name in the RFC.
func (c StreamStateCode) String() string {
	if c < StreamStateIdle || c > StreamStateClosed {
		return "unknown"
	}
	return streamStateNames[c]
}

// PaddingStrategy says how HEADERS, PUSH_PROMISE and DATA frames are padded.
// Padding hides the length of what is sent, at the price of sending more.
type PaddingStrategy int

// The strategies.
const (
	// PaddingStrategyNone, the default, pads nothing.
	PaddingStrategyNone PaddingStrategy = 0
	// PaddingStrategyAligned makes the length of a frame, its header of 9
	// bytes included, a multiple of 8 wherever limits allow it.
	PaddingStrategyAligned PaddingStrategy = 1
	// PaddingStrategyMax adds 255 bytes, or what fits.
	PaddingStrategyMax PaddingStrategy = 2
	// PaddingStrategyCallback is another name for PaddingStrategyAligned.
	PaddingStrategyCallback = PaddingStrategyAligned
)

// What a HEADERS frame begins, in the numbers of Node's binding. Here the event
// says it: OnStream, OnResponse, OnHeaders, OnTrailers, OnPush.
const (
	HeadersCategoryRequest      = 0
	HeadersCategoryResponse     = 1
	HeadersCategoryPushResponse = 2
	HeadersCategoryHeaders      = 3 // interim responses and trailers
)

// How a field is to be compressed, in the numbers of Node's binding. Here
// Field.Sensitive says it.
const (
	FieldFlagNone    = 0
	FieldFlagNoIndex = 1 // sensitive: in no compression table
)

// The flags of frames (RFC 9113 §6). FlagAck has the value of FlagEndStream,
// but on other types of frame: SETTINGS and PING.
const (
	FlagNone       Flags = 0x00
	FlagEndStream  Flags = 0x01 // no body follows
	FlagAck        Flags = 0x01
	FlagEndHeaders Flags = 0x04 // always set: blocks are delivered whole
	FlagPadded     Flags = 0x08
	FlagPriority   Flags = 0x20
)

// DefaultWeight is the weight of a stream that was given none; weights are 1 to
// 256.
const DefaultWeight = 16

// The numbers of settings, which Settings has fields for.
const (
	SettingHeaderTableSize       = 0x1
	SettingEnablePush            = 0x2
	SettingMaxConcurrentStreams  = 0x3
	SettingInitialWindowSize     = 0x4
	SettingMaxFrameSize          = 0x5
	SettingMaxHeaderListSize     = 0x6
	SettingEnableConnectProtocol = 0x8
)

// The values of GetDefaultSettings.
const (
	DefaultSettingsHeaderTableSize       uint32 = 4096       // bytes
	DefaultSettingsEnablePush                   = true       //
	DefaultSettingsMaxConcurrentStreams  uint32 = 4294967295 // no limit
	DefaultSettingsInitialWindowSize     uint32 = 65535      // bytes
	DefaultSettingsMaxFrameSize          uint32 = 16384      // bytes
	DefaultSettingsMaxHeaderListSize     uint32 = 65535      // bytes
	DefaultSettingsEnableConnectProtocol        = false      //
)
