package events_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

// The order of the last events, on both sides, for each way to end a stream.
func TestStreamEnds(t *testing.T) {
	const streamError = "ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_"
	for _, c := range []struct {
		name   string
		method string
		server func(st *events.ServerStream)
		client func(st *events.ClientStream)
		want   []string
	}{
		{"client cancels", "POST", nil, func(st *events.ClientStream) { st.Close(core.Cancel) }, []string{
			"client aborted", "client end", "client close CANCEL", "server aborted", "server end", "server close CANCEL"}},
		{"client resets", "POST", nil, func(st *events.ClientStream) { st.Close(core.InternalError) }, []string{
			"client aborted", "client error " + streamError + "INTERNAL_ERROR", "client close INTERNAL_ERROR",
			"server aborted", "server error " + streamError + "INTERNAL_ERROR", "server close INTERNAL_ERROR"}},
		{"client destroys", "POST", nil, func(st *events.ClientStream) { st.Destroy(errors.New("no more")) }, []string{
			"client aborted", "client error no more", "client close INTERNAL_ERROR",
			"server aborted", "server error " + streamError + "INTERNAL_ERROR", "server close INTERNAL_ERROR"}},
		{"server refuses", "POST", func(st *events.ServerStream) { st.Close(core.RefusedStream) }, nil, []string{
			"server aborted", "server error " + streamError + "REFUSED_STREAM", "server close REFUSED_STREAM",
			"client aborted", "client error " + streamError + "REFUSED_STREAM", "client close REFUSED_STREAM"}},
		{"server closes without a word", "GET", func(st *events.ServerStream) { st.Close(core.NoError) }, nil, []string{
			"server aborted", "server end", "server close NO_ERROR", "client end", "client close NO_ERROR"}},
		// Node: headers and data are flushed, then RST_STREAM NO_ERROR.
		{"server writes and destroys", "GET", func(st *events.ServerStream) {
			st.Respond(events.Headers{})
			st.WriteString("foo")
			st.Destroy(nil)
		}, nil, []string{
			"server aborted", "server end", "server close NO_ERROR",
			"client response 200 flags=4", "client data foo", "client end", "client close NO_ERROR"}},
		{"server answers before it has read", "POST", func(st *events.ServerStream) {
			st.Respond(events.Headers{}, events.RespondOptions{EndStream: true})
			st.Close(core.NoError)
		}, nil, []string{
			"server end", "server close NO_ERROR",
			"client response 200 flags=5", "client end", "client aborted", "client close NO_ERROR"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, pairOptions{})
			p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				p.watch("server", &st.Stream)
				if c.server != nil {
					c.server(st)
				}
			})
			st := p.request(events.H(":method", c.method))
			p.settle()
			p.log = slices.DeleteFunc(p.log, func(s string) bool { return s == "client ready 1" })
			if c.client != nil {
				c.client(st)
				p.settle()
			}
			p.happened(c.want...)
			if !st.Destroyed() || st.Complete() && c.name != "server answers before it has read" {
				t.Errorf("destroyed %v, complete %v", st.Destroyed(), st.Complete())
			}
			if _, err := st.WriteString("x"); err == nil {
				t.Error("a dead stream takes data")
			}
			if p.server.StreamCount()+p.client.StreamCount() != 0 {
				t.Error("the stream is still there")
			}
		})
	}
}

// Close without an error, after End, waits until everything is out.
func TestCloseAfterEnd(t *testing.T) {
	f := &frames{}
	p := newPair(t, pairOptions{server: events.SessionOptions{Trace: func(net.Conn) events.Trace { return f }}})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Write(make([]byte, 100000))
		st.Write(make([]byte, 100000))
		st.End(nil)
		st.Close(core.NoError)
	})
	st := p.request(events.Headers{})
	got := 0
	st.OnData(func(b []byte) { got += len(b) })
	p.settle()
	if got != 200000 || !st.Complete() {
		t.Errorf("%d bytes, complete %v", got, st.Complete())
	}
	if list := f.of(1); strings.HasPrefix(list[len(list)-1], "RST_STREAM") {
		t.Errorf("ended with %s", list[len(list)-1])
	}
}

// An upload nobody reads is called off once the answer is out.
func TestUnreadUpload(t *testing.T) {
	f := &frames{}
	p := newPair(t, pairOptions{server: events.SessionOptions{Trace: func(net.Conn) events.Trace { return f }}})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Respond(events.Status(413), events.RespondOptions{EndStream: true})
	})
	st := p.request(events.H(":method", "POST"))
	st.Write(make([]byte, 1<<20))
	p.settle()
	if list := f.of(1); !slices.Equal(list, []string{"HEADERS 1 end", "RST_STREAM 1 NO_ERROR"}) {
		t.Errorf("sent %q", list)
	}
	if h, _ := st.Response(); h.Status() != 413 || !st.Complete() || !st.Destroyed() {
		t.Errorf("status %d, complete %v, destroyed %v", h.Status(), st.Complete(), st.Destroyed())
	}
}

// A panic in a callback of a stream ends that stream only.
func TestPanic(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		switch h.Path() {
		case "/before":
			panic("oh")
		case "/after":
			st.Respond(events.Headers{})
			st.WriteString("half")
			panic("oh")
		case "/data":
			st.OnData(func([]byte) { panic("oh") })
		default:
			st.EndString("fine")
		}
	})
	try := func(h events.Headers, want ...string) {
		t.Helper()
		st := p.request(h)
		if h.Method() == "POST" {
			st.WriteString("x")
		}
		p.settle()
		p.log = p.log[1:] // ready
		p.happened(want...)
	}
	try(events.H(":path", "/before"), "client response 500 flags=5", "client end", "client close NO_ERROR")
	try(events.H(":path", "/after"), "client response 200 flags=4", "client data half",
		"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR", "client close INTERNAL_ERROR")
	try(events.H(":method", "POST", ":path", "/data"), "client response 500 flags=5", "client end", "client aborted", "client close NO_ERROR")
	try(events.H(":path", "/"), "client response 200 flags=4", "client data fine", "client end", "client close NO_ERROR")
	if n := strings.Count(p.logged.String(), "panic=oh"); n != 3 {
		t.Errorf("%d panics in the log:\n%s", n, &p.logged)
	}
}

// A panic in a callback of a session ends that session.
func TestSessionPanic(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) {})
	p.server.OnError(func(err error) { p.note("server session error %v", err) })
	p.server.OnClose(func() { p.note("server session close") })
	p.client.OnGoaway(func(code core.ErrCode, last events.StreamID, _ []byte) { p.note("client goaway %v %d", code, last) })
	p.client.OnError(func(err error) { p.note("client session error %v", err) })
	p.client.OnClose(func() { p.note("client session close") })
	p.request(events.Headers{})
	p.settle()
	p.server.Do(func() { panic("oh") })
	p.settle()
	p.happened("client ready 1",
		"server session error ERR_HTTP2_ERROR: panic in a callback: oh", "server session close",
		"client goaway INTERNAL_ERROR 1",
		"client error ERR_HTTP2_SESSION_ERROR: Session closed with error code 2", "client close INTERNAL_ERROR",
		"client session error ERR_HTTP2_SESSION_ERROR: Session closed with error code 2", "client session close")
}

// No callback runs inside a method call, not even the one that caused it.
func TestNoCallbackInsideCall(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		inside := true
		no := func() {
			if inside {
				t.Error("a callback ran inside a method call")
			}
		}
		st.OnAborted(no)
		st.OnClose(no)
		st.OnFinish(no)
		st.OnError(func(error) { no() })
		p.server.OnClose(no)
		st.Respond(events.Headers{})
		st.WriteString("x")
		st.Destroy(errors.New("x"))
		p.server.Destroy(nil, core.InternalError)
		p.server.Do(no)
		inside = false
	})
	p.request(events.Headers{})
	p.settle()
	if !p.server.Destroyed() {
		t.Error("the session lives")
	}
}

// Graceful close: what is open goes on, what waits is told it may be retried.
func TestSessionClose(t *testing.T) {
	p := newPair(t, pairOptions{})
	var server *events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { server = st })
	p.server.OnClose(func() { p.note("server session close") })
	p.client.OnClose(func() { p.note("client session close") })
	p.client.OnGoaway(func(code core.ErrCode, _ events.StreamID, _ []byte) { p.note("client goaway %v", code) })
	p.request(events.Headers{})
	p.settle()
	p.server.Close()
	p.settle()
	if !p.client.Closed() || p.client.Destroyed() {
		t.Error("the client's session should be closing")
	}
	if _, err := p.client.Request(context.Background(), events.Headers{}); !errors.Is(err, events.ErrGoAwaySession) {
		t.Errorf("Request: %v", err)
	}
	server.EndString("still")
	p.settle()
	p.happened("client ready 1", "client goaway NO_ERROR", "client goaway NO_ERROR",
		"server session close",
		"client response 200 flags=4", "client data still", "client end", "client close NO_ERROR",
		"client session close")
	if _, err := p.client.Request(context.Background(), events.Headers{}); !errors.Is(err, events.ErrInvalidSession) {
		t.Errorf("Request: %v", err)
	}
	for what, err := range map[string]error{
		"Settings": p.client.Settings(events.Settings{}, nil),
		"Goaway":   p.client.Goaway(0, 0, nil),
		"Window":   p.client.SetLocalWindowSize(1 << 20),
	} {
		if !errors.Is(err, events.ErrInvalidSession) {
			t.Errorf("%s after the end: %v", what, err)
		}
	}
}

// The transport breaks: every stream and the session say so.
func TestTransportReset(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		p.watch("server", &st.Stream)
	})
	var ended error
	p.client.OnError(func(err error) { ended = err })
	p.client.OnClose(func() { p.note("client session close") })
	p.server.OnClose(func() { p.note("server session close") })
	p.request(events.H(":method", "POST"))
	p.settle()
	p.link.Reset()
	p.settle()
	const lost = "ERR_HTTP2_SESSION_ERROR: The connection was lost: connection reset by peer"
	p.happened("client ready 1",
		"client aborted", "client error "+lost, "client close INTERNAL_ERROR", "client session close",
		"server aborted", "server error "+lost, "server close INTERNAL_ERROR", "server session close")
	if !errors.Is(ended, syscall.ECONNRESET) || !errors.Is(ended, events.ErrSessionError) {
		t.Errorf("the session's error: %v", ended)
	}
}

// Destroy ends streams that outlive their connection because what they received
// was not read.
func TestDestroyAfterTheEnd(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("unread") })
	p.client.OnClose(func() { p.note("session close") })
	st := p.request(events.Headers{})
	st.Pause()
	p.settle()
	p.client.Close()
	p.link.RunFor(time.Minute)
	p.log = nil
	if !p.client.Destroyed() || st.Destroyed() || p.client.StreamCount() != 1 {
		t.Fatal("the stream does not outlive its connection")
	}
	p.client.Destroy(nil, core.NoError)
	p.happened() // all happens in the link's turns
	p.settle()
	p.happened("client close NO_ERROR", "session close")
}

// The peer is gone in good order: no error, but nothing looks complete either;
// and what was accepted and did not get out is an error.
func TestTransportEOF(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		p.watch("server", &st.Stream)
		st.Pause()
		st.Respond(events.Headers{})
		st.WriteString("half")
	})
	st := p.request(events.Headers{})
	upload := p.request(events.H(":method", "POST"))
	upload.End(make([]byte, 1<<20))
	p.settle()
	p.log = nil
	p.link.CloseWrite(1)
	p.settle()
	if st.Complete() || upload.Complete() {
		t.Error("a message that was cut looks complete")
	}
	p.happened("client end", "client close CANCEL",
		"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_CANCEL (eof)", "client close CANCEL",
		"server aborted", "server close CANCEL", "server aborted", "server close CANCEL")
}

// An error nobody listens for is logged.
func TestUnheard(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Destroy(errors.New("nobody hears this"))
	})
	p.request(events.Headers{})
	p.settle()
	if !strings.Contains(p.logged.String(), "nobody hears this") {
		t.Errorf("log:\n%s", &p.logged)
	}
}
