package nodetest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

// collect gathers what is received on a stream.
func collect(st *events.Stream) *bytes.Buffer {
	var b bytes.Buffer
	st.OnData(func(p []byte) { b.Write(p) })
	return &b
}

func TestNode_client_write_empty_string(t *testing.T) {
	t.Run("client-write-empty-string", func(t *testing.T) {
		for _, n := range []int{1, 2} {
			w := newWorld(t, setup{})
			w.serve(func(st *events.ServerStream, _ events.Headers) {
				st.OnData(func(p []byte) { w.note("server data %q", p) })
				st.OnEnd(func() {
					st.Respond(events.Status(200))
					st.EndString(`""`)
				})
			})
			w.post(func(st *events.ClientStream) {
				for range n {
					if ready, err := st.WriteString(""); !ready || err != nil {
						t.Errorf("Write: %v, %v", ready, err)
					}
				}
				st.End(nil)
			})
			w.settle()
			w.happened("client ready 1", "client finish", "server end", "server finish", "server close 0",
				"client response 200 flags=4", `client data ""`, "client end", "client close 0")
		}
	})
}

// Strings are sent as they are, which in Go is UTF-8: other encodings are the
// caller's.
func TestNode_createwritereq(t *testing.T) {
	t.Run("createwritereq", func(t *testing.T) {
		const text = "a\u00a1\u0100\U0001f600"
		for range 11 {
			w := newWorld(t, setup{})
			w.serve(func(st *events.ServerStream, _ events.Headers) {
				st.OnData(func(p []byte) { w.note("server data %x", p) })
				st.OnEnd(func() { st.End(nil) })
			})
			w.post(func(st *events.ClientStream) { st.EndString(text) })
			w.post(func(st *events.ClientStream) { st.End([]byte{0xff, 0, 0xfe}) })
			w.settle()
			if got, want := w.of("server data"), []string{fmt.Sprintf("%x", []byte(text)), "ff00fe"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		covers(t, "rule.stream.default-encoding")
	})
}

func TestNode_write_callbacks(t *testing.T) {
	t.Run("write-callbacks", func(t *testing.T) {
		w := newWorld(t, setup{})
		write := func(who string, st *events.Stream) {
			if _, err := st.WriteFunc([]byte("abc"), func(err error) {
				w.note("%s wrote %v", who, err)
				st.EndString("xyz")
			}); err != nil {
				t.Errorf("%s: %v", who, err)
			}
		}
		var atServer *bytes.Buffer
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			atServer = collect(&st.Stream)
			write("server", &st.Stream)
		})
		var atClient *bytes.Buffer
		w.post(func(st *events.ClientStream) {
			atClient = collect(&st.Stream)
			write("client", &st.Stream)
		})
		w.settle()
		if atServer.String() != "abcxyz" || atClient.String() != "abcxyz" {
			t.Errorf("the server got %q, the client %q", atServer, atClient)
		}
		for _, who := range []string{"client", "server"} {
			if got := w.of(who); len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != "wrote <nil>" && s != "end" })) != 2 || got[len(got)-1] != "close 0" {
				t.Errorf("%s: %q", who, got)
			}
		}
	})
	t.Run("pack-end-stream-flag.3", func(t *testing.T) {
		n, sent := framesUntilClose(t, func(st *events.ServerStream) {
			st.Respond(events.Status(200))
			st.WriteFunc([]byte("OK"), func(error) { st.End(nil) })
		})
		if n != 5 || len(sent) == 0 || !slices.Equal(sent[1:], []string{`DATA 1 2 "OK"`, "DATA 1 0 END_STREAM"}) {
			t.Errorf("%d frames: %q", n, sent)
		}
	})
}

func TestNode_zero_length_write(t *testing.T) {
	t.Run("zero-length-write", func(t *testing.T) {
		w := newWorld(t, setup{})
		pieces := []string{"", "asdf", "", "foo", "", "bar", ""}
		source := func(st *events.Stream) {
			for i, p := range pieces {
				w.link.After(time.Duration(i)*time.Millisecond, func() { st.WriteString(p) })
			}
			w.link.After(time.Second, func() { st.End(nil) })
		}
		var atServer *bytes.Buffer
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			atServer = collect(&st.Stream)
			source(&st.Stream)
		})
		var atClient *bytes.Buffer
		w.post(func(st *events.ClientStream) {
			atClient = collect(&st.Stream)
			source(&st.Stream)
		})
		w.link.RunFor(2 * time.Second)
		if atServer.String() != "asdffoobar" || atClient.String() != "asdffoobar" {
			t.Errorf("the server got %q, the client %q", atServer, atClient)
		}
		if !w.saw("server end") || !w.saw("client end") || !w.saw("client response 200 flags=4") {
			t.Errorf("%q", w.log)
		}
	})
}

// The header of a server that writes before it has responded.
func TestNode_implicit_headers(t *testing.T) {
	check := func(t *testing.T, answer func(st *events.ServerStream), body ...string) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { answer(st) })
		var h events.Headers
		w.get(func(st *events.ClientStream) {
			st.OnResponse(func(got events.Headers, _ events.Flags) { h = got })
		})
		w.settle()
		w.happened(slices.Concat(
			[]string{"client ready 1", "client finish", "server end", "server finish", "server close 0", "client response 200 flags=4"},
			body, []string{"client end", "client close 0"})...)
		if h.Status() != 200 || h.Get("date") == "" {
			t.Errorf("headers %q", fieldsOf(h))
		}
	}
	t.Run("large-writes-session-memory-leak.2", func(t *testing.T) {
		check(t, func(st *events.ServerStream) {
			st.WriteString("one")
			st.EndString("two")
		}, "client data one", "client data two")
		check(t, func(st *events.ServerStream) { st.EndString("one") }, "client data one")
	})
	t.Run("stream-client.1", func(t *testing.T) {
		check(t, func(st *events.ServerStream) {
			if st.Aborted() {
				t.Error("a fresh stream is aborted")
			}
			st.EndString("ok")
		}, "client data ok")
	})
}

func TestNode_large_write(t *testing.T) {
	t.Run("large-write-close", func(t *testing.T) {
		w := newWorld(t, setup{base: "https://localhost:8080"})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Status(200, "content-length", "200000"))
			st.Write(make([]byte, 100_000))
			st.Write(make([]byte, 100_000))
			st.End(nil)
			st.Close(core.NoError)
		})
		got := 0
		w.get(func(st *events.ClientStream) {
			st.OnData(func(p []byte) { got += len(p) })
			st.OnClose(func() { w.note("after %d bytes", got) })
		})
		w.settle()
		if last := w.log[len(w.log)-1]; last != "after 200000 bytes" {
			t.Error(last)
		}
		sent := w.fromServer.stream(1)
		if last := sent[len(sent)-1]; !strings.HasPrefix(last, "DATA 1 ") || !strings.HasSuffix(last, " END_STREAM") {
			t.Errorf("the last frame is %s", last)
		}
	})
	t.Run("large-write-destroy", func(t *testing.T) {
		w := newWorld(t, setup{base: "https://localhost:8080"})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnWantTrailers(func() { w.note("server wantTrailers") })
			st.Respond(events.Status(200, "content-length", "120000"), events.RespondOptions{WaitForTrailers: true})
			st.Write(make([]byte, 60_000))
			st.Destroy(nil)
		})
		got := 0
		w.get(func(st *events.ClientStream) { st.OnData(func(p []byte) { got += len(p) }) })
		w.settle()
		if got != 60_000 {
			t.Errorf("%d bytes came", got)
		}
		all := w.of("client")
		same(t, "client", all[len(all)-2:], []string{"end", "close 0"})
		same(t, "server", w.of("server"), []string{"aborted", "close 0"})
		sent := w.fromServer.stream(1)
		if last := sent[len(sent)-1]; last != "RST_STREAM 1 NO_ERROR" {
			t.Errorf("the last frame is %s", last)
		}
	})
	t.Run("large-file", func(t *testing.T) {
		settings := events.Settings{InitialWindowSize: events.Set[uint32](6_553_500)}
		w := newWorld(t, setup{client: events.SessionOptions{Settings: settings},
			server: events.ServerOptions{SessionOptions: events.SessionOptions{Settings: settings}}})
		received := 0
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.OnData(func(p []byte) { received += len(p) })
			st.Respond(events.Headers{})
			st.EndString("ok")
		})
		const piece, pieces = 1_000_000, 100
		p, sent := make([]byte, piece), 0
		w.post(func(st *events.ClientStream) {
			var next func(error)
			next = func(err error) {
				if err != nil {
					t.Errorf("after %d pieces: %v", sent, err)
				}
				if sent++; sent <= pieces {
					st.WriteFunc(p, next)
				} else {
					st.End(nil)
				}
			}
			next(nil)
		})
		w.settle()
		if received != piece*pieces {
			t.Errorf("%d bytes came", received)
		}
		same(t, "client", w.of("client"), []string{"ready 1", "response 200 flags=4", "data ok", "end", "finish", "close 0"})
	})
}
