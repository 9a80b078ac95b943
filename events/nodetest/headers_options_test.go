package nodetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
)

func TestNode_singleHeadersValidationDisabled(t *testing.T) {
	lax := events.SessionOptions{StrictSingleValueFields: events.Set(false)}
	t.Run("single-headers-validation-disabled.1", func(t *testing.T) {
		w := newWorld(t, setup{client: lax})
		got, _ := w.exchange(events.H("user-agent", "abc", "USER-AGENT", "xyz", "referer", "qwe", "referer", "asd"), events.Headers{})
		same(t, "received", fieldsOf(got)[4:], []string{"user-agent=abc", "user-agent=xyz", "referer=qwe", "referer=asd"})
		if got.Get("user-agent") != "abc" || got.Get("referer") != "qwe" {
			t.Errorf("user-agent %q, referer %q", got.Get("user-agent"), got.Get("referer"))
		}
		// What RFC 9113 wants once stays refused.
		for _, name := range []string{":path", "content-length", "host"} {
			if err := w.try(name, "/", name, "/"); err == nil {
				t.Errorf("two of %s were taken", name)
			}
		}
	})
	t.Run("single-headers-validation-disabled.2", func(t *testing.T) {
		w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: lax}})
		_, got := w.exchange(events.Headers{}, events.H("expires", "x", "EXPIRES", "y", "content-type", "a", "content-type", "b"))
		same(t, "received", fieldsOf(got)[:5], []string{":status=200", "expires=x", "expires=y", "content-type=a", "content-type=b"})
		if got.Len() != 6 || !got.Has("date") {
			t.Errorf("received %q", fieldsOf(got))
		}
	})
}

// rawClient is a client session and a raw server that has begun.
func rawClient(t *testing.T, opts events.SessionOptions) (*world, *raw) {
	w := newWorld(t, setup{client: opts})
	r := newRaw(t, w.client, true)
	r.send(r.peer.Handshake(false))
	return w, r
}

// ask makes a GET request on a session that a raw peer is at the other end of.
func (w *world) ask(r *raw, with ...func(*events.ClientStream)) (st *events.ClientStream) {
	w.t.Helper()
	w.client.Do(func() {
		var err error
		if st, err = w.client.Request(context.Background(), events.Headers{}); err != nil {
			w.t.Fatal(err)
		}
		w.watchClient("client", st)
		for _, f := range with {
			f(st)
		}
	})
	r.link.Settle()
	return st
}

var spaced = []string{"baz ", "node-test\t", "\tconnection-test", " connection-test", "connection-test ", " ", "a \t"}

func TestNode_serverRFC9113(t *testing.T) {
	lax := events.SessionOptions{StrictFieldWhitespaceValidation: events.Set(false)}
	t.Run("server-rfc-9113-client", func(t *testing.T) {
		w, r := rawClient(t, events.SessionOptions{})
		for i, v := range spaced {
			id := core.StreamID(2*i + 1)
			w.ask(r)
			r.send(r.peer.Headers(id, true, coretest.Response("200", field("x", v))...))
			if !r.saw(fmt.Sprintf("RST_STREAM %d PROTOCOL_ERROR", id)) || len(w.of("client response")) != 0 {
				t.Errorf("%q: %q, sent %q", v, w.log, r.got.list())
			}
		}
		w, r = rawClient(t, lax)
		var got events.Headers
		w.ask(r, func(st *events.ClientStream) {
			st.OnResponse(func(h events.Headers, _ events.Flags) { got = h })
		})
		fields := coretest.Response("200")
		for _, v := range spaced {
			fields = append(fields, field("x", v))
		}
		r.send(r.peer.Headers(1, true, fields...))
		same(t, "received", got.Values("x"), spaced)
		if !w.saw("client close 0") {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("server-rfc-9113-server", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.End(nil) })
		r := newRaw(t, w.server, false)
		r.peer.Handshake(true)
		for i, v := range spaced {
			r.peer.Headers(core.StreamID(2*i+1), true, coretest.Request("GET", "/", field("x", v))...)
		}
		r.send(r.peer.Headers(99, true, coretest.Request("GET", "/", field("x", "y"))...))
		for i := range spaced {
			if !r.saw(fmt.Sprintf("RST_STREAM %d PROTOCOL_ERROR", 2*i+1)) {
				t.Errorf("stream %d: %q", 2*i+1, r.got.list())
			}
		}
		w.happened("server end", "server finish", "server close 0") // of stream 99

		w = newWorld(t, setup{server: events.ServerOptions{SessionOptions: lax}})
		var got events.Headers
		w.serve(func(st *events.ServerStream, h events.Headers) {
			got = h
			st.End(nil)
		})
		r = newRaw(t, w.server, false)
		fields := coretest.Request("GET", "/")
		for _, v := range spaced {
			fields = append(fields, field("x", v))
		}
		r.send(r.peer.Handshake(true).Headers(1, true, fields...))
		same(t, "received", got.Values("x"), spaced)
		w.happened("server end", "server finish", "server close 0")
	})
	// What is sent follows the same option.
	for _, strict := range []bool{true, false} {
		w := newWorld(t, setup{client: events.SessionOptions{StrictFieldWhitespaceValidation: events.Set(strict)}})
		for _, v := range spaced {
			if err := w.try("x", v); strict && !errors.Is(err, events.ErrInvalidChar) || !strict && err != nil {
				t.Errorf("strict %v, %q: %v", strict, v, err)
			}
		}
	}
}

func TestSensitiveHeaders(t *testing.T) {
	const long = "a cookie that nobody is going to guess"
	t.Run("marked", func(t *testing.T) {
		w := newWorld(t, setup{})
		h := events.H("Secret", "s1", "x", "y", "secret", "s2")
		copied := h
		h.MarkSensitive("SECRET", "absent")
		same(t, "marked", h.Sensitive(), []string{"secret"})
		if copied.Sensitive() != nil {
			t.Error("a copy was changed")
		}
		covers(t, "http2.sensitiveHeaders")
		atServer, atClient := w.exchange(h, h)
		same(t, "the server's", atServer.Sensitive(), []string{"secret"})
		same(t, "the client's", atClient.Sensitive(), []string{"secret"})
		covers(t, "rule.headers.sensitive-received")
		for _, sent := range []string{w.fromClient.stream(1)[0], w.fromServer.stream(1)[0]} {
			if !strings.Contains(sent, " secret=s1! x=y secret=s2!") {
				t.Errorf("sent %q", sent)
			}
		}
		// The other field is in the table now. These are spelled out again.
		before := w.link.Sent(0)
		w.exchange(h, h)
		if sent := w.fromClient.stream(3)[0]; !strings.Contains(sent, " secret=s1! x=y secret=s2!") {
			t.Errorf("sent %q", sent)
		}
		if n := w.link.Sent(0) - before; n < int64(2*len("secret=s1")*5/8) {
			t.Errorf("the second request took %d bytes", n)
		}
		covers(t, "rule.headers.sensitive-never-indexed")
	})
	request := func(more ...string) events.Headers {
		return events.H(append([]string{"authorization", "Basic eDp5", "cookie", "id=1", "x", "y"}, more...)...)
	}
	t.Run("automatic", func(t *testing.T) {
		w := newWorld(t, setup{})
		atServer, _ := w.exchange(request("cookie", long), events.H("set-cookie", "a=b"))
		if sent := w.fromClient.stream(1)[0]; !strings.Contains(sent, fmt.Sprintf(` authorization="Basic eDp5"! cookie=id=1! x=y cookie=%q`, long)) ||
			strings.HasSuffix(sent, `guess"!`) {
			t.Errorf("sent %q", sent)
		}
		covers(t, "rule.headers.sensitive-auto")
		same(t, "received", atServer.Sensitive(), []string{"authorization", "cookie"})
		covers(t, "rule.headers.sensitive-example")
	})
	t.Run("unless said otherwise", func(t *testing.T) {
		w := newWorld(t, setup{client: events.SessionOptions{IndexCredentials: true}})
		h := request()
		atServer, _ := w.exchange(h, events.Headers{})
		if atServer.Sensitive() != nil {
			t.Errorf("marked: %q", atServer.Sensitive())
		}
		h.MarkSensitive("cookie")
		atServer, _ = w.exchange(h, events.Headers{})
		same(t, "received", atServer.Sensitive(), []string{"cookie"})
	})
}
