package events

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"weft/core"
	"weft/internal/byid"
)

// StreamID identifies a stream within its session.
type StreamID = core.StreamID

// Session is what server and client sessions have in common: one connection,
// its streams and its events. It is a transport.Endpoint whose events have
// been turned into callbacks.
//
// Its methods, and those of its streams, may be called from any goroutine and
// from inside any callback; the package comment has the whole contract.
type Session struct {
	// mu guards everything below and, through its session, everything of a
	// stream. No callback runs under it.
	mu sync.Mutex
	// turn is held by whoever runs a turn, around mu.
	turn sync.Mutex

	conn *core.Conn // nil until a client's transport stands
	opts *SessionOptions
	high int // the high-water mark

	server  *ServerSession // one of the two
	client  *ClientSession
	carrier net.Conn // what carries it, if known
	trace   Trace
	watcher *watcher // nil: nobody watches

	// Time and turns (turn.go).
	clock   func() time.Time
	now     time.Time
	inTurn  bool
	touched bool // something was said since the last announcement
	poke    bool // the core may have something to report
	roomier bool // output was written since the last turn
	paused  bool // the core left input for when there is room
	driven  bool // somebody calls Advance when Due says so
	lasting bool // and does so after the connection's end
	alone   bool // a turn of our own is on its way
	queue   tasks
	held    []*Stream // hold written bytes back until the turn ends
	credits []credit  // what peers may send again, likewise (read.go)
	flags   atomic.Uint32
	wake    atomic.Pointer[func()]

	// Streams.
	streams *byid.Table[Stream] // on the wire
	alive   []*Stream           // all that are not closed, in any order
	// announcing is a new request's while its stream event is emitted, and is
	// not among the others yet.
	announcing *Stream
	deferred   *ServerStream // it, if its headers are to go with its body (deferred.go)
	births     uint32        // how many there ever were of those
	heard      StreamID      // whose headers or data came last
	waiting    int32         // whose Send fell short
	sources    int32         // that have a source
	// unchecked: sent, below, is another session's, which may have had other
	// limits (workspace.go).
	unchecked bool
	// vetted: sent was queued by a Response, whose rules its fields so keep.
	vetted bool

	// The end (end.go).
	closing   bool // no new streams
	shut      bool // gracefully, by Close or the peer
	ending    bool // the core is to be told so when the turn ends
	destroyed bool
	ended     bool // ConnClosed was handled
	closed    bool // the close event was emitted
	peerLeft  bool // the peer sent GOAWAY
	err       error
	code      core.ErrCode // what it was destroyed with
	reliefs   uint32       // how often a turn was taken from a handler that blocked (lead.go)

	// What the transport is (session_state.go).
	bytesRead    int64
	bytesWritten int64
	encrypted    bool
	unref        bool

	looped bool // driven by a loop of the caller's
	corked bool // the ends of responses wait (crew.go)
	owed   bool // some do
	// Of turns that a handler may block in (lead.go).
	patient bool // whoever calls Receive may wait
	mayLead bool // this turn is one of those
	passing bool // it is to be another goroutine's

	// Timeouts (timeout.go).
	timeouts *timeouts // nil: none was ever set

	// Limits (session_limits.go, memory.go).
	maxMemory int
	maxBlock  int
	rejected  int // streams refused for want of memory
	keptOut   int // bytes written and not yet taken by the core
	keptIn    int // bytes received and not yet delivered
	keptHead  int // of the header lists and trailers of streams that live

	crew   *crew
	aborts aborts

	on   *sessionEvents // noListeners, or its own
	rare *rare          // nil until any of it is needed

	custom customSettings

	// What saves allocations.
	fields   []Field // scratch for what is being sent
	received Headers // the last header block received
	sent     Headers // the last response sent, with its date; the last request
	given    Headers // what it was made of
	// The core's numbers of received and sent.
	receivedBlock, sentBlock uint32

	date   string
	dateAt int64
	*spares
}

// rare is what few sessions need.
type rare struct {
	early   []early    // what waits for the connection
	trial   *core.Conn // is told the settings that wait, to see whether it takes them
	pings   []pendingPing
	acks    []func(error, Settings, time.Duration)
	origins []string // origin.go
	cause   error    // what broke the transport
}

func (s *Session) rarely() *rare {
	if s.rare == nil {
		s.rare = new(rare)
	}
	return s.rare
}

// spares are kept for the next stream, while there are streams.
type spares struct {
	drafts  []*draft
	buffers []*fifo
	chunk   []byte // what a source reads into
}

// early is something to be done when there is a connection.
type early struct {
	do   func()
	lost func() // is posted if there never is one; may be nil
}

// waitConn has f called when there is a connection.
func (s *Session) waitConn(f func()) { s.waitConnOr(f, nil) }

func (s *Session) waitConnOr(f, lost func()) {
	r := s.rarely()
	r.early = append(r.early, early{f, lost})
}

// sessionEvents are the functions registered for a session's events.
type sessionEvents struct {
	connect        event[func()]
	close          event[func()]
	error          event[func(error)]
	goaway         event[func(code core.ErrCode, lastStream StreamID, opaque []byte)]
	ping           event[func(payload [8]byte)]
	localSettings  event[func(Settings)]
	remoteSettings event[func(Settings)]
	timeout        event[func()]
	frameError     event[func(uint8, core.ErrCode, StreamID)]
}

// noListeners is what sessions share on which nobody listens, as on most of a
// server's. It is never written to.
var noListeners sessionEvents

// listeners returns those of the session, to add to them.
func (s *Session) listeners() *sessionEvents {
	if s.on == &noListeners {
		s.on = new(sessionEvents)
	}
	return s.on
}

func (s *Session) init(opts *SessionOptions, now time.Time) {
	s.opts = opts
	s.on = &noListeners
	s.high = opts.highWaterMark()
	s.clock = opts.Now
	s.maxMemory, s.maxBlock = opts.memory(), opts.sendBlock()
	s.now = now
	s.watcher = newWatcher(s, opts)
}

// start gives the session its connection.
func (s *Session) start(now time.Time, cfg core.Config, client bool) error {
	var err error
	cfg.Settings = sendable(cfg.Settings, client)
	if client {
		s.conn, err = core.NewClient(now, cfg)
	} else {
		s.conn, err = core.NewServer(now, cfg)
	}
	if err != nil {
		return misuse(err)
	}
	s.now = now
	if s.watcher != nil {
		s.watcher.connected(now)
	}
	if s.rare != nil {
		for _, e := range s.rare.early {
			e.do()
		}
		s.rare.early, s.rare.trial = nil, nil
	}
	return nil
}

// Do runs f in a turn of the session, after the callbacks that are queued
// already: nothing happens on the session before everything f does stands.
// From inside a callback, f runs after it. A nil f is a mistake in the program:
// Do panics.
func (s *Session) Do(f func()) {
	mustCall("Session.Do", f == nil)
	s.lock()
	defer s.unlock()
	s.post(f)
}

// OnConnect registers f for when the connection is ready for use.
func (s *Session) OnConnect(f func()) Listener {
	mustListen("Session.OnConnect", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.connect, on.connect.add(f)}
}

// OnClose registers f for when the session has ended and with it all of its
// streams: its last event.
func (s *Session) OnClose(f func()) Listener {
	mustListen("Session.OnClose", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.close, on.close.add(f)}
}

// OnError registers f for what ends the session before its time. Without a
// listener the error is logged; on a server the server's OnSessionError
// counts as one.
func (s *Session) OnError(f func(err error)) Listener {
	mustListen("Session.OnError", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.error, on.error.add(f)}
}

// OnGoaway registers f for a GOAWAY of the peer. With NoError the session then
// closes gracefully, with any other code it is destroyed.
func (s *Session) OnGoaway(f func(code core.ErrCode, lastStream StreamID, opaque []byte)) Listener {
	mustListen("Session.OnGoaway", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.goaway, on.goaway.add(f)}
}

// OnPing registers f for a PING of the peer, which has been answered.
func (s *Session) OnPing(f func(payload [8]byte)) Listener {
	mustListen("Session.OnPing", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.ping, on.ping.add(f)}
}

// OnLocalSettings registers f for when the peer has acknowledged our settings.
func (s *Session) OnLocalSettings(f func(Settings)) Listener {
	mustListen("Session.OnLocalSettings", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.localSettings, on.localSettings.add(f)}
}

// OnRemoteSettings registers f for the settings of the peer.
func (s *Session) OnRemoteSettings(f func(Settings)) Listener {
	mustListen("Session.OnRemoteSettings", f == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	on := s.listeners()
	return Listener{&s.mu, &on.remoteSettings, on.remoteSettings.add(f)}
}

// LocalSettings returns our settings as far as the peer has acknowledged them.
func (s *Session) LocalSettings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return Settings{}
	}
	return s.localSettings()
}

// RemoteSettings returns the settings of the peer.
func (s *Session) RemoteSettings() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return Settings{}
	}
	return s.remoteSettings()
}

// PendingSettingsAck reports whether settings of ours wait for the peer's
// acknowledgement.
func (s *Session) PendingSettingsAck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn == nil || s.conn.PendingSettings() > 0
}

// Closed reports whether the session was closed: Close was called, or the peer
// sent GOAWAY with NoError or ended the connection in order. It takes no new
// streams then. A session that was only destroyed is not closed.
func (s *Session) Closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shut
}

// Destroyed reports whether the session has ended.
func (s *Session) Destroyed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.destroyed
}

// Err returns what ended the session before its time, nil if nothing did.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Connecting reports whether the transport is not up yet.
func (s *Session) Connecting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn == nil && !s.destroyed
}

// StreamCount returns how many streams of the session have not ended.
func (s *Session) StreamCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.announcing != nil {
		return len(s.alive) + 1
	}
	return len(s.alive)
}

// LocalAddr returns the address of the connection, nil if it is not known.
func (s *Session) LocalAddr() net.Addr {
	if c := s.carrierConn(); c != nil {
		return c.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the peer's address, nil if it is not known.
func (s *Session) RemoteAddr() net.Addr {
	if c := s.carrierConn(); c != nil {
		return c.RemoteAddr()
	}
	return nil
}
