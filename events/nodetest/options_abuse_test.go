package nodetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
)

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

func TestOptionMaxReservedRemoteStreams(t *testing.T) {
	for _, c := range []struct {
		opt   events.Opt[int]
		limit int
	}{{events.Opt[int]{}, 200}, {events.Set(3), 3}, {events.Set(0), 0}, {events.Set(-1), 250}} {
		clientOptions(t, events.SessionOptions{SessionLimits: events.SessionLimits{MaxReservedRemoteStreams: c.opt}}, func(o *optioned) {
			pushed := 0
			o.client.OnStream(func(*events.ClientStream, events.Headers, events.Flags) { pushed++ })
			o.handshake()
			o.exchange(1, 10)
			for i := range 250 {
				o.peer.PushPromise(1, core.StreamID(2+2*i), coretest.Request("GET", "/")...)
			}
			o.send(o.peer)
			refused := count(kinds(o.got.list()), "RST_STREAM REFUSED_STREAM")
			if pushed != c.limit || refused != 250-c.limit || o.session.Destroyed() {
				t.Errorf("%d pushes are taken, want %d; %d refused", pushed, c.limit, refused)
			}
			if c.limit > 0 {
				// One that has begun makes room.
				o.send(o.peer.Headers(2, false, coretest.Response("200")...).PushPromise(1, 1000, coretest.Request("GET", "/")...))
				if pushed != c.limit+1 {
					t.Errorf("%d pushes are taken after one has begun, want %d", pushed, c.limit+1)
				}
			}
			o.shows("maxReservedRemoteStreams")
		})
	}
	_, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{
		SessionLimits: events.SessionLimits{MaxReservedRemoteStreams: events.Set(1)},
	}})
	if !errors.Is(err, events.ErrInvalidArg) {
		t.Errorf("a server: %v", err)
	}
}
