package nodetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"weft/events"
)

// fieldsOf is the fields of h in their order.
func fieldsOf(h events.Headers) []string {
	var l []string
	for name, value := range h.All() {
		l = append(l, name+"="+value)
	}
	return l
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n\t%q\nwant:\n\t%q", what, got, want)
	}
}

// exchange makes one request, has it answered by the given headers, and returns
// what either side received.
func (w *world) exchange(request, response events.Headers) (atServer, atClient events.Headers) {
	w.t.Helper()
	l := w.server.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		atServer = h
		if err := st.Respond(response, events.RespondOptions{EndStream: true}); err != nil {
			w.t.Errorf("Respond: %v", err)
		}
	})
	defer l.Remove()
	w.request(request, events.RequestOptions{}, func(st *events.ClientStream) {
		st.OnResponse(func(h events.Headers, _ events.Flags) { atClient = h })
	})
	w.settle()
	return atServer, atClient
}

func TestNode_headers(t *testing.T) {
	t.Run("zero-length-header", func(t *testing.T) {
		w := newWorld(t, setup{base: "http://localhost:8080/"})
		got, response := w.exchange(events.H(":path", "/", "", "foo", "bar", ""), events.H("", "foo", "bar", ""))
		same(t, "received", fieldsOf(got), []string{
			":path=/", ":method=GET", ":authority=localhost:8080", ":scheme=http", "bar=",
		})
		if got.Sensitive() != nil {
			t.Errorf("sensitive: %q", got.Sensitive())
		}
		same(t, "answered", fieldsOf(response)[:2], []string{":status=200", "bar="})
	})
	t.Run("compat-serverrequest-headers.3", func(t *testing.T) {
		w := newWorld(t, setup{})
		got, _ := w.exchange(events.H(":path", "/foobar", ":method", "GET", "foo1", "bar1", ":scheme", "http",
			"foo2", "bar2", ":authority", "localhost:8080"), events.Headers{})
		same(t, "received", fieldsOf(got), []string{
			":path=/foobar", ":method=GET", ":scheme=http", ":authority=localhost:8080", "foo1=bar1", "foo2=bar2",
		})
	})
	t.Run("cookies.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		var h events.Headers
		h.Add("abc", "1", "2", "3")
		h.Add("cookie", "a=b", "c=d", "e=f")
		got, _ := w.exchange(h, events.Headers{})
		if got.Get("abc") != "1, 2, 3" {
			t.Errorf("abc: %q", got.Get("abc"))
		}
		covers(t, "rule.headers.dup-other-joined")
		if got.Get("cookie") != "a=b; c=d; e=f" || h.Get("cookie") != "a=b; c=d; e=f" {
			t.Errorf("cookie: %q, of the crumbs %q", got.Get("cookie"), h.Get("cookie"))
		}
		covers(t, "rule.headers.dup-cookie-joined")
		if !strings.Contains(w.fromClient.stream(1)[0], "abc=1 abc=2 abc=3") {
			t.Errorf("sent %q", w.fromClient.stream(1))
		}
		covers(t, "rule.headers.values-coerced")
	})
	t.Run("cookies.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		cookies := []string{"a=b", "c=d; Expires=Wed, 21 Oct 2015 07:28:00 GMT, x", "e=f"}
		var h events.Headers
		h.Add("set-cookie", cookies...)
		_, got := w.exchange(events.Headers{}, h)
		same(t, "set-cookie", got.Values("set-cookie"), cookies)
		covers(t, "rule.headers.dup-set-cookie-array")
	})
	t.Run("multiheaders", func(t *testing.T) {
		w := newWorld(t, setup{})
		names := []string{"www-authenticate", "proxy-authenticate", "x-foo", "constructor", "__proto__"}
		var h events.Headers
		h.Add("accept", "abc", "def")
		h.Add("Accept", "ghijklmnop")
		for _, name := range names {
			h.Add(name, "foo")
			h.Add(strings.ToUpper(name), "bar")
			h.Add(strings.ToUpper(name[:1])+name[1:], "baz")
		}
		atServer, atClient := w.exchange(h, h)
		for _, got := range []events.Headers{atServer, atClient} {
			if got.Get("accept") != "abc, def, ghijklmnop" {
				t.Errorf("accept: %q", got.Get("accept"))
			}
			for _, name := range names {
				if got.Get(name) != "foo, bar, baz" {
					t.Errorf("%s: %q", name, got.Get(name))
				}
			}
		}
		if atServer.Path() != "/" || atServer.Scheme() != "http" || atServer.Method() != "GET" {
			t.Errorf("received %q", fieldsOf(atServer))
		}
	})
	t.Run("raw-headers.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		want := []string{
			":path=/foobar", ":scheme=http", ":authority=test.invalid:8080", ":method=POST", "a=b", "x-foo=bar", "a=c",
		}
		got, _ := w.exchange(events.H(":path", "/foobar", ":scheme", "http", ":authority", "test.invalid:8080",
			":method", "POST", "a", "b", "x-FOO", "bar", "a", "c"), events.Headers{})
		same(t, "received", fieldsOf(got), want)
		covers(t, "rule.headers.raw-array")
		st := w.request(events.H("a", "b", "x-FOO", "bar", "a", "c"), events.RequestOptions{})
		if sent := st.SentHeaders(); !slices.Equal(sent.Values("a"), []string{"b", "c"}) || sent.Get("x-FOO") != "bar" {
			t.Errorf("sent %q", fieldsOf(sent))
		}
	})
	t.Run("raw-headers.2", func(t *testing.T) {
		w := newWorld(t, setup{})
		want := []string{":status=404", "x=1", "x-foo=bar", "x=2", "date=0000"}
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.H(":status", "404", "x", "1", "x-FOO", "bar", "x", "2", "DATE", "0000"))
			same(t, "sent", fieldsOf(st.SentHeaders()), want)
			st.End(nil)
		})
		w.get(func(st *events.ClientStream) {
			st.OnResponse(func(h events.Headers, _ events.Flags) { same(t, "received", fieldsOf(h), want) })
		})
		w.settle()
		if !w.saw("client response 404 flags=4") {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("sent-headers.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		var stream *events.ServerStream
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			stream = st
			st.AdditionalHeaders(events.Status(102))
			if info := st.SentInfoHeaders(); len(info) != 1 || info[0].Status() != 102 {
				t.Errorf("sent info %v", info)
			}
			covers(t, "stream.prop.sentInfoHeaders")
			st.Respond(events.H("abc", "xyz"), events.RespondOptions{WaitForTrailers: true})
			if h := st.SentHeaders(); h.Get("abc") != "xyz" || h.Status() != 200 || !h.Has("date") {
				t.Errorf("sent %q", fieldsOf(h))
			}
			covers(t, "stream.prop.sentHeaders")
			st.OnWantTrailers(func() {
				st.SendTrailers(events.H("xyz", "abc"))
				if got := st.SentTrailers().Get("xyz"); got != "abc" {
					t.Errorf("sent trailer %q", got)
				}
			})
			st.End(nil)
		})
		w.get()
		w.settle()
		if stream.SentTrailers().Get("xyz") != "abc" {
			t.Errorf("sent %q", fieldsOf(stream.SentTrailers()))
		}
		covers(t, "stream.prop.sentTrailers")
		if got := w.of("client headers"); !slices.Equal(got, []string{"102"}) || !w.saw("client trailers xyz=abc flags=5") {
			t.Errorf("%q", w.log)
		}
		covers(t, "clientStream.event.headers")
		if sent := w.fromServer.stream(1); len(sent) == 0 || sent[0] != "HEADERS 1 :status=102" {
			t.Errorf("sent %q", sent)
		}
		covers(t, "serverStream.method.additionalHeaders")
	})
	t.Run("dont-override", func(t *testing.T) {
		h, ro, co := events.Headers{}, events.RespondOptions{}, events.RequestOptions{}
		held := events.H("b", "c")
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(held, ro)
			st.End(nil)
		})
		w.request(h, co)
		w.request(held, co)
		w.settle()
		if h.Len() != 0 || ro != (events.RespondOptions{}) || co != (events.RequestOptions{}) || !slices.Equal(fieldsOf(held), []string{"b=c"}) {
			t.Errorf("changed: %q %+v %+v %q", fieldsOf(h), ro, co, fieldsOf(held))
		}
		if len(w.of("client response")) != 2 {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("methods", func(t *testing.T) {
		w := newWorld(t, setup{})
		var got []string
		w.serve(func(st *events.ServerStream, h events.Headers) {
			got = append(got, h.Method())
			st.End(nil)
		})
		methods := []string{"GET", "POST", "PATCH", "FOO", "A_B_C"}
		h := events.H(":path", "/")
		for _, m := range methods {
			h.Set(":method", m)
			w.request(h, events.RequestOptions{EndStream: events.Set(true)})
		}
		w.settle()
		same(t, "methods", got, methods)
		if n := len(w.of("client response")); n != len(methods) {
			t.Errorf("%d responses", n)
		}
		if n := strings.Count(strings.Join(w.log, "\n")+"\n", "client end\n"); n != 5 {
			t.Errorf("%d ends", n)
		}
	})
	t.Run("status-code", func(t *testing.T) {
		w := newWorld(t, setup{})
		codes := []int{200, 202, 300, 400, 404, 451, 500}
		next := 0
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Status(codes[next]), events.RespondOptions{EndStream: true})
			next++
		})
		var got []int
		w.client.Do(func() {
			for range codes {
				st, err := w.client.Request(context.Background(), events.Headers{})
				if err != nil {
					t.Fatal(err)
				}
				st.OnResponse(func(h events.Headers, _ events.Flags) { got = append(got, h.Status()) })
				st.OnEnd(func() { w.note("end") })
			}
		})
		w.settle()
		if !slices.Equal(got, codes) {
			t.Errorf("received %v", got)
		}
		covers(t, "rule.headers.status-number")
		if len(got) != next || next != len(codes) {
			t.Errorf("%d response events for %d requests", len(got), next)
		}
		covers(t, "clientStream.event.response")
		for i, code := range codes {
			sent := w.fromServer.stream(events.StreamID(2*i + 1))
			if len(sent) != 1 || !strings.HasPrefix(sent[0], fmt.Sprintf("HEADERS %d :status=%d ", 2*i+1, code)) || !strings.HasSuffix(sent[0], " END_STREAM") {
				t.Errorf("sent %q", sent)
			}
		}
		covers(t, "serverStream.respond.option.endStream")
		if n := strings.Count(strings.Join(w.log, "\n")+"\n", "end\n"); n < 2*len(codes) {
			t.Errorf("%q", w.log)
		}
	})
	t.Run("date-header", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			st.Respond(events.Headers{})
			st.End(nil)
		})
		var at string
		w.get(func(st *events.ClientStream) {
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				at = w.link.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
				same(t, "received", fieldsOf(h), []string{":status=200", "date=" + at})
			})
		})
		w.settle()
		same(t, "sent", w.fromServer.stream(1), []string{
			fmt.Sprintf("HEADERS 1 :status=200 date=%q", at), `DATA 1 0 END_STREAM`,
		})
		covers(t, "serverStream.method.respond")
		if status := w.answered().Status(); status != 200 {
			t.Errorf("the status is %d", status)
		}
		covers(t, "rule.respond.default-status")
		if date := w.answered().Get("date"); date != at || at == "" {
			t.Errorf("the date is %q at %s", date, at)
		}
		covers(t, "rule.respond.date-header")
		if !w.saw("client end") || len(w.of("client response")) != 1 {
			t.Errorf("%q", w.log)
		}
	})
}

// The rules of header objects that no behaviour row shows.
func TestHeaderRules(t *testing.T) {
	t.Run("case", func(t *testing.T) {
		w := newWorld(t, setup{})
		got, _ := w.exchange(events.H("ABC", "1", "X-Mixed", "2"), events.Headers{})
		if sent := w.fromClient.stream(1)[0]; !strings.Contains(sent, " abc=1 x-mixed=2") {
			t.Errorf("sent %q", sent)
		}
		covers(t, "rule.headers.lowercase-on-wire")
		same(t, "received", fieldsOf(got)[4:], []string{"abc=1", "x-mixed=2"})
		covers(t, "rule.headers.received-lowercase")
		if got.Get("ABC") != "1" || !got.Has("x-MIXED") || got.Values("X-mixed")[0] != "2" {
			t.Error("a lookup minds the case")
		}
		covers(t, "rule.headers.case-insensitive")
		for _, name := range []string{"constructor", "toString", "__proto__", "hasOwnProperty", "len"} {
			if got.Has(name) || got.Get(name) != "" || got.Values(name) != nil {
				t.Errorf("there is a %s", name)
			}
		}
		covers(t, "rule.headers.null-prototype")
	})
	t.Run("defaults", func(t *testing.T) {
		w := newWorld(t, setup{})
		got, _ := w.exchange(events.H("a", "b"), events.Headers{})
		if got.Method() != "GET" {
			t.Errorf(":method %q", got.Method())
		}
		covers(t, "rule.request.default-method")
		if got.Path() != "/" {
			t.Errorf(":path %q", got.Path())
		}
		covers(t, "rule.request.default-path")
	})
	t.Run("host", func(t *testing.T) {
		w := newWorld(t, setup{})
		got, _ := w.exchange(events.H("host", "one.example"), events.Headers{})
		same(t, "host alone", fieldsOf(got), []string{":method=GET", ":scheme=http", ":path=/", "host=one.example"})
		if got.Authority() != "" {
			t.Errorf("the authority is %q", got.Authority())
		}
		covers(t, "rule.headers.authority-fallback-compat-only")
		got, _ = w.exchange(events.H(":authority", "one.example", "host", "one.example"), events.Headers{})
		if got.Authority() != "one.example" || got.Get("host") != "one.example" {
			t.Errorf("received %q", fieldsOf(got))
		}
		covers(t, "rule.headers.host-allowed")
	})
	t.Run("stream event", func(t *testing.T) {
		w := newWorld(t, setup{})
		n := 0
		w.server.OnStream(func(st *events.ServerStream, h events.Headers, f events.Flags) {
			n++
			if f != events.FlagEndStream|events.FlagEndHeaders || st.ID() != 1 {
				t.Errorf("flags %d of stream %d", f, st.ID())
			}
			same(t, "the raw list", fieldsOf(h), []string{
				":method=GET", ":authority=localhost:8080", ":scheme=http", ":path=/", "a=1", "b=2", "a=3",
			})
			st.End(nil)
		})
		w.request(events.H("a", "1", "b", "2", "a", "3"), events.RequestOptions{})
		w.settle()
		if n != 1 {
			t.Errorf("%d streams", n)
		}
		covers(t, "session.event.stream")
	})
}
