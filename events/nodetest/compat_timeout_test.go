package nodetest

import (
	"testing"
	"time"

	"weft/events"
)

func TestNode_compatTimeout(t *testing.T) {
	t.Run("compat-serverresponse-settimeout", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			res.OnTimeout(func() { w.note("timeout event") })
			wantNil(t, "SetTimeout", res.SetTimeout(time.Millisecond, func() {
				w.note("timeout callback")
				res.End(nil)
			}))
			res.OnFinish(func() {
				late := func() { wantNil(t, "SetTimeout", res.SetTimeout(time.Millisecond, func() { t.Error("called") })) }
				late()
				w.later(late)
			})
			wantErr(t, "a negative timeout", res.SetTimeout(-1, nil), events.ErrOutOfRange)
		})
		w.get()
		w.link.RunFor(time.Second)
		wantEq(t, "timeout events", count(w.log, "timeout event"), 1)
		covers(t, "response.event.timeout")
		wantEq(t, "calls", count(w.log, "timeout callback"), 1)
		covers(t, "response.method.setTimeout")
		w.sawAll("res finish", "client response 200 flags=5")
		same(t, "timeouts", w.of("timeout"), []string{"event", "callback"})
	})
	t.Run("of the request", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			req.OnTimeout(func() { w.note("timeout event") })
			wantNil(t, "SetTimeout", req.SetTimeout(time.Second, func() { w.note("timeout callback"); res.End(nil) }))
		})
		w.get()
		w.link.RunFor(10 * time.Second)
		wantEq(t, "timeout events", count(w.log, "timeout event"), 1)
		covers(t, "request.event.timeout")
		wantEq(t, "calls", count(w.log, "timeout callback"), 1)
		covers(t, "request.method.setTimeout")
		w.sawAll("client response 200 flags=5")
		same(t, "timeouts", w.of("timeout"), []string{"event", "callback"})
	})
	t.Run("nobody listens", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			res.WriteString("so far")
			req.SetTimeout(time.Second, nil)
		})
		w.get()
		w.link.RunFor(10 * time.Second)
		w.sawAll("res close", "res finish", "req close", "client close 8")
		if w.server.Destroyed() {
			t.Error("the session has ended")
		}
		// A listener of the server's has to deal with it.
		w = newWorld(t, setup{})
		w.srv.OnTimeout(func(*events.ServerSession) {})
		w.handle(func(req *events.Request, res *events.Response) { res.SetTimeout(time.Second, nil) })
		w.get()
		w.link.RunFor(10 * time.Second)
		w.sawNone("res finish", "req close")
		covers(t, "rule.compat.timeout-destroys")
	})
}
