package nodetest

import (
	"slices"
	"testing"

	"weft/events"
)

func TestNode_compatPush(t *testing.T) {
	t.Run("compat-serverresponse-createpushresponse.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.client.OnStream(func(st *events.ClientStream, h events.Headers, _ events.Flags) {
			w.note("promised %s", text(h))
			st.OnPush(func(h events.Headers, _ events.Flags) { w.note("push %d date=%t", h.Status(), h.Has("date")) })
			st.OnData(func(p []byte) { w.note("pushed %s", p) })
		})
		w.handle(func(_ *events.Request, res *events.Response) {
			res.WriteString("body of ")
			wantEq(t, "CanPush", res.CanPush(), true)
			inside := true
			err := res.CreatePushResponse(events.H(":path", "/pushed", ":method", "GET"), func(err error, push *events.Response) {
				wantEq(t, "inside the call", inside, false)
				wantNil(t, "the push", err)
				st, _ := push.Stream()
				parent, _ := res.Stream()
				wantEq(t, "its id", st.ID()%2, 0)
				wantEq(t, "the parent's id", parent.ID()%2, 1)
				if push.Req() != nil {
					t.Error("a push answers no request")
				}
				push.OnFinish(func() { w.note("push finish") })
				push.SetHeader("x", "y")
				push.EndString("pushed body")
				res.EndString("the page")
				wantErr(t, "a push of a push", push.CreatePushResponse(events.H(":path", "/"), nil), events.ErrInvalidArgType)
			})
			inside = false
			wantNil(t, "CreatePushResponse", err)
			covers(t, "response.method.createPushResponse")
		})
		w.get()
		w.settle()
		w.sawAll("promised :path=/pushed :method=GET :authority=localhost:8080 :scheme=http", "push 200 date=true",
			"pushed pushed body", "push finish", "client response 200 flags=4", "client data body of ", "client data the page")
		wantEq(t, "the response's date", w.answered().Has("date"), true)
	})
	t.Run("compat-serverresponse-createpushresponse.2", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			st, _ := res.Stream()
			st.OnClose(func() {
				wantEq(t, "CanPush", res.CanPush(), false)
				wantNil(t, "CreatePushResponse", res.CreatePushResponse(events.H(":path", "/pushed"), func(err error, push *events.Response) {
					wantErr(t, "a push after close", err, events.ErrInvalidStream)
					covers(t, "rule.compat.push-closed")
					w.note("failed")
				}))
			})
			res.End(nil)
		})
		w.sawAll("failed")
	})
	t.Run("compat-serverresponse-createpushresponse.3", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantErr(t, "no callback", res.CreatePushResponse(events.H(":path", "/pushed"), nil), events.ErrInvalidArgType)
			res.End(nil)
		})
		for _, line := range w.fromServer.list() {
			if len(line) > 4 && line[:4] == "PUSH" {
				t.Error(line)
			}
		}
	})
	t.Run("the client takes none", func(t *testing.T) {
		w := newWorld(t, setup{client: events.SessionOptions{Settings: events.Settings{EnablePush: events.Set(false)}}})
		w.handle(func(_ *events.Request, res *events.Response) {
			wantEq(t, "CanPush", res.CanPush(), false)
			res.CreatePushResponse(events.H(":path", "/pushed"), func(err error, _ *events.Response) {
				wantErr(t, "the push", err, events.ErrPushDisabled)
				w.note("failed")
			})
			res.End(nil)
		})
		w.get()
		w.settle()
		w.sawAll("failed")
	})
}

func TestNode_compatTrailers(t *testing.T) {
	t.Run("compat-serverresponse-trailers.1", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantNil(t, "AddTrailers", res.AddTrailers(events.H("ABC", "123")))
			covers(t, "response.method.addTrailers")
			wantNil(t, "SetTrailer", res.SetTrailer("ABCD", "123"))
			res.EndString("hello")
			wantErr(t, "SetTrailer after End", res.SetTrailer("late", "1"), events.ErrTrailersAlreadySent)
			wantErr(t, "AddTrailers after End", res.AddTrailers(events.H("late", "1")), events.ErrTrailersAlreadySent)
		})
		w.sawAll("client trailers abc=123 abcd=123 flags=5", "client data hello", "client end", "res finish")
	})
	t.Run("compat-serverresponse-trailers.2", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			const text = `ERR_INVALID_HTTP_TOKEN: Header name must be a valid HTTP token [""]`
			res.SetTrailer("kept", "1")
			fails(t, "AddTrailers", res.AddTrailers(events.H("good", "1", "", "123")), events.ErrInvalidToken, text)
			fails(t, "SetTrailer", res.SetTrailer("", "123"), events.ErrInvalidToken, text)
			wantErr(t, "a pseudo-field", res.SetTrailer(":status", "200"), events.ErrPseudoNotAllowed)
			res.End(nil)
		})
		w.sawAll("client trailers kept=1 flags=5")
	})
	t.Run("compat-serverresponse-trailers.3", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			fails(t, "no value", res.SetTrailer("test"), events.ErrInvalidHeaderValue,
				`ERR_HTTP2_INVALID_HEADER_VALUE: Invalid value "undefined" for header "test"`)
			res.SetTrailer("a", "1")
			res.SetTrailer("a", "2", "3")
			res.AddTrailers(events.H("b", "4"))
			res.End(nil)
		})
		if got := w.of("client trailers"); !slices.Equal(got, []string{"a=2 a=3 b=4 flags=5"}) {
			t.Errorf("trailers %q", got)
		}
	})
}

// The exchange goes on until its finish event: a push may come after the end that
// was said before in the same turn.
func TestPushAfterTheEnd(t *testing.T) {
	w := newWorld(t, setup{})
	w.client.OnStream(func(st *events.ClientStream, h events.Headers, _ events.Flags) {
		w.note("promise %s", h.Path())
		w.watchClient("push", st)
	})
	push := func(res *events.Response, path string) {
		wantNil(t, path, res.CreatePushResponse(events.H(":path", path), func(err error, push *events.Response) {
			if err != nil {
				w.note("%s failed: %s", path, errText(err))
				return
			}
			push.EndString("pushed")
		}))
	}
	w.handle(func(_ *events.Request, res *events.Response) {
		res.OnFinish(func() { push(res, "/late") })
		res.EndString("all")
		push(res, "/p")
	})
	w.get()
	w.settle()
	w.sawAll("client data all", "client close 0", "promise /p", "push data pushed", "push close 0", "/late failed: "+errDestroyed)
}
