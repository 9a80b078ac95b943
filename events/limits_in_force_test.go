package events_test

import (
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// Without options the safe bounds are in force, and can be read; with them, theirs.
func TestLimitsInForce(t *testing.T) {
	plain := newPair(t, pairOptions{})
	for role, s := range map[string]*events.Session{"client": &plain.client.Session, "server": &plain.server.Session} {
		l, d := s.Limits(), s.Timeouts()
		for what, pair := range map[string][2]int{
			"MaxHeaderFields": {l.MaxHeaderFields, 128}, "MaxHeaderFieldsHard": {l.MaxHeaderFieldsHard, 1000},
			"MaxHeaderList": {l.MaxHeaderList, 64 << 10}, "MaxHeaderBlock": {l.MaxHeaderBlock, 64 << 10},
			"MaxContinuations": {l.MaxContinuations, 8}, "MaxInterim": {l.MaxInterim, 32}, "MaxReserved": {l.MaxReserved, 200},
			"MaxSettingsEntries": {l.MaxSettingsEntries, 32}, "MaxPendingSettings": {l.MaxPendingSettings, 10},
			"MaxPendingPings": {l.MaxPendingPings, 10}, "MaxReplies": {l.MaxReplies, 128}, "MaxOutput": {l.MaxOutput, 256 << 10},
			"MaxClosedStreams": {l.MaxClosedStreams, 100}, "MaxIdlePriorities": {l.MaxIdlePriorities, 100},
			"MaxOrigins": {l.MaxOrigins, 128}, "MaxDebugData": {l.MaxDebugData, 1 << 10},
			"AbuseBudget": {l.AbuseBudget, 10000}, "AbuseRefill": {l.AbuseRefill, 330}, "MaxStalls": {l.MaxStalls, 10},
			"StallBytes": {l.StallBytes, 1024}, "ResetRate": {l.ResetRate, 33},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %d, want %d", role, what, pair[0], pair[1])
			}
		}
		for what, pair := range map[string][2]time.Duration{
			"Preface": {d.Preface, 10 * time.Second}, "HeaderBlock": {d.HeaderBlock, 10 * time.Second},
			"SettingsAck": {d.SettingsAck, 10 * time.Second}, "Write": {d.Write, 30 * time.Second},
			"Push": {d.Push, 30 * time.Second}, "ShutdownNotice": {d.ShutdownNotice, time.Second},
			"Idle": {d.Idle, core.Never}, "BodyIdle": {d.BodyIdle, core.Never}, "Stall": {d.Stall, core.Never},
			"Shutdown": {d.Shutdown, core.Never}, "KeepAlive": {d.KeepAlive, core.Never},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %v, want %v", role, what, pair[0], pair[1])
			}
		}
	}
	given := events.SessionOptions{
		SessionLimits: events.SessionLimits{MaxSettings: 3, MaxHeaderListPairs: 9, MaxOutstandingPings: 4, MaxOutstandingSettings: 5},
		Limits:        core.Limits{AbuseBudget: core.Unlimited, MaxHeaderFields: 7},
		Timeouts:      core.Timeouts{Idle: time.Minute},
	}
	s, err := events.NewServerSession(mem.Epoch, given)
	if err != nil {
		t.Fatal(err)
	}
	l := s.Limits()
	if l.MaxSettingsEntries != 3 || l.MaxHeaderFields != 9 || l.MaxPendingPings != 4 || l.MaxPendingSettings != 5 ||
		l.AbuseBudget != core.Unlimited || s.Timeouts().Idle != time.Minute {
		t.Errorf("what was given is not in force: %+v, %+v", l, s.Timeouts())
	}
}
