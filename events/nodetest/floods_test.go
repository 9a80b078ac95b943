package nodetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/core/frame"
	"weft/events"
)

// limited is a world whose server is left to a raw client.
func limited(t *testing.T, limits events.SessionLimits) (*world, *raw) {
	w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{SessionLimits: limits}}})
	w.serve(nil)
	w.srv.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { w.note("stream") })
	w.srv.OnSessionError(func(err error, ss *events.ServerSession) {
		w.note("sessionError %s %v", errText(err), ss == w.server)
	})
	w.watchSession("session", &w.server.Session)
	return w, newRaw(t, w.server, false)
}

const flooded = "ERR_HTTP2_ERROR: Flooding was detected in this HTTP/2 session, and it must be closed"

// Peers that send what is never of use.
func TestNode_floods(t *testing.T) {
	t.Run("ping-flood", func(t *testing.T) {
		w, r := limited(t, events.SessionLimits{})
		r.send(r.peer.Handshake(true))
		for range 100 {
			for range 100 {
				r.peer.Ping(false, [8]byte{})
			}
			r.push(r.peer.Bytes())
			r.link.RunFor(time.Millisecond)
		}
		r.link.Settle()
		w.happened("session connect", "sessionError "+flooded+" true", "session error "+flooded, "session close")
	})
	t.Run("ping-flood/its peer reads nothing", func(t *testing.T) {
		// AC-003: reading pauses, and the session ends when nothing could be
		// written for 30 s.
		w, r := limited(t, events.SessionLimits{})
		r.send(r.peer.Handshake(true))
		r.link.Stall(1, time.Hour)
		for range 1000 {
			r.push(r.peer.Ping(false, [8]byte{}).Bytes())
		}
		r.link.RunFor(2 * time.Minute)
		if len(w.of("stream")) > 0 || count(w.log, "session close") != 1 {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("settings-flood", func(t *testing.T) {
		w, r := limited(t, events.SessionLimits{})
		settings := 0
		w.server.OnRemoteSettings(func(events.Settings) { settings++ })
		r.send(r.peer.Handshake(true))
		for range 100 {
			for range 100 {
				r.peer.Settings()
			}
			r.push(r.peer.Bytes())
			r.link.RunFor(time.Millisecond)
		}
		r.link.Settle()
		w.happened("session connect", "sessionError "+flooded+" true", "session error "+flooded, "session close")
		if settings < 100 || settings > 1100 {
			t.Errorf("remoteSettings was emitted %d times", settings)
		}
	})
	invalid := func(t *testing.T, together int) {
		w, r := limited(t, events.SessionLimits{MaxSessionInvalidFrames: events.Set(100)})
		r.send(r.peer.Handshake(true))
		resets := func() int { return count(kinds(r.got.list()), "RST_STREAM PROTOCOL_ERROR") }
		id := core.StreamID(1)
		for !w.server.Destroyed() && id < 2000 {
			for range together {
				r.peer.Frame(frame.TypeHeaders, frame.FlagEndHeaders|frame.FlagEndStream, id, []byte{0x88})
				id += 2
			}
			r.send(r.peer)
		}
		if together == 1 && id != 2*102+1 || resets() < 101 || resets() > 102 {
			t.Errorf("%d requests, %d resets", id/2, resets())
		}
		const text = "ERR_HTTP2_TOO_MANY_INVALID_FRAMES: Too many invalid HTTP/2 frames"
		w.happened("session connect", "sessionError "+text+" true", "session error "+text, "session close")
		if !r.eof {
			t.Error("the connection is open")
		}
	}
	t.Run("reset-flood", func(t *testing.T) { invalid(t, 500) })
	t.Run("max-invalid-frames", func(t *testing.T) {
		invalid(t, 1)
		covers(t, "createServer.option.maxSessionInvalidFrames")
	})
	t.Run("malformed-altsvc", func(t *testing.T) {
		// RFC 9113 §4.2: "If a frame exceeds the size defined in
		// SETTINGS_MAX_FRAME_SIZE … An endpoint MUST send an error code of
		// FRAME_SIZE_ERROR".
		w, r := limited(t, events.SessionLimits{})
		r.send(r.peer.Handshake(true).Frame(frame.TypeAltSvc, 0, 0, make([]byte, 16384)))
		w.happened("session connect") // a client's means nothing
		r.send(r.peer.Frame(frame.TypeAltSvc, 0, 0, make([]byte, 16385)))
		r.closeWrite()
		if !r.saw(`GOAWAY last=0 FRAME_SIZE_ERROR "frame-too-large"`) || len(w.of("stream")) > 0 || !w.saw("session close") {
			t.Errorf("%q, sent %q", w.log, r.got.list())
		}
		w.srv.Close()
		w.srv.Wait()
	})
	t.Run("empty-frame-without-eof.1", func(t *testing.T) {
		w := emptyFrames(t, 0)
		const text = "ERR_HTTP2_TOO_MANY_INVALID_FRAMES: Too many invalid HTTP/2 frames"
		if got := kept(w.log, "client error", "client close", "session error", "session close"); !slices.Equal(got, []string{
			"client error " + text, "client close 11", "session error " + text, "session close",
		}) {
			t.Errorf("%q", got)
		}
	})
	t.Run("empty-frame-without-eof.2", func(t *testing.T) {
		w := emptyFrames(t, 2)
		if got := kept(w.log, "client error", "client close", "session error", "session close"); !slices.Equal(got, []string{
			"client close 0",
		}) {
			t.Errorf("%q", got)
		}
		w = emptyFrames(t, 1)
		if w.client.Err() == nil {
			t.Error("three empty frames are no more than one")
		}
	})
}

// emptyFrames is a response of which three frames are empty without ending it.
func emptyFrames(t *testing.T, limit int) *world {
	t.Helper()
	w := newWorld(t, setup{client: events.SessionOptions{
		SessionLimits: events.SessionLimits{MaxSessionInvalidFrames: events.Set(limit)},
	}})
	w.watchSession("session", &w.client.Session)
	r := newRaw(t, w.client, true)
	r.send(r.peer.Handshake(false))
	w.ask(r)
	r.peer.Headers(1, false, coretest.Response("200")...)
	for _, size := range []int{10, 1162, 0, 1, 158, 3, 0, 2072, 13, 0} {
		r.peer.Data(1, make([]byte, size), false)
	}
	r.send(r.peer.Data(1, nil, true))
	return w
}

// kept returns the lines that begin with one of the prefixes.
func kept(list []string, prefixes ...string) (out []string) {
	for _, s := range list {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) }) {
			out = append(out, s)
		}
	}
	return out
}

// kinds returns frames without their stream: "RST_STREAM CANCEL".
func kinds(list []string) (out []string) {
	for _, s := range list {
		if f := strings.Fields(s); len(f) > 2 {
			s = f[0] + " " + f[2]
		}
		out = append(out, s)
	}
	return out
}
