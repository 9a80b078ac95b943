package events

import (
	"slices"

	"weft/core"
)

// customSettings are the values in force of settings that the core does not
// act on. A side's map is nil until it has one.
type customSettings struct {
	local  map[uint16]uint32
	remote map[uint16]uint32
}

// put takes over the custom settings of a list. Which numbers a peer can fill a
// map with is bounded by keep.
func put(m map[uint16]uint32, list []core.Setting, keep func(id uint16) bool) map[uint16]uint32 {
	for _, v := range list {
		if id := uint16(v.ID); isCustom(v.ID) && keep(id) {
			if m == nil {
				m = make(map[uint16]uint32)
			}
			m[id] = v.Value
		}
	}
	return m
}

func (c *customSettings) acked(list []core.Setting) {
	c.local = put(c.local, list, func(uint16) bool { return true })
}

// received takes those that are wanted.
func (c *customSettings) received(list []core.Setting, wanted []uint16) {
	c.remote = put(c.remote, list, func(id uint16) bool { return slices.Contains(wanted, id) })
}

// localSettings and remoteSettings return the settings in force. The session
// is locked and has its connection.
func (s *Session) localSettings() Settings {
	return settingsOf(s.conn.LocalSettings(), s.custom.local)
}

func (s *Session) remoteSettings() Settings {
	return settingsOf(s.conn.PeerSettings(), s.custom.remote)
}
