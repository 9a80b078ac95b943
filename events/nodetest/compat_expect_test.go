package nodetest

import (
	"slices"
	"strings"
	"testing"

	"weft/core"
	"weft/events"
)

func expecting(what string) events.Headers {
	return events.H(":method", "POST", "expect", what)
}

func TestNode_compatExpect(t *testing.T) {
	t.Run("compat-expect-continue-check.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) { w.note("request") })
		w.srv.OnCheckContinue(func(req *events.Request, res *events.Response) {
			w.note("checkContinue")
			wantEq(t, "WriteContinue", res.WriteContinue(), true)
			wantEq(t, "HeadersSent", res.HeadersSent(), false)
			covers(t, "response.method.writeContinue")
			wantNil(t, "WriteHead", res.WriteHead(200))
			wantNil(t, "End", res.EndString("some body"))
		})
		w.request(expecting("100-continue"), events.RequestOptions{}, func(st *events.ClientStream) {
			st.OnContinue(func() { st.EndString("upload") })
		})
		w.settle()
		wantEq(t, "checkContinue events", count(w.log, "checkContinue"), 1)
		covers(t, "server.event.checkContinue")
		if slices.ContainsFunc(w.log, func(s string) bool { return strings.HasPrefix(s, "request") || strings.HasPrefix(s, "req ") }) {
			t.Errorf("request was emitted: %q", w.log)
		}
		covers(t, "rule.server.checkContinue-replaces-request")
		w.happened("client ready 1", "checkContinue", "client continue", "client headers 100", "client finish",
			"client response 200 flags=4", "client data some body", "client end", "client close 0")
		covers(t, "rule.compat.checkContinue-writeContinue")
	})
	t.Run("compat-expect-continue-check.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) {})
		w.srv.OnCheckContinue(func(_ *events.Request, res *events.Response) {
			res.OnFinish(func() {
				w.note("finish")
				wantEq(t, "WriteContinue in finish", res.WriteContinue(), false)
				w.later(func() { wantEq(t, "WriteContinue later", res.WriteContinue(), false) })
			})
			res.WriteContinue()
			res.End(nil)
			wantEq(t, "WriteContinue after End", res.WriteContinue(), false)
		})
		w.request(expecting("100-continue"), events.RequestOptions{}, func(st *events.ClientStream) { st.End(nil) })
		w.settle()
		w.sawAll("finish", "client headers 100")
		if n := len(w.of("client headers")); n != 1 {
			t.Errorf("%d informational responses", n)
		}
	})
	t.Run("checkContinue with a final status", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) {})
		w.srv.OnCheckContinue(func(_ *events.Request, res *events.Response) {
			res.SetStatusCode(400)
			res.End(nil)
		})
		w.request(expecting("100-continue"), events.RequestOptions{})
		w.settle()
		w.sawAll("client response 400 flags=5")
		w.sawNone("client continue")
	})
	t.Run("100 without a listener", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			w.note("request")
			res.End(nil)
		})
		w.request(expecting("100-continue"), events.RequestOptions{}, func(st *events.ClientStream) { st.End(nil) })
		w.settle()
		w.sawAll("client continue", "client response 200 flags=5")
		covers(t, "rule.server.auto-continue")
		wantEq(t, "request events", count(w.log, "request"), 1)
		covers(t, "server.event.request")
	})
	t.Run("checkContinue needs a request listener", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.srv.OnCheckContinue(func(*events.Request, *events.Response) { t.Error("checkContinue was emitted") })
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.End(nil) })
		w.request(expecting("100-continue"), events.RequestOptions{})
		w.settle()
		w.sawAll("client response 200 flags=4")
		w.sawNone("client continue")
		covers(t, "rule.server.checkContinue-needs-handler")
	})
	t.Run("compat-expect-handling.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) { t.Error("request was emitted") })
		w.srv.OnCheckExpectation(func(req *events.Request, res *events.Response) {
			wantEq(t, "expect", req.Headers().Get("expect"), "meoww")
			res.SetStatusCode(417)
			res.End(nil)
		})
		w.request(expecting("meoww"), events.RequestOptions{}, func(st *events.ClientStream) { st.End(nil) })
		w.settle()
		w.sawAll("client response 417 flags=5", "client end")
	})
	t.Run("compat-expect-handling.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) { t.Error("request was emitted") })
		w.request(expecting("meoww"), events.RequestOptions{}, func(st *events.ClientStream) { st.End(nil) })
		w.settle()
		w.sawAll("client response 417 flags=5", "client end", "client close 0")
		w.sawNone("client data ")
	})
	t.Run("compat-method-connect.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) { t.Error("request was emitted") })
		w.srv.OnConnect(func(req *events.Request, res *events.Response) {
			wantEq(t, ":method", req.Headers().Get(":method"), "CONNECT")
			res.SetStatusCode(405)
			res.End(nil)
		})
		w.request(events.H(":method", "CONNECT", ":authority", "example.org:80"), events.RequestOptions{})
		w.settle()
		w.sawAll("client response 405 flags=5")
	})
	t.Run("compat-method-connect.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) { t.Error("request was emitted") })
		w.request(events.H(":method", "CONNECT", ":authority", "example.org:80"), events.RequestOptions{})
		w.settle()
		if got := w.fromServer.stream(1); len(got) == 0 || !strings.HasPrefix(got[0], "HEADERS 1 :status=405") || !strings.HasSuffix(got[0], "END_STREAM") {
			t.Errorf("the server sent %q", got)
		}
	})
	t.Run("a stream listener has CONNECT", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(*events.Request, *events.Response) { t.Error("request was emitted") })
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.Respond(events.Status(200)) })
		w.request(events.H(":method", "CONNECT", ":authority", "example.org:80"), events.RequestOptions{})
		w.settle()
		w.sawAll("client response 200 flags=4")
	})
	t.Run("nobody listens", func(t *testing.T) {
		w := newWorld(t, setup{})
		l := w.srv.OnRequest(func(*events.Request, *events.Response) {})
		l.Remove()
		w.get()
		w.settle()
		if got := w.fromServer.stream(1); !slices.Equal(got, []string{"RST_STREAM 1 " + core.RefusedStream.String()}) {
			t.Errorf("the server sent %q", got)
		}
	})
}
