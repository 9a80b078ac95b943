package events

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"weft/core"
)

// Settings are HTTP/2 settings, to announce or as announced. What is not set
// keeps its value.
type Settings struct {
	HeaderTableSize      Opt[uint32] // bytes of the compression table; 4096
	EnablePush           Opt[bool]   // true; a server never sends true (RFC 9113 §6.5.2)
	InitialWindowSize    Opt[uint32] // bytes a stream may receive ahead, up to 2147483647; 65535
	MaxFrameSize         Opt[uint32] // 16384 to 16777215; 16384
	MaxConcurrentStreams Opt[uint32] // 4294967295, which is no limit
	MaxHeaderListSize    Opt[uint32] // decoded bytes, 32 a field included; 65535
	// MaxHeaderSize is another name of MaxHeaderListSize. One of them is
	// enough, and if both are set they must be equal; of settings received,
	// both are set.
	MaxHeaderSize         Opt[uint32]
	EnableConnectProtocol Opt[bool] // RFC 8441; false; cannot be withdrawn
	// CustomSettings are those this package has no name for, at most 10, by
	// their numbers from 1 on. A number that has a name means the field of that
	// name, unless the field is set. Of what a peer announces only the numbers
	// in SessionOptions.RemoteCustomSettings are here.
	CustomSettings map[uint16]uint32
}

// maxCustomSettings bounds CustomSettings and RemoteCustomSettings.
const maxCustomSettings = 10

// settingKeys are the names that errors give settings.
var settingKeys = map[core.SettingID]string{
	SettingHeaderTableSize:       "headerTableSize",
	SettingEnablePush:            "enablePush",
	SettingMaxConcurrentStreams:  "maxConcurrentStreams",
	SettingInitialWindowSize:     "initialWindowSize",
	SettingMaxFrameSize:          "maxFrameSize",
	SettingMaxHeaderListSize:     "maxHeaderListSize",
	SettingEnableConnectProtocol: "enableConnectProtocol",
}

// settingKey translates the name that the core gives a setting.
func settingKey(name string) string {
	for id, key := range settingKeys {
		if id.String() == name {
			return key
		}
	}
	return name
}

func isCustom(id core.SettingID) bool { return settingKeys[id] == "" }

// list returns what a SETTINGS frame carries, in the order of the numbers, or
// why it can't be.
func (s *Settings) list() ([]core.Setting, error) {
	if len(s.CustomSettings) > maxCustomSettings {
		return nil, tooManyCustom("CustomSettings", len(s.CustomSettings))
	}
	byID := make(map[core.SettingID]uint32, 8+len(s.CustomSettings))
	for id, v := range s.CustomSettings {
		if id == 0 {
			return nil, invalidSetting("customSettings:id", 0, "1 to 65535")
		}
		byID[core.SettingID(id)] = v
	}
	add := func(id core.SettingID, o Opt[uint32]) {
		if v, ok := o.Get(); ok {
			byID[id] = v
		}
	}
	flag := func(id core.SettingID, o Opt[bool]) {
		if v, ok := o.Get(); ok {
			byID[id] = 0
			if v {
				byID[id] = 1
			}
		}
	}
	add(SettingHeaderTableSize, s.HeaderTableSize)
	flag(SettingEnablePush, s.EnablePush)
	add(SettingMaxConcurrentStreams, s.MaxConcurrentStreams)
	add(SettingInitialWindowSize, s.InitialWindowSize)
	add(SettingMaxFrameSize, s.MaxFrameSize)
	add(SettingMaxHeaderListSize, s.MaxHeaderListSize)
	flag(SettingEnableConnectProtocol, s.EnableConnectProtocol)
	if v, ok := s.MaxHeaderSize.Get(); ok {
		if s.MaxHeaderListSize.Or(v) != v {
			return nil, invalidSetting("maxHeaderSize", v, "equal to maxHeaderListSize beside it")
		}
		byID[SettingMaxHeaderListSize] = v
	}
	list := make([]core.Setting, 0, len(byID))
	for id, v := range byID {
		list = append(list, core.Setting{ID: id, Value: v})
	}
	slices.SortFunc(list, func(a, b core.Setting) int { return cmp.Compare(a.ID, b.ID) })
	for _, v := range list {
		if err := checkSetting(v); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// checkSetting judges a value by itself (RFC 9113 §6.5.2).
func checkSetting(v core.Setting) error {
	low, high := uint32(0), uint32(1<<32-1)
	switch v.ID {
	case SettingEnablePush, SettingEnableConnectProtocol:
		high = 1
	case SettingInitialWindowSize:
		high = 1<<31 - 1
	case SettingMaxFrameSize:
		low, high = 1<<14, 1<<24-1
	}
	if v.Value < low || v.Value > high {
		return invalidSetting(settingKeys[v.ID], v.Value, fmt.Sprintf("%d to %d", low, high))
	}
	return nil
}

func invalidSetting(key string, v uint32, must string) *Error {
	e := ErrInvalidSettingValue.with("Invalid value for setting %q: %d", key, v)
	return e.because(&core.ConfigError{Option: key, Value: fmt.Sprint(v), Range: must})
}

func tooManyCustom(option string, n int) *Error {
	return ErrTooManyCustom.caused(&core.ConfigError{Option: option, Value: fmt.Sprintf("a list of %d", n), Range: fmt.Sprintf("one of at most %d", maxCustomSettings)})
}

// sendable is what of a list may go into a SETTINGS frame of ours.
func sendable(list []core.Setting, client bool) []core.Setting {
	if client {
		return list
	}
	// RFC 9113 §6.5.2: "A client MUST treat receipt of a SETTINGS frame with
	// SETTINGS_ENABLE_PUSH set to 1 as a connection error": that a server
	// accepts no pushes is understood, whatever its settings say.
	return slices.DeleteFunc(list, func(v core.Setting) bool {
		return v.ID == SettingEnablePush && v.Value == 1
	})
}

// settingsOf shows the settings in force, custom ones included. It copies
// those.
func settingsOf(s core.SettingsOf, custom map[uint16]uint32) Settings {
	return Settings{
		HeaderTableSize:       Set(s.HeaderTableSize),
		EnablePush:            Set(s.EnablePush),
		InitialWindowSize:     Set(s.InitialWindowSize),
		MaxFrameSize:          Set(s.MaxFrameSize),
		MaxConcurrentStreams:  Set(s.MaxConcurrentStreams),
		MaxHeaderListSize:     Set(s.MaxHeaderListSize),
		MaxHeaderSize:         Set(s.MaxHeaderListSize),
		EnableConnectProtocol: Set(s.EnableConnectProtocol),
		CustomSettings:        maps.Clone(custom),
	}
}
