package core

import (
	"fmt"
	"math"
	"time"

	"weft/core/frame"
)

// settings are the values one side announced and the other goes by.
type settings struct {
	headerTable     uint32
	push            bool
	maxStreams      uint32
	initialWindow   uint32
	maxFrameSize    uint32
	maxHeaderList   uint32
	connectProtocol bool
	noPriorities    bool // NO_RFC7540_PRIORITIES
}

// unlimitedSetting is what an unannounced limit stands at.
const unlimitedSetting = math.MaxUint32

// initialSettings hold before anything is announced (RFC 9113 §6.5.2).
var initialSettings = settings{
	headerTable:   initialTable,
	push:          true,
	maxStreams:    unlimitedSetting,
	initialWindow: defaultWindow,
	maxFrameSize:  frame.DefaultMaxFrameSize,
	maxHeaderList: unlimitedSetting,
}

// set takes over one value. It reports a value out of range, before anything
// is changed.
func (s *settings) set(v Setting, fromServer bool) Fault {
	switch v.ID {
	case SettingHeaderTableSize:
		s.headerTable = v.Value
	case SettingEnablePush:
		if v.Value > 1 {
			return FaultSettingValue
		}
		if v.Value == 1 && fromServer {
			return FaultSettingPush
		}
		s.push = v.Value == 1
	case SettingMaxConcurrentStreams:
		s.maxStreams = v.Value
	case SettingInitialWindowSize:
		if v.Value > maxWindow {
			return FaultSettingWindow
		}
		s.initialWindow = v.Value
	case SettingMaxFrameSize:
		if v.Value < frame.DefaultMaxFrameSize || v.Value > frame.MaxFrameSizeLimit {
			return FaultSettingValue
		}
		s.maxFrameSize = v.Value
	case SettingMaxHeaderListSize:
		s.maxHeaderList = v.Value
	case SettingEnableConnectProtocol:
		if v.Value > 1 {
			return FaultSettingValue
		}
		if v.Value == 0 && s.connectProtocol {
			return FaultSettingConnectProtocol
		}
		s.connectProtocol = v.Value == 1
	case SettingNoRFC7540Priorities:
		if v.Value > 1 {
			return FaultSettingValue
		}
		s.noPriorities = v.Value == 1
	}
	return FaultNone
}

// settingRange says what a caller may announce for a setting.
func settingRange(id SettingID, fault Fault) string {
	switch {
	case fault == FaultSettingPush:
		return "0: a server cannot enable push"
	case fault == FaultSettingConnectProtocol:
		return "1: it cannot be withdrawn (RFC 8441 §3)"
	case id == SettingInitialWindowSize:
		return "0 to 2147483647"
	case id == SettingMaxFrameSize:
		return "16384 to 16777215"
	}
	return "0 or 1"
}

// maxOwnSettings is how many settings one frame of ours carries: what nghttp2,
// and an end of ours, take by default.
const maxOwnSettings = 32

func checkOwn(s *settings, list []Setting, server bool) error {
	if err := checkLength(list); err != nil {
		return err
	}
	seen := make(map[SettingID]bool, len(list))
	for _, v := range list {
		if seen[v.ID] {
			return &ConfigError{v.ID.String(), "listed twice", "listed once"}
		}
		seen[v.ID] = true
		if fault := s.set(v, server); fault != FaultNone {
			return &ConfigError{v.ID.String(), fmt.Sprint(v.Value), settingRange(v.ID, fault)}
		}
	}
	return nil
}

func checkLength(list []Setting) error {
	if len(list) > maxOwnSettings {
		return &ConfigError{"Settings", fmt.Sprintf("a list of %d", len(list)), "a list of at most 32"}
	}
	return nil
}

// firstSettings checks Config.Settings and adds what is safe to add.
func (c *Conn) firstSettings(list []Setting, bare bool) ([]Setting, error) {
	s := initialSettings
	if err := checkOwn(&s, list, !c.client); err != nil {
		return nil, err
	}
	has := func(id SettingID) bool {
		for _, v := range list {
			if v.ID == id {
				return true
			}
		}
		return false
	}
	if has(SettingMaxHeaderListSize) {
		c.admit(asInt(s.maxHeaderList))
	}
	if bare {
		return list, nil
	}
	full := make([]Setting, 0, len(list)+2)
	switch {
	case c.client && !has(SettingEnablePush):
		full = append(full, Setting{ID: SettingEnablePush, Value: 0})
	case !c.client && !has(SettingMaxConcurrentStreams):
		full = append(full, Setting{ID: SettingMaxConcurrentStreams, Value: defaultStreams})
	}
	full = append(full, list...)
	if !has(SettingMaxHeaderListSize) && c.cfg.MaxHeaderList != Unlimited && int64(c.cfg.MaxHeaderList) <= math.MaxUint32 {
		full = append(full, Setting{ID: SettingMaxHeaderListSize, Value: uint32(c.cfg.MaxHeaderList)})
	}
	return full, checkLength(full)
}

// asInt is a value as an int, which has 32 bits on some machines.
func asInt(v uint32) int { return int(min(int64(v), math.MaxInt)) }

// admit has header lists of that size taken, and blocks as large as such a list
// can make.
func (c *Conn) admit(size int) {
	own := *c.cfg.Limits
	own.MaxHeaderList = size
	own.MaxHeaderBlock = max(own.MaxHeaderBlock, size)
	own.MaxContinuations = max(own.MaxContinuations, size/frame.DefaultMaxFrameSize+1)
	c.cfg.Limits = &own
}

// defaultStreams is the concurrency a server announces.
const defaultStreams = 100

// pendingSettings are settings of ours the peer has not acknowledged.
type pendingSettings struct {
	list   []Setting
	sentAt instant
}

// announce sends SETTINGS. Values that grant more take effect at once, those
// that take something away when the peer has acknowledged them.
func (c *Conn) announce(list []Setting) {
	c.out = frame.AppendSettings(c.out, list)
	c.pending = append(c.pending, pendingSettings{list, c.now})
	if len(c.pending) == 1 {
		c.arm(TimerSettingsAck, c.cfg.SettingsAck)
	}
	for _, v := range list {
		switch v.ID {
		case SettingMaxConcurrentStreams:
			// The first value is in force from the first byte (AC-017).
			if v.Value > c.local.maxStreams || !c.gotFirst && len(c.pending) == 1 {
				c.local.maxStreams = v.Value
			}
		case SettingMaxFrameSize:
			c.local.maxFrameSize = max(c.local.maxFrameSize, v.Value)
		case SettingEnableConnectProtocol:
			c.local.connectProtocol = v.Value == 1
		case SettingEnablePush:
			if v.Value == 1 {
				c.local.push = true
			}
		case SettingMaxHeaderListSize:
			if most := asInt(v.Value); most > c.cfg.MaxHeaderList {
				c.admit(most)
				c.dec.SetMaxStringLength(most)
			}
		case SettingNoRFC7540Priorities:
			c.local.noPriorities = v.Value == 1
		}
	}
}

// UpdateSettings announces changed settings (RFC 9113 §6.5). They are in
// force when SettingsAcked reports them. A value out of range is a
// *ConfigError; ErrTooManySettings when Config.MaxPendingSettings are still
// unacknowledged. The slice is copied.
func (c *Conn) UpdateSettings(now time.Time, list []Setting) error {
	c.tick(now)
	if c.closed() {
		return ErrClosed
	}
	if len(c.pending) >= c.cfg.MaxPendingSettings {
		return ErrTooManySettings
	}
	s := c.announced()
	if err := checkOwn(&s, list, !c.client); err != nil {
		return err
	}
	if s.noPriorities != c.local.noPriorities {
		return &ConfigError{SettingNoRFC7540Priorities.String(), fmt.Sprint(s.noPriorities),
			"unchanged after the first SETTINGS (RFC 9218 §2.1)"}
	}
	for st := c.streams.head; st != nil; st = st.allNext {
		if int64(s.initialWindow)+st.grown > maxWindow {
			// RFC 9113 §6.9.2: no window may exceed 2^31-1.
			return &ConfigError{SettingInitialWindowSize.String(), fmt.Sprint(s.initialWindow),
				"at most 2^31-1 less what the window of an open stream has grown by"}
		}
	}
	c.announce(append([]Setting(nil), list...))
	return nil
}

// announced is what our settings will be once all is acknowledged.
func (c *Conn) announced() settings {
	s := c.local
	for _, p := range c.pending {
		for _, v := range p.list {
			s.set(v, false)
		}
	}
	return s
}

// recvSettings handles SETTINGS (RFC 9113 §6.5).
func (c *Conn) recvSettings(h frame.Header, p []byte) Event {
	switch {
	case h.Stream != 0:
		c.fail(FaultStreamNotZero)
		return nil
	case frame.CheckSettings(h, p) != nil:
		c.fail(FaultFrameSize)
		return nil
	case h.Flags.Has(frame.FlagAck):
		return c.recvSettingsAck()
	}
	n := frame.NumSettings(p)
	if n > c.cfg.MaxSettingsEntries {
		c.fail(FaultTooManySettings)
		return nil
	}
	// Every value is judged before any is stored.
	next, smallest := c.peer, c.peer.headerTable
	for i := range n {
		if fault := next.set(frame.SettingAt(p, i), c.client); fault != FaultNone {
			c.fail(fault)
			return nil
		}
		smallest = min(smallest, next.headerTable)
	}
	if !c.client {
		next.connectProtocol = false // RFC 8441 §3: means nothing from a client
	}
	if c.gotFirst && next.noPriorities != c.peer.noPriorities {
		c.fail(FaultSettingPriorities)
		return nil
	}
	first := !c.gotFirst
	if first {
		c.gotFirst = true
		c.disarm(TimerPreface)
		if c.wireStreams == 0 {
			c.arm(TimerIdle, c.cfg.Idle)
		}
		if !hasSetting(p, SettingMaxConcurrentStreams) {
			next.maxStreams = unlimitedSetting
		}
	}
	old := c.peer
	c.peer = next
	if !c.shiftSendWindows(int64(next.initialWindow) - int64(old.initialWindow)) {
		c.fail(FaultInitialWindowOverflow)
		return nil
	}
	if smallest < old.headerTable {
		c.resizeEncoder(smallest, true)
	}
	if next.headerTable != smallest {
		c.resizeEncoder(next.headerTable, false)
	}
	c.out = frame.AppendSettingsAck(c.out)
	c.replies++
	if !first {
		c.charge(causeControl)
		if c.closed() {
			return nil
		}
	}
	ev := &c.early().settings
	ev.Settings = ev.Settings[:0]
	for i := range n {
		ev.Settings = append(ev.Settings, frame.SettingAt(p, i))
	}
	return ev
}

func hasSetting(p []byte, id SettingID) bool {
	for i := range frame.NumSettings(p) {
		if frame.SettingAt(p, i).ID == id {
			return true
		}
	}
	return false
}

// recvSettingsAck puts the oldest unacknowledged settings into force
// (RFC 9113 §6.5.3).
func (c *Conn) recvSettingsAck() Event {
	if len(c.pending) == 0 {
		c.charge(causeStrayAck)
		return nil
	}
	acked := c.pending[0]
	c.settingsKnown = true
	c.pending = c.pending[:copy(c.pending, c.pending[1:])]
	c.disarm(TimerSettingsAck)
	if len(c.pending) > 0 {
		c.deadlines[TimerSettingsAck] = saturate(c.pending[0].sentAt, c.cfg.SettingsAck)
	}
	old := c.local
	for _, v := range acked.list {
		c.local.set(v, !c.client)
	}
	// A larger value may be on its way already.
	for _, p := range c.pending {
		for _, v := range p.list {
			switch v.ID {
			case SettingMaxConcurrentStreams:
				c.local.maxStreams = max(c.local.maxStreams, v.Value)
			case SettingMaxFrameSize:
				c.local.maxFrameSize = max(c.local.maxFrameSize, v.Value)
			}
		}
	}
	if w := int64(c.local.initialWindow); w < int64(old.initialWindow) {
		c.growth.target = w // less is wanted: growth starts again from there
	} else {
		c.growth.target = max(c.growth.target, w)
	}
	c.shiftRecvWindows(int64(c.local.initialWindow) - int64(old.initialWindow))
	c.sampleRTT(c.now - acked.sentAt) // windows may grow now, by the new settings
	if c.local.headerTable != old.headerTable {
		c.mustShrink = c.local.headerTable < old.headerTable
		c.decoderLimit = c.local.headerTable
		c.dec.SetAllowedMaxDynamicTableSize(c.decoderLimit)
		c.decodeCache.invalidate()
	}
	ev := &c.early().settingsAcked
	*ev = SettingsAcked{acked.list, time.Duration(c.now - acked.sentAt)}
	return ev
}

func saturate(at instant, d time.Duration) instant {
	if int64(d) > math.MaxInt64-at {
		return unarmed
	}
	return at + int64(d)
}

// resizeEncoder follows the peer's HEADER_TABLE_SIZE, up to our own bound. A
// reduction has to be confirmed in the next header block even if our table is
// small enough already (RFC 9113 §4.3.1).
func (c *Conn) resizeEncoder(size uint32, reduced bool) {
	size = min(size, c.cfg.encoderTable)
	if !reduced && size == c.enc.MaxDynamicTableSize() {
		return
	}
	c.enc.SetMaxDynamicTableSize(size)
	if !c.mustConfirm || size < c.smallestTable {
		c.mustConfirm, c.smallestTable = true, size
	}
	c.encodeCache.invalidate()
}
