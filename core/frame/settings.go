package frame

import (
	"encoding/binary"
	"strconv"
)

// SettingID names a SETTINGS parameter. Unknown parameters are to be ignored
// (RFC 9113 §6.5.2).
type SettingID uint16

// The parameters of RFC 9113 §6.5.2 and of two extensions.
const (
	SettingHeaderTableSize       SettingID = 0x1
	SettingEnablePush            SettingID = 0x2
	SettingMaxConcurrentStreams  SettingID = 0x3
	SettingInitialWindowSize     SettingID = 0x4
	SettingMaxFrameSize          SettingID = 0x5
	SettingMaxHeaderListSize     SettingID = 0x6
	SettingEnableConnectProtocol SettingID = 0x8 // RFC 8441 §3
	SettingNoRFC7540Priorities   SettingID = 0x9 // RFC 9218 §2.1
)

var settingNames = [...]string{
	SettingHeaderTableSize:       "HEADER_TABLE_SIZE",
	SettingEnablePush:            "ENABLE_PUSH",
	SettingMaxConcurrentStreams:  "MAX_CONCURRENT_STREAMS",
	SettingInitialWindowSize:     "INITIAL_WINDOW_SIZE",
	SettingMaxFrameSize:          "MAX_FRAME_SIZE",
	SettingMaxHeaderListSize:     "MAX_HEADER_LIST_SIZE",
	SettingEnableConnectProtocol: "ENABLE_CONNECT_PROTOCOL",
	SettingNoRFC7540Priorities:   "NO_RFC7540_PRIORITIES",
}

// String is the parameter's name in its RFC without "SETTINGS_", or its number
// as in "0xf000".
func (id SettingID) String() string {
	if int(id) < len(settingNames) && settingNames[id] != "" {
		return settingNames[id]
	}
	return hex(uint64(id))
}

// Setting is one SETTINGS parameter with its value.
type Setting struct {
	ID    SettingID
	Value uint32
}

// String is "MAX_CONCURRENT_STREAMS=100".
func (s Setting) String() string {
	return s.ID.String() + "=" + strconv.FormatUint(uint64(s.Value), 10)
}

const settingLen = 6

// CheckSettings checks the payload p of SETTINGS (RFC 9113 §6.5): it consists
// of whole parameters, and of none in an acknowledgement.
//
// Errors: ErrSize if that is not so.
func CheckSettings(h Header, p []byte) error {
	if len(p)%settingLen != 0 || h.Flags.Has(FlagAck) && len(p) != 0 {
		return ErrSize
	}
	return nil
}

// NumSettings is the number of parameters in the payload p of SETTINGS.
func NumSettings(p []byte) int { return len(p) / settingLen }

// SettingAt is parameter i of the payload p of SETTINGS, where i is at least 0
// and below NumSettings(p). They count in the order in which they stand, also
// when one occurs twice (RFC 9113 §6.5.3).
func SettingAt(p []byte, i int) Setting {
	p = p[i*settingLen:][:settingLen]
	return Setting{SettingID(binary.BigEndian.Uint16(p)), binary.BigEndian.Uint32(p[2:])}
}

// AppendSettings appends SETTINGS with the given parameters.
func AppendSettings(dst []byte, settings []Setting) []byte {
	dst = AppendHeader(dst, Header{Length: uint32(len(settings) * settingLen), Type: TypeSettings})
	for _, s := range settings {
		dst = binary.BigEndian.AppendUint16(dst, uint16(s.ID))
		dst = binary.BigEndian.AppendUint32(dst, s.Value)
	}
	return dst
}

// AppendSettingsAck appends the acknowledgement of the peer's SETTINGS.
func AppendSettingsAck(dst []byte) []byte {
	return AppendHeader(dst, Header{Type: TypeSettings, Flags: FlagAck})
}
