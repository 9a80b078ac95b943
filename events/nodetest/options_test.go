package nodetest

import (
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
)

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
