package events

import (
	"weft/core"
	"weft/core/frame"
)

// GetDefaultSettings returns all settings with their default values: those that
// hold for a session whose options set none, MaxHeaderListSize excepted. That
// is not announced by default, and so LocalSettings shows no limit; header lists
// over 64 KiB are refused all the same.
func GetDefaultSettings() Settings {
	return Settings{
		HeaderTableSize:       Set(DefaultSettingsHeaderTableSize),
		EnablePush:            Set(DefaultSettingsEnablePush),
		InitialWindowSize:     Set(DefaultSettingsInitialWindowSize),
		MaxFrameSize:          Set(DefaultSettingsMaxFrameSize),
		MaxConcurrentStreams:  Set(DefaultSettingsMaxConcurrentStreams),
		MaxHeaderListSize:     Set(DefaultSettingsMaxHeaderListSize),
		MaxHeaderSize:         Set(DefaultSettingsMaxHeaderListSize),
		EnableConnectProtocol: Set(DefaultSettingsEnableConnectProtocol),
	}
}

// GetPackedSettings returns settings as the payload of a SETTINGS frame, 6
// bytes for each that is set: what the http2-settings field has in base64.
// Errors: ErrInvalidSettingValue, ErrTooManyCustom.
func GetPackedSettings(settings Settings) ([]byte, error) {
	list, err := settings.list()
	if err != nil {
		return nil, err
	}
	return frame.AppendSettings(nil, list)[frame.HeaderLen:], nil
}

// GetUnpackedSettings reads the payload of a SETTINGS frame. What occurs in it
// is set; if it occurs again, the last value counts (RFC 9113 §6.5.3). All
// numbers without a name are in CustomSettings.
//
// Errors: ErrPackedSettings if the length is not a multiple of 6, and, as
// of GetPackedSettings, ErrInvalidSettingValue and ErrTooManyCustom.
func GetUnpackedSettings(packed []byte) (Settings, error) {
	if frame.CheckSettings(frame.Header{}, packed) != nil {
		return Settings{}, ErrPackedSettings
	}
	var s Settings
	for i := range frame.NumSettings(packed) {
		v := frame.SettingAt(packed, i)
		if err := checkSetting(v); err != nil {
			return Settings{}, err
		}
		if v.ID == 0 {
			continue // unknown: "MUST ignore" (RFC 9113 §6.5.2)
		}
		s.set(v)
		if len(s.CustomSettings) > maxCustomSettings {
			return Settings{}, ErrTooManyCustom
		}
	}
	return s, nil
}

// set takes over one value that has been checked.
func (s *Settings) set(v core.Setting) {
	switch v.ID {
	case SettingHeaderTableSize:
		s.HeaderTableSize = Set(v.Value)
	case SettingEnablePush:
		s.EnablePush = Set(v.Value == 1)
	case SettingMaxConcurrentStreams:
		s.MaxConcurrentStreams = Set(v.Value)
	case SettingInitialWindowSize:
		s.InitialWindowSize = Set(v.Value)
	case SettingMaxFrameSize:
		s.MaxFrameSize = Set(v.Value)
	case SettingMaxHeaderListSize:
		s.MaxHeaderListSize, s.MaxHeaderSize = Set(v.Value), Set(v.Value)
	case SettingEnableConnectProtocol:
		s.EnableConnectProtocol = Set(v.Value == 1)
	default:
		if s.CustomSettings == nil {
			s.CustomSettings = make(map[uint16]uint32)
		}
		s.CustomSettings[uint16(v.ID)] = v.Value
	}
}
