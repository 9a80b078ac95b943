package nodetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
)

// diagnosed is a world in which every diagnostic is noted, in the log of all
// else: "client.close 1 closed=true destroyed=false 0".
func diagnosed(t *testing.T) *world {
	var w *world
	d := &events.Diagnostics{}
	note := func(format string, args ...any) { w.note(format, args...) }
	w = newWorld(t, setup{
		client: events.SessionOptions{Diagnostics: d},
		server: events.ServerOptions{SessionOptions: events.SessionOptions{Diagnostics: d}},
	})
	noteDiagnostics(d, note)
	return w
}

// noteDiagnostics has all of them noted.
func noteDiagnostics(d *events.Diagnostics, note func(format string, args ...any)) {
	moment := func(m events.StreamMoment) string {
		return fmt.Sprintf("%d closed=%v destroyed=%v %d", m.ID, m.Closed, m.Destroyed, m.RSTCode)
	}
	d.Client = events.ClientDiagnostics{
		StreamCreated: func(at events.ClientStreamRecord, h events.Headers) { note("client.created %d %s", at.ID, text(h)) },
		StreamStart:   func(at events.ClientStreamRecord, h events.Headers) { note("client.start %d %s", at.ID, text(h)) },
		StreamFinish: func(at events.ClientStreamRecord, h events.Headers, f events.Flags) {
			note("client.finish %d %s flags=%d", at.ID, text(h), f)
		},
		StreamError: func(at events.ClientStreamRecord, err error) {
			note("client.error %s: %v", moment(at.StreamMoment), err)
		},
		StreamBodyChunkSent: func(at events.ClientStreamRecord, c events.BodyChunk) {
			note("client.bodyChunkSent %d writev=%v %q %q", at.ID, c.Writev, c.Data, c.Encoding)
		},
		StreamBodySent: func(at events.ClientStreamRecord) { note("client.bodySent %d", at.ID) },
		StreamClose:    func(at events.ClientStreamRecord) { note("client.close %s", moment(at.StreamMoment)) },
	}
	d.Server = events.ServerDiagnostics{
		StreamCreated: func(at events.ServerStreamRecord, h events.Headers) { note("server.created %d %s", at.ID, text(h)) },
		StreamStart:   func(at events.ServerStreamRecord, h events.Headers) { note("server.start %d %s", at.ID, text(h)) },
		StreamFinish: func(at events.ServerStreamRecord, h events.Headers, f events.Flags) {
			note("server.finish %d %s flags=%d", at.ID, text(h), f)
		},
		StreamError: func(at events.ServerStreamRecord, err error) {
			note("server.error %s: %v", moment(at.StreamMoment), err)
		},
		StreamClose: func(at events.ServerStreamRecord) { note("server.close %s", moment(at.StreamMoment)) },
	}
}

// among are the notes that begin so, whole.
func among(log []string, prefixes ...string) []string {
	var list []string
	for _, line := range log {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(line, p) }) {
			list = append(list, line)
		}
	}
	return list
}

func told(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// pushed is the log of one GET that is answered, and of a push with it, both
// without a body.
func pushed(t *testing.T) []string {
	w := diagnosed(t)
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		w.note("server stream %d", st.ID())
		st.Respond(events.Status(200, "date", "today"))
		st.End(nil)
		push, err := st.PushStream(events.H("pushHeader", "pushValue"))
		if err != nil {
			t.Fatal(err)
		}
		push.Respond(events.Status(200, "date", "today"))
		push.End(nil)
	})
	w.client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) {
		w.note("client stream %d", st.ID())
		w.watchClient("pushed", st)
	})
	w.request(events.H("requestHeader", "requestValue"), events.RequestOptions{})
	w.settle()
	return w.log
}

func TestNode_diagnostics_channel_http2(t *testing.T) {
	const (
		defaults = ":method=GET :authority=localhost:8080 :scheme=http :path=/"
		asked    = defaults + " requestheader=requestValue"
		promised = defaults + " pushheader=pushValue"
	)
	run := func(row string, f func(t *testing.T)) {
		t.Run("diagnostics-channel-http2-"+row, func(t *testing.T) {
			ran(t)
			f(t)
		})
	}
	log := pushed(t)

	run("client-stream-created", func(t *testing.T) {
		// Names are lower-cased when they are given.
		told(t, among(log, "client.created"), "client.created 0 "+asked, "client.created 2 "+promised)
		told(t, among(log, "client.start"), "client.start 1 "+asked, "client.start 2 "+promised)
	})
	run("client-stream-finish", func(t *testing.T) {
		told(t, among(log, "client.finish", "client response", "pushed push"),
			"client.finish 1 :status=200 date=today flags=4", "client response 200 flags=4",
			"client.finish 2 :status=200 date=today flags=4", "pushed push 200 flags=4")
	})
	run("client-stream-close", func(t *testing.T) {
		told(t, among(log, "client.close", "client close", "pushed close"),
			"client.close 1 closed=true destroyed=false 0", "client close 0",
			"client.close 2 closed=true destroyed=false 0", "pushed close 0")
	})
	run("server-stream-created", func(t *testing.T) {
		told(t, among(log, "server.created"), "server.created 1 "+asked, "server.created 2 "+promised)
	})
	run("server-stream-start", func(t *testing.T) {
		told(t, among(log, "server.start"), "server.start 1 "+asked, "server.start 2 "+promised)
	})
	run("server-stream-created-start-timing", func(t *testing.T) {
		told(t, among(log, "server.created", "server.start", "server stream"),
			"server.created 1 "+asked, "server.start 1 "+asked, "server stream 1",
			"server.created 2 "+promised, "server.start 2 "+promised)
	})
	run("server-stream-finish", func(t *testing.T) {
		told(t, among(log, "server.finish"),
			"server.finish 1 :status=200 date=today flags=4", "server.finish 2 :status=200 date=today flags=4")
	})
	run("server-stream-close", func(t *testing.T) {
		told(t, among(log, "server.close"),
			"server.close 1 closed=true destroyed=false 0", "server.close 2 closed=true destroyed=false 0")
	})

	for _, c := range []struct {
		row   string
		write func(st *events.ClientStream)
		sent  string
	}{
		{"single-buffer", func(st *events.ClientStream) { st.Write([]byte("foo")) }, `writev=false ["foo"] "buffer"`},
		{"single-string", func(st *events.ClientStream) { st.WriteString("foo") }, `writev=false ["foo"] "buffer"`},
		{"multiple-buffers", func(st *events.ClientStream) {
			st.Write([]byte("foo"))
			st.Write([]byte("bar"))
		}, `writev=true ["foo" "bar"] ""`},
	} {
		run("client-stream-body-"+c.row, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // a request before the connection is up
				b := newBefore(t)
				b.client.Do(func() {
					st, err := b.client.Request(t.Context(), events.H(":method", "POST"))
					if err != nil {
						t.Error(err)
						return
					}
					c.write(st)
					st.End(nil)
					st.Resume()
				})
				b.connect(func(st *events.ServerStream) { st.EndString("thanks") })
				told(t, among(b.log, "client.body"), "client.bodyChunkSent 1 "+c.sent, "client.bodySent 1")
			})
		})
	}

	canceled := func(t *testing.T) (log []string, err error) {
		synctest.Test(t, func(t *testing.T) {
			b := newBefore(t)
			ctx, cancel := context.WithCancel(context.Background())
			st, failed := b.client.Request(ctx, events.Headers{})
			if failed != nil {
				t.Fatal(failed)
			}
			st.OnError(func(e error) { err = e; b.note("error") })
			st.OnClose(func() { b.note("close") })
			cancel()
			synctest.Wait()
			if !st.Pending() {
				t.Error("it has an id")
			}
			b.connect(func(st *events.ServerStream) { t.Error("it was sent") })
			log = b.log
		})
		return log, err
	}
	run("client-stream-close-error", func(t *testing.T) {
		log, err := canceled(t)
		want := []string{"client.created 0 " + defaults, "client.close 0 closed=true destroyed=true 8"}
		if len(log) != 5 {
			t.Fatalf("happened: %q", log)
		}
		told(t, log[:2], want...)
		told(t, log[3:], "error", "close")
		if !strings.HasPrefix(log[2], "client.error 0 ") || !errors.Is(err, events.ErrAbort) {
			t.Errorf("%s, %v", log[2], err)
		}
	})
	run("client-stream-error", func(t *testing.T) {
		log, err := canceled(t)
		told(t, among(log, "client.error"), fmt.Sprintf("client.error 0 closed=true destroyed=true 8: %v", err))
		var e *events.Error
		if !errors.As(err, &e) || e.Code != "ABORT_ERR" {
			t.Errorf("the error event told %v", err)
		}
	})

	destroyed := func(t *testing.T) *world {
		w := diagnosed(t)
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			w.note("server stream")
			st.Destroy(errors.New("mine"))
		})
		w.get()
		w.settle()
		return w
	}
	run("server-stream-close-error", func(t *testing.T) {
		w := destroyed(t)
		told(t, among(w.log, "server.close", "server error", "client error", "client.error"),
			"server.close 1 closed=true destroyed=true 2", "server error mine",
			"client.error 1 closed=true destroyed=true 2: ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR",
			"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR")
	})
	run("server-stream-error", func(t *testing.T) {
		d := &events.Diagnostics{}
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{Diagnostics: d}}})
		mine := errors.New("mine")
		var heard []error
		d.Server.StreamError = func(at events.ServerStreamRecord, err error) {
			heard = append(heard, err)
			if !at.Closed || !at.Destroyed || at.Stream.Session() != nil {
				t.Errorf("closed %v, destroyed %v", at.Closed, at.Destroyed)
			}
		}
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.OnError(func(err error) { heard = append(heard, err) })
			st.Destroy(mine)
		})
		w.get()
		w.settle()
		if len(heard) != 2 || heard[0] != mine || heard[1] != mine {
			t.Errorf("told %v, want the very same error twice", heard)
		}
		if got := w.of("client"); !slices.Contains(got, "error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_INTERNAL_ERROR") {
			t.Errorf("the client: %q", got)
		}
	})
}

// before is a client whose connection is not up yet.
type before struct {
	t      *testing.T
	client *events.ClientSession
	log    []string
	conns  chan net.Conn
}

func newBefore(t *testing.T) *before {
	b := &before{t: t, conns: make(chan net.Conn)}
	d := &events.Diagnostics{}
	noteDiagnostics(d, b.note)
	var err error
	b.client, err = events.Connect(context.Background(), "http://localhost:8080", events.ConnectOptions{
		SessionOptions: events.SessionOptions{Diagnostics: d},
		CreateConnection: func(ctx context.Context) (net.Conn, error) {
			return <-b.conns, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *before) note(format string, args ...any) {
	b.log = append(b.log, fmt.Sprintf(format, args...))
}

// connect connects it with a server once all is said, waits until nothing
// happens any more and closes both.
func (b *before) connect(serve func(*events.ServerStream)) {
	b.t.Helper()
	synctest.Wait()
	server, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { serve(st) })
	here, there := net.Pipe()
	if _, err := server.ServeConn(there); err != nil {
		b.t.Fatal(err)
	}
	b.conns <- here
	synctest.Wait()
	b.client.Close()
	b.client.Wait()
	server.Shutdown(context.Background())
}

// What a handler causes is told as it happened, between the callbacks around
// it; and a diagnostic that panics is logged, and ends nothing.
func TestDiagnosticsOrder(t *testing.T) {
	w := diagnosed(t)
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.Resume()
		st.Respond(events.Status(200, "date", "today"))
		w.note("server responded")
		st.EndString("hello")
	})
	w.get()
	w.settle()
	all := w.log
	told(t, among(all, "server"),
		"server.created 1 :path=/ :method=GET :authority=localhost:8080 :scheme=http", "server.start 1 :path=/ :method=GET :authority=localhost:8080 :scheme=http",
		"server responded", "server.finish 1 :status=200 date=today flags=4", "server.close 1 closed=true destroyed=false 0",
		"server end", "server finish", "server close 0")
	told(t, among(all, "client.bodySent", "client ready"), "client.bodySent 1", "client ready 1")

	d := &events.Diagnostics{}
	d.Client.StreamStart = func(events.ClientStreamRecord, events.Headers) { panic("no") }
	w = newWorld(t, setup{client: events.SessionOptions{Diagnostics: d}})
	w.serve(func(st *events.ServerStream, _ events.Headers) { st.EndString("hello") })
	st := w.get()
	w.settle()
	if code, ok := st.RSTCode(); !ok || code != core.NoError {
		t.Errorf("closed with %v %v", code, ok)
	}
	if !strings.Contains(w.logged.String(), "panic in an observer") {
		t.Error("the panic was not logged")
	}
}

// A long body is told in the pieces it was written in, as they get out.
func TestDiagnosticsOfLongBody(t *testing.T) {
	d := &events.Diagnostics{}
	var lengths []int
	d.Client.StreamBodyChunkSent = func(_ events.ClientStreamRecord, c events.BodyChunk) {
		for _, p := range c.Data {
			lengths = append(lengths, len(p))
		}
	}
	w := newWorld(t, setup{client: events.SessionOptions{Diagnostics: d}})
	w.serve(func(st *events.ServerStream, _ events.Headers) {
		st.Resume()
		st.OnEnd(func() { st.End(nil) })
	})
	w.post(func(st *events.ClientStream) {
		st.Write(make([]byte, 100_000))
		st.Write(make([]byte, 5))
		st.SendFrom(strings.NewReader("from a source"), -1)
	})
	w.settle()
	if !slices.Equal(lengths, []int{100_000, 5, 13}) {
		t.Errorf("pieces of %v bytes", lengths)
	}
}
