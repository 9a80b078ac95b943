package fuzz

import (
	"errors"
	"fmt"
	"time"

	"weft/core"
)

// check compares the getters with the model. It runs when there are no more
// events.
func (e *end) check() {
	info := e.c.Info()
	if e.c.Next() != nil {
		e.fatalf("Next has something to say after it had nothing")
	}
	if info.Waiting != e.c.OutputPending() || e.c.OutputPending() < 0 {
		e.fatalf("Waiting %d, OutputPending %d", info.Waiting, e.c.OutputPending())
	}
	e.checkBounds()
	if e.over {
		if !e.c.Closed() || info.Streams != 0 || info.OpenLocal != 0 {
			e.fatalf("closed, but %+v", info)
		}
		if at, why := e.c.NextDeadline(); why != core.TimerNone {
			e.fatalf("closed, but %v is due at %v", why, at)
		}
		return
	}
	if e.gotEOF && !e.c.ReadPaused() {
		e.fatalf("input has ended, but the connection has not")
	}
	var streams, local, remote int
	kept := e.order[:0]
	for _, s := range e.order {
		if s.closed() {
			if got := e.c.StreamState(s.id); got < core.StateClosed {
				e.fatalf("stream %d ended, but is %v", s.id, got)
			}
			if _, ok := e.c.Stream(s.id); ok != s.held {
				e.fatalf("stream %d ended, but is kept", s.id)
			}
			if s.held {
				kept = append(kept, s)
			}
			continue
		}
		kept = append(kept, s)
		streams++
		switch {
		case !s.counted:
		case s.ours:
			local++
		default:
			remote++
		}
		e.checkStream(s)
	}
	e.order = kept
	if info.Streams != streams || info.OpenLocal != local || info.OpenPeer != remote+e.lingering {
		e.fatalf("Streams %d, OpenLocal %d, OpenPeer %d; should be %d, %d, %d",
			info.Streams, info.OpenLocal, info.OpenPeer, streams, local, remote+e.lingering)
	}
	if info.RecvWindow+info.RecvOwed != info.RecvSize || info.RecvWindow < 0 || info.RecvWindow > 1<<31-1 {
		e.fatalf("receive window %d + owed %d should be %d", info.RecvWindow, info.RecvOwed, info.RecvSize)
	}
	if info.SendWindow < 0 || info.SendWindow > 1<<31-1 {
		e.fatalf("send window %d", info.SendWindow)
	}
	// A caller who was told to wait has been told to go on.
	if e.wantsOpen && int64(info.OpenLocal) < int64(e.c.PeerSettings().MaxConcurrentStreams) &&
		!(e.client && (info.GoingAway || info.PeerGoingAway)) {
		e.fatalf("%d streams of ours, %d permitted, but StreamsAllowed was not reported",
			info.OpenLocal, e.c.PeerSettings().MaxConcurrentStreams)
	}
	limits := e.c.Limits()
	if info.LastFault == core.FaultTooManyPushes && e.lastFault != info.LastFault && e.promises < limits.MaxReserved {
		e.fatalf("a push was refused, but there were only %d promises", e.promises)
	}
	e.promises, e.lastFault = e.reserved(), info.LastFault
	if info.AbuseLeft > limits.AbuseBudget || info.AbuseLeft < 0 {
		e.fatalf("%d points left of %d", info.AbuseLeft, limits.AbuseBudget)
	}
	if info.NextStream&1 == 1 != e.client || info.LastPeer != 0 && e.isOurs(info.LastPeer) || info.LastPeer < e.opened {
		e.fatalf("next stream %d, last of the peer %d", info.NextStream, info.LastPeer)
	}
	table := e.cfg.EncoderTable
	switch table {
	case 0:
		table = 4096
	case core.NoTable:
		table = 0
	}
	if int64(info.EncoderTable) > min(int64(table), int64(e.c.PeerSettings().HeaderTableSize)) {
		e.fatalf("HPACK table of %d, allowed are %d and %d", info.EncoderTable, e.c.PeerSettings().HeaderTableSize, table)
	}
	if e.c.PendingSettings() != e.settings {
		e.fatalf("%d sets of settings are pending, should be %d", e.c.PendingSettings(), e.settings)
	}
}

// reserved is how many promises of the peer's have not begun.
func (e *end) reserved() (n int) {
	for _, s := range e.order {
		if s.promised && !s.ours && !s.closed() {
			n++
		}
	}
	return n
}

func (e *end) checkStream(s *model) {
	st, ok := e.c.Stream(s.id)
	if !ok {
		e.fatalf("stream %d is %v, but gone", s.id, s.state())
	}
	if st.State != s.state() || st.State != e.c.StreamState(s.id) {
		e.fatalf("stream %d is %v, should be %v", s.id, st.State, s.state())
	}
	if st.Unread != s.arrived-s.consumed {
		e.fatalf("stream %d has %d bytes unread, should be %d", s.id, st.Unread, s.arrived-s.consumed)
	}
	if st.Waiting != s.short || st.Held != s.held {
		e.fatalf("stream %d: waiting %v, held %v; should be %v, %v", s.id, st.Waiting, st.Held, s.short, s.held)
	}
	if st.SendWindow > 1<<31-1 || st.RecvWindow > 1<<31-1 {
		e.fatalf("stream %d: windows of %d and %d", s.id, st.SendWindow, st.RecvWindow)
	}
	announced := int64(e.c.LocalSettings().InitialWindowSize)
	if window := st.RecvWindow + st.Unread; e.cfg.FixedWindows && window > announced || window > announced+max(32<<20, int64(e.cfg.MaxWindow)) {
		e.fatalf("stream %d: a window of %d with %d unread, announced were %d", s.id, st.RecvWindow, st.Unread, announced)
	}
	if !s.gotEnd && !s.promised && st.Unread == 0 && announced > 0 && st.RecvWindow <= 0 && e.settings == 0 {
		e.fatalf("stream %d: a window of %d, though all was consumed", s.id, st.RecvWindow)
	}
	if s.ours && s.id > e.lastAway {
		e.fatalf("stream %d is open, but the peer serves none above %d", s.id, e.lastAway)
	}
	if st.Weight < 1 || st.Weight > 256 || st.Urgency < 0 || st.Urgency > 7 || st.ChildWeight < 0 {
		e.fatalf("stream %d: weight %d, urgency %d", s.id, st.Weight, st.Urgency)
	}
	// Whoever waits and could send has been told so, or is about to be: tiny
	// windows may be held up for a moment.
	if st.Waiting && e.c.OutputPending() == 0 && st.SendWindow > 0 && e.c.Info().SendWindow > 0 {
		at, why := e.c.NextDeadline()
		if st.SendWindow >= 256 || why == core.TimerNone || at.Sub(*e.now) > 100*time.Millisecond {
			e.fatalf("stream %d waits with windows of %d and %d", s.id, st.SendWindow, e.c.Info().SendWindow)
		}
	}
}

// headSlack is what one more frame than MaxOutput allows for may take: its
// padding.
const headSlack = 256

// checkBounds: what waits to be written is bounded by what Send may fill, by
// what commands added to it, and by what a bounded number of replies take.
func (e *end) checkBounds() {
	limits := e.c.Limits()
	const reply = 4 << 7 // generous: RST_STREAM, an acknowledgement, WINDOW_UPDATE
	bound := int64(limits.MaxOutput) + headSlack + int64(e.forced) + int64(e.unwritten) +
		(int64(limits.MaxReplies)+8)*32 + int64(e.sent.windowUpdates)*26 + reply
	if e.gotEOF {
		bound += 2 * int64(e.input) // what came last is dealt with all the same
	}
	if got := int64(e.c.OutputPending()); got > bound {
		e.fatalf("%d bytes wait to be written, more than %d", got, bound)
	}
}

// same checks that a command that was refused changed nothing.
func (e *end) same(before core.ConnInfo, what string, err error) {
	e.t.Helper()
	after := e.c.Info()
	if errors.Is(err, core.ErrHeaderListTooLarge) {
		after.AbuseLeft, after.Waiting = before.AbuseLeft, before.Waiting // that costs the peer
		after.GoingAway = before.GoingAway
		if e.c.Info().Streams == 0 {
			return // and may have ended it
		}
		after.LastFault = before.LastFault
	}
	if before != after {
		e.fatalf("%s: %v, but it changed\n%+v to\n%+v", what, err, before, after)
	}
	if e.over && !errors.Is(err, core.ErrClosed) && !isArgument(err) && !errors.Is(err, core.ErrRole) && !errors.Is(err, core.ErrNoStream) {
		e.fatalf("%s: %v, should be %v", what, err, core.ErrClosed)
	}
}

// isArgument reports whether an error is about what a command was given.
func isArgument(err error) bool {
	var config *core.ConfigError
	return errors.As(err, &config)
}

// spent notes how much output a command added.
func (e *end) spent(before core.ConnInfo) {
	e.forced += max(0, e.c.OutputPending()-before.Waiting)
}

func (e *end) String() string {
	return fmt.Sprintf("%s with %d streams", e.name, len(e.order))
}

// The commands. Each is checked by what it returns and what it changed.
