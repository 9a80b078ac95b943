package nodetest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

func TestNode_compatResponse(t *testing.T) {
	t.Run("compat-client-upload-reject", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			w.later(func() {
				res.WriteHead(400)
				res.End(nil)
			})
		})
		w.watchSession("session", &w.client.Session)
		w.srv.OnClose(func() { w.note("server close") })
		w.post(func(st *events.ClientStream) {
			st.SendFrom(strings.NewReader(strings.Repeat("x", 140_000)), 140_000)
			st.OnClose(func() {
				w.client.Close()
				w.later(func() { w.srv.Close() })
			})
		})
		w.settle()
		w.sawAll("client response 400 flags=4", "client end", "client close 0", "session close")
		for _, line := range w.log {
			if strings.Contains(line, "error") {
				t.Error(line)
			}
		}
		if w.server.StreamCount() != 0 || !w.server.Destroyed() {
			t.Error("the server's session lives on")
		}
	})
	t.Run("compat-serverresponse-close", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) {
			wantNil(t, "WriteHead", res.WriteHead(200))
			res.WriteString("a")
		})
		w.get(func(st *events.ClientStream) {
			st.OnData(func([]byte) { w.client.Destroy(nil, core.NoError) })
		})
		w.settle()
		if got := w.of("res"); !slices.Equal(got, []string{"close", "finish"}) {
			t.Errorf("the response saw %q", got)
		}
		covers(t, "response.event.close")
		if got := w.of("req"); !slices.Equal(got, []string{"end", "aborted", "close"}) {
			t.Errorf("the request saw %q", got)
		}
	})
	t.Run("compat-serverresponse-destroy.1", func(t *testing.T) {
		w := exchange(t, func(_ *world, _ *events.Request, res *events.Response) { res.Destroy(nil) })
		w.sawAll("client end", "client close 0")
		if len(w.of("client response")) > 0 || len(w.of("client error")) > 0 {
			t.Errorf("the client saw %q", w.of("client"))
		}
		if got := w.fromServer.stream(1); !slices.Equal(got, []string{"RST_STREAM 1 NO_ERROR"}) {
			t.Errorf("the server sent %q", got)
		}
	})
	t.Run("compat-serverresponse-destroy.2", func(t *testing.T) {
		w := exchange(t, func(_ *world, _ *events.Request, res *events.Response) { res.Destroy(errors.New("oh")) })
		w.sawAll("client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR", "client close 2")
		w.sawNone("client end")
		if len(w.of("client response")) > 0 {
			t.Errorf("the client saw %q", w.of("client"))
		}
	})
	t.Run("compat-serverresponse-destroy.3", func(t *testing.T) {
		for _, err := range []error{nil, errors.New("oh")} {
			w := newWorld(t, setup{})
			w.handle(func(req *events.Request, res *events.Response) {
				if req.URL() == "/other" {
					res.EndString("lives on")
					return
				}
				res.OnFinish(func() {
					res.Destroy(err)
					w.later(func() { res.Destroy(err) })
				})
				res.Destroy(err)
			})
			w.get()
			w.request(events.H(":path", "/other"), events.RequestOptions{})
			w.settle()
			w.sawAll("res finish", "client data lives on")
			if w.server.Destroyed() {
				t.Error("the session has ended")
			}
		}
		covers(t, "request.method.destroy") // Response.Destroy is the same
	})
	t.Run("Request.Destroy", func(t *testing.T) {
		failure := errors.New("oh")
		w := exchange(t, func(w *world, req *events.Request, res *events.Response) {
			st, _ := req.Stream()
			st.OnError(func(err error) { wantErr(t, "the stream's error", err, failure); w.note("stream error") })
			req.Destroy(failure)
			req.Destroy(errors.New("another"))
			wantEq(t, "Complete", req.Complete(), true)
		})
		if len(w.of("stream")) != 1 {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("compat-serverresponse-drain", func(t *testing.T) {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{HighWaterMark: 5}}})
		w.handle(func(_ *events.Request, res *events.Response) {
			ready, err := res.WriteString("tests")
			wantEq(t, "what Write says", ready, false)
			covers(t, "rule.compat.write-return")
			wantNil(t, "Write", err)
			res.OnDrain(func() {
				w.note("drain")
				res.EndString("tests")
			})
		})
		body := ""
		w.get(func(st *events.ClientStream) { st.OnData(func(p []byte) { body += string(p) }) })
		w.settle()
		w.sawAll("drain")
		covers(t, "response.event.drain")
		wantEq(t, "the body", body, "teststests")
	})
	t.Run("compat-serverresponse-write.1", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantEq(t, "HeadersSent", res.HeadersSent(), false)
			ready := res.WriteFunc([]byte("muahaha"), func(err error) { w.note("written %v", err) })
			wantEq(t, "what WriteFunc says", ready, true)
			wantEq(t, "HeadersSent", res.HeadersSent(), true)
			wantEq(t, "writes so far", len(w.of("written")), 0)
			w.later(func() { res.End(nil) })
		})
		if got := w.of("written"); !slices.Equal(got, []string{"<nil>"}) {
			t.Errorf("written %q", got)
		}
		w.sawAll("client data muahaha")
		covers(t, "response.method.write")
		w.sawAll("client response 200 flags=4")
		covers(t, "rule.compat.implicit-headers")
	})
	t.Run("compat-serverresponse-write.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			st, _ := res.Stream()
			st.OnClose(func() {
				for range 2 {
					ready := res.WriteFunc([]byte("muahaha"), func(err error) {
						wantErr(t, "write", err, events.ErrInvalidStream)
						w.note("failed")
					})
					wantEq(t, "what WriteFunc says", ready, false)
				}
			})
			st.Close(events.NoError)
		})
		w.get()
		w.settle()
		wantEq(t, "failed writes", len(w.of("failed"))+strings.Count(strings.Join(w.log, "\n"), "failed"), 2)
		w.sawAll("client end", "client close 0")
	})
	t.Run("compat-serverresponse-write.3", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.End(nil)
			res.WriteFunc([]byte("muahaha"), func(err error) {
				wantErr(t, "write", err, events.ErrWriteAfterEnd)
				w.note("failed")
			})
			wantErr(t, "End with more", res.EndString("more"), events.ErrWriteAfterEnd)
			wantNil(t, "End again", res.End(nil))
		})
		w.sawAll("failed", "client end", "client close 0")
	})
	t.Run("compat-serverresponse-write.4", func(t *testing.T) {
		exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.Destroy(nil)
			ready := res.WriteFunc([]byte("muahaha"), func(error) { t.Error("the callback was called") })
			wantEq(t, "what WriteFunc says", ready, false)
		})
	})
	t.Run("compat-short-stream-client-server", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			res.SetHeader("content-type", "text/html")
			wantNil(t, "SendFrom", res.SendFrom(strings.NewReader("test"), -1))
		})
		w.client.Do(func() {
			st, err := w.client.Request(t.Context(), events.H(":path", "/"))
			if err != nil {
				t.Error(err)
				return
			}
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				wantEq(t, ":status", h.Status(), 200)
				wantEq(t, "content-type", h.Get("content-type"), "text/html")
				w.link.After(100*time.Millisecond, func() {
					w.note("reads")
					st.OnData(func(p []byte) { w.note("data %s", p) })
				})
			})
			st.OnEnd(func() { w.note("end") })
			st.OnClose(func() { w.note("close") })
		})
		w.link.RunFor(time.Second)
		w.sawAll("res finish")
		if i := slices.Index(w.log, "reads"); i < 0 || !slices.Equal(w.log[i:], []string{"reads", "data test", "end", "close"}) {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("compat-socket-set.3", func(t *testing.T) {
		w := exchange(t, func(_ *world, _ *events.Request, res *events.Response) {
			st, ok := res.Stream()
			wantEq(t, "there is a stream", ok, true)
			covers(t, "response.prop.stream")
			st.Destroy(nil)
		})
		w.sawAll("client end")
		if len(w.of("client error")) > 0 {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("res-corked.1", func(t *testing.T) {
		exchange(t, func(_ *world, _ *events.Request, res *events.Response) {
			wantEq(t, "WritableCorked", res.WritableCorked(), 0)
			for i := range 4 {
				res.Cork()
				wantEq(t, "WritableCorked", res.WritableCorked(), i+1)
			}
			for i := range 4 {
				res.Uncork()
				wantEq(t, "WritableCorked", res.WritableCorked(), 3-i)
			}
			res.End(nil)
		})
	})
	t.Run("res-corked.2", func(t *testing.T) {
		chunk := []byte(strings.Repeat("x", 1024))
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.Write(chunk)
			for range 3 {
				res.Cork()
				res.WriteFunc(chunk, func(err error) { w.note("written %v", err) })
			}
			res.Cork()
			for range 4 {
				res.Uncork()
			}
			res.End(nil)
		})
		if got := w.of("client data"); !slices.Equal(got, []string{"1024 bytes", "3072 bytes"}) {
			t.Errorf("the client got %q", got)
		}
		wantEq(t, "pieces written", len(w.of("written")), 3)
	})
	t.Run("res-writable-properties", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantEq(t, "WritableHighWaterMark", res.WritableHighWaterMark(), 64<<10)
			wantEq(t, "WritableLength", res.WritableLength(), 0)
			res.WriteString("")
			n := res.WritableLength()
			wantEq(t, "WritableLength", n, 0)
			res.WriteString("asd")
			wantEq(t, "WritableLength", res.WritableLength(), n+3)
			wantEq(t, "WritableFinished", res.WritableFinished(), false)
			res.OnFinish(func() {
				wantEq(t, "WritableLength", res.WritableLength(), 0)
				wantEq(t, "WritableFinished", res.WritableFinished(), true)
				covers(t, "response.prop.writableFinished")
			})
			res.End(nil)
		})
		w.sawAll("res finish", "client end")
		wantEq(t, "data events", len(w.of("client data")), 1)
	})
	t.Run("write-empty-string", func(t *testing.T) {
		body := ""
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			for _, s := range []string{"1\n", "", "2\n", ""} {
				res.WriteString(s)
			}
			res.EndString("3\n")
			w.srv.Close()
		})
		w.get(func(st *events.ClientStream) { st.OnData(func(p []byte) { body += string(p) }) })
		w.settle()
		wantEq(t, "the body", body, "1\n2\n3\n")
		covers(t, "rule.compat.end-with-data")
		w.sawAll("client response 200 flags=4", "client end")
	})
	t.Run("session-graceful-close", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.watchSession("session", &w.client.Session)
		w.watchSession("server session", &w.server.Session)
		w.handle(func(_ *events.Request, res *events.Response) {
			res.OnFinish(func() { w.server.Close() })
			res.End(nil)
		})
		w.get(func(st *events.ClientStream) { st.OnEnd(func() { w.client.Close() }) })
		w.settle()
		w.sawAll("client response 200 flags=5", "client end", "server session close", "session close")
		if len(w.of("session goaway")) == 0 {
			t.Errorf("no goaway in %q", w.log)
		}
	})
	t.Run("end", func(t *testing.T) {
		w := newWorld(t, setup{})
		var res *events.Response
		w.handle(func(req *events.Request, r *events.Response) {
			res = r
			wantEq(t, "Req", res.Req(), req)
			covers(t, "response.prop.req")
			res.SetHeader("x-changed", "first")
			res.SetHeader("x-changed", "then")
			wantNil(t, "SetTrailer", res.SetTrailer("x-sum", "7"))
			// What may not stand there fails when it is said: later it would break off
			// the response.
			wantErr(t, "SetTrailer content-length", res.SetTrailer("Content-Length", "7"), events.ErrInvalidHeaderValue)
			wantErr(t, "AddTrailers set-cookie", res.AddTrailers(events.H("x-b", "1", "Set-Cookie", "a=b")), events.ErrInvalidHeaderValue)
			res.WriteString("so far")
		})
		w.get()
		w.settle()
		w.sawNone("client end", "res finish")
		covers(t, "rule.compat.end-required")
		res.EndFunc([]byte("."), func() { w.note("ended") })
		wantEq(t, "WritableEnded", res.WritableEnded(), true)
		covers(t, "response.prop.writableEnded")
		wantEq(t, "Finished", res.Finished(), true)
		covers(t, "response.prop.finished")
		w.settle()
		w.sawAll("client end", "ended")
		covers(t, "response.method.end")
		wantEq(t, "finish events", count(w.log, "res finish"), 1)
		covers(t, "response.event.finish")
		if i, j := slices.Index(w.log, "res finish"), slices.Index(w.log, "client end"); i < 0 || i > j {
			t.Errorf("finish waits for the client: %q", w.log)
		}
		covers(t, "rule.compat.finish-not-delivery")
		// Fields that could be changed, headers nobody sent by name, trailers.
		if got := w.answered().Get("x-changed"); got != "then" || !w.saw("client trailers x-sum=7 flags=5") {
			t.Errorf("x-changed is %q; %q", got, w.log)
		}
		covers(t, "class.Http2ServerResponse")
		if got := w.of("res"); !slices.Equal(got, []string{"finish"}) {
			t.Errorf("the response saw %q", got)
		}
		res.EndFunc(nil, func() { w.note("ended again") })
		w.settle()
		w.sawAll("ended again")
	})
	t.Run("first write", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.handle(func(_ *events.Request, res *events.Response) {
			w.link.After(time.Second, func() { // outside any turn
				res.WriteString("one")
				w.link.After(time.Second, func() { res.WriteString("two") })
				w.link.After(2*time.Second, func() { res.EndString("three") })
			})
		})
		w.get()
		w.link.RunFor(4 * time.Second)
		same(t, "the server sent", w.fromServer.together(1), []string{
			fmt.Sprintf("HEADERS 1 :status=200 date=%q + ", w.answered().Get("date")) + `DATA 1 3 "one"`,
			`DATA 1 3 "two"`, `DATA 1 5 "three" END_STREAM`,
		})
		covers(t, "rule.compat.first-write-buffering")
	})
	t.Run("no body", func(t *testing.T) {
		for _, c := range []struct {
			method string
			status int
			row    string
		}{
			{"HEAD", 200, "rule.compat.head-no-body"},
			{"GET", 204, "rule.compat.204-no-body"},
			{"GET", 304, "rule.compat.304-no-body"},
		} {
			w := newWorld(t, setup{})
			var res *events.Response
			w.handle(func(_ *events.Request, r *events.Response) {
				res = r
				res.SetStatusCode(c.status)
				res.SetHeader("etag", "a")
				ready, err := res.WriteString("dropped")
				wantEq(t, "what Write says", ready, true)
				wantNil(t, "Write", err)
			})
			w.request(events.H(":method", c.method), events.RequestOptions{})
			w.settle()
			if got := w.fromServer.stream(1); len(got) != 1 || !strings.HasSuffix(got[0], " END_STREAM") {
				t.Errorf("the server sent %q", got)
			}
			covers(t, c.row)
			w.sawNone("res finish") // a response is not complete before End
			wantNil(t, "End", res.EndString("dropped"))
			w.settle()
			if got := w.of("res"); !slices.Equal(got, []string{"finish"}) {
				t.Errorf("the response saw %q", got)
			}
		}
	})
	t.Run("content-length", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetHeader("content-length", "7") // bytes, of 5 characters
			res.EndString("h\u00e9ll\u00f6")
		})
		wantEq(t, "content-length", w.answered().Get("content-length"), "7")
		w.sawAll("client data h\u00e9ll\u00f6")
		covers(t, "rule.compat.content-length-bytes")

		w = exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.SetHeader("content-length", "100")
			wantNil(t, "End", res.EndString("short")) // nobody counts
		})
		if got := w.fromServer.stream(1); len(got) != 2 {
			t.Errorf("the server sent %q", got)
		}
		covers(t, "rule.compat.content-length-outbound")
		if len(w.of("client error")) != 1 {
			t.Errorf("the client saw %q", w.of("client"))
		}

		w = newWorld(t, setup{})
		w.handle(func(req *events.Request, res *events.Response) { req.Resume() })
		w.request(events.H(":method", "POST", "content-length", "10"), events.RequestOptions{}, func(st *events.ClientStream) {
			st.EndString("short")
		})
		w.settle()
		w.sawAll("req aborted")
		if got := w.fromServer.stream(1); !slices.Equal(got, []string{"RST_STREAM 1 PROTOCOL_ERROR"}) {
			t.Errorf("the server sent %q", got)
		}
		covers(t, "rule.compat.content-length-inbound")
	})
	t.Run("SendFrom fails", func(t *testing.T) {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			res.End(nil)
			wantErr(t, "SendFrom", res.SendFrom(strings.NewReader("x"), -1), events.ErrWriteAfterEnd)
			wantErr(t, "SendFrom", res.SendFrom(io.LimitReader(nil, 0), -1), events.ErrWriteAfterEnd)
		})
		w.sawAll("client end")
	})
}

// A response without a body has no content-length if its status is 204: what a
// handler set is left out, like the fields of the connection.
func TestNoContentLength(t *testing.T) {
	for name, f := range map[string]func(res *events.Response) error{
		"queued":    func(res *events.Response) error { res.SetStatusCode(204); return res.SetHeader("content-length", "0") },
		"WriteHead": func(res *events.Response) error { return res.WriteHead(204, events.H("content-length", "0")) },
	} {
		w := exchange(t, func(w *world, _ *events.Request, res *events.Response) {
			wantNil(t, name, f(res))
			wantNil(t, name+": End", res.End(nil))
		})
		if h := w.answered(); h.Status() != 204 || h.Has("content-length") {
			t.Errorf("%s: %q", name, text(h))
		}
		w.sawAll("client response 204 flags=5", "client close 0")
	}
}
