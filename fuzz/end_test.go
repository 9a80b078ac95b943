package fuzz

import (
	"os"
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
