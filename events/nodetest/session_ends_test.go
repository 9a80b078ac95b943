package nodetest

import (
	"context"
	"errors"
	"testing"

	"weft/core"
	"weft/events"
)

// The rules of destroy and close.
func TestSessionEnds(t *testing.T) {
	t.Run("destroy", func(t *testing.T) {
		mine := errors.New("mine")
		for _, c := range []struct {
			err  error
			code core.ErrCode
			sent string
			want []string
		}{
			{nil, events.NoError, "GOAWAY last=1 NO_ERROR", []string{"session close"}},
			{mine, events.NoError, "GOAWAY last=1 INTERNAL_ERROR", []string{"session error mine", "session close"}},
			{mine, events.EnhanceYourCalm, "GOAWAY last=1 ENHANCE_YOUR_CALM", []string{"session error mine", "session close"}},
		} {
			w := newWorld(t, setup{})
			w.serve(nil)
			w.get()
			w.settle()
			w.watchSession("session", &w.server.Session)
			w.log = nil
			w.server.Destroy(c.err, c.code)
			w.server.Destroy(errors.New("again"), events.Cancel)
			w.link.Run(func() bool { return w.saw("session close") })
			var got []string
			for _, s := range w.log {
				if len(s) > 7 && s[:7] == "session" {
					got = append(got, s)
				}
			}
			w.log = got
			w.happened(c.want...)
			covers(t, "rule.session.destroy-error-order")
			w.settle()
			if list := w.fromServer.list(); list[len(list)-1] != c.sent {
				t.Errorf("sent %q, want %s last", list, c.sent)
			}
			if w.server.StreamCount() != 0 || !w.server.Destroyed() {
				t.Error("something is left")
			}
		}
		covers(t, "session.method.destroy")
	})
	t.Run("close", func(t *testing.T) {
		w := newWorld(t, setup{})
		var open *events.ServerStream
		w.serve(func(st *events.ServerStream, _ events.Headers) { open = st })
		w.get()
		w.settle()
		w.watchSession("session", &w.server.Session)
		w.log = nil
		if w.server.Closed() {
			t.Error("closed before Close")
		}
		w.server.Close()
		if !w.server.Closed() || w.server.Destroyed() {
			t.Errorf("after Close: closed %v, destroyed %v", w.server.Closed(), w.server.Destroyed())
		}
		covers(t, "session.prop.closed")
		w.settle()
		w.happened(`session goaway 0 last=0 ""`) // the stream goes on
		if _, err := w.client.Request(context.Background(), events.Headers{}); !errors.Is(err, events.ErrGoAwaySession) {
			t.Errorf("a new request: %v", err)
		}
		open.EndString("late")
		w.settle()
		w.happened("server finish", "server close 0", "session close",
			"client response 200 flags=4", "client data late", "client end", "client close 0")
		covers(t, "session.method.close")
		if !w.server.Destroyed() || !w.link.Closed() {
			t.Error("the session does not destroy itself after the last stream")
		}
		covers(t, "rule.session.close-then-destroy")
	})
	t.Run("the last event", func(t *testing.T) {
		// Close comes after the end of every stream, read late as it may be.
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				ss := st.Session()
				st.EndString("late")
				ss.Close()
			})
			st := d.request(context.Background(), events.Headers{}, func(st *events.ClientStream) {
				st.OnData(func(p []byte) { d.note("data %s", p) })
				st.Pause()
			})
			d.answer()
			d.happened("client connect", "request response 200", "client goaway 0 last=2147483647",
				"server stream /", "server stream close 0", "server goaway 0 last=0", "server close")
			st.Resume()
			d.happened("data late", "request end", "request close 0", "client close")
		})
		covers(t, "session.event.close")
	})
	t.Run("transport", func(t *testing.T) {
		// Destroyed, a session takes the transport with it; and the other way
		// round, every stream has its error.
		w := newWorld(t, setup{})
		w.settle()
		w.client.Destroy(nil, events.NoError)
		if w.settle(); !w.link.Closed() {
			t.Error("the transport outlives the session")
		}
		w = newWorld(t, setup{})
		w.serve(nil)
		w.post()
		w.post()
		w.settle()
		w.log = nil
		w.link.Reset()
		w.settle()
		if !w.client.Destroyed() || !w.server.Destroyed() {
			t.Error("a session outlives its transport")
		}
		covers(t, "rule.session.one-socket")
		const lost = "error ERR_HTTP2_SESSION_ERROR: The connection was lost"
		for _, who := range []string{"client", "server"} {
			n := 0
			for _, s := range w.of(who) {
				if s == lost {
					n++
				}
			}
			if n != 2 {
				t.Errorf("%d errors on the two streams of the %s: %q", n, who, w.log)
			}
		}
		covers(t, "rule.session.network-error-destroys-streams")
	})
}
