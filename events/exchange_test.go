package events_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

func TestExchange(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, f events.Flags) {
		p.note("server stream %s %s://%s%s flags=%d", h.Method(), h.Scheme(), h.Authority(), h.Path(), f)
		p.watch("server", &st.Stream)
		st.Respond(events.H("content-type", "text/plain"))
		st.WriteString("hello ")
		st.EndString("world")
	})
	p.request(events.H(":path", "/a"))
	p.settle()
	p.happened(
		"client ready 1",
		"server stream GET http://example.org/a flags=5",
		"server end",
		"server close NO_ERROR",
		"client response 200 flags=4",
		"client data hello ",
		"client data world",
		"client end",
		"client close NO_ERROR",
	)
}

func TestUpload(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, f events.Flags) {
		p.note("server stream %s flags=%d", h.Method(), f)
		p.watch("server", &st.Stream)
		st.AdditionalHeaders(events.Status(103, "link", "</style.css>"))
		st.OnEnd(func() {
			st.Respond(events.Headers{}, events.RespondOptions{WaitForTrailers: true})
			st.EndString("thanks")
		})
		st.OnWantTrailers(func() {
			p.note("server wantTrailers")
			if err := st.SendTrailers(events.H("sum", "42")); err != nil {
				t.Error(err)
			}
			if err := st.SendTrailers(events.H("sum", "42")); !errors.Is(err, events.ErrTrailersAlreadySent) && !errors.Is(err, events.ErrInvalidStream) {
				t.Errorf("trailers twice: %v", err)
			}
		})
		if err := st.SendTrailers(events.H("sum", "42")); !errors.Is(err, events.ErrTrailersNotReady) {
			t.Errorf("trailers before the body: %v", err)
		}
	})
	st := p.request(events.H(":method", "POST"), events.RequestOptions{WaitForTrailers: true})
	st.OnWantTrailers(func() {
		p.note("client wantTrailers")
		st.SendTrailers(events.H("Check", "ok"))
	})
	st.WriteString("some ")
	st.EndString("data")
	p.settle()
	p.happened(
		"client ready 1",
		"client wantTrailers",
		"server stream POST flags=4",
		"server data some ",
		"server data data",
		"server trailers check=ok",
		"server end",
		"server wantTrailers",
		"server close NO_ERROR",
		"client headers 103",
		"client response 200 flags=4",
		"client data thanks",
		"client trailers sum=42",
		"client end",
		"client close NO_ERROR",
	)
	if got := st.SentTrailers(); got.Get("check") != "ok" {
		t.Errorf("SentTrailers: %s", text(got))
	}
}

// Respond, a body and its end in as few frames as they need.
func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		serve func(st *events.ServerStream)
		want  []string
	}{
		{"end with data", func(st *events.ServerStream) {
			st.Respond(events.Headers{})
			st.EndString("OK")
		}, []string{"HEADERS 1", "DATA 1 2 end"}},
		{"write, then end", func(st *events.ServerStream) {
			st.Respond(events.Headers{})
			st.WriteString("OK")
			st.End(nil)
		}, []string{"HEADERS 1", "DATA 1 2 end"}},
		{"write, then end with data", func(st *events.ServerStream) {
			st.WriteString("one")
			st.EndString("two")
		}, []string{"HEADERS 1", "DATA 1 3", "DATA 1 3 end"}},
		{"nothing but an end", func(st *events.ServerStream) {
			st.End(nil)
		}, []string{"HEADERS 1", "DATA 1 0 end"}},
		{"end with the headers", func(st *events.ServerStream) {
			st.Respond(events.Headers{}, events.RespondOptions{EndStream: true})
		}, []string{"HEADERS 1 end"}},
		{"status 204", func(st *events.ServerStream) {
			st.Respond(events.Status(204))
		}, []string{"HEADERS 1 end"}},
		{"trailers nobody asks for", func(st *events.ServerStream) {
			st.Respond(events.Headers{}, events.RespondOptions{WaitForTrailers: true})
			st.EndString("ok")
		}, []string{"HEADERS 1", "DATA 1 2", "DATA 1 0 end"}},
		{"a long piece", func(st *events.ServerStream) {
			st.Write(make([]byte, 40000))
			st.End(nil)
		}, []string{"HEADERS 1", "DATA 1 16384", "DATA 1 16384", "DATA 1 7232 end"}},
		{"two turns", func(st *events.ServerStream) {
			st.WriteString("one")
			st.Session().Do(func() { st.EndString("two") })
		}, []string{"HEADERS 1", "DATA 1 3", "DATA 1 3 end"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &frames{}
			p := newPair(t, pairOptions{server: events.SessionOptions{
				Trace: func(net.Conn) events.Trace { return f },
			}})
			p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { c.serve(st) })
			p.request(events.Headers{})
			p.settle()
			if got := f.of(1); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What may not be sent is refused at once, and changes nothing.
func TestRespondRefuses(t *testing.T) {
	for _, c := range []struct {
		h    events.Headers
		want error
	}{
		{events.Status(99), events.ErrStatusInvalid},
		{events.Status(103), events.ErrStatusInvalid},
		{events.Status(600), events.ErrStatusInvalid},
		{events.H(":path", "/"), events.ErrInvalidPseudo},
		{events.H("connection", "close"), events.ErrInvalidConnection},
		{events.H("with space", "x"), events.ErrInvalidToken},
		{events.H("x", "a\r\nb"), events.ErrInvalidChar},
	} {
		p := newPair(t, pairOptions{})
		p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			if err := st.Respond(c.h); !errors.Is(err, c.want) {
				t.Errorf("Respond(%s): %v, want %v", text(c.h), err, c.want)
			}
			if st.HeadersSent() {
				t.Errorf("Respond(%s): headers were sent", text(c.h))
			}
			if err := st.Respond(events.Headers{}, events.RespondOptions{EndStream: true}); err != nil {
				t.Errorf("after that: %v", err)
			}
			if err := st.Respond(events.Headers{}); !errors.Is(err, events.ErrHeadersSent) && !errors.Is(err, events.ErrInvalidStream) {
				t.Errorf("twice: %v", err)
			}
			if err := st.AdditionalHeaders(events.Status(103)); err == nil {
				t.Error("additional headers after the response")
			}
		})
		p.request(events.Headers{})
		p.settle()
		p.happened("client ready 1", "client response 200 flags=5", "client end", "client close NO_ERROR")
	}
}

func TestHead(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Respond(events.H("content-length", "5"))
		if _, err := st.WriteString("hello"); !errors.Is(err, events.ErrWriteAfterEnd) {
			t.Errorf("a body for HEAD: %v", err)
		}
		if err := st.End(nil); err != nil {
			t.Errorf("End: %v", err)
		}
	})
	p.request(events.H(":method", "HEAD"))
	p.settle()
	p.happened("client ready 1", "client response 200 flags=5", "client end", "client close NO_ERROR")
}

// The date comes from the endpoint's time.
func TestDate(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		switch h.Path() {
		case "/own":
			st.Respond(events.H("date", "never"), events.RespondOptions{EndStream: true})
		case "/none":
			st.Respond(events.Headers{}, events.RespondOptions{EndStream: true, NoDate: true})
		default:
			st.Respond(events.Headers{}, events.RespondOptions{EndStream: true})
		}
	})
	date := func(path string) string {
		st := p.request(events.H(":path", path))
		p.settle()
		h, _ := st.Response()
		return h.Get("date")
	}
	if got := date("/"); got != "Sat, 01 Jan 2000 00:00:00 GMT" {
		t.Errorf("date: %q", got)
	}
	p.link.RunFor(time.Hour)
	if got := date("/"); got != "Sat, 01 Jan 2000 01:00:00 GMT" {
		t.Errorf("an hour later: %q", got)
	}
	if got := date("/own"); got != "never" {
		t.Errorf("the caller's: %q", got)
	}
	if got := date("/none"); got != "" {
		t.Errorf("none: %q", got)
	}
}

// Requests beyond the server's limit wait; each may be given up.
func TestPending(t *testing.T) {
	p := newPair(t, pairOptions{server: events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(1))},
	}})
	var open []*events.ServerStream
	p.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		p.note("server %s", h.Path())
		open = append(open, st)
	})
	p.request(events.H(":path", "/1"))
	p.settle()
	p.request(events.H(":path", "/2"))
	third := p.request(events.H(":path", "/3"))
	if !third.Pending() {
		t.Error("the third is not pending")
	}
	p.request(events.H(":path", "/4"))
	p.settle()
	p.happened("client ready 1", "server /1")
	third.Destroy(nil)
	p.settle()
	p.happened("client end", "client close NO_ERROR")
	open[0].Respond(events.Headers{}, events.RespondOptions{EndStream: true})
	p.settle()
	p.happened("client response 200 flags=5", "client end", "client close NO_ERROR", "client ready 3", "server /2")
	open[1].Close(core.RefusedStream)
	p.settle()
	p.happened(
		"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_REFUSED_STREAM",
		"client close REFUSED_STREAM", "client ready 5", "server /4")
}

func TestRequestRefuses(t *testing.T) {
	p := newPair(t, pairOptions{})
	ctx := context.Background()
	for _, c := range []struct {
		h    events.Headers
		want error
	}{
		{events.H(":test", "x"), events.ErrInvalidPseudo},
		{events.H("no underscore", "x"), events.ErrInvalidToken},
		{events.H("keep-alive", "x"), events.ErrInvalidConnection},
		{events.H("te", "gzip"), events.ErrInvalidConnection},
		{events.H("x", "a\nb"), events.ErrInvalidChar},
		{events.H(":method", "CONNECT"), events.ErrConnectAuthority},
		{events.H(":method", "CONNECT", ":path", "/", ":authority", "a:1"), events.ErrConnectPath},
		{events.H(":method", "CONNECT", ":scheme", "http", ":authority", "a:1"), events.ErrConnectScheme},
	} {
		if _, err := p.client.Request(ctx, c.h); !errors.Is(err, c.want) {
			t.Errorf("Request(%s): %v, want %v", text(c.h), err, c.want)
		}
	}
	// A bad path is reported by the stream.
	st, err := p.client.Request(ctx, events.H(":path", "/a b"))
	if err != nil {
		t.Fatal(err)
	}
	p.watchClient(st)
	p.settle()
	p.happened(
		"client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_PROTOCOL_ERROR (path)",
		"client close PROTOCOL_ERROR")
}

// Nothing is lost to a listener that comes late, even after the session's end.
func TestLateListener(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.AdditionalHeaders(events.Status(103))
		st.EndString("body")
	})
	st, err := p.client.Request(context.Background(), events.Headers{})
	if err != nil {
		t.Fatal(err)
	}
	p.settle()
	p.happened()
	p.watchClient(st)
	p.settle()
	p.happened("client ready 1", "client headers 103", "client response 200 flags=4", "client data body", "client end", "client close NO_ERROR")
}

func TestSendFrom(t *testing.T) {
	body := strings.Repeat("0123456789", 100000)
	for _, c := range []struct {
		name string
		size int64
		cut  int
		good bool
	}{
		{"known size", int64(len(body)), len(body), true},
		{"unknown size", -1, len(body), true},
		{"too short", int64(len(body)), 500000, false},
		{"too long", 500000, len(body), true},
		{"empty", 0, 0, true},
		{"empty of unknown size", -1, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, pairOptions{link: mem.Options{Bandwidth: 10 << 20}})
			src := &tracked{Reader: strings.NewReader(body[:c.cut])}
			var server *events.ServerStream
			p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				server = st
				if err := st.SendFrom(src, c.size); err != nil {
					t.Error(err)
				}
			})
			st := p.request(events.Headers{})
			got, most := 0, 0
			st.OnData(func(b []byte) { got += len(b) })
			for p.link.Step() && !st.Destroyed() {
				if server != nil {
					most = max(most, server.BufferSize())
				}
			}
			p.settle()
			want := c.cut
			if c.size >= 0 {
				want = min(want, int(c.size))
			}
			if got != want || st.Complete() != c.good {
				t.Errorf("got %d bytes, complete %v; want %d, %v", got, st.Complete(), want, c.good)
			}
			if most > 64<<10 {
				t.Errorf("%d bytes of the body waited in memory", most)
			}
			if !src.closed {
				t.Error("the source was not closed")
			}
			if code, _ := st.RSTCode(); !c.good && code != core.InternalError {
				t.Errorf("reset with %v", code)
			}
		})
	}
}

type tracked struct {
	io.Reader
	closed bool
}

func (r *tracked) Close() error {
	r.closed = true
	return nil
}
