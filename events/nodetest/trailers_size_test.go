package nodetest

import (
	"strings"
	"testing"

	"weft/events"
)

// A trailer longer than MaxSendHeaderBlockLength, which is 65536 by default,
// ends the stream and with it the session.
func TestNode_exceedsServerTrailerSize(t *testing.T) {
	exceed := func(t *testing.T) *world {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnData(func([]byte) { t.Error("data") })
			st.OnFrameError(func(frameType uint8, code events.ErrCode, id events.StreamID) {
				w.note("server frameError %d %d %d", frameType, code, id)
			})
			st.OnWantTrailers(func() {
				w.note("server wantTrailers")
				if err := st.SendTrailers(events.H("test-trailer", strings.Repeat("a", 65536))); err != nil {
					t.Errorf("SendTrailers: %v", err)
				}
			})
			respondWithTrailers(t, st)
			st.End(nil)
		})
		w.watchSession("client session", &w.client.Session)
		w.watchSession("server session", &w.server.Session)
		w.get(func(st *events.ClientStream) {
			st.OnFrameError(func(uint8, events.ErrCode, events.StreamID) { w.note("client frameError") })
		})
		w.settle()
		return w
	}
	t.Run("exceeds-server-trailer-size.1", func(t *testing.T) {
		w := exceed(t)
		var got []string
		for _, s := range w.of("server") {
			if !strings.HasPrefix(s, "session connect") {
				got = append(got, s)
			}
		}
		same(t, "on the server", got, []string{
			"end", "wantTrailers", "frameError 1 6 1",
			"error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_FRAME_SIZE_ERROR", "close 6",
			"session goaway 0 last=0 \"\"", "session close",
		})
		if !w.fromServer.has("GOAWAY last=1 NO_ERROR") {
			t.Errorf("the server sent %q", w.fromServer.list())
		}
	})
	t.Run("exceeds-server-trailer-size.2", func(t *testing.T) {
		w := exceed(t)
		same(t, "on the client", w.of("client"), []string{
			"session connect", "ready 1", "finish", "response 200 flags=4",
			"error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_FRAME_SIZE_ERROR", "close 6",
			"session goaway 0 last=2147483647 \"\"", "session close",
		})
	})
}
