package nodetest

import (
	"crypto/tls"
	"strings"
	"sync"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/core/frame"
	"weft/events"
	"weft/transport/mem"
	wefttls "weft/transport/tls"
)

// certificate is for servers of tests. It is in nobody's trust store.
var certificate = sync.OnceValues(func() (tls.Certificate, error) {
	cert, _, err := wefttls.DevelopmentCertificate("testdata/none\x00") // kept nowhere
	return cert, err
})

func testTLS(t *testing.T) *tls.Config {
	cert, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// optioned is a session with options, and a raw peer.
type optioned struct {
	*raw
	t       *testing.T
	factory string // createServer, createSecureServer, connect
	session *events.Session
	server  *events.ServerSession // one of the two
	client  *events.ClientSession
	ended   error // what the session ended with
}

// serverOptions runs f with a session of a server of each kind.
func serverOptions(t *testing.T, opts events.SessionOptions, f func(o *optioned)) {
	t.Helper()
	plain, err := events.CreateServer(events.ServerOptions{SessionOptions: opts})
	if err != nil {
		t.Fatal(err)
	}
	secure, err := events.CreateSecureServer(events.SecureServerOptions{
		ServerOptions: events.ServerOptions{SessionOptions: opts},
		TLS:           testTLS(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	for factory, srv := range map[string]*events.Server{"createServer": plain, "createSecureServer": &secure.Server} {
		ss, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		o := &optioned{t: t, raw: newRaw(t, ss, false), factory: factory, session: &ss.Session, server: ss}
		o.session.OnError(func(err error) { o.ended = err })
		f(o)
	}
}

// clientOptions runs f with a client's session.
func clientOptions(t *testing.T, opts events.SessionOptions, f func(o *optioned)) {
	t.Helper()
	cs, err := events.NewClientSession(mem.Epoch, "http://example.org", opts)
	if err != nil {
		t.Fatal(err)
	}
	o := &optioned{t: t, raw: newRaw(t, cs, true), factory: "connect", session: &cs.Session, client: cs}
	o.session.OnError(func(err error) { o.ended = err })
	f(o)
}

// sessionOptions runs f with a session of each kind.
func sessionOptions(t *testing.T, opts events.SessionOptions, f func(o *optioned)) {
	t.Helper()
	serverOptions(t, opts, f)
	clientOptions(t, opts, f)
}

// shows says which option, of whichever factory, is shown.
func (o *optioned) shows(option string) {
	o.t.Helper()
	if !o.t.Failed() {
		covers(o.t, o.factory+".option."+option)
	}
}

// exchange has the session send a header block of about n bytes: a request, or
// the response to one that is made for it. It returns the stream and the length
// of the block.
func (o *optioned) exchange(id core.StreamID, n int) (st *events.Stream, size int) {
	o.t.Helper()
	h := events.H("x-long", strings.Repeat("x", n)+"~") // no Huffman code makes it much shorter
	if o.client != nil {
		o.session.Do(func() {
			cst, err := o.client.Request(o.t.Context(), h)
			if err != nil {
				o.t.Error(err)
				return
			}
			st = &cst.Stream
		})
		o.link.Settle()
	} else {
		o.server.OnStream(func(sst *events.ServerStream, _ events.Headers, _ events.Flags) {
			st = &sst.Stream
			sst.Respond(h)
			sst.End(nil)
		}).Once()
		o.send(o.peer.Headers(id, true, coretest.Request("GET", "/")...))
	}
	for _, f := range o.got.frames {
		if f.Type == frame.TypeHeaders && f.Stream == id {
			for _, n := range f.Sizes {
				size += n
			}
		}
	}
	return st, size
}

// cut reports whether the session was ended with an error code.
func (o *optioned) cut(code core.ErrCode) bool {
	for _, line := range o.got.list() {
		if f := strings.Fields(line); len(f) > 2 && f[0] == "GOAWAY" && f[2] == code.String() {
			return true
		}
	}
	return false
}

func (o *optioned) handshake(list ...core.Setting) { o.send(o.peer.Handshake(o.server != nil, list...)) }

func TestOptionHeaderTable(t *testing.T) {
	// The peer allows a large table. How much of it is used shows in what a
	// long field costs when it is sent again.
	table := core.Setting{ID: core.SettingHeaderTableSize, Value: 1 << 20}
	for _, c := range []struct {
		opt         events.Opt[uint32]
		limit       uint32
		short, long int // of fields: what fits the table and what does not
	}{
		{events.Opt[uint32]{}, 4096, 3500, 5000},
		{events.Set[uint32](0), 0, 0, 100},
		{events.Set[uint32](10000), 10000, 9000, 11000},
	} {
		sessionOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{MaxDeflateDynamicTableSize: c.opt}}, func(o *optioned) {
			o.got.reader.AllowTable(1 << 20)
			o.handshake(table)
			if got := o.session.State().DeflateDynamicTableSize; got != c.limit {
				t.Errorf("%s: the table has %d bytes, want %d", o.factory, got, c.limit)
			}
			o.exchange(1, c.long)
			if _, again := o.exchange(3, c.long); again < c.long/2 {
				t.Errorf("%s: a field of %d bytes takes %d when it is repeated", o.factory, c.long, again)
			}
			o.exchange(5, c.short)
			if _, again := o.exchange(7, c.short); c.limit > 0 && again > 100 {
				t.Errorf("%s: a field of %d bytes takes %d when it is repeated", o.factory, c.short, again)
			}
			o.shows("maxDeflateDynamicTableSize")
		})
	}
	_, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{
		SessionLimits: events.SessionLimits{MaxDeflateDynamicTableSize: events.Set[uint32](1<<20 + 1)},
	}})
	fails(t, "too much", err, events.ErrOutOfRange,
		`ERR_OUT_OF_RANGE: The value of "MaxDeflateDynamicTableSize" is out of range. It must be >= 0 && <= 1048576. Received 1048577`)
}

func TestOptionMaxSettings(t *testing.T) {
	entries := func(n int) []core.Setting {
		list := make([]core.Setting, n)
		for i := range list {
			list[i] = core.Setting{ID: core.SettingID(0x1000 + i)}
		}
		return list
	}
	for _, c := range []struct{ opt, limit int }{{0, 32}, {3, 3}} {
		sessionOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{MaxSettings: c.opt}}, func(o *optioned) {
			o.handshake(entries(c.limit)...)
			if o.cut(core.EnhanceYourCalm) || o.session.Destroyed() {
				t.Errorf("%s: %d settings end the session", o.factory, c.limit)
			}
			o.send(o.peer.Settings(entries(c.limit + 1)...))
			if !o.cut(core.EnhanceYourCalm) {
				t.Errorf("%s: %d settings: %q", o.factory, c.limit+1, o.got.list())
			}
			o.shows("maxSettings")
		})
	}
}

func TestOptionMaxSessionMemory(t *testing.T) {
	// The peer gives no window, so that what is written waits.
	closed := core.Setting{ID: core.SettingInitialWindowSize}
	for _, c := range []struct{ opt, limit int }{{0, 10_000_000}, {2, 2_000_000}} {
		for _, over := range []bool{false, true} {
			size := c.limit - 10_000
			if over {
				size = c.limit + 1
			}
			sessionOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{MaxSessionMemory: c.opt}}, func(o *optioned) {
				o.handshake(closed)
				begun, second := 0, core.StreamID(3)
				if o.server != nil {
					o.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
						if begun++; begun == 1 {
							st.Write(make([]byte, size))
						}
					})
					o.send(o.peer.Headers(1, true, coretest.Request("GET", "/")...))
					o.send(o.peer.Headers(3, true, coretest.Request("GET", "/")...))
				} else {
					second = 2
					o.client.OnStream(func(*events.ClientStream, events.Headers, events.Flags) { begun++ })
					o.session.Do(func() {
						st, err := o.client.Request(t.Context(), events.H(":method", "POST"))
						if err != nil {
							t.Error(err)
							return
						}
						begun++
						st.Write(make([]byte, size))
					})
					o.link.Settle()
					o.send(o.peer.PushPromise(1, 2, coretest.Request("GET", "/")...))
				}
				refused := len(o.got.stream(second)) == 1 && strings.HasSuffix(o.got.stream(second)[0], " ENHANCE_YOUR_CALM")
				if refused != over || begun != map[bool]int{false: 2, true: 1}[over] {
					t.Errorf("%s: with %d bytes waiting, %d streams; refused: %v", o.factory, size, begun, refused)
				}
				if o.session.Destroyed() {
					t.Errorf("%s: the session is over", o.factory)
				}
				o.shows("maxSessionMemory")
			})
		}
	}
}

func TestOptionMaxHeaderListPairs(t *testing.T) {
	// n counts the fields of a request or response, pseudo-fields included.
	receive := func(o *optioned, id core.StreamID, n int) (refused bool) {
		var fields []core.Field
		if o.client != nil {
			o.exchange(id, 1)
			fields = coretest.Response("200")
		} else {
			fields = coretest.Request("GET", "/")
		}
		for len(fields) < n {
			fields = append(fields, field("x", "y"))
		}
		if len(fields) != n {
			t.Fatalf("%d fields", len(fields))
		}
		o.send(o.peer.Headers(id, true, fields...))
		return o.got.has("RST_STREAM " + map[core.StreamID]string{1: "1", 3: "3"}[id] + " ENHANCE_YOUR_CALM")
	}
	check := func(o *optioned, limit int) {
		t.Helper()
		o.handshake()
		if receive(o, 1, limit) || !receive(o, 3, limit+1) {
			t.Errorf("%s: the limit is not %d: %q", o.factory, limit, o.got.list())
		}
		if o.session.Destroyed() {
			t.Errorf("%s: the session is over", o.factory)
		}
	}
	pairs := func(n int) events.SessionOptions {
		return events.SessionOptions{SessionLimits: events.SessionLimits{MaxHeaderListPairs: n}}
	}
	for n, limit := range map[int]int{0: 128, 7: 7} {
		sessionOptions(t, pairs(n), func(o *optioned) {
			check(o, limit)
			o.shows("maxHeaderListPairs")
		})
	}
	serverOptions(t, pairs(1), func(o *optioned) { check(o, 4) })
	clientOptions(t, pairs(1), func(o *optioned) { check(o, 1) })
	covers(t, "rule.options.header-pairs-min")
}

func TestOptionMaxOutstandingPings(t *testing.T) {
	for n, limit := range map[int]int{0: 10, 3: 3} {
		sessionOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{MaxOutstandingPings: n}}, func(o *optioned) {
			o.handshake()
			sent, failed := 0, 0
			for range limit + 1 {
				if ok, err := o.session.Ping(func(err error, _ time.Duration, _ [8]byte) { failed++ }); err != nil {
					t.Error(err)
				} else if ok {
					sent++
				}
			}
			o.link.Settle()
			if sent != limit || failed != 1 || count(kinds(o.got.list()), "PING 0000000000000000") > 0 {
				t.Errorf("%s: %d pings, want %d; %d failed", o.factory, sent, limit, failed)
			}
			o.shows("maxOutstandingPings")
		})
	}
}

func TestOptionMaxSendHeaderBlockLength(t *testing.T) {
	for n, limit := range map[int]int{0: 65536, 1000: 1000} {
		sessionOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{MaxSendHeaderBlockLength: n}}, func(o *optioned) {
			o.handshake()
			if _, size := o.exchange(1, limit/2); size == 0 {
				t.Errorf("%s: %q", o.factory, o.got.list())
			}
			var st *events.Stream
			var log []string
			watch := func(s *events.Stream) {
				st = s
				s.OnFrameError(func(kind uint8, code core.ErrCode, id events.StreamID) { log = append(log, "frameError") })
				s.OnError(func(error) { log = append(log, "error") })
				s.OnClose(func() { log = append(log, "close") })
			}
			long := events.H("x-long", strings.Repeat("x", limit))
			if o.server != nil {
				o.server.OnStream(func(s *events.ServerStream, _ events.Headers, _ events.Flags) {
					watch(&s.Stream)
					s.Respond(long)
				})
				o.send(o.peer.Headers(3, true, coretest.Request("GET", "/")...))
			} else {
				o.session.Do(func() {
					s, err := o.client.Request(t.Context(), long)
					if err != nil {
						t.Error(err)
						return
					}
					watch(&s.Stream)
				})
				o.link.Settle()
			}
			if !equal(log, "frameError", "error", "close") || !st.Destroyed() {
				t.Errorf("%s: %q", o.factory, log)
			}
			for _, f := range o.got.stream(3) {
				if strings.HasPrefix(f, "HEADERS") {
					t.Errorf("%s: sent %.100q", o.factory, f)
				}
			}
			o.shows("maxSendHeaderBlockLength")
		})
	}
}

func TestOptionPeerMaxConcurrentStreams(t *testing.T) {
	for _, c := range []struct {
		opt   events.Opt[uint32]
		limit int
	}{{events.Opt[uint32]{}, 100}, {events.Set[uint32](2), 2}} {
		opts := events.SessionOptions{SessionLimits: events.SessionLimits{PeerMaxConcurrentStreams: c.opt}}
		assumed := func(o *optioned) uint32 { return o.session.RemoteSettings().MaxConcurrentStreams.Or(0) }
		sessionOptions(t, opts, func(o *optioned) {
			if got := assumed(o); got != uint32(c.limit) {
				t.Errorf("%s: %d streams are assumed to be allowed, want %d", o.factory, got, c.limit)
			}
			o.handshake(core.Setting{ID: core.SettingMaxConcurrentStreams, Value: 3})
			if got := assumed(o); got != 3 {
				t.Errorf("%s: %d streams are known to be allowed, want 3", o.factory, got)
			}
			o.shows("peerMaxConcurrentStreams")
		})
		clientOptions(t, opts, func(o *optioned) {
			o.session.Do(func() {
				for range 150 {
					if _, err := o.client.Request(t.Context(), events.H()); err != nil {
						t.Error(err)
					}
				}
			})
			o.link.Settle()
			if got := count(first(o.got.list()), "HEADERS"); got != c.limit {
				t.Errorf("%d requests were sent before the server's SETTINGS, want %d", got, c.limit)
			}
			o.handshake(core.Setting{ID: core.SettingMaxConcurrentStreams, Value: 120})
			if got := count(first(o.got.list()), "HEADERS"); got != 120 {
				t.Errorf("%d requests were sent after them, want 120", got)
			}
			covers(t, "rule.options.peer-limit-overridden")
		})
		clientOptions(t, opts, func(o *optioned) {
			o.handshake() // no limit
			if got := assumed(o); got != 1<<32-1 {
				t.Errorf("a server that names no limit has %d", got)
			}
		})
	}
}

// first returns the first word of each line.
func first(list []string) (out []string) {
	for _, s := range list {
		word, _, _ := strings.Cut(s, " ")
		out = append(out, word)
	}
	return out
}

func TestOptionMaxSessionInvalidFrames(t *testing.T) {
	serverOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{MaxSessionInvalidFrames: events.Set(5)}}, func(o *optioned) {
		o.handshake()
		id := core.StreamID(1)
		for range 6 {
			o.send(o.peer.Headers(id, true, field(":status", "200")))
			id += 2
		}
		if o.session.Destroyed() {
			t.Errorf("%s: six end it", o.factory)
		}
		o.send(o.peer.Headers(id, true, field(":status", "200")))
		if o.ended == nil || errText(o.ended) != "ERR_HTTP2_TOO_MANY_INVALID_FRAMES: Too many invalid HTTP/2 frames" {
			t.Errorf("%s: ended with %v", o.factory, o.ended)
		}
		o.shows("maxSessionInvalidFrames")
	})
	// The default is 1000.
	serverOptions(t, events.SessionOptions{Limits: core.Limits{AbuseBudget: core.Unlimited}}, func(o *optioned) {
		o.handshake()
		id := core.StreamID(1)
		for !o.session.Destroyed() && id < 3000 {
			o.send(o.peer.Headers(id, true, field(":status", "200")))
			id += 2
		}
		if id != 2*1002+1 || o.ended == nil {
			t.Errorf("%s: ended after %d frames with %v", o.factory, id/2, o.ended)
		}
	})
}

func TestOptionMaxSessionRejectedStreams(t *testing.T) {
	for _, c := range []struct {
		opt   events.Opt[int]
		limit int
	}{{events.Opt[int]{}, 100}, {events.Set(2), 2}, {events.Set(0), 0}} {
		serverOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{
			MaxSessionMemory: 1, MaxSessionRejectedStreams: c.opt,
		}}, func(o *optioned) {
			o.handshake(core.Setting{ID: core.SettingInitialWindowSize})
			o.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.Write(make([]byte, 1_100_000)) })
			id := core.StreamID(1)
			for ; !o.session.Destroyed() && id < 1000; id += 2 {
				o.send(o.peer.Headers(id, true, coretest.Request("GET", "/")...))
			}
			refused := count(kinds(o.got.list()), "RST_STREAM ENHANCE_YOUR_CALM")
			if id != core.StreamID(2*(c.limit+2)+1) || refused < c.limit || !o.cut(core.EnhanceYourCalm) {
				t.Errorf("%s: ended at stream %d, %d refused: %q", o.factory, id-2, refused, o.got.list())
			}
			if o.ended == nil || !strings.HasPrefix(errText(o.ended), "ERR_HTTP2_TOO_MANY_REJECTED_STREAMS: ") {
				t.Errorf("%s: ended with %v", o.factory, o.ended)
			}
			o.shows("maxSessionRejectedStreams")
		})
	}
	covers(t, "rule.options.rejected-streams")
}

func TestOptionStreamResets(t *testing.T) {
	// takes counts the resets until the session ends, when so many go out at
	// once, and the others after a while.
	takes := func(opts events.SessionOptions, atOnce int, wait time.Duration) (n int) {
		t.Helper()
		opts.MaxSessionInvalidFrames = events.Set(1 << 20)
		serverOptions(t, opts, func(o *optioned) {
			n = 0
			o.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) {})
			o.handshake()
			reset := func() {
				id := core.StreamID(2*n + 1)
				o.send(o.peer.Headers(id, false, coretest.Request("POST", "/")...).Reset(id, core.Cancel))
				n++
			}
			for range atOnce {
				reset()
			}
			o.link.RunFor(wait)
			for !o.session.Destroyed() && n < 3000 {
				reset()
			}
			if opts.StreamResetBurst*opts.StreamResetRate > 0 && !o.cut(core.EnhanceYourCalm) {
				t.Errorf("%s: sent %q", o.factory, o.got.list())
			}
		})
		return n
	}
	limited := func(burst, rate int) events.SessionOptions {
		return events.SessionOptions{
			Limits:        core.Limits{AbuseBudget: core.Unlimited},
			SessionLimits: events.SessionLimits{StreamResetBurst: burst, StreamResetRate: rate},
		}
	}
	if n := takes(limited(5, 1), 0, 0); n != 6 {
		t.Errorf("a burst of 5: ended at reset %d", n)
	}
	if n := takes(limited(50, 1), 0, 0); n != 51 && n != 52 { // 20 ms each
		t.Errorf("a burst of 50: ended at reset %d", n)
	}
	covers(t, "createServer.option.streamResetBurst")
	if n := takes(limited(5, 2), 5, 2*time.Second); n != 10 {
		t.Errorf("a burst of 5, and 2 more a second: ended at reset %d", n)
	}
	if n := takes(limited(5, 1), 5, 2*time.Second); n != 8 {
		t.Errorf("a burst of 5, and 1 more a second: ended at reset %d", n)
	}
	covers(t, "createServer.option.streamResetRate")
	// One alone, and the defaults hold, which are those of the abuse budget:
	// 1000 at once, and 33 more each second. Before it is used up, the session
	// is closed gracefully.
	for _, l := range []events.SessionLimits{{}, {StreamResetBurst: 5}, {StreamResetRate: 1}} {
		opts := events.SessionOptions{SessionLimits: l}
		fast := takes(opts, 0, 0)
		slow := takes(opts, 900, 10*time.Second)
		if fast < 1000 || slow < fast+300 {
			t.Errorf("%+v: ended at reset %d, or %d after a pause", l, fast, slow)
		}
	}
	covers(t, "rule.options.reset-rate-pair")
}
