package nodetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
)

func TestNode_goaway(t *testing.T) {
	t.Run("goaway-delayed-request", func(t *testing.T) {
		dialing(t, events.ConnectOptions{}, func(d *dialed) {
			d.request(context.Background(), events.Headers{})
			d.client.Close()
			_, err := d.client.Request(context.Background(), events.Headers{})
			fails(t, "a request after Close", err, events.ErrGoAwaySession,
				"ERR_HTTP2_GOAWAY_SESSION: New streams cannot be created after receiving a GOAWAY")
			d.happened("request error ERR_HTTP2_GOAWAY_SESSION: New streams cannot be created after receiving a GOAWAY",
				"request close 2", "client close")
			if len(d.fromClient.list()) > 0 {
				t.Errorf("sent: %q", d.fromClient.list())
			}
		})
		w := newWorld(t, setup{}) // connected already
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.EndString("fine") })
		w.settle()
		w.get()
		w.client.Close()
		if w.settle(); !w.saw("client response 200 flags=4") || !w.saw("client close 0") {
			t.Errorf("a request before Close: %q", w.log)
		}
	})
	t.Run("goaway-opaquedata.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if err := w.server.Goaway(events.NoError, 0, []byte{1, 2, 3, 4, 5}); err != nil {
				t.Error(err)
			}
			st.EndString("")
		})
		w.watchSession("session", &w.client.Session)
		w.get()
		w.settle()
		if got := w.of("session"); !slices.Equal(got, []string{"connect", `goaway 0 last=1 "\x01\x02\x03\x04\x05"`, "close"}) {
			t.Errorf("the client's session: %q", got)
		}
		if !w.fromServer.has(`GOAWAY last=1 NO_ERROR "\x01\x02\x03\x04\x05"`) {
			t.Errorf("sent: %q", w.fromServer.list())
		}
		covers(t, "session.event.goaway")
	})
	t.Run("goaway-opaquedata.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			w.server.Goaway(events.NoError, 0, nil)
			w.note("closed %v destroyed %v", w.server.Closed(), w.server.Destroyed())
			st.Respond(events.Headers{})
		})
		w.watchSession("session", &w.client.Session)
		w.client.OnGoaway(func(_ core.ErrCode, _ events.StreamID, opaque []byte) {
			w.note("closed %v, %d bytes", w.client.Closed(), len(opaque))
		})
		w.watchSession("server session", &w.server.Session)
		st := w.get()
		w.link.Run(func() bool { return w.client.Closed() && w.saw("client response 200 flags=4") })
		// No code at all: only the client has begun to close, after its event.
		w.happened("session connect", "client ready 1", "client finish", "server session connect", "closed false destroyed false",
			"server end", `session goaway 0 last=1 ""`, "closed false, 0 bytes", "client response 200 flags=4")
		covers(t, "rule.session.goaway-auto-shutdown")
		if _, err := w.client.Request(context.Background(), events.Headers{}); !errors.Is(err, events.ErrGoAwaySession) {
			t.Errorf("a request after GOAWAY: %v", err)
		}
		if st.Destroyed() || w.client.Destroyed() || w.server.Closed() {
			t.Error("GOAWAY ended something by itself")
		}
		covers(t, "session.method.goaway")
	})
	t.Run("goaway-opaquedata.2, the end", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			w.server.Goaway(events.NoError, 0, nil)
			st.EndString("test")
			w.server.Close()
			w.srv.Close()
		})
		w.client.OnClose(func() { w.note("session close") })
		w.server.OnClose(func() { w.note("server session close") })
		w.get()
		w.settle()
		for _, line := range []string{"client end", "client close 0", "session close", "server session close"} {
			if n := count(w.log, line); n != 1 {
				t.Errorf("%q %d times: %q", line, n, w.log)
			}
		}
		if !slices.ContainsFunc(w.fromClient.list(), func(s string) bool { return s == "GOAWAY last=0 NO_ERROR" }) {
			t.Errorf("the client sent %q", w.fromClient.list())
		}
		w.srv.Wait()
	})
	t.Run("invalid-last-stream-id", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.watchSession("session", &w.server.Session)
		w.srv.OnSessionError(func(err error, s *events.ServerSession) { w.note("sessionError %s %v", errText(err), s == w.server) })
		w.srv.OnError(func(err error) { t.Errorf("the server's error: %v", err) })
		r := newRaw(t, w.server, false)
		r.send(r.peer.Preface().Settings().GoAway(1, events.NoError, strings.Repeat("x", 25)))
		r.closeWrite()
		w.happened("session connect", "sessionError ERR_HTTP2_ERROR: Protocol error true",
			"session error ERR_HTTP2_ERROR: Protocol error", "session close")
		if !r.saw(`GOAWAY last=0 PROTOCOL_ERROR "goaway-stream"`) {
			t.Errorf("the server sent %q", r.got.list())
		}
	})
	t.Run("server-shutdown-before-respond", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			w.server.Goaway(events.ProtocolError, 0, nil)
			st.Respond(events.Headers{})
			st.EndString("data")
		})
		w.watchSession("session", &w.client.Session)
		w.get()
		w.settle()
		const one = "ERR_HTTP2_SESSION_ERROR: Session closed with error code 1"
		w.happened("session connect", "client ready 1", "client finish", `session goaway 1 last=1 ""`,
			"client error "+one, "client close 1", "session error "+one, "session close")
		if !w.fromServer.has(`DATA 1 4 "data" END_STREAM`) || !w.fromClient.has("GOAWAY last=0 NO_ERROR") {
			t.Errorf("sent: %q and %q", w.fromServer.list(), w.fromClient.list())
		}
	})
	t.Run("server-shutdown-redundant.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			for _, code := range []events.ErrCode{1, 2} {
				if err := w.server.Goaway(code, 0, nil); err != nil {
					t.Error(err)
				}
			}
		})
		w.watchSession("session", &w.client.Session)
		w.get()
		w.settle()
		const one = "ERR_HTTP2_SESSION_ERROR: Session closed with error code 1"
		w.happened("session connect", "client ready 1", "client finish", `session goaway 1 last=1 ""`,
			"client error "+one, "client close 1", "session error "+one, "session close")
		if !w.fromServer.has("GOAWAY last=1 PROTOCOL_ERROR") || !w.fromServer.has("GOAWAY last=1 INTERNAL_ERROR") {
			t.Errorf("the server sent %q", w.fromServer.list())
		}
	})
	t.Run("server-shutdown-redundant.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.server.OnClose(func() {
			w.note("close")
			fails(t, "Goaway", w.server.Goaway(3, 0, nil), events.ErrInvalidSession,
				"ERR_HTTP2_INVALID_SESSION: The session has been destroyed")
		})
		w.settle()
		w.client.Destroy(nil, events.NoError)
		w.settle()
		w.happened("close")
	})
	t.Run("session-graceful-close", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.OnFinish(func() { w.server.Close() })
			st.EndString("")
		})
		w.client.OnGoaway(func(code core.ErrCode, _ events.StreamID, _ []byte) { w.note("goaway %d", code) })
		w.server.OnClose(func() { w.note("server session close") })
		w.get()
		w.settle()
		w.client.Close()
		w.settle()
		for _, line := range []string{"client response 200 flags=4", "client end", "client close 0", "goaway 0", "server session close"} {
			if !w.saw(line) {
				t.Errorf("%q is missing: %q", line, w.log)
			}
		}
	})
}

func count(list []string, line string) (n int) {
	for _, s := range list {
		if s == line {
			n++
		}
	}
	return n
}

// A GOAWAY names a stream as its caller says, within what the protocol allows,
// and leaves the session running.
func TestGoawayArguments(t *testing.T) {
	w := newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) { st.EndString("still") })
	r := newRaw(t, w.server, false)
	get := coretest.Request("GET", "/")
	r.send(r.peer.Handshake(true).Headers(1, true, get...).Headers(3, true, get...))
	w.server.Goaway(events.EnhanceYourCalm, 3, []byte("slow"))
	r.link.Settle()
	if !r.saw(`GOAWAY last=3 ENHANCE_YOUR_CALM "slow"`) {
		t.Errorf("sent: %q", r.got.list())
	}
	w.log = nil
	r.send(r.peer.Ping(false, [8]byte{7}))
	if !r.saw("PING ACK 0700000000000000") || w.server.Destroyed() || w.server.Closed() {
		t.Errorf("the session does not go on: %q", r.got.list())
	}

	// Before the client's connection stands it waits.
	dialing(t, events.ConnectOptions{}, func(d *dialed) {
		if err := d.client.Goaway(events.Cancel, 0, []byte("early")); err != nil {
			t.Error(err)
		}
		d.answer()
		if !d.fromClient.has(`GOAWAY last=0 CANCEL "early"`) {
			t.Errorf("sent: %q", d.fromClient.list())
		}
	})
}

// What a server's session says on a port that is spoken to in HTTP/1.
func TestNode_http1Client(t *testing.T) {
	t.Run("server-http1-client", func(t *testing.T) {
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t}
		srv.OnSession(func(ss *events.ServerSession) {
			w.note("session")
			w.watchSession("session", &ss.Session)
		})
		srv.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { w.note("stream") })
		srv.OnSessionError(func(err error, _ *events.ServerSession) { w.note("sessionError %s", errText(err)) })
		ss, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		ran(t)
		var got []byte
		r := &raw{peer: coretest.NewPeer(), got: &wire{t: t, reader: coretest.NewReader(false)}}
		r.link = mem.NewLink(&bytesOnly{raw: r, got: &got}, ss, mem.Options{})
		r.send(r.peer.Raw([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")...))
		w.happened("session", "session connect", "sessionError ERR_HTTP2_ERROR: Received bad client magic byte string",
			"session error ERR_HTTP2_ERROR: Received bad client magic byte string", "session close")
		// architecture.md: a short HTTP/1.1 400 and a close; the SETTINGS have
		// gone out before it here, so that the client's request fails either way.
		if !r.eof || !ss.Destroyed() {
			t.Errorf("the connection stays: %q", got)
		}
	})
}

// bytesOnly is a raw peer that does not read frames.
type bytesOnly struct {
	*raw
	got *[]byte
}

func (b *bytesOnly) Receive(_ time.Time, p []byte) { *b.got = append(*b.got, p...) }
