package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
)

// conn is what a core.Conn does; a recorder does it, too.
type conn interface {
	Receive(now time.Time, p []byte)
	ReceiveEOF(now time.Time)
	Advance(now time.Time)
	Wrote(now time.Time, n int)

	Next() core.Event
	AppendOutput(dst []byte) []byte

	Open(now time.Time, fields []core.Field, end bool) (core.StreamID, error)
	OpenPriority(now time.Time, fields []core.Field, end bool, p core.Priority) (core.StreamID, error)
	Headers(now time.Time, id core.StreamID, fields []core.Field, end bool) error
	Send(now time.Time, id core.StreamID, p []byte, end bool) (int, error)
	Consume(id core.StreamID, n int) error
	Reset(now time.Time, id core.StreamID, code core.ErrCode) error
	Push(now time.Time, id core.StreamID, fields []core.Field) (core.StreamID, error)
	Ping(now time.Time, opaque [8]byte) error
	UpdateSettings(now time.Time, list []core.Setting) error
	SetConnWindow(size int) error
	Shutdown(now time.Time)
	GoAway(now time.Time, code core.ErrCode, last core.StreamID, debug []byte) error
	Close(now time.Time, code core.ErrCode, debug []byte)
	Hold(id core.StreamID) error
	Release(id core.StreamID) error
	Prioritize(id core.StreamID, p core.Priority, silent bool) error
	UpdatePriority(now time.Time, id core.StreamID, value string) error
	AltSvc(id core.StreamID, origin, value string) error
	Origin(origins ...string) error
	WriteFrame(frameType, flags uint8, id core.StreamID, payload []byte) error

	NextDeadline() (time.Time, core.Timer)
	ReadPaused() bool
	OutputPending() int
	Closed() bool
	Info() core.ConnInfo
	Stream(id core.StreamID) (core.StreamInfo, bool)
	StreamState(id core.StreamID) core.State
	Unprocessed(id core.StreamID) bool
	LocalSettings() core.SettingsOf
	PeerSettings() core.SettingsOf
	PendingSettings() int
	Limits() core.Limits
}

// The day on which every run begins.
var dawn = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// An end is a connection with a plain model beside it. What the connection
// reports, what it answers and what it sends are checked against the model.
type end struct {
	t      testing.TB
	name   string
	client bool
	c      conn
	now    *time.Time
	cfg    core.Config
	sent   *outbound

	// How the application behaves.
	greedy  bool // consumes data at once
	writes  bool // goes on sending when told so
	answers bool // answers requests at once

	streams map[core.StreamID]*model
	order   []*model // those that may be open, oldest first
	opened  core.StreamID

	over      bool // ConnClosed was reported
	closing   *core.ConnClosed
	gotEOF    bool
	gotPeer   bool // the peer's settings
	commanded bool // GoAway, Close or Shutdown
	wantsOpen bool
	everHeld  bool
	lingering int // held, and closed on the wire
	lastAway  core.StreamID
	lastEnd   *model // ended by Send since output was last taken
	endAt     int    // the output that was waiting then
	input     int    // bytes received
	reports   int    // events that a frame brought
	pinged    [][8]byte
	settings  int  // sets of ours that are not acknowledged
	origins   int  // reported
	promises  int  // of the peer's that were not begun, since there were no events
	overflow  bool // there ever were as many promises as are permitted
	lastFault core.Fault
	forced    int // bytes of output that commands added since it was last taken
	unwritten int // handed over and not reported as written

	// What is said to somebody who listens.
	onReset  func(e *core.StreamReset, s *model)
	onClosed func(e *core.ConnClosed)
	onOutput func(p []byte)
}

func newEnd(t testing.TB, now *time.Time, client bool, cfg core.Config) *end {
	t.Helper()
	e := &end{
		t: t, name: "server", client: client, now: now, cfg: cfg,
		streams: make(map[core.StreamID]*model), lastAway: core.MaxStreamID, settings: 1,
	}
	make := core.NewServer
	if client {
		e.name, make = "client", core.NewClient
	}
	c, err := make(*now, cfg)
	if err != nil {
		t.Fatalf("%s: %v", e.name, err)
	}
	e.c = c
	e.sent = newOutbound(e)
	return e
}

func (e *end) fatalf(format string, args ...any) {
	e.t.Helper()
	e.t.Fatalf(e.name+": "+format, args...)
}

// trace has everything that happens printed, to see what an input does:
//
//	FUZZ_TRACE=1 go test ./fuzz -run 'FuzzPair/0123456789abcdef'
var trace = os.Getenv("FUZZ_TRACE") != ""

func (e *end) tracef(format string, args ...any) {
	if trace {
		e.t.Helper()
		e.t.Logf("%-8v %s "+format, append([]any{e.now.Sub(dawn), e.name}, args...)...)
	}
}

func (e *end) isOurs(id core.StreamID) bool { return id != 0 && id&1 == 1 == e.client }

// receive hands over bytes and drains the events.
func (e *end) receive(p []byte) {
	if e.gotEOF {
		return
	}
	e.input += len(p)
	e.tracef("receives %d bytes", len(p))
	e.c.Receive(*e.now, p)
	e.sent.input(len(p))
	e.drain()
}

func (e *end) eof() {
	e.gotEOF = true
	e.c.ReceiveEOF(*e.now)
	e.drain()
}

// advance lets the timers of the present time fire.
func (e *end) advance() {
	e.c.Advance(*e.now)
	e.drain()
	// Whatever was due has happened.
	if at, why := e.c.NextDeadline(); why != core.TimerNone && !at.After(*e.now) {
		e.fatalf("the timer %v of %v is still due after Advance", why, at)
	}
}

// drain takes all events there are.
func (e *end) drain() {
	for {
		ev := e.c.Next()
		if ev == nil {
			break
		}
		e.event(ev)
	}
	e.check()
}

// take takes the output, and events that this made room for, until there is
// neither.
func (e *end) take() {
	for {
		out := e.c.AppendOutput(nil)
		if len(out) > 0 {
			e.sent.write(out)
			e.forced, e.lastEnd = 0, nil
			if e.cfg.ReportedWrites {
				e.unwritten += len(out)
			}
			if e.onOutput != nil {
				e.onOutput(out)
			}
		}
		e.drain()
		if len(out) == 0 {
			return
		}
	}
}

// wrote reports n bytes as written.
func (e *end) wrote(n int) {
	n = min(n, e.unwritten)
	e.unwritten -= n
	e.sent.paid = min(e.sent.paid, e.unwritten/frame.HeaderLen) // which are written is not known
	e.c.Wrote(*e.now, n)
	e.drain()
}

// flush takes all output and has it written, until there is no more.
func (e *end) flush() {
	for n := 0; ; n++ {
		e.take()
		if e.unwritten == 0 && !e.c.ReadPaused() {
			return
		}
		e.wrote(e.unwritten)
		if n > e.input {
			e.fatalf("reading is paused for ever")
		}
	}
}

// event checks one event against the model, and keeps the model up.
func (e *end) event(ev core.Event) {
	if e.over {
		e.fatalf("%v after ConnClosed", ev)
	}
	// An event can be kept.
	if kept := ev.Clone(); kept.String() != ev.String() {
		e.fatalf("a clone of %v is %v", ev, kept)
	}
	e.tracef("%v", ev)
	e.reports++
	switch ev := ev.(type) {
	case *core.HeadersReceived:
		e.gotHeaders(ev)
	case *core.DataReceived:
		e.gotData(ev)
	case *core.StreamReset:
		e.reports--
		e.gotReset(ev)
	case *core.Writable:
		e.reports--
		e.writable(ev)
	case *core.StreamsAllowed:
		e.reports--
		if ev.N <= 0 || !e.wantsOpen {
			e.fatalf("%v, but Open was not refused", ev)
		}
		e.wantsOpen = false
	case *core.PushPromiseReceived:
		e.gotPromise(ev)
	case *core.SettingsReceived:
		e.gotPeer = true
		e.sent.owe(ackSettings, [8]byte{})
		e.checkSettings(ev)
		if limit := e.c.Limits().MaxSettingsEntries; len(ev.Settings) > limit {
			e.fatalf("%v: %d settings, the limit is %d", ev, len(ev.Settings), limit)
		}
	case *core.SettingsAcked:
		e.settings--
		if e.settings < 0 || e.settings != e.c.PendingSettings() {
			e.fatalf("%v with %d sets pending, should be %d", ev, e.c.PendingSettings(), e.settings)
		}
		for _, v := range ev.Settings {
			if got := e.c.LocalSettings().InitialWindowSize; v.ID == core.SettingInitialWindowSize && got != v.Value {
				e.fatalf("%v, but LocalSettings has %d", ev, got)
			}
		}
	case *core.PingReceived:
		e.sent.owe(ackPing, ev.Opaque)
	case *core.PingAcked:
		i := slices.Index(e.pinged, ev.Opaque)
		if i < 0 {
			e.fatalf("%v, which was not sent", ev)
		}
		e.pinged = slices.Delete(e.pinged, i, i+1)
		if ev.RTT < 0 {
			e.fatalf("%v took %v", ev, ev.RTT)
		}
	case *core.PingUnsolicited:
		if slices.Contains(e.pinged, ev.Opaque) {
			e.fatalf("%v was asked for", ev)
		}
	case *core.GoAwayReceived:
		if ev.LastStream > e.lastAway || len(ev.Debug) > e.c.Limits().MaxDebugData {
			e.fatalf("%v after last=%d", ev, e.lastAway)
		}
		e.lastAway = ev.LastStream
	case *core.PriorityUpdateReceived:
		if e.client || ev.Urgency < 0 || ev.Urgency > 7 {
			e.fatalf("%v", ev)
		}
	case *core.AltSvcReceived:
		if !e.client {
			e.fatalf("%v", ev)
		}
	case *core.OriginReceived:
		e.origins += len(ev.Origins)
		if !e.client || len(ev.Origins) == 0 || e.origins > e.c.Limits().MaxOrigins {
			e.fatalf("%v, %d of %d origins", ev, e.origins, e.c.Limits().MaxOrigins)
		}
	case *core.FrameReceived:
		if !slices.Contains(e.cfg.FrameTypes, ev.Type) {
			e.fatalf("%v was not asked for", ev)
		}
	case *core.ShutdownStarted:
		e.reports--
		if ev.Fault == core.FaultNone {
			e.fatalf("%v for no reason", ev)
		}
	case *core.ConnClosed:
		e.reports--
		e.gotClosed(ev)
	default:
		e.fatalf("unknown event %T", ev)
	}
	if e.reports*frame.HeaderLen > e.input {
		e.fatalf("%d events of %d bytes", e.reports, e.input)
	}
}

func (e *end) gotHeaders(ev *core.HeadersReceived) {
	s := e.streams[ev.Stream]
	switch {
	case ev.Kind == core.KindRequest:
		if e.client || s != nil || e.isOurs(ev.Stream) || ev.Stream <= e.opened || ev.Stream > core.MaxStreamID {
			e.fatalf("%v: not the opening of a stream", ev)
		}
		e.opened = ev.Stream
		if open, limit := e.c.Info().OpenPeer-e.lingering, e.c.LocalSettings().MaxConcurrentStreams; int64(open) > int64(limit) {
			e.fatalf("%v: makes %d streams, the limit is %d", ev, open, limit)
		}
		s = e.add(&model{id: ev.Stream, counted: true, sentLength: -1, gotFinal: true})
		s.head, s.connect = ev.Method == "HEAD", ev.Method == "CONNECT"
		s.gotLength = ev.ContentLength
		if s.connect {
			s.gotLength = -1
		}
	case s == nil || s.closed() || s.gotEnd:
		e.fatalf("%v: the stream is not open", ev)
	case ev.Kind == core.KindTrailers:
		if !s.gotFinal || !ev.EndStream || s.connect && s.gotLength == -1 && !e.client {
			e.fatalf("%v: out of order", ev)
		}
	default:
		if !e.client || s.gotFinal || (ev.Kind == core.KindInterim) != (ev.Status < 200) {
			e.fatalf("%v: out of order", ev)
		}
		if !s.ours {
			s.begin()
		}
		if ev.Kind == core.KindInterim {
			if ev.EndStream {
				e.fatalf("%v: ends the stream", ev)
			}
			break
		}
		s.gotFinal = true
		s.gotLength = ev.ContentLength
		switch {
		case s.connect && ev.Status < 300:
			s.gotLength = -1
		case s.head || ev.Status == 204 || ev.Status == 304:
			s.gotLength = bodyless
		}
	}
	if why := malformed(ev.Kind, ev.Fields, ev.Pseudo); why != "" {
		e.fatalf("%v: %s", ev, why)
	}
	e.checkSize(ev, ev.Fields)
	if ev.EndStream {
		e.gotEnd(s, ev)
	}
	if ev.Kind == core.KindRequest && e.answers {
		e.headers(s, responses[int(ev.Stream/2)%4], s.gotEnd)
	}
}

// checkSize holds a header block against the limits.
func (e *end) checkSize(ev core.Event, list []core.Field) {
	size := 0
	for _, f := range list {
		size += f.Size()
	}
	if limits := e.c.Limits(); len(list) > limits.MaxHeaderFields || size > limits.MaxHeaderList {
		e.fatalf("%v: %d fields of %d bytes, limits are %d and %d", ev, len(list), size, limits.MaxHeaderFields, limits.MaxHeaderList)
	}
}

func (e *end) gotData(ev *core.DataReceived) {
	s := e.streams[ev.Stream]
	if s == nil || s.closed() || s.gotEnd || !s.gotFinal || len(ev.Data) == 0 && !ev.EndStream {
		e.fatalf("%v: not expected", ev)
	}
	if len(ev.Data) > int(e.c.LocalSettings().MaxFrameSize) {
		e.fatalf("%v: more than a frame of %d", ev, e.c.LocalSettings().MaxFrameSize)
	}
	if e.sent.verify && !bytes.Equal(ev.Data, pattern(!e.client, uint32(s.id), s.arrived, len(ev.Data))) {
		e.fatalf("%v: not the bytes that were sent, behind the first %d", ev, s.arrived)
	}
	s.arrived += int64(len(ev.Data))
	if s.gotLength >= 0 && s.arrived > s.gotLength || s.gotLength == bodyless && s.arrived > 0 {
		e.fatalf("%v: %d bytes of %d", ev, s.arrived, s.gotLength)
	}
	if ev.EndStream {
		e.gotEnd(s, ev)
	}
	if e.greedy {
		e.consume(s, len(ev.Data))
	}
}

func (e *end) gotEnd(s *model, ev core.Event) {
	s.gotEnd = true
	if s.gotLength >= 0 && s.arrived != s.gotLength {
		e.fatalf("%v: the end after %d of %d bytes", ev, s.arrived, s.gotLength)
	}
	e.done(s)
}

func (e *end) gotReset(ev *core.StreamReset) {
	s := e.streams[ev.Stream]
	switch {
	case s == nil:
		e.fatalf("%v: never heard of it", ev)
	case s.reported, s.reset, s.closed():
		e.fatalf("%v: it has ended already", ev)
	case ev.Unprocessed && !s.ours:
		e.fatalf("%v: it is not ours to send again", ev)
	case ev.Fault == core.FaultGoneAway && (!ev.Unprocessed || !e.c.Unprocessed(ev.Stream)):
		e.fatalf("%v: but Unprocessed is %v", ev, e.c.Unprocessed(ev.Stream))
	case !ev.ByPeer && ev.Fault == core.FaultNone && !e.commanded:
		e.fatalf("%v: nobody's fault", ev)
	}
	s.reported = true
	s.end()
	e.done(s)
	if e.onReset != nil {
		e.onReset(ev, s)
	}
}

func (e *end) gotPromise(ev *core.PushPromiseReceived) {
	parent := e.streams[ev.Stream]
	switch {
	case !e.client || !e.c.LocalSettings().EnablePush:
		e.fatalf("%v: not permitted", ev)
	case parent == nil || parent.closed() || parent.gotEnd || !parent.ours:
		e.fatalf("%v: on a stream that is not open", ev)
	case e.streams[ev.Promised] != nil || ev.Promised <= e.opened || e.isOurs(ev.Promised):
		e.fatalf("%v: not a new stream", ev)
	}
	if why := malformed(core.KindRequest, ev.Fields, ev.Pseudo); why != "" {
		e.fatalf("%v: %s", ev, why)
	}
	e.checkSize(ev, ev.Fields)
	e.opened = ev.Promised
	promises := e.reserved() + 1
	e.promises = max(e.promises, promises)
	e.overflow = e.overflow || promises >= e.c.Limits().MaxReserved
	if limit := e.c.Limits().MaxReserved; promises > limit {
		e.fatalf("%v: makes %d promises, the limit is %d", ev, promises, limit)
	}
	e.add(&model{id: ev.Promised, promised: true, push: true, sentFinal: true, sentEnd: true, gotLength: -1,
		head: ev.Method == "HEAD"})
}

func (e *end) gotClosed(ev *core.ConnClosed) {
	e.over = true
	e.closing = ev.Clone().(*core.ConnClosed)
	for _, s := range e.order {
		if !s.closed() {
			e.fatalf("%v, but stream %d was not reported", ev, s.id)
		}
	}
	if ev.ByPeer && !e.gotEOF {
		e.fatalf("%v: the peer has not ended its side", ev)
	}
	if ev.Fault == core.FaultNone && !e.commanded && !ev.ByPeer {
		e.fatalf("%v: nobody's fault", ev)
	}
	if e.onClosed != nil {
		e.onClosed(ev)
	}
}

// add notes a stream that began.
func (e *end) add(s *model) *model {
	s.client = e.client
	s.ours = e.isOurs(s.id)
	e.streams[s.id] = s
	e.order = append(e.order, s)
	return s
}

// done runs when a stream may have ended.
func (e *end) done(s *model) {
	if s.closed() && s.held && !s.ours && s.counted {
		e.lingering++
	}
}

// checkSettings compares a SETTINGS frame with what the connection goes by.
func (e *end) checkSettings(ev *core.SettingsReceived) {
	in := e.c.PeerSettings()
	last := make(map[core.SettingID]uint32)
	for _, v := range ev.Settings {
		last[v.ID] = v.Value
	}
	for id, v := range last {
		var got uint32
		switch id {
		case core.SettingHeaderTableSize:
			got = in.HeaderTableSize
		case core.SettingEnablePush:
			if in.EnablePush {
				got = 1
			}
		case core.SettingMaxConcurrentStreams:
			got = in.MaxConcurrentStreams
		case core.SettingInitialWindowSize:
			got = in.InitialWindowSize
		case core.SettingMaxFrameSize:
			got = in.MaxFrameSize
		case core.SettingMaxHeaderListSize:
			got = in.MaxHeaderListSize
		default:
			continue
		}
		if got != v {
			e.fatalf("%v, but PeerSettings has %v=%d", ev, id, got)
		}
	}
}

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

func (e *end) open(list []core.Field, end bool, p *core.Priority) *model {
	before := e.c.Info()
	var id core.StreamID
	var err error
	if p == nil {
		id, err = e.c.Open(*e.now, list, end)
	} else {
		id, err = e.c.OpenPriority(*e.now, list, end, *p)
	}
	e.tracef("Open %d %.60v end=%v: %v", id, list, end, err)
	if err != nil {
		e.same(before, "Open", err)
		e.wantsOpen = e.wantsOpen || errors.Is(err, core.ErrStreamLimit)
		return nil
	}
	e.spent(before)
	if !e.client || id != before.NextStream || e.streams[id] != nil {
		e.fatalf("Open made stream %d", id)
	}
	if limit := e.c.PeerSettings().MaxConcurrentStreams; int64(before.OpenLocal) >= int64(limit) {
		e.fatalf("Open made stream %d beside %d others, the limit is %d", id, before.OpenLocal, limit)
	}
	e.checkList(list)
	s := e.add(&model{id: id, counted: true, sentFinal: true, gotLength: -1, sentLength: lengthOf(list), early: !e.gotPeer})
	s.ours = true
	switch valueOf(list, ":method") {
	case "HEAD":
		s.head = true
	case "CONNECT":
		s.connect, s.sentLength = true, -1
	}
	e.sent.expectHeaders(s, list, 0)
	if end {
		s.sendEnd()
	}
	return s
}

// checkList checks that the peer accepts a list that was accepted to be sent.
// Less than 4096 bytes are not believed in.
func (e *end) checkList(list []core.Field) {
	size := 0
	for _, f := range list {
		size += f.Size()
	}
	if limit := e.c.PeerSettings().MaxHeaderListSize; int64(size) > max(int64(limit), 4096) {
		e.fatalf("a header list of %d bytes was sent, the peer accepts %d", size, limit)
	}
}

func (e *end) headers(s *model, list []core.Field, end bool) {
	before := e.c.Info()
	err := e.c.Headers(*e.now, s.id, list, end)
	e.tracef("Headers %d %.60v end=%v: %v", s.id, list, end, err)
	if err != nil {
		e.same(before, "Headers", err)
		e.wantsOpen = e.wantsOpen || errors.Is(err, core.ErrStreamLimit)
		return
	}
	e.spent(before)
	if s.closed() || s.sentEnd || !s.ours && s.push {
		e.fatalf("Headers on stream %d, which is not ours to speak on", s.id)
	}
	e.checkList(list)
	e.sent.expectHeaders(s, list, 0)
	if s.sentFinal { // trailers
		if !end || s.sentLength > 0 {
			e.fatalf("trailers on stream %d with %d bytes to go, end %v", s.id, s.sentLength, end)
		}
		s.sendEnd()
		e.done(s)
		return
	}
	if s.promised && !end {
		if limit := e.c.PeerSettings().MaxConcurrentStreams; int64(before.OpenLocal) >= int64(limit) {
			e.fatalf("push %d began beside %d others, the limit is %d", s.id, before.OpenLocal, limit)
		}
	}
	s.begin()
	status := valueOf(list, ":status")
	if status[0] == '1' {
		return
	}
	s.sentFinal = true
	s.sentLength = lengthOf(list)
	switch {
	case s.connect && status[0] == '2':
		s.sentLength = -1
	case s.head || status == "204" || status == "304":
		s.sentLength = bodyless
	}
	if end {
		if s.sentLength > 0 {
			e.fatalf("stream %d ended %d bytes too early", s.id, s.sentLength)
		}
		s.sendEnd()
		e.done(s)
	}
}

// send sends n bytes of the stream's pattern and perhaps the end.
func (e *end) send(s *model, n int, end bool) (taken int) {
	before := e.c.Info()
	st, _ := e.c.Stream(s.id)
	taken, err := e.c.Send(*e.now, s.id, pattern(e.client, uint32(s.id), s.accepted, n), end)
	e.tracef("Send %d took %d of %d end=%v: %v", s.id, taken, n, end, err)
	if err != nil {
		if taken != 0 {
			e.fatalf("Send on %d took %d: %v", s.id, taken, err)
		}
		e.same(before, "Send", err)
		return 0
	}
	if !s.maySend() {
		e.fatalf("Send on stream %d, which may not send", s.id)
	}
	after := e.c.Info()
	after.Waiting = e.c.OutputPending()
	last := end && taken == n
	grown := after.Waiting - before.Waiting
	wire := grown - frame.HeaderLen // DATA with its padding
	if taken == 0 && !last {
		if grown != 0 {
			e.fatalf("Send on %d took nothing, but %d bytes came out", s.id, grown)
		}
		wire = 0
	}
	switch {
	case taken < 0 || taken > n,
		s.sentLength >= 0 && int64(taken) > s.sentLength,
		s.sentLength == bodyless && taken > 0,
		taken > 0 && int64(wire) > min(before.SendWindow, st.SendWindow, int64(e.c.PeerSettings().MaxFrameSize)),
		taken > 0 && after.Waiting > e.c.Limits().MaxOutput+headSlack,
		wire < taken || wire > taken+headSlack:
		e.fatalf("Send on %d took %d of %d as %d bytes, with windows of %d and %d, %d to go, %d of output waiting",
			s.id, taken, n, wire, before.SendWindow, st.SendWindow, s.sentLength, after.Waiting)
	}
	if last && s.sentLength > int64(taken) {
		e.fatalf("stream %d ended %d bytes too early", s.id, s.sentLength-int64(taken))
	}
	if now, ok := e.c.Stream(s.id); ok && now.SendWindow != st.SendWindow-int64(wire) {
		e.fatalf("Send on %d took %d bytes of window, left %d of %d", s.id, wire, now.SendWindow, st.SendWindow)
	}
	if after.SendWindow != before.SendWindow-int64(wire) {
		e.fatalf("Send on %d took %d bytes of window, left %d of %d", s.id, wire, after.SendWindow, before.SendWindow)
	}
	if s.sentLength > 0 {
		s.sentLength -= int64(taken)
	}
	s.accepted += int64(taken)
	if taken == 0 {
		e.forced += grown // a mere end asks for no room
	}
	switch {
	case last:
		s.sendEnd()
		e.lastEnd, e.endAt = s, after.Waiting
		e.done(s)
	case taken < n:
		s.short, s.wanted, s.wantsEnd = true, n-taken, end
	}
	return taken
}

func (e *end) writable(ev *core.Writable) {
	s := e.streams[ev.Stream]
	if s == nil || !s.maySend() || !s.short || ev.N <= 0 {
		e.fatalf("%v: nobody waits", ev)
	}
	s.short = false
	st, _ := e.c.Stream(ev.Stream)
	if int64(ev.N) > min(st.SendWindow, e.c.Info().SendWindow) {
		e.fatalf("%v: with windows of %d and %d", ev, st.SendWindow, e.c.Info().SendWindow)
	}
	if !e.writes {
		return
	}
	n := s.wanted
	if got := e.send(s, n, s.wantsEnd); got != min(n, ev.N) && (ev.N >= 256 || got != 0) {
		e.fatalf("%v: Send took %d of %d", ev, got, n)
	}
}

func (e *end) consume(s *model, n int) {
	before := e.c.Info()
	err := e.c.Consume(s.id, n)
	e.tracef("Consume %d %d: %v", s.id, n, err)
	if err != nil {
		e.same(before, "Consume", err)
		if int64(n) <= s.arrived-s.consumed && n >= 0 {
			e.fatalf("Consume %d on %d: %v", n, s.id, err)
		}
		return
	}
	e.spent(before)
	if s.closed() {
		return
	}
	if int64(n) > s.arrived-s.consumed || n < 0 {
		e.fatalf("Consume took %d of %d on %d", n, s.arrived-s.consumed, s.id)
	}
	s.consumed += int64(n)
}

func (e *end) resetStream(s *model, code core.ErrCode) {
	before := e.c.Info()
	err := e.c.Reset(*e.now, s.id, code)
	e.tracef("Reset %d %v: %v", s.id, code, err)
	if err != nil {
		e.same(before, "Reset", err)
		return
	}
	e.spent(before)
	if s.closed() {
		e.fatalf("Reset on %d, which has ended", s.id)
	}
	s.reset, s.code = true, code
	s.end()
	e.done(s)
}

func (e *end) push(parent *model, list []core.Field) *model {
	before := e.c.Info()
	early := e.lastEnd == parent && e.c.OutputPending() == e.endAt // the promise goes before that end
	id, err := e.c.Push(*e.now, parent.id, list)
	e.tracef("Push %d on %d %.60v: %v", id, parent.id, list, err)
	if err != nil {
		e.same(before, "Push", err)
		return nil
	}
	e.spent(before)
	if e.client || id != before.NextStream || (parent.closed() || parent.sentEnd) && !early || !e.c.PeerSettings().EnablePush {
		e.fatalf("Push on %d made stream %d", parent.id, id)
	}
	e.checkList(list)
	s := e.add(&model{id: id, ours: true, parent: parent.id, promised: true, push: true, gotFinal: true, gotEnd: true, sentLength: -1,
		head: valueOf(list, ":method") == "HEAD"})
	e.sent.expectHeaders(parent, list, id)
	if early {
		e.endAt = e.c.OutputPending() // the end is the last still
	}
	return s
}

func (e *end) ping(opaque [8]byte) {
	before := e.c.Info()
	if err := e.c.Ping(*e.now, opaque); err != nil {
		e.same(before, "Ping", err)
		return
	}
	e.spent(before)
	e.pinged = append(e.pinged, opaque)
}

func (e *end) updateSettings(list []core.Setting) {
	before := e.c.Info()
	err := e.c.UpdateSettings(*e.now, list)
	e.tracef("UpdateSettings %v: %v", list, err)
	if err != nil {
		e.same(before, "UpdateSettings", err)
		return
	}
	e.spent(before)
	e.settings++
}

// try runs a command of which only the error counts.
func (e *end) try(what string, command func() error) bool {
	before := e.c.Info()
	err := command()
	e.tracef("%s: %v", what, err)
	if err != nil {
		e.same(before, what, err)
		return false
	}
	if e.over {
		e.fatalf("%s on a closed connection", what)
	}
	e.spent(before)
	return true
}

func (e *end) hold(s *model) {
	if e.try("Hold", func() error { return e.c.Hold(s.id) }) {
		s.held, e.everHeld = true, true
	}
}

func (e *end) release(s *model) {
	before := e.c.Info()
	if err := e.c.Release(s.id); err != nil {
		e.same(before, "Release", err)
		if s.held {
			e.fatalf("Release on %d: %v", s.id, err)
		}
		return
	}
	if !s.held {
		e.fatalf("Release on %d, which was not held", s.id)
	}
	if s.closed() && !s.ours && s.counted {
		e.lingering--
	}
	s.held = false
}

func (e *end) shutdown() {
	before := e.c.Info()
	e.commanded = true
	e.tracef("Shutdown")
	e.c.Shutdown(*e.now)
	e.spent(before)
}

func (e *end) goAway(code core.ErrCode, last core.StreamID, debug []byte) {
	if e.try("GoAway", func() error { return e.c.GoAway(*e.now, code, last, debug) }) {
		e.commanded = true
	}
}

func (e *end) close(code core.ErrCode) {
	before := e.c.Info()
	e.commanded = true
	e.tracef("Close %v", code)
	e.c.Close(*e.now, code, []byte("enough"))
	e.spent(before)
}
