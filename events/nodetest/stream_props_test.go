package nodetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

func TestStreamBeforeReady(t *testing.T) {
	dialing(t, events.ConnectOptions{}, func(d *dialed) {
		var got *bytes.Buffer
		d.srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			got = collect(&st.Stream)
			st.End(nil)
		})
		st := d.request(context.Background(), events.H(":method", "POST"))
		if st.ID() != 0 || !st.Pending() {
			t.Errorf("id %d, pending %v", st.ID(), st.Pending())
		}
		st.Resume()
		st.WriteString("written before ")
		st.EndString("the connection stood")
		st.OnReady(func() {
			if st.ID() != 1 || st.Pending() {
				t.Errorf("in ready: id %d, pending %v", st.ID(), st.Pending())
			}
			covers(t, "stream.event.ready")
		})
		d.happened()
		d.answer()
		if st.ID() != 1 {
			t.Errorf("id %d", st.ID())
		}
		covers(t, "stream.prop.id")
		if st.Pending() {
			t.Error("pending")
		}
		covers(t, "stream.prop.pending")
		d.happened("client connect", "request response 200", "request end", "request close 0", "server stream /", "server stream close 0")
		if got.String() != "written before the connection stood" {
			t.Errorf("the server got %q", got)
		}
		covers(t, "rule.stream.buffer-until-ready")
	})
}

func TestStreamCreationOfClients(t *testing.T) {
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		if push, err := st.PushStream(events.H(":path", "/pushed")); err != nil {
			t.Error(err)
		} else {
			push.EndString("pushed")
		}
		st.EndString("asked for")
	})
	var ids []events.StreamID
	w.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) {
		ids = append(ids, st.ID())
		st.OnPush(func(h events.Headers, f events.Flags) { w.note("push push %d flags=%d", h.Status(), f) })
		st.OnData(func(p []byte) { w.note("push data %s", p) })
	})
	st := w.get()
	w.settle()
	if ids = append(ids, st.ID()); !slices.Equal(ids, []events.StreamID{2, 1}) || !w.saw("push data pushed") || !w.saw("client data asked for") {
		t.Errorf("streams %v: %q", ids, w.log)
	}
	covers(t, "rule.stream.creation-client")
	// What only a client's stream tells, of either kind.
	if got := append(w.of("client response"), w.of("push push")...); !slices.Equal(got, []string{"200 flags=4", "200 flags=4"}) {
		t.Errorf("%q", w.log)
	}
	covers(t, "class.ClientHttp2Stream")
}

func TestContinue(t *testing.T) {
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, h events.Headers) {
		if h.Get("expect") != "100-continue" {
			t.Errorf("headers %q", fieldsOf(h))
		}
		st.AdditionalHeaders(events.Status(102))
		st.AdditionalHeaders(events.Status(100))
		st.OnData(func(p []byte) { w.note("server data %s", p) })
		st.OnEnd(func() { st.End(nil) })
	})
	w.request(events.H(":method", "POST", "expect", "100-continue"), events.RequestOptions{}, func(st *events.ClientStream) {
		st.OnContinue(func() { st.EndString("the body") })
	})
	w.settle()
	same(t, "client", w.of("client"), []string{"ready 1", "headers 102", "continue", "headers 100", "finish", "response 200 flags=4", "end", "close 0"})
	if !w.saw("server data the body") {
		t.Errorf("%q", w.log)
	}
	covers(t, "clientStream.event.continue")
}

func TestEndAfterHeaders(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if got, want := st.EndAfterHeaders(), method == "GET"; got != want {
				t.Errorf("%s: endAfterHeaders %v", method, got)
			}
			st.Respond(events.Headers{}, events.RespondOptions{EndStream: method == "POST"})
			st.End(nil)
		})
		st := w.request(events.H(":method", method), events.RequestOptions{}, func(st *events.ClientStream) { st.EndString("body") })
		w.settle()
		if got, want := st.EndAfterHeaders(), method == "POST"; got != want {
			t.Errorf("the answer to %s: endAfterHeaders %v", method, got)
		}
	}
	covers(t, "stream.prop.endAfterHeaders")
}

func TestStreamTimeoutEvent(t *testing.T) {
	w, client, server := open(t)
	w.client.Do(func() {
		client.OnTimeout(func() { w.note("timeout %v", w.link.Elapsed().Truncate(time.Second)) })
		if err := client.SetTimeout(5*time.Minute, func() { w.note("callback") }); err != nil {
			t.Error(err)
		}
	})
	w.link.RunFor(4 * time.Minute)
	w.server.Do(func() { server.WriteString("a sign of life") })
	w.link.RunFor(4 * time.Minute)
	w.happened("client response 200 flags=4", "client data a sign of life")
	w.link.RunFor(10 * time.Minute)
	if got := w.of("timeout"); !slices.Equal(got, []string{"9m0s"}) {
		t.Errorf("timeouts after %q", got)
	}
	covers(t, "stream.event.timeout")
	if n := count(w.log, "callback"); n != 1 {
		t.Errorf("%d calls", n)
	}
	covers(t, "stream.method.setTimeout")
	if client.Destroyed() {
		t.Error("the timeout ended the stream")
	}
	fails(t, "a negative one", client.SetTimeout(-time.Millisecond, nil), events.ErrOutOfRange,
		`ERR_OUT_OF_RANGE: The value of "msecs" is out of range. It must be >= 0. Received -1`)
}

func TestStreamState(t *testing.T) {
	w := newWorld(t, setup{client: events.SessionOptions{FixedWindows: true}, server: events.ServerOptions{SessionOptions: events.SessionOptions{FixedWindows: true}}})
	var server, push *events.ServerStream
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		server = st
		var err error
		if push, err = st.PushStream(events.H(":path", "/pushed")); err != nil {
			t.Fatal(err)
		}
	})
	var pushed *events.ClientStream
	w.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) { pushed = st })
	expect := func(what string, got, want events.StreamState) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	state := func(code events.StreamStateCode) events.StreamState {
		return events.StreamState{LocalWindowSize: 65535, State: code, Weight: 16}
	}
	client := w.post()
	w.settle()
	expect("at first", client.State(), state(events.StreamStateOpen))
	expect("at first on the server", server.State(), state(events.StreamStateOpen))
	expect("a promise", push.State(), state(events.StreamStateReservedLocal))
	expect("a promise received", pushed.State(), state(events.StreamStateReservedRemote))
	covers(t, "stream.prop.state")

	client.WriteString("0123456789") // which nobody reads
	w.settle()
	want := state(events.StreamStateOpen)
	want.LocalWindowSize -= 10
	expect("unread data", server.State(), want)
	covers(t, "stream.state.localWindowSize")

	client.End(nil)
	w.settle()
	want = state(events.StreamStateHalfClosedLocal)
	want.LocalClose = true
	expect("this side has ended", client.State(), want)
	covers(t, "stream.state.localClose")
	want = state(events.StreamStateHalfClosedRemote)
	want.LocalWindowSize, want.RemoteClose = want.LocalWindowSize-10, true
	expect("the other side has ended", server.State(), want)
	covers(t, "stream.state.remoteClose")

	server.End(nil)
	if got := server.State(); got.State != events.StreamStateClosed || !got.LocalClose || !got.RemoteClose {
		t.Errorf("both have ended: %+v", got)
	}
	covers(t, "stream.state.state")
	w.settle()
	expect("destroyed", client.State(), events.StreamState{})

	dialing(t, events.ConnectOptions{}, func(d *dialed) {
		want := state(events.StreamStateIdle)
		want.LocalWindowSize = 0
		st := d.request(context.Background(), events.Headers{})
		expect("not sent", st.State(), want)
	})
}

func TestStreamText(t *testing.T) {
	w, client, server := open(t)
	const text = "grüße, 世界 🌍"
	var got strings.Builder
	pieces := 0
	client.OnText(func(s string) {
		got.WriteString(s)
		pieces++
	})
	for i := range len(text) {
		server.WriteString(text[i : i+1])
	}
	server.End(nil)
	w.settle()
	if got.String() != text || pieces > len([]rune(text)) {
		t.Errorf("%q in %d pieces", got.String(), pieces)
	}
	covers(t, "stream.method.setEncoding")
}

func TestStreamEnd(t *testing.T) {
	w, client, server := open(t)
	if err := client.EndString("the last"); err != nil {
		t.Error(err)
	}
	if err := client.End(nil); err != nil {
		t.Errorf("End again: %v", err)
	}
	_, err := client.WriteString("more")
	fails(t, "Write", err, events.ErrWriteAfterEnd, "ERR_STREAM_WRITE_AFTER_END: write after end")
	w.settle()
	same(t, "sent", w.fromClient.stream(1)[1:], []string{`DATA 1 8 "the last" END_STREAM`})
	if server.Closed() || !server.Writable() {
		t.Error("the other direction is closed, too")
	}
	covers(t, "stream.method.end")
	server.EndString("answer")
	w.settle()
	if !w.saw("client data answer") || !w.saw("client close 0") {
		t.Errorf("%q", w.log)
	}
	covers(t, "class.Http2Stream") // both ways, each with an end of its own
}

func TestReadableWritable(t *testing.T) {
	w, client, server := open(t)
	check := func(what string, st *events.Stream, readable, writable bool) {
		t.Helper()
		if got := st.Readable(); got != readable {
			t.Errorf("%s: readable %v", what, got)
		}
		covers(t, "stream.prop.readable")
		if got := st.Writable(); got != writable {
			t.Errorf("%s: writable %v", what, got)
		}
		covers(t, "stream.prop.writable")
	}
	check("open", &client.Stream, true, true)
	client.EndString("body")
	check("ended", &client.Stream, true, false)
	w.settle()
	check("unread", &server.Stream, true, true)
	server.Resume()
	w.settle()
	check("read", &server.Stream, false, true)
	server.SendFrom(strings.NewReader("answer"), -1)
	check("being sent", &server.Stream, false, false)
	w.settle()
	check("over", &client.Stream, false, false)
	_, client, _ = open(t)
	client.Destroy(nil)
	check("destroyed", &client.Stream, false, false)
}

// A stream of one session piped into one of another, and back: a proxy.
func TestStreamPipe(t *testing.T) {
	inner := newWorld(t, setup{})
	inner.serve(func(st *events.ServerStream, _ events.Headers) { st.Pipe(st) })
	outer := newWorld(t, setup{})
	outer.serve(func(st *events.ServerStream, _ events.Headers) {
		inner.client.Do(func() {
			up, err := inner.client.Request(context.Background(), events.H(":method", "POST"))
			if err != nil {
				t.Error(err)
				return
			}
			st.Pipe(up)
			up.Pipe(st)
		})
	})
	sent := []byte(strings.Repeat("there and back again ", 50_000))
	var got *bytes.Buffer
	outer.post(func(st *events.ClientStream) {
		got = collect(&st.Stream)
		st.End(sent)
	})
	for range 1000 {
		outer.settle()
		inner.settle()
	}
	if !bytes.Equal(got.Bytes(), sent) || !outer.saw("client end") || !outer.saw("client close 0") {
		t.Errorf("%d bytes of %d came back: %q", got.Len(), len(sent), outer.log[max(0, len(outer.log)-5):])
	}
	covers(t, "stream.method.pipe")

	// No more is taken than can be passed on.
	echo := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{FixedWindows: true}}})
	var server *events.ServerStream
	echo.serve(func(st *events.ServerStream, _ events.Headers) {
		server = st
		st.Pipe(st)
	})
	client := echo.post(func(st *events.ClientStream) {
		st.Pause()
		st.Write(make([]byte, 1<<20))
	})
	echo.settle()
	if n := server.BufferSize(); n < 64<<10 || n > 128<<10 {
		t.Errorf("%d bytes wait on the way back", n)
	}
	if n := client.BufferSize(); n < 512<<10 {
		t.Errorf("%d bytes wait on the way there", n)
	}

	// What is cut short does not look complete on the other side.
	var w *world
	w, client, server = open(t)
	var second *events.ServerStream
	w.post()
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { second = st })
	w.settle()
	server.Pipe(second)
	client.WriteString("half of it")
	w.settle()
	client.Close(core.InternalError)
	w.settle()
	var why error
	second.OnError(func(err error) { why = err })
	w.settle()
	if code, ok := second.RSTCode(); !ok || code != core.InternalError || second.Complete() {
		t.Errorf("the target: %v %v %v", code, ok, errors.Unwrap(why))
	}
}
