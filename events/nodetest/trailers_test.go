package nodetest

import (
	"errors"
	"slices"
	"testing"

	"weft/events"
)

// respond begins a response that trailers will end.
func respondWithTrailers(t *testing.T, st *events.ServerStream) {
	t.Helper()
	if err := st.Respond(events.Headers{}, events.RespondOptions{WaitForTrailers: true}); err != nil {
		t.Errorf("Respond: %v", err)
	}
}

func TestNode_trailers(t *testing.T) {
	t.Run("trailers.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Resume()
			st.OnWantTrailers(func() {
				w.note("server wantTrailers")
				if err := st.SendTrailers(events.H("server-trailer", "too")); err != nil {
					t.Error(err)
				}
			})
			respondWithTrailers(t, st)
			st.EndString("the body")
		})
		client := w.request(events.H(":method", "POST"), events.RequestOptions{WaitForTrailers: true}, func(st *events.ClientStream) {
			st.OnWantTrailers(func() {
				w.note("client wantTrailers")
				if err := st.SendTrailers(events.H("Test-Trailer", "testing")); err != nil {
					t.Error(err)
				}
			})
			st.EndString("data")
		})
		w.settle()
		if !w.saw("client trailers server-trailer=too flags=5") || !w.saw("server trailers test-trailer=testing flags=5") {
			t.Errorf("%q", w.log)
		}
		covers(t, "stream.event.trailers")
		// Trailers follow the body, so that the event comes before the end of what is sent.
		if at, end := slices.Index(w.log, "client wantTrailers"), slices.Index(w.log, "client finish"); at < 0 || at > end {
			t.Errorf("%q", w.log)
		}
		covers(t, "stream.event.wantTrailers")
		w.happened("client ready 1", "client wantTrailers", "client finish",
			"server wantTrailers", "server finish", "server trailers test-trailer=testing flags=5", "server end", "server close 0",
			"client response 200 flags=4", "client data the body", "client trailers server-trailer=too flags=5", "client end", "client close 0")
		same(t, "the client sent", w.fromClient.stream(1)[1:], []string{
			`DATA 1 4 "data"`, "HEADERS 1 test-trailer=testing END_STREAM",
		})
		covers(t, "session.request.option.waitForTrailers")
		same(t, "the server sent", w.fromServer.stream(1)[1:], []string{
			`DATA 1 8 "the body"`, "HEADERS 1 server-trailer=too END_STREAM",
		})
		covers(t, "serverStream.respond.option.waitForTrailers")
		if got := client.SentTrailers().Get("test-trailer"); got != "testing" {
			t.Errorf("the client has sent %q", got)
		}
		fails(t, "again", client.SendTrailers(events.H("a", "b")), events.ErrInvalidStream, errDestroyed)
		covers(t, "stream.method.sendTrailers")
	})
	t.Run("trailers.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		const notReady = "ERR_HTTP2_TRAILERS_NOT_READY: Trailing headers cannot be sent until after the wantTrailers event is emitted"
		var stream *events.ServerStream
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			stream = st
			fails(t, "before the response", st.SendTrailers(events.H("a", "b")), events.ErrTrailersNotReady, notReady)
			respondWithTrailers(t, st)
			fails(t, "before the event", st.SendTrailers(events.H("a", "b")), events.ErrTrailersNotReady, notReady)
			covers(t, "rule.trailers.sendTrailers-only-after-want")
			st.OnWantTrailers(func() {
				if err := st.SendTrailers(events.H("a", "b")); err != nil {
					t.Errorf("SendTrailers: %v", err)
				}
				fails(t, "twice", st.SendTrailers(events.H("a", "b")), events.ErrTrailersAlreadySent,
					"ERR_HTTP2_TRAILERS_ALREADY_SENT: Trailing headers have already been sent")
			})
			st.End(nil)
		})
		w.get()
		w.settle()
		if !w.saw("server close 0") || !w.saw("client trailers a=b flags=5") {
			t.Errorf("%q", w.log)
		}
		fails(t, "after the end", stream.SendTrailers(events.H("a", "b")), events.ErrInvalidStream,
			"ERR_HTTP2_INVALID_STREAM: The stream has been destroyed")
		covers(t, "error.ERR_HTTP2_INVALID_STREAM")
	})
	t.Run("misused-pseudoheaders.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnWantTrailers(func() {
				for _, name := range []string{":status", ":path", ":foo"} {
					if err := st.SendTrailers(events.H("a", "b", name, "100")); !errors.Is(err, events.ErrInvalidPseudo) {
						t.Errorf("%s: %v", name, err)
					}
				}
				covers(t, "rule.trailers.no-pseudo-headers")
				st.Close(events.NoError)
			})
			respondWithTrailers(t, st)
			st.EndString("body")
		})
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "server end", "server close 0",
			"client response 200 flags=4", "client data body", "client end", "client close 0")
		same(t, "sent", w.fromServer.stream(1)[1:], []string{`DATA 1 4 "body"`, "RST_STREAM 1 NO_ERROR"})
	})
	t.Run("no-wanttrailers-listener", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			respondWithTrailers(t, st)
			st.EndString("ok")
		})
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "server end", "server finish", "server close 0",
			"client response 200 flags=4", "client data ok", "client end", "client close 0")
		same(t, "sent", w.fromServer.stream(1)[1:], []string{`DATA 1 2 "ok"`, "DATA 1 0 END_STREAM"})
	})
}

func TestTrailerRules(t *testing.T) {
	t.Run("the stream stays open", func(t *testing.T) {
		w := newWorld(t, setup{})
		var stream *events.ServerStream
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			stream = st
			st.OnWantTrailers(func() { w.note("server wantTrailers") })
			respondWithTrailers(t, st)
			st.WriteString("one ")
			st.EndString("two")
			if w.saw("server wantTrailers") {
				t.Error("wantTrailers within the call")
			}
		})
		w.get()
		w.settle()
		w.happened("client ready 1", "client finish", "server end", "server wantTrailers",
			"client response 200 flags=4", "client data one two")
		covers(t, "rule.trailers.wantTrailers-timing")
		if stream.Closed() || w.fromServer.has("DATA 1 0 END_STREAM") {
			t.Errorf("ended: %q", w.fromServer.list())
		}
		covers(t, "rule.trailers.waitForTrailers-keeps-open")
		// None at all is an end, too.
		if err := stream.SendTrailers(events.Headers{}); err != nil {
			t.Errorf("SendTrailers: %v", err)
		}
		w.settle()
		w.happened("server finish", "server close 0", "client end", "client close 0")
	})
	t.Run("what they may hold", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnWantTrailers(func() {
				for _, c := range []struct {
					name, value string
					want        error
				}{
					{"a b", "x", events.ErrInvalidToken},
					{"a", "x\ny", events.ErrInvalidChar},
					{"connection", "close", events.ErrInvalidConnection},
					{"content-length", "1", events.ErrInvalidHeaderValue},
				} {
					if err := st.SendTrailers(events.H(c.name, c.value)); !errors.Is(err, c.want) {
						t.Errorf("%s: %v, want %v", c.name, err, c.want)
					}
				}
				if err := st.SendTrailers(events.H("etag", "a", "ETag", "b")); !errors.Is(err, events.ErrHeaderSingleValue) {
					t.Errorf("twice: %v", err)
				}
				if err := st.SendTrailers(events.H("", "left out", "a", "b")); err != nil {
					t.Errorf("SendTrailers: %v", err)
				}
			})
			respondWithTrailers(t, st)
			st.End(nil)
		})
		w.get()
		w.settle()
		if !w.saw("client trailers a=b flags=5") || !w.saw("server close 0") {
			t.Errorf("%q", w.log)
		}
	})
}
