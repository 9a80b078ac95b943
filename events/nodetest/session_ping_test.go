package nodetest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"weft/events"
	"weft/transport/mem"
)

func TestNode_ping(t *testing.T) {
	payload := [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
	t.Run("onping", func(t *testing.T) {
		w := newWorld(t, setup{before: func(w *world) {
			acked := func(who string) func(error, time.Duration, [8]byte) {
				return func(err error, _ time.Duration, p [8]byte) { w.note("%s acked %v %v", who, err, p == payload) }
			}
			w.srv.OnSession(func(ss *events.ServerSession) {
				ss.OnPing(func(p [8]byte) { w.note("server ping %v", p == payload) })
				ss.Ping(acked("server"), payload)
			})
			w.client.OnPing(func(p [8]byte) { w.note("client ping %v", p == payload) })
			w.client.OnConnect(func() { w.client.Ping(acked("client"), payload) })
		}})
		w.settle()
		for _, line := range []string{"server ping true", "client ping true", "server acked <nil> true", "client acked <nil> true"} {
			if n := count(w.log, line); n != 1 {
				t.Errorf("%q %d times: %q", line, n, w.log)
			}
		}
		if len(w.log) != 4 {
			t.Errorf("happened: %q", w.log)
		}
		covers(t, "session.event.ping")
	})
	t.Run("ping.1", func(t *testing.T) {
		w := newWorld(t, setup{link: mem.Options{Latency: 15 * time.Millisecond}})
		w.settle()
		for who, s := range map[string]*events.Session{"client": &w.client.Session, "server": &w.server.Session} {
			s.Do(func() {
				ok, err := s.Ping(func(err error, rtt time.Duration, p [8]byte) {
					w.note("%v %v %v", err, rtt, p == payload)
				}, payload)
				w.note("%s %v %v", who, ok, err)
			})
			w.settle()
			if !w.saw("<nil> 30ms true") {
				t.Errorf("%q", w.log)
			}
			covers(t, "rule.ping.duration-ms")
			w.happened(who+" true <nil>", "<nil> 30ms true")
			covers(t, "session.method.ping")
		}
		if !w.fromClient.has("PING 0102030405060708") || !w.fromClient.has("PING ACK 0102030405060708") {
			t.Errorf("the client sent %q", w.fromClient.list())
		}
		covers(t, "rule.ping.payload-8-bytes")
	})
	t.Run("ping.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			now := uint64(w.link.Now().UnixNano())
			ok, err := w.server.Ping(func(err error, rtt time.Duration, p [8]byte) {
				w.note("acked %v %v %v", err, rtt > 0, binary.LittleEndian.Uint64(p[:]) == now)
				st.EndString("")
			})
			if !ok || err != nil {
				t.Errorf("%v, %v", ok, err)
			}
			st.Respond(events.Headers{})
		})
		w.get()
		w.settle()
		if !w.saw("acked <nil> true true") || !w.saw("client end") {
			t.Errorf("happened: %q", w.log)
		}
		covers(t, "rule.ping.default-payload")
	})
	t.Run("ping.3", func(t *testing.T) {
		for _, limit := range []int{2, 0} {
			w := newWorld(t, setup{client: events.SessionOptions{SessionLimits: events.SessionLimits{MaxOutstandingPings: limit}}})
			w.settle()
			allowed := limit
			if allowed == 0 {
				allowed = 10 // the default
			}
			for i := range allowed + 1 {
				ok, err := w.client.Ping(func(err error, _ time.Duration, _ [8]byte) {
					if err != nil {
						w.note("%d: %s", i, errText(err))
					} else {
						w.note("%d: fine", i)
					}
				})
				if ok != (i < allowed) || err != nil {
					t.Errorf("ping %d of %d: %v, %v", i, allowed, ok, err)
				}
			}
			w.settle()
			want := []string{fmt.Sprintf("%d: ERR_HTTP2_PING_CANCEL: HTTP2 ping cancelled", allowed)}
			for i := range allowed {
				want = append(want, fmt.Sprintf("%d: fine", i))
			}
			w.happened(want...)
			n := 0
			for _, frame := range w.fromClient.list() {
				if strings.HasPrefix(frame, "PING ") && !strings.HasPrefix(frame, "PING ACK") {
					n++
				}
			}
			if n != allowed {
				t.Errorf("%d PINGs were sent, want %d", n, allowed)
			}
			covers(t, "connect.option.maxOutstandingPings")
		}
		covers(t, "rule.ping.max-outstanding")
	})
	t.Run("ping.4", func(t *testing.T) {
		// What is no array of eight bytes does not compile. A missing callback
		// is found before the limit is.
		w := newWorld(t, setup{client: events.SessionOptions{SessionLimits: events.SessionLimits{MaxOutstandingPings: 1}}})
		w.settle()
		w.client.Ping(func(error, time.Duration, [8]byte) { w.note("first") })
		for range 2 {
			ok, err := w.client.Ping(nil, payload)
			fails(t, "without a callback", err, events.ErrInvalidArgType,
				`ERR_INVALID_ARG_TYPE: The "callback" argument must be of type function. Received nil`)
			if ok {
				t.Error("it was sent")
			}
		}
		w.settle()
		w.happened("first")
		// Settings and SetTimeout need none.
		if err := w.client.Settings(events.Settings{}, nil); err != nil {
			t.Error(err)
		}
		if err := w.client.SetTimeout(time.Second, nil); err != nil {
			t.Error(err)
		}
		w.settle()
		covers(t, "rule.session.callback-validation")
	})
	t.Run("ping-settings-heapdump.1", func(t *testing.T) {
		w := newWorld(t, setup{before: func(w *world) {
			w.client.OnConnect(func() { w.note("client connect") })
			w.srv.OnSession(func(ss *events.ServerSession) {
				ss.OnClose(func() { w.note("close") })
				ss.Ping(func(err error, _ time.Duration, _ [8]byte) { w.note("%s", errText(err)) })
				ss.Destroy(nil, events.NoError)
			})
		}})
		w.settle()
		for _, line := range []string{"ERR_HTTP2_PING_CANCEL: HTTP2 ping cancelled", "close", "client connect"} {
			if n := count(w.log, line); n != 1 {
				t.Errorf("%q %d times: %q", line, n, w.log)
			}
		}
	})
}
