package events_test

import (
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// fuzzWorld is a client and a server under a program.
type fuzzWorld struct {
	t      *testing.T
	tape   *tape
	log    strings.Builder
	sum    hash.Hash32 // of all bytes, and when they were sent
	link   *mem.Link
	srv    *events.Server
	client *fuzzSide
	server *fuzzSide

	exchanges []*fuzzExchange
	cancels   []func() // of contexts
	ops       int
	bytes     int // that may still be written
	pushed    int
	stalled   time.Duration
	broken    bool // the connection was, or a session destroyed
	final     bool // everything is to end
}

// fuzzSide is one of the two.
type fuzzSide struct {
	w       *fuzzWorld
	name    string
	session session
	base    *events.Session
	client  *events.ClientSession // one of the two
	server  *events.ServerSession
	streams []*fuzzStream
	inside  int
	closes  int
	killed  bool
}

// fuzzExchange is a request and its response, or a push.
type fuzzExchange struct {
	up, down       flow
	client, server *fuzzStream
}

// fuzzStream is one side of an exchange.
type fuzzStream struct {
	stream
	side    *fuzzSide
	base    *events.Stream
	server  *events.ServerStream // nil on the client
	x       *fuzzExchange
	out, in *flow
	name    string
	closes  int
	aborted bool
	killed  bool // by the program, on this side
	err     error

	listening bool // to data
	holds     int
}

func newFuzzWorld(t *testing.T, script []byte) *fuzzWorld {
	w := &fuzzWorld{t: t, tape: &tape{script}, bytes: 512 << 10, sum: crc32.NewIEEE()}
	c := w.tape
	opts := func() events.SessionOptions {
		return events.SessionOptions{
			Logger:          slog.New(slog.DiscardHandler),
			Now:             func() time.Time { return w.link.Now() },
			Trace:           func(net.Conn) events.Trace { return w },
			HighWaterMark:   pick(c, 0, 1, 1000),
			FixedWindows:    c.one(2),
			PaddingStrategy: pick(c, events.PaddingStrategyNone, events.PaddingStrategyMax, events.PaddingStrategyAligned),
			Settings: events.Settings{
				InitialWindowSize:    pick(c, events.Opt[uint32]{}, events.Set[uint32](100), events.Set[uint32](5000), events.Set[uint32](1<<20)),
				MaxConcurrentStreams: pick(c, events.Opt[uint32]{}, events.Set[uint32](1), events.Set[uint32](4)),
				HeaderTableSize:      pick(c, events.Opt[uint32]{}, events.Set[uint32](0)),
			},
		}
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	client, err := events.NewClientSession(mem.Epoch, "http://example.org", opts())
	must(err)
	w.srv, err = events.CreateServer(events.ServerOptions{SessionOptions: opts()})
	must(err)
	server, err := w.srv.NewSession(mem.Epoch)
	must(err)
	w.client = &fuzzSide{w: w, name: "client", session: client, base: &client.Session, client: client}
	w.server = &fuzzSide{w: w, name: "server", session: server, base: &server.Session, server: server}
	w.link = mem.NewLink(client, server, mem.Options{
		Seed:      uint64(c.byte()),
		Latency:   pick(c, 0, time.Millisecond, 20*time.Millisecond),
		Jitter:    pick(c, 0, 10*time.Millisecond),
		Bandwidth: pick(c, 0, 1_000_000),
		Cut:       pick(c, 0, 100, 3000),
		MaxWrite:  pick(c, 0, 2000),
	})
	for _, s := range []*fuzzSide{w.client, w.server} {
		s.watch()
	}
	if !c.one(4) { // or pushes are refused
		client.OnStream(func(st *events.ClientStream, h events.Headers, _ events.Flags) {
			w.client.arrived(st, &st.Stream, nil, h)
		})
	}
	if c.one(3) {
		w.srv.OnRequest(func(req *events.Request, _ *events.Response) {
			st, _ := req.Stream()
			w.server.arrived(st, &st.Stream, st, st.Headers())
		})
	} else {
		server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			w.server.arrived(st, &st.Stream, st, h)
		})
	}
	return w
}

func (w *fuzzWorld) note(format string, args ...any) {
	fmt.Fprintf(&w.log, "%08x ", w.sum.Sum32())
	fmt.Fprintf(&w.log, format+"\n", args...)
}

// Received and Sent are part of events.Trace.
func (w *fuzzWorld) Received(time.Time, []byte) {}

func (w *fuzzWorld) Sent(now time.Time, p []byte) {
	fmt.Fprint(w.sum, now.UnixNano())
	w.sum.Write(p)
}

func (w *fuzzWorld) fail(format string, args ...any) {
	if !w.t.Failed() {
		w.note("FAILED "+format, args...)
		w.t.Errorf(format, args...)
	}
}

// run runs the program, and returns all that happened.
func (w *fuzzWorld) run() string {
	for !w.tape.done() && w.ops < 300 && !w.t.Failed() {
		w.step()
	}
	w.end()
	if w.t.Failed() {
		w.t.Log(&w.log)
	}
	return w.log.String()
}

// callback is called in each callback of the side.
func (s *fuzzSide) callback(st *fuzzStream, format string, args ...any) func() {
	w := s.w
	what := fmt.Sprintf(format, args...)
	if s.closes > 0 || st != nil && st.closes > 0 {
		w.fail("%s %s after close", s.name, what)
	}
	return s.enter("%s", what)
}

// enter is called in functions that are no listeners: those run after the close
// event as well.
func (s *fuzzSide) enter(format string, args ...any) func() {
	w := s.w
	what := s.name + " " + fmt.Sprintf(format, args...)
	w.note("%s", what)
	if s.inside > 0 {
		w.fail("%s inside another callback", what)
	}
	s.inside++
	return func() {
		if !w.final {
			if w.tape.one(3) && w.ops < 300 {
				s.act()
			}
		}
		s.inside--
	}
}

// watch listens to the session.
func (s *fuzzSide) watch() {
	w := s.w
	b := s.base
	b.OnConnect(func() { s.callback(nil, "connect")() })
	b.OnGoaway(func(code core.ErrCode, _ events.StreamID, _ []byte) {
		defer s.callback(nil, "goaway %v", code)()
		w.accused(s.name+" session", code, core.FaultNone)
	})
	b.OnPing(func([8]byte) { s.callback(nil, "ping")() })
	b.OnLocalSettings(func(events.Settings) { s.callback(nil, "localSettings")() })
	b.OnRemoteSettings(func(events.Settings) { s.callback(nil, "remoteSettings")() })
	b.OnTimeout(func() { s.callback(nil, "timeout")() })
	b.OnError(func(err error) {
		defer s.callback(nil, "error %v", err)()
		w.reported(s.name+" session", err)
		w.broken = true
	})
	b.OnClose(func() {
		s.callback(nil, "close")()
		s.closes++
		for _, st := range s.streams {
			if st.closes != 1 {
				w.fail("%s closed before its stream %s", s.name, st.name)
			}
		}
	})
}

// accused checks that nobody is accused of breaking the protocol.
func (w *fuzzWorld) accused(who string, code core.ErrCode, fault core.Fault) {
	switch code {
	case core.ProtocolError, core.FlowControlError, core.FrameSizeError, core.CompressionError, core.StreamClosed, core.SettingsTimeout:
		w.fail("%s: accused of %v", who, code)
	}
	switch fault {
	case core.FaultNone, core.FaultEOF, core.FaultTruncated, core.FaultGoneAway, core.FaultRefused, core.FaultPushTimeout:
	default:
		w.fail("%s: accused of %v", who, fault)
	}
}

func (w *fuzzWorld) reported(who string, err error) {
	var e *events.Error
	if errors.As(err, &e) {
		fault := e.Fault
		if e.ByPeer {
			fault = core.FaultNone
		}
		w.accused(who, e.HTTP2, fault)
	}
}

// exchangeOf finds the exchange that a request's fields name.
func (w *fuzzWorld) exchangeOf(h events.Headers) *fuzzExchange {
	n, err := strconv.Atoi(h.Get("n"))
	if err != nil || n >= len(w.exchanges) {
		w.t.Fatalf("a request that nobody made: %v", h)
	}
	return w.exchanges[n]
}

// newExchange makes an exchange and the fields that name it.
func (w *fuzzWorld) newExchange() (*fuzzExchange, string) {
	n := len(w.exchanges)
	x := &fuzzExchange{up: flow{number: 2 * n}, down: flow{number: 2*n + 1}}
	w.exchanges = append(w.exchanges, x)
	return x, strconv.Itoa(n)
}

// arrived takes a stream that the peer began.
func (s *fuzzSide) arrived(st stream, base *events.Stream, server *events.ServerStream, h events.Headers) {
	fs := s.join(st, base, server, s.w.exchangeOf(h))
	defer s.callback(fs, "stream %s", fs.name)()
	if s.w.final {
		fs.finish()
	}
}

// join has a stream looked after.
func (s *fuzzSide) join(st stream, base *events.Stream, server *events.ServerStream, x *fuzzExchange) *fuzzStream {
	fs := &fuzzStream{stream: st, side: s, base: base, server: server, x: x, out: &x.up, in: &x.down}
	mine := &x.client
	if s.server != nil {
		fs.out, fs.in, mine = &x.down, &x.up, &x.server
	}
	fs.name = strconv.Itoa(x.up.number / 2)
	if *mine != nil {
		s.w.fail("%s has %s twice", s.name, fs.name)
	}
	*mine = fs
	s.streams = append(s.streams, fs)
	fs.watch()
	return fs
}

// watch listens to the stream.
func (st *fuzzStream) watch() {
	s, w, b := st.side, st.side.w, st.base
	switch w.tape.below(4) {
	case 0:
		st.listen()
	case 1:
		b.Pause()
		st.listen()
	}
	b.OnEnd(func() {
		defer s.callback(st, "end %s complete=%t", st.name, b.Complete())()
		st.in.dropped = st.in.dropped || !st.listening
		if !st.off() && !st.in.dropped && b.Complete() && st.in.got != st.in.accepted {
			w.fail("%s: %s is complete with %d bytes of %d", s.name, st.name, st.in.got, st.in.accepted)
		}
	})
	b.OnTrailers(func(events.Headers, events.Flags) { s.callback(st, "trailers %s", st.name)() })
	b.OnDrain(func() { s.callback(st, "drain %s", st.name)() })
	b.OnFinish(func() { s.callback(st, "finish %s", st.name)() })
	b.OnTimeout(func() { s.callback(st, "timeout %s", st.name)() })
	b.OnWantTrailers(func() {
		defer s.callback(st, "wantTrailers %s", st.name)()
		if w.final {
			st.trailers()
		}
	})
	b.OnAborted(func() { st.aborted = true; s.callback(st, "aborted %s", st.name)() })
	b.OnError(func(err error) {
		defer s.callback(st, "error %s %v", st.name, err)()
		st.err = err
		w.reported(s.name+" "+st.name, err)
	})
	b.OnClose(func() {
		code, _ := b.RSTCode()
		s.callback(st, "close %s %v", st.name, code)()
		st.closes++
		if b.Complete() && !st.in.ended {
			w.fail("%s: %s is complete, and was not ended", s.name, st.name)
		}
		w.accused(s.name+" "+st.name, code, core.FaultNone)
	})
}

func (st *fuzzStream) listen() {
	s := st.side
	if st.listening {
		return
	}
	st.listening = true
	st.base.OnData(func(p []byte) {
		defer s.callback(st, "data %s %d", st.name, len(p))()
		if err := st.in.receive(p); err != nil {
			s.w.fail("%s: %s: %v", s.name, st.name, err)
		}
	})
}

// off reports whether the program has ended the stream on this side.
func (st *fuzzStream) off() bool { return st.killed || st.side.killed }

// well reports whether the stream looks as if nothing had gone wrong.
func (st *fuzzStream) well() bool {
	code, _ := st.base.RSTCode()
	return code == core.NoError && st.err == nil && !st.aborted
}
