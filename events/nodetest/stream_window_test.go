package nodetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"weft/events"
)

func TestNode_setLocalWindowSize(t *testing.T) {
	states := func(w *world, s *events.Session) string {
		st := s.State()
		return fmt.Sprintf("effective %d local %d remote %d", st.EffectiveLocalWindowSize, st.LocalWindowSize, st.RemoteWindowSize)
	}
	t.Run("client-setLocalWindowSize.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		large := int64(1 << 32)
		if int64(int(large)) != large {
			large = -1 // an int has 32 bits here, and none is too large
		}
		fails(t, "too large", w.client.SetLocalWindowSize(int(large)), events.ErrOutOfRange,
			fmt.Sprint(`ERR_OUT_OF_RANGE: The value of "windowSize" is out of range. It must be >= 0 && <= 2147483647. Received `, large))
		w.settle()
		if got := states(w, &w.client.Session); got != "effective 65535 local 65535 remote 65535" {
			t.Error(got)
		}
	})
	t.Run("client-setLocalWindowSize.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.client.OnConnect(func() {
			if err := w.client.SetLocalWindowSize(1 << 20); err != nil {
				t.Error(err)
			}
			w.note("%s", states(w, &w.client.Session))
		})
		w.settle()
		w.happened("effective 1048576 local 1048576 remote 65535")
		if !w.fromClient.has("WINDOW_UPDATE 0 +983041") {
			t.Errorf("sent %q", w.fromClient.list())
		}
	})
	t.Run("client-setLocalWindowSize.3", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.client.OnConnect(func() {
			if err := w.client.SetLocalWindowSize(20); err != nil {
				t.Error(err)
			}
			w.note("%s", states(w, &w.client.Session))
		})
		w.settle()
		w.happened("effective 20 local 65535 remote 65535")
		if sent := w.fromClient.stream(0); slices.ContainsFunc(sent, func(s string) bool { return strings.HasPrefix(s, "WINDOW_UPDATE") }) {
			t.Errorf("sent %q", sent)
		}
	})
	t.Run("server-setLocalWindowSize", func(t *testing.T) {
		w := newWorld(t, setup{before: func(w *world) {
			w.srv.OnSession(func(ss *events.ServerSession) {
				if err := ss.SetLocalWindowSize(1 << 20); err != nil {
					t.Error(err)
				}
				w.note("server %s", states(w, &ss.Session))
			})
		}})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.End(nil) })
		w.get()
		w.settle()
		if !w.saw("server effective 1048576 local 1048576 remote 65535") || !w.saw("client close 0") {
			t.Errorf("%q", w.log)
		}
		if sent := w.fromServer.list(); len(sent) < 2 || sent[0] != "SETTINGS" || !slices.Contains(sent, "WINDOW_UPDATE 0 +983041") {
			t.Errorf("sent %q", sent)
		}
	})
}

func TestNode_backpressure(t *testing.T) {
	t.Run("backpressure.1", func(t *testing.T) {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{HighWaterMark: 20}}})
		write := func(st *events.ServerStream) (ready [2]bool) {
			for i, n := range []int{5, 40} {
				var err error
				if ready[i], err = st.Write(make([]byte, n)); err != nil {
					t.Error(err)
				}
			}
			return ready
		}
		var lengths []int
		var client *events.ClientStream
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			if got := write(st); got != [2]bool{true, false} {
				t.Errorf("at first: ready %v", got)
			}
			covers(t, "stream.method.write")
			if n := st.BufferSize(); n != 45 {
				t.Errorf("bufferSize is %d", n)
			}
			covers(t, "stream.prop.bufferSize")
			st.OnDrain(func() {
				w.note("server drain")
				if n := st.BufferSize(); n != 0 {
					t.Errorf("bufferSize is %d in drain", n)
				}
				if got := write(st); got != [2]bool{true, false} {
					t.Errorf("after drain: ready %v", got)
				}
				covers(t, "stream.event.drain")
			}).Once()
		})
		w.client.Do(func() {
			client, _ = w.client.Request(context.Background(), events.Headers{})
			client.OnResponse(func(events.Headers, events.Flags) {})
		})
		w.settle()
		if !w.saw("server drain") {
			t.Errorf("%q", w.log)
		}
		for _, s := range w.fromServer.stream(1)[1:] {
			var n int
			fmt.Sscanf(s, "DATA 1 %d", &n)
			lengths = append(lengths, n)
		}
		if !slices.Equal(lengths, []int{5, 40, 5, 40}) {
			t.Errorf("pieces of %v bytes", lengths)
		}
	})
}

func TestNode_window_size(t *testing.T) {
	t.Run("window-size", func(t *testing.T) {
		for _, size := range []int{16, 255} {
			for _, window := range []uint32{16, 255, 256, 131072, 0} {
				var settings events.Settings
				if window > 0 {
					settings.InitialWindowSize = events.Set(window)
				}
				w := newWorld(t, setup{client: events.SessionOptions{Settings: settings}})
				var want []byte
				for i := range 4 {
					want = append(want, bytes.Repeat([]byte{byte(i)}, size)...)
				}
				w.serve(func(st *events.ServerStream, _ events.Headers) {
					i := 0
					var next func()
					next = func() {
						if i == 4 {
							st.End(nil)
							return
						}
						ready, err := st.Write(want[i*size : (i+1)*size])
						if i++; err != nil {
							t.Error(err)
						} else if ready {
							w.link.After(0, next)
						} else {
							st.OnDrain(next).Once()
						}
					}
					next()
				})
				var got *bytes.Buffer
				w.get(func(st *events.ClientStream) { got = collect(&st.Stream) })
				w.link.RunFor(5e9)
				if !bytes.Equal(got.Bytes(), want) || !w.saw("client end") {
					t.Errorf("pieces of %d, window %d: got %d bytes, %q", size, window, got.Len(), w.log)
				}
			}
		}
	})
}

func TestNode_max_session_memory_leak(t *testing.T) {
	t.Run("max-session-memory-leak", func(t *testing.T) {
		limits := events.SessionLimits{MaxSessionMemory: 1}
		w := newWorld(t, setup{client: events.SessionOptions{SessionLimits: limits},
			server: events.ServerOptions{SessionOptions: events.SessionOptions{SessionLimits: limits}}})
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.OnError(func(err error) { t.Errorf("server: %v", err) })
			st.Respond(events.Headers{})
			st.End(nil)
		})
		body := make([]byte, 8192)
		responses := 0
		for range 1000 {
			done := false
			w.client.Do(func() {
				st, err := w.client.Request(context.Background(), events.H(":method", "POST", "content-length", "8192"))
				if err != nil {
					t.Fatal(err)
				}
				st.OnResponse(func(events.Headers, events.Flags) { responses++ })
				st.OnError(func(err error) { t.Errorf("client: %v", err) })
				st.OnClose(func() { done = true })
				st.Resume()
				st.End(body)
			})
			if !w.link.Run(func() bool { return done }) {
				t.Fatal("the exchange does not end")
			}
		}
		if responses != 1000 {
			t.Errorf("%d responses", responses)
		}
	})
}
