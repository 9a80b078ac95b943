package events_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core/frame"
	"weft/events"
	"weft/transport/mem"
)

// pair is a client and a server session on a link with virtual time: no
// goroutine, no waiting.
type pair struct {
	t      *testing.T
	link   *mem.Link
	client *events.ClientSession
	server *events.ServerSession
	log    []string // what happened, as note put it down
	logged strings.Builder
}

type pairOptions struct {
	client, server events.SessionOptions
	link           mem.Options
}

func newPair(t *testing.T, opts pairOptions) *pair {
	t.Helper()
	p := &pair{t: t}
	logger := slog.New(slog.NewTextHandler(&p.logged, nil))
	opts.client.Logger, opts.server.Logger = logger, logger
	var err error
	if p.client, err = events.NewClientSession(mem.Epoch, "http://example.org", opts.client); err != nil {
		t.Fatal(err)
	}
	if p.server, err = events.NewServerSession(mem.Epoch, opts.server); err != nil {
		t.Fatal(err)
	}
	if opts.link.Latency == 0 {
		opts.link.Latency = 10 * time.Millisecond
	}
	p.link = mem.NewLink(p.client, p.server, opts.link)
	return p
}

// linkTo returns a client of a server, and the link between them.
func linkTo(t *testing.T, srv *events.Server) (*events.ClientSession, *mem.Link) {
	t.Helper()
	session, err := srv.NewSession(mem.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	client, err := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return client, mem.NewLink(client, session, mem.Options{})
}

func (p *pair) note(format string, args ...any) {
	p.log = append(p.log, fmt.Sprintf(format, args...))
}

// settle runs the link until nothing moves.
func (p *pair) settle() { p.link.Settle() }

// happened compares what was noted since the last call.
func (p *pair) happened(want ...string) {
	p.t.Helper()
	if !slices.Equal(p.log, want) {
		p.t.Errorf("happened:\n  %s\nwant:\n  %s", strings.Join(p.log, "\n  "), strings.Join(want, "\n  "))
	}
	p.log = nil
}

// request makes a request within a turn and notes its events.
func (p *pair) request(h events.Headers, opts ...events.RequestOptions) *events.ClientStream {
	p.t.Helper()
	var st *events.ClientStream
	p.client.Do(func() {
		var err error
		st, err = p.client.Request(context.Background(), h, opts...)
		if err != nil {
			p.t.Errorf("Request: %v", err)
			return
		}
		p.watchClient(st)
	})
	p.link.Run(func() bool { return st != nil })
	return st
}

func (p *pair) watchClient(st *events.ClientStream) {
	st.OnReady(func() { p.note("client ready %d", st.ID()) })
	st.OnHeaders(func(h events.Headers, _ events.Flags) { p.note("client headers %d", h.Status()) })
	st.OnResponse(func(h events.Headers, f events.Flags) { p.note("client response %d flags=%d", h.Status(), f) })
	st.OnPush(func(h events.Headers, _ events.Flags) { p.note("client push %d", h.Status()) })
	p.watch("client", &st.Stream)
}

// watch notes the events that both kinds of stream have.
func (p *pair) watch(side string, st *events.Stream) {
	st.OnData(func(b []byte) { p.note("%s data %s", side, short(b)) })
	st.OnTrailers(func(h events.Headers, _ events.Flags) { p.note("%s trailers %s", side, text(h)) })
	st.OnEnd(func() { p.note("%s end", side) })
	st.OnAborted(func() { p.note("%s aborted", side) })
	st.OnError(func(err error) { p.note("%s error %v", side, err) })
	st.OnClose(func() {
		code, _ := st.RSTCode()
		p.note("%s close %v", side, code)
	})
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

// frames collects the frames one side sends, without their payloads.
type frames struct {
	buf  []byte
	list []string
	skip bool // the preface
}

func (f *frames) Received(time.Time, []byte) {}

func (f *frames) Sent(_ time.Time, p []byte) {
	f.buf = append(f.buf, p...)
	if !f.skip {
		f.buf = []byte(strings.TrimPrefix(string(f.buf), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
		f.skip = true
	}
	for len(f.buf) >= frame.HeaderLen {
		h := frame.ParseHeader(f.buf)
		if len(f.buf) < frame.HeaderLen+int(h.Length) {
			return
		}
		end := ""
		if h.Flags.Has(frame.FlagEndStream) && (h.Type == frame.TypeData || h.Type == frame.TypeHeaders) {
			end = " end"
		}
		if h.Type == frame.TypeRSTStream {
			code, _ := frame.ParseRSTStream(h, f.buf[frame.HeaderLen:][:h.Length])
			end = " " + code.String()
		}
		if h.Type == frame.TypeData {
			end = fmt.Sprintf(" %d", h.Length) + end
		}
		f.list = append(f.list, fmt.Sprintf("%v %d%s", h.Type, h.Stream, end))
		f.buf = f.buf[frame.HeaderLen+int(h.Length):]
	}
}

// of returns the frames of one stream since the last call.
func (f *frames) of(id int) []string {
	var list []string
	for _, s := range f.list {
		if fields := strings.Fields(s); fields[1] == fmt.Sprint(id) {
			list = append(list, s)
		}
	}
	f.list = nil
	return list
}
