package core

import (
	"time"

	"golang.org/x/net/http2/hpack"
)

// A Conn is one HTTP/2 connection, client or server, without anything of the
// world in it: no socket, goroutine, lock or clock. Its methods are of four
// kinds:
//
//   - what happens to it: Receive, ReceiveEOF, Advance, Wrote. They take the
//     time and never fail.
//   - what it reports: Next (until it returns nil), AppendOutput or SwapOutput,
//     NextDeadline, ReadPaused. Taking output can make room, so that Next has
//     something to say again: a loop is done when both have nothing.
//   - what it is told to do: Open, Headers, Send, Consume, Reset and the other
//     commands. A command that returns an error has changed nothing.
//   - getters, which change nothing.
//
// A Conn belongs to one goroutine at a time. Commands may be called at any
// moment, also between two calls of Next.
type Conn struct {
	cfg    config
	client bool
	start  time.Time
	now    instant
	stage  stage

	// Input (receive.go).
	input         []byte // not yet parsed: the caller's until Next returns nil
	stash         []byte // the rest of it when reading paused
	partial       []byte // the beginning of a frame
	preface       int32  // bytes of the client preface still expected
	ended         bool   // ReceiveEOF
	gotFirst      bool   // the peer's first SETTINGS came
	settingsKnown bool   // the peer acknowledged our first
	needDrain     bool   // Next has not returned nil since Receive
	frames        uint64 // cut from the input so far

	// Header blocks (block.go).
	dec          *hpack.Decoder
	decoderLimit uint32 // what the peer's encoder may use
	mustShrink   bool   // and has to confirm, having been told less
	listFault    Fault
	shown        uint32 // the number of the block that the event shows (repeat.go)

	// Output (output.go, encode.go).
	enc           *hpack.Encoder
	encodeCache   encodeCache
	numbered      uint32     // the number given to a block last, in either direction (repeat.go)
	lastSent      uint32     // the number of the block sent last
	sightings     *sightings // nil until a field is fickle (indexing.go)
	tableChanged  bool
	indexing      bool   // fields may go into the table: a block was sent before
	literal       bool   // the field being encoded is not to go into it
	mustConfirm   bool   // the next block says how large our table is
	smallestTable uint32 // and how small it was meanwhile
	out           []byte
	lent          *lending // of the output, not in out (lend.go)
	taken         bool     // any output was ever taken
	swapped       bool     // out is storage that was lent
	batch         uint16   // how often (low bits)
	fresh         bool     // the block being encoded has a fickle field of a new value
	handed        int      // taken and not yet Wrote
	replies       int      // of out: frames the peer made us send
	repliesHanded int
	forced        int // of out: bytes of server response headers
	forcedHanded  int

	// Settings (settings.go).
	local   settings
	peer    settings
	pending []pendingSettings

	// Streams (stream.go).
	streams     streamTable
	closedIDs   closedStreams
	nextID      StreamID // the next we open
	lastPeerID  StreamID // the highest the peer opened
	openLocal   int      // streams we opened that count
	openPeer    int      // streams the peer opened that count, held ones included
	lingering   int      // of those: closed on the wire, but held
	reserved    int      // promised to us and not begun
	wireStreams int      // not closed on the wire
	streamsSeen int32
	wantOpen    bool  // Open failed with ErrStreamLimit
	resting     bool  // slim has run since there was a stream
	begun       uint8 // streams since it rested, counted up to 2

	// Flow control (flow.go, grow.go, schedule.go).
	inflow     inflow
	growth     growth
	sendWindow int64
	sched      schedule
	tree       *tree // nil until the peer, or the caller, uses it
	idleHints  []idleHint

	// GOAWAY (goaway.go).
	goAwaySent    StreamID // the last id named, MaxStreamID+1 before
	draining      bool     // a graceful shutdown has begun
	goAwayFinal   bool
	goAwayGot     StreamID // the lowest last id received
	goneAway      bool     // the peer sent GOAWAY
	shutdownFault Fault
	shutdownEvent bool

	// PING (ping.go).
	pings         []pendingPing
	shutdownRTT   bool // a PING measures the time between two GOAWAYs
	aliveSent     bool
	aliveExpected bool
	lastInput     instant

	abuse          budget
	windowUpdates  int        // received
	updatesAllowed int        // by the DATA sent
	resets         *resets    // nil until one came
	origins        *originSet // nil until some came
	invalid        int32      // frames and messages that counted towards MaxInvalid
	refusedEarly   int32
	stalls         int32
	lastFault      Fault

	deadlines [numTimers]instant
	timed     [numLists]timerList

	// Reports (report.go).
	reportHead, reportTail *stream
	rares                  *rareEvents

	*busy
}

// stage is where a connection's life stands.
type stage uint8

const (
	// stageOpen: streams may be opened, unless a GOAWAY forbids it.
	stageOpen stage = iota
	// stageOver: nothing is received or sent any more. What was serialised
	// before still goes out; ConnClosed is yet to be reported.
	stageOver
	// stageDone: ConnClosed was reported.
	stageDone
)

// events holds one record of each kind: Next returns pointers to them. Those
// that most connections rarely see are made when they are needed (rares).
type events struct {
	headers  HeadersReceived
	data     DataReceived
	reset    StreamReset
	writable Writable
	early    *earlyEvents
}

// earlyEvents are those that every connection sees once.
type earlyEvents struct {
	settings      SettingsReceived
	settingsAcked SettingsAcked
}

func (c *Conn) early() *earlyEvents {
	if c.ev.early == nil {
		c.ev.early = new(earlyEvents)
	}
	return c.ev.early
}

type rareEvents struct {
	allowed         StreamsAllowed
	push            PushPromiseReceived
	ping            PingReceived
	pingAcked       PingAcked
	pingUnsolicited PingUnsolicited
	goAway          GoAwayReceived
	priority        PriorityUpdateReceived
	altSvc          AltSvcReceived
	origin          OriginReceived
	frame           FrameReceived
	shutdown        ShutdownStarted
	closed          ConnClosed
}

func (c *Conn) rare() *rareEvents {
	if c.rares == nil {
		c.rares = new(rareEvents)
	}
	return c.rares
}

// NewServer makes the server's end of a connection that begins now. The zero
// Config works; an option out of range is a *ConfigError.
func NewServer(now time.Time, cfg Config) (*Conn, error) { return newConn(now, cfg, false) }

// NewClient makes the client's end of a connection that begins now. The zero
// Config works; an option out of range is a *ConfigError.
func NewClient(now time.Time, cfg Config) (*Conn, error) { return newConn(now, cfg, true) }

func newConn(now time.Time, cfg Config, client bool) (*Conn, error) {
	full, err := cfg.withDefaults(client)
	if err != nil {
		return nil, err
	}
	c := &Conn{cfg: full, client: client, start: now}
	announced, err := c.firstSettings(cfg.Settings, cfg.BareSettings)
	if err != nil {
		return nil, err
	}
	for i := range c.deadlines {
		c.deadlines[i] = unarmed
	}
	for i := range c.timed {
		c.timed[i].which = i
	}
	c.local, c.peer = initialSettings, initialSettings
	c.peer.maxStreams = full.peerStreams
	c.goAwaySent, c.goAwayGot = MaxStreamID+1, MaxStreamID
	c.nextID = 2
	if client {
		c.nextID = 1
		c.out = append(c.out, Preface...)
	} else {
		c.preface = int32(len(Preface))
	}
	c.abuse.left = c.fullBudget()
	c.growth.target = defaultWindow
	c.decoderLimit = initialTable
	c.dec = hpack.NewDecoder(initialTable, c.onField)
	c.dec.SetMaxStringLength(c.cfg.MaxHeaderList)
	c.enc = hpack.NewEncoder((*encoderSink)(c))
	if size := full.encoderTable; size != initialTable {
		c.enc.SetMaxDynamicTableSizeLimit(size)
		if size < initialTable {
			c.enc.SetMaxDynamicTableSize(size)
		}
	}
	c.sendWindow = defaultWindow
	c.inflow = inflow{window: defaultWindow, size: defaultWindow}
	c.announce(announced)
	c.openWindow(cfg.connWindow())
	c.arm(TimerPreface, full.Timeouts.Preface)
	return c, nil
}

// initialTable is SETTINGS_HEADER_TABLE_SIZE before anything was agreed.
const initialTable = 4096

// assumedStreams is how many streams a client opens before it knows the
// server's limit.
const assumedStreams = 100

func (c *Conn) closed() bool { return c.stage != stageOpen }

func (c *Conn) handshaken() bool { return c.gotFirst }

// Client reports whether this is the client's end.
func (c *Conn) Client() bool { return c.client }

// Closed reports whether ConnClosed was reported: what is left to do is to
// write the remaining output and close the transport.
func (c *Conn) Closed() bool { return c.stage == stageDone }

// Limits returns the limits that are in force.
func (c *Conn) Limits() Limits { return *c.cfg.Limits }

// Timeouts returns the timeouts that are in force.
func (c *Conn) Timeouts() Timeouts { return *c.cfg.Timeouts }
