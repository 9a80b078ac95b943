package nodetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
)

// world is a client and a server session on a link with virtual time: no
// goroutine, no waiting. Everything noted goes into one log.
type world struct {
	notes
	t      *testing.T
	link   *mem.Link
	srv    *events.Server // owns server
	client *events.ClientSession
	server *events.ServerSession
	// What each side sent.
	fromClient, fromServer *wire
	logged                 strings.Builder // what would have been logged
}

// setup says what a world is made of. Its zero value is a cleartext pair with
// the defaults.
type setup struct {
	client events.SessionOptions
	server events.ServerOptions
	link   mem.Options
	base   string // http://localhost:8080
	// before is called with the world when nothing has happened in it.
	before func(*world)
}

func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	ran(t)
	w := &world{t: t, fromClient: newWire(t, true), fromServer: newWire(t, false)}
	logger := slog.New(slog.NewTextHandler(&w.logged, nil))
	s.client.Logger, s.server.Logger = logger, logger
	s.client.Trace, s.server.Trace = w.fromClient.trace, w.fromServer.trace
	if s.base == "" {
		s.base = "http://localhost:8080"
	}
	var err error
	if w.srv, err = events.CreateServer(s.server); err != nil {
		t.Fatal(err)
	}
	if w.client, err = events.NewClientSession(mem.Epoch, s.base, s.client); err != nil {
		t.Fatal(err)
	}
	if w.server, err = w.srv.NewSession(mem.Epoch); err != nil {
		t.Fatal(err)
	}
	if s.link.Latency == 0 {
		s.link.Latency = 10 * time.Millisecond
	}
	w.link = mem.NewLink(w.client, w.server, s.link)
	if s.before != nil {
		s.before(w)
	}
	return w
}

// settle runs the link until nothing moves.
func (w *world) settle() { w.link.Settle() }

// happened compares what was noted since the last call, and forgets it.
func (w *world) happened(want ...string) {
	w.t.Helper()
	compare(w.t, w.forget(), want)
}

// request makes a request within a turn, with its events noted under the name
// "client", and more set up on it by with.
func (w *world) request(h events.Headers, opts events.RequestOptions, with ...func(*events.ClientStream)) *events.ClientStream {
	w.t.Helper()
	var st *events.ClientStream
	done := false
	w.client.Do(func() {
		done = true
		var err error
		if st, err = w.client.Request(context.Background(), h, opts); err != nil {
			w.t.Errorf("Request: %v", err)
			return
		}
		w.watchClient("client", st)
		for _, f := range with {
			f(st)
		}
	})
	w.link.Run(func() bool { return done })
	if st == nil {
		w.t.FailNow()
	}
	return st
}

// get is a request for /.
func (w *world) get(with ...func(*events.ClientStream)) *events.ClientStream {
	w.t.Helper()
	return w.request(events.H(":path", "/"), events.RequestOptions{}, with...)
}

// post is a request whose body is still to be sent.
func (w *world) post(with ...func(*events.ClientStream)) *events.ClientStream {
	w.t.Helper()
	return w.request(events.H(":method", "POST"), events.RequestOptions{}, with...)
}

// serve has f called for each request, with the stream's events noted under
// the name "server".
func (w *world) serve(f func(st *events.ServerStream, h events.Headers)) {
	w.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		w.watch("server", &st.Stream)
		if f != nil {
			f(st, h)
		}
	})
}

func (w *world) watchClient(who string, st *events.ClientStream) {
	st.OnReady(func() { w.note("%s ready %d", who, st.ID()) })
	st.OnContinue(func() { w.note("%s continue", who) })
	st.OnHeaders(func(h events.Headers, _ events.Flags) { w.note("%s headers %d", who, h.Status()) })
	st.OnResponse(func(h events.Headers, f events.Flags) { w.note("%s response %d flags=%d", who, h.Status(), f) })
	st.OnPush(func(h events.Headers, f events.Flags) { w.note("%s push %d flags=%d", who, h.Status(), f) })
	st.OnData(func(b []byte) { w.note("%s data %s", who, short(b)) })
	w.watch(who, &st.Stream)
}

// watchSession notes the events of a session under a name.
func (w *world) watchSession(who string, s *events.Session) {
	s.OnConnect(func() { w.note("%s connect", who) })
	s.OnGoaway(func(code core.ErrCode, last events.StreamID, opaque []byte) {
		w.note("%s goaway %d last=%d %q", who, code, last, opaque)
	})
	s.OnError(func(err error) { w.note("%s error %s", who, errText(err)) })
	s.OnClose(func() { w.note("%s close", who) })
}

// errText is an error's code and message.
func errText(err error) string {
	var e *events.Error
	if errors.As(err, &e) {
		return e.Code + ": " + e.Message
	}
	return err.Error()
}

func short(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%d bytes", len(b))
	}
	return string(b)
}

func text(h events.Headers) string {
	var list []string
	for name, value := range h.All() {
		list = append(list, name+"="+value)
	}
	return strings.Join(list, " ")
}

// wire collects the frames one side sends, as package coretest prints them:
// "HEADERS 1 :method=GET … END_STREAM", "RST_STREAM 1 CANCEL".
type wire struct {
	t      *testing.T
	reader *coretest.Reader
	frames []coretest.Frame
	pieces []int // how many frames there were after each piece
}

func newWire(t *testing.T, client bool) *wire {
	return &wire{t: t, reader: coretest.NewReader(client)}
}

// trace is for SessionOptions.Trace.
func (f *wire) trace(net.Conn) events.Trace { return f }

func (f *wire) Received(time.Time, []byte) {}
func (f *wire) Sent(_ time.Time, p []byte) {
	f.read(p)
	f.pieces = append(f.pieces, len(f.frames))
}

func (f *wire) read(p []byte) {
	f.reader.MaxFrame = 1<<24 - 1
	if err := f.reader.Read(p, func(fr coretest.Frame) error {
		f.frames = append(f.frames, fr)
		return nil
	}); err != nil {
		f.t.Errorf("what was sent can't be read: %v", err)
	}
}

// list is what was sent so far, one line a frame, without the magic string.
func (f *wire) list() []string {
	var list []string
	for _, fr := range f.frames {
		if fr.Text == "" {
			list = append(list, fr.String())
		}
	}
	return list
}

// stream is what was sent on one stream, or with 0 on the connection.
func (f *wire) stream(id events.StreamID) []string {
	var list []string
	for _, fr := range f.frames {
		if fr.Text == "" && fr.Stream == id {
			list = append(list, fr.String())
		}
	}
	return list
}

// together is stream, with what went to the transport in one piece in one line.
func (f *wire) together(id events.StreamID) (list []string) {
	from := 0
	for _, to := range f.pieces {
		piece := &wire{frames: f.frames[from:to]}
		if frames := piece.stream(id); len(frames) > 0 {
			list = append(list, strings.Join(frames, " + "))
		}
		from = to
	}
	return list
}

// has reports whether exactly this frame was sent.
func (f *wire) has(line string) bool { return slices.Contains(f.list(), line) }

// clear forgets what was sent.
func (f *wire) clear() { f.frames, f.pieces = nil, nil }
