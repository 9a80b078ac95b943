package nodetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"weft/events"
)

// handle has f called for each request of the Compatibility API, with the
// events of both objects noted under the names "req" and "res".
func (w *world) handle(f func(req *events.Request, res *events.Response)) {
	w.srv.OnRequest(func(req *events.Request, res *events.Response) {
		w.watchExchange(req, res)
		f(req, res)
	})
}

// watchExchange notes the events of a request and its response, except for
// data: a listener for it would let it flow.
func (w *world) watchExchange(req *events.Request, res *events.Response) {
	req.OnEnd(func() { w.note("req end") })
	req.OnAborted(func() { w.note("req aborted") })
	req.OnClose(func() { w.note("req close") })
	res.OnFinish(func() { w.note("res finish") })
	res.OnClose(func() { w.note("res close") })
}

// later runs f in the next tick of the server's session.
func (w *world) later(f func()) { w.server.Do(f) }

// exchange is a GET that f answers, up to its end.
func exchange(t *testing.T, f func(w *world, req *events.Request, res *events.Response)) *world {
	t.Helper()
	w := newWorld(t, setup{})
	w.handle(func(req *events.Request, res *events.Response) { f(w, req, res) })
	w.get()
	w.settle()
	return w
}

// wantErr checks that an error is the sentinel.
func wantErr(t *testing.T, what string, err error, sentinel error) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Errorf("%s: %v, want %v", what, err, sentinel)
	}
}

// wantNil checks that there is no error.
func wantNil(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// wantEq checks a value.
func wantEq[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// sawAll checks that exactly these were noted, among others.
func (w *world) sawAll(lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		if !w.saw(line) {
			w.t.Errorf("%q was not seen in %q", line, w.log)
		}
	}
}

// sawNone checks that none of these was noted.
func (w *world) sawNone(lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		if w.saw(line) {
			w.t.Errorf("%q was seen in %q", line, w.log)
		}
	}
}

// answered returns the headers the client got on stream 1.
func (w *world) answered() events.Headers {
	w.t.Helper()
	for _, fr := range w.fromServer.frames {
		if fr.Text == "" && fr.Stream == 1 && len(fr.Fields) > 0 {
			return events.HeadersOf(fr.Fields...)
		}
	}
	w.t.Errorf("no headers were sent: %q", w.fromServer.list())
	return events.Headers{}
}

// shutdown ends a server on real connections. What stays open fails the test,
// rather than being waited for.
func shutdown(t *testing.T, srv interface {
	Shutdown(context.Context) error
	DestroyAll()
}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
		srv.DestroyAll()
	}
}
