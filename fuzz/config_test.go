package fuzz

import (
	"time"

	"weft/core"
)

// config makes a configuration of some bits. A calm one has no limit that an
// honest peer could run into.
func config(bits uint64, client, calm bool) core.Config {
	c := chooser(bits)
	cfg := core.Config{FrameTypes: []uint8{0xf0, 0xf1}}
	set := func(id core.SettingID, v uint32) {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: id, Value: v})
	}
	switch c.next(6) {
	case 1:
		set(core.SettingInitialWindowSize, 0)
	case 2:
		set(core.SettingInitialWindowSize, 1)
	case 3:
		set(core.SettingInitialWindowSize, 100)
	case 4:
		set(core.SettingInitialWindowSize, 1<<20)
	case 5:
		set(core.SettingInitialWindowSize, 1<<31-1)
	}
	switch c.next(4) {
	case 1:
		set(core.SettingMaxFrameSize, 20000)
	case 2:
		set(core.SettingMaxFrameSize, 1<<24-1)
	}
	switch c.next(6) {
	case 1:
		set(core.SettingHeaderTableSize, 0)
	case 2:
		set(core.SettingHeaderTableSize, 100)
	case 3:
		set(core.SettingHeaderTableSize, 1<<16)
	}
	switch n := c.next(6); {
	case client && n > 2:
		set(core.SettingEnablePush, 1)
	case client:
	case n == 1:
		set(core.SettingMaxConcurrentStreams, 1)
	case n == 2:
		set(core.SettingMaxConcurrentStreams, 0)
	case n == 3:
		set(core.SettingMaxConcurrentStreams, 3)
	case n == 4:
		set(core.SettingEnableConnectProtocol, 1)
	case n == 5:
		set(core.SettingNoRFC7540Priorities, 1)
	}
	cfg.FixedWindows = c.bool()
	cfg.BareSettings = c.next(8) == 1
	cfg.ReportedWrites = c.next(4) == 1
	switch c.next(6) {
	case 1:
		cfg.Padding = core.PadMax
	case 2:
		cfg.Padding = core.PadAligned
	case 3:
		cfg.Padding = func(n, max int) int { return n%300 - 20 }
	}
	switch c.next(6) {
	case 1:
		cfg.EncoderTable = core.NoTable
	case 2:
		cfg.EncoderTable = 60
	case 3:
		cfg.EncoderTable = 1 << 16
	}
	switch c.next(4) {
	case 1:
		cfg.ConnWindow = 1<<31 - 1
	case 2:
		cfg.ConnWindow = 65535
	case 3:
		cfg.MaxWindow = 1<<31 - 1
	}
	switch c.next(4) {
	case 1:
		cfg.MaxOutput = 300
	case 2:
		cfg.MaxOutput = 5000
	}
	if c.next(4) == 1 {
		cfg.MaxClosedStreams = 1
	}
	if c.next(4) == 1 {
		cfg.MaxIdlePriorities = 2
		cfg.MaxReserved = 1
	}
	if c.next(4) == 1 {
		cfg.KeepAlive = time.Second
	}
	if c.next(4) == 1 {
		cfg.MaxReplies = 2
	}
	if calm {
		cfg.AbuseBudget = core.Unlimited
		return cfg
	}
	switch c.next(4) {
	case 1:
		cfg.AbuseBudget = 100
	case 2:
		cfg.AbuseBudget = core.Unlimited
	}
	switch c.next(4) {
	case 1:
		cfg.MaxHeaderFields = 6
		cfg.MaxHeaderFieldsHard = 50
	case 2:
		cfg.MaxHeaderBlock = 300
		cfg.MaxContinuations = 2
		cfg.MaxReserved = 1
		cfg.MaxInterim = 1
	case 3:
		set(core.SettingMaxHeaderListSize, 200)
		cfg.MaxSettingsEntries = 2
		cfg.MaxPendingSettings = 1
		cfg.MaxPendingPings = 1
		cfg.MaxOrigins = 1
		cfg.MaxDebugData = 3
	}
	switch c.next(4) {
	case 1:
		cfg.Transport = core.TransportEncrypted
	case 2:
		cfg.Transport = core.TransportCleartext
	case 3:
		cfg.MaxStalls = 1
		cfg.StallBytes = 10
		cfg.Timeouts.Stall = time.Second
		cfg.BodyIdle = time.Second
		cfg.Timeouts.Push = time.Second
		cfg.Idle = time.Second
		cfg.Shutdown = time.Second
	}
	return cfg
}

// pass moves the clock by as much as a tape says.
func pass(t *tape, now *time.Time) {
	*now = now.Add(pick(t, []time.Duration{
		time.Millisecond, time.Nanosecond, 10 * time.Millisecond, 100 * time.Millisecond, 150 * time.Millisecond,
		time.Second, 2 * time.Second, 10 * time.Second, 31 * time.Second, time.Minute, 3 * time.Minute, time.Hour,
	}))
}
