package events

import (
	"maps"
	"slices"

	"weft/core"
)

// Settings are HTTP/2 settings, to announce or as announced. What is not set
// keeps its value.
type Settings struct {
	HeaderTableSize       Opt[uint32] // bytes of the compression table; 4096
	EnablePush            Opt[bool]   // true
	InitialWindowSize     Opt[uint32] // bytes a stream may receive ahead; 65535
	MaxFrameSize          Opt[uint32] // 16384 to 16777215; 16384
	MaxConcurrentStreams  Opt[uint32] // 4294967295
	MaxHeaderListSize     Opt[uint32] // decoded bytes, 32 a field included; 65535
	EnableConnectProtocol Opt[bool]   // RFC 8441; false
	// CustomSettings are those this package has no name for, at most 10.
	CustomSettings map[uint16]uint32
}

const maxCustomSettings = 10

// list returns what to put into the SETTINGS frame, or why it can't be.
func (s *Settings) list() ([]core.Setting, error) {
	var list []core.Setting
	add := func(id core.SettingID, o Opt[uint32]) {
		if v, ok := o.Get(); ok {
			list = append(list, core.Setting{ID: id, Value: v})
		}
	}
	flag := func(id core.SettingID, o Opt[bool]) {
		if v, ok := o.Get(); ok {
			n := uint32(0)
			if v {
				n = 1
			}
			list = append(list, core.Setting{ID: id, Value: n})
		}
	}
	add(core.SettingHeaderTableSize, s.HeaderTableSize)
	flag(core.SettingEnablePush, s.EnablePush)
	add(core.SettingMaxConcurrentStreams, s.MaxConcurrentStreams)
	add(core.SettingInitialWindowSize, s.InitialWindowSize)
	add(core.SettingMaxFrameSize, s.MaxFrameSize)
	add(core.SettingMaxHeaderListSize, s.MaxHeaderListSize)
	flag(core.SettingEnableConnectProtocol, s.EnableConnectProtocol)
	if v := s.InitialWindowSize.Or(0); v > 1<<31-1 {
		return nil, ErrInvalidSettingValue.with(`Invalid value for setting "initialWindowSize": %d`, v)
	}
	if v := s.MaxFrameSize.Or(1 << 14); v < 1<<14 || v > 1<<24-1 {
		return nil, ErrInvalidSettingValue.with(`Invalid value for setting "maxFrameSize": %d`, v)
	}
	if len(s.CustomSettings) > maxCustomSettings {
		return nil, ErrTooManyCustom
	}
	for _, id := range slices.Sorted(maps.Keys(s.CustomSettings)) {
		list = append(list, core.Setting{ID: core.SettingID(id), Value: s.CustomSettings[id]})
	}
	return list, nil
}

// settingsOf shows the settings in force.
func settingsOf(s core.SettingsOf) Settings {
	return Settings{
		HeaderTableSize:       Set(s.HeaderTableSize),
		EnablePush:            Set(s.EnablePush),
		InitialWindowSize:     Set(s.InitialWindowSize),
		MaxFrameSize:          Set(s.MaxFrameSize),
		MaxConcurrentStreams:  Set(s.MaxConcurrentStreams),
		MaxHeaderListSize:     Set(s.MaxHeaderListSize),
		EnableConnectProtocol: Set(s.EnableConnectProtocol),
	}
}
