package nodetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
)

// fails checks an error's sentinel, code and message.
func fails(t *testing.T, what string, err error, sentinel error, text string) {
	t.Helper()
	if !errors.Is(err, sentinel) || errText(err) != text {
		t.Errorf("%s: %v, want %s", what, err, text)
	}
}

// try makes a request outside a turn.
func (w *world) try(namesAndValues ...string) error {
	_, err := w.client.Request(context.Background(), events.H(namesAndValues...))
	return err
}

func field(name, value string) core.Field { return core.Field{Name: name, Value: value} }

func TestNode_invalidheaderfield(t *testing.T) {
	t.Run("invalidheaderfield.4", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, h events.Headers) {
			if h.Get("test_") != "1" || h.Get("test") != "2" {
				t.Errorf("received %q", fieldsOf(h))
			}
			st.End(nil)
		})
		w.request(events.H("test_", "1", "TEST", "2"), events.RequestOptions{})
		w.settle()
		if !w.saw("client end") || !strings.Contains(w.fromClient.stream(1)[0], " test_=1 test=2") {
			t.Errorf("%q\n%q", w.log, w.fromClient.list())
		}
	})
	t.Run("invalidheaderfield.5", func(t *testing.T) {
		w := newWorld(t, setup{})
		for _, name := range []string{"t est", " test", "test ", "t\test", "tést", "\u212aelvin", "a:b"} {
			fails(t, name, w.try(name, "123"), events.ErrInvalidToken,
				fmt.Sprintf("ERR_INVALID_HTTP_TOKEN: Header name must be a valid HTTP token [%q]", name))
		}
		w.watchSession("session", &w.client.Session)
		w.client.Close()
		w.settle()
		w.happened("session connect", "session close")
		if n := len(w.fromClient.stream(1)); n != 0 {
			t.Errorf("sent %q", w.fromClient.list())
		}
	})
	t.Run("invalidheaderfield.6", func(t *testing.T) {
		w := newWorld(t, setup{})
		fails(t, "a pseudo-field", w.try(":test", "123"), events.ErrInvalidPseudo,
			`ERR_HTTP2_INVALID_PSEUDOHEADER: ":test" is an invalid pseudoheader or is used incorrectly`)
	})
	t.Run("invalidheaderfields-client.1", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0") // a session that cannot connect would be destroyed by now
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		cs, err := events.Connect(t.Context(), "http://"+l.Addr().String(), events.ConnectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer cs.Destroy(nil, core.NoError)
		_, err = cs.Request(t.Context(), events.H("no underscore", "123"))
		fails(t, "a name", err, events.ErrInvalidToken,
			`ERR_INVALID_HTTP_TOKEN: Header name must be a valid HTTP token ["no underscore"]`)
		ran(t)
	})
	t.Run("connect-method.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		fails(t, "no :authority", w.try(":method", "CONNECT"), events.ErrConnectAuthority,
			"ERR_HTTP2_CONNECT_AUTHORITY: :authority header is required for CONNECT requests")
		fails(t, ":scheme", w.try(":method", "CONNECT", ":authority", "a:1", ":scheme", "http"), events.ErrConnectScheme,
			"ERR_HTTP2_CONNECT_SCHEME: The :scheme header is forbidden for CONNECT requests")
		fails(t, ":path", w.try(":method", "CONNECT", ":authority", "a:1", ":path", "/"), events.ErrConnectPath,
			"ERR_HTTP2_CONNECT_PATH: The :path header is forbidden for CONNECT requests")
		covers(t, "rule.connect-method.no-path-scheme")
	})
}

func TestNode_clientUnescapedPath(t *testing.T) {
	t.Run("client-unescaped-path", func(t *testing.T) {
		w := newWorld(t, setup{})
		w.serve(func(st *events.ServerStream, h events.Headers) { st.End(nil) })
		w.watchSession("session", &w.client.Session)
		w.settle()
		w.log = nil
		for c := range 0x21 {
			for _, start := range []string{"bad", "/bad"} {
				w.request(events.H(":path", start+string(rune(c))+"path"), events.RequestOptions{})
				w.settle()
				w.happened("client error ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_PROTOCOL_ERROR",
					"client close 1")
			}
		}
		w.get()
		w.settle()
		if !w.saw("client response 200 flags=4") {
			t.Errorf("the session is of no use any more: %q", w.log)
		}
	})
}

func TestNode_respondInvalid(t *testing.T) {
	// answer has a request answered in two steps: what must fail, and what works
	// all the same.
	answer := func(t *testing.T, s setup, bad func(w *world, st *events.ServerStream)) *world {
		w := newWorld(t, s)
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			bad(w, st)
			if st.HeadersSent() {
				t.Error("a response was begun")
			}
			if err := st.Respond(events.H("works", "yes"), events.RespondOptions{EndStream: true}); err != nil || !st.HeadersSent() {
				t.Errorf("Respond: %v", err)
			}
			covers(t, "serverStream.prop.headersSent")
		})
		w.get(func(st *events.ClientStream) {
			st.OnResponse(func(h events.Headers, _ events.Flags) {
				if h.Status() != 200 || h.Get("works") != "yes" || h.Len() != 3 {
					t.Errorf("received %q", fieldsOf(h))
				}
			})
		})
		w.settle()
		if !w.saw("client response 200 flags=5") || !w.saw("client close 0") || !w.saw("server close 0") {
			t.Errorf("%q", w.log)
		}
		return w
	}
	t.Run("misused-pseudoheaders.1", func(t *testing.T) {
		answer(t, setup{}, func(w *world, st *events.ServerStream) {
			for _, name := range []string{":path", ":authority", ":method", ":scheme"} {
				fails(t, name, st.Respond(events.H(name, "/")), events.ErrInvalidPseudo, fmt.Sprintf(
					"ERR_HTTP2_INVALID_PSEUDOHEADER: %q is an invalid pseudoheader or is used incorrectly", name))
			}
		})
	})
	t.Run("status-code-invalid", func(t *testing.T) {
		answer(t, setup{}, func(w *world, st *events.ServerStream) {
			for _, code := range []int{99, 700, 1000, 100, 102, 199, 600, 601, 0, -1} {
				err := st.Respond(events.Status(code))
				fails(t, strconv.Itoa(code), err, events.ErrStatusInvalid,
					fmt.Sprintf("ERR_HTTP2_STATUS_INVALID: Invalid status code: %d", code))
				if !strings.Contains(err.Error(), "200 to 599") {
					t.Errorf("%v does not say what is valid", err)
				}
			}
		})
	})
	t.Run("response-splitting", func(t *testing.T) {
		answer(t, setup{}, func(w *world, st *events.ServerStream) {
			for _, v := range []string{"/x\r\nfoo: bar", "/x\rfoo: bar", "/x\nfoo: bar"} {
				fails(t, v, st.Respond(events.H("location", v)), events.ErrInvalidChar,
					`ERR_INVALID_CHAR: Invalid character in header content ["location"]`)
			}
		})
		// No byte of a rune above U+007F is CR or LF.
		for _, v := range []string{"\u010d\u010afoo: bar", "\u0d0afoo: bar", "\u280afoo: bar"} {
			w := newWorld(t, setup{})
			_, got := w.exchange(events.Headers{}, events.H("location", v))
			if got.Has("foo") || got.Get("location") != v {
				t.Errorf("received %q", fieldsOf(got))
			}
		}
	})
	t.Run("connection headers", func(t *testing.T) {
		answer(t, setup{}, func(w *world, st *events.ServerStream) {
			for _, f := range [][2]string{{"Connection", "close"}, {"keep-alive", "1"}, {"proxy-connection", "x"},
				{"transfer-encoding", "chunked"}, {"upgrade", "h2c"}, {"http2-settings", "x"}, {"te", "gzip"}} {
				fails(t, f[0], st.Respond(events.H(f[0], f[1])), events.ErrInvalidConnection, fmt.Sprintf(
					"ERR_HTTP2_INVALID_CONNECTION_HEADERS: HTTP/1 Connection specific headers are forbidden: %q", strings.ToLower(f[0])))
				fails(t, f[0], w.try(f[0], f[1]), events.ErrInvalidConnection, fmt.Sprintf(
					"ERR_HTTP2_INVALID_CONNECTION_HEADERS: HTTP/1 Connection specific headers are forbidden: %q", strings.ToLower(f[0])))
			}
		})
	})
	t.Run("single values", func(t *testing.T) {
		answer(t, setup{}, func(w *world, st *events.ServerStream) {
			for _, name := range []string{"Content-Type", "date", ":status"} {
				text := fmt.Sprintf("ERR_HTTP2_HEADER_SINGLE_VALUE: Header field %q must only have a single value", strings.ToLower(name))
				fails(t, name, st.Respond(events.H(name, "200", strings.ToUpper(name), "201")), events.ErrHeaderSingleValue, text)
			}
			fails(t, ":path", w.try(":path", "/", ":path", "/"), events.ErrHeaderSingleValue,
				`ERR_HTTP2_HEADER_SINGLE_VALUE: Header field ":path" must only have a single value`)
			fails(t, "user-agent", w.try("user-agent", "abc", "USER-AGENT", "xyz"), events.ErrHeaderSingleValue,
				`ERR_HTTP2_HEADER_SINGLE_VALUE: Header field "user-agent" must only have a single value`)
			fails(t, "a promise", errOf(st.PushStream(events.H("referer", "a", "referer", "b"))), events.ErrHeaderSingleValue,
				`ERR_HTTP2_HEADER_SINGLE_VALUE: Header field "referer" must only have a single value`)
			fails(t, "early hints", st.AdditionalHeaders(events.H(":status", "103", "etag", "a", "etag", "b")), events.ErrHeaderSingleValue,
				`ERR_HTTP2_HEADER_SINGLE_VALUE: Header field "etag" must only have a single value`)
		})
	})
	t.Run("early hints", func(t *testing.T) {
		answer(t, setup{}, func(w *world, st *events.ServerStream) {
			for _, code := range []int{99, 200, 201, 600} {
				fails(t, strconv.Itoa(code), st.AdditionalHeaders(events.Status(code)), events.ErrInfoStatus,
					fmt.Sprintf("ERR_HTTP2_INVALID_INFO_STATUS: Invalid informational status code: %d", code))
			}
			fails(t, "101", st.AdditionalHeaders(events.Status(101)), events.ErrStatus101,
				"ERR_HTTP2_STATUS_101: HTTP status code 101 (Switching Protocols) is forbidden in HTTP/2")
			for _, h := range []events.Headers{events.H(":method", "POST"), events.H(":status", "103", ":method", "POST")} {
				fails(t, ":method", st.AdditionalHeaders(h), events.ErrInvalidPseudo,
					`ERR_HTTP2_INVALID_PSEUDOHEADER: ":method" is an invalid pseudoheader or is used incorrectly`)
			}
			if err := st.AdditionalHeaders(events.Headers{}); !errors.Is(err, events.ErrInfoStatus) {
				t.Errorf("without :status: %v", err)
			}
		})
	})
	t.Run("identical", func(t *testing.T) {
		// The very same Headers as before were checked; what is added was not.
		w := newWorld(t, setup{})
		h := events.H("content-type", "a")
		for i := range 3 {
			w.exchange(events.Headers{}, h)
			if sent := w.fromServer.stream(events.StreamID(2*i + 1)); len(sent) != 1 || !strings.Contains(sent[0], "content-type=a") {
				t.Errorf("sent %q", sent)
			}
		}
		more := h
		more.Add("content-type", "b")
		answer(t, setup{}, func(w *world, st *events.ServerStream) {
			if err := st.Respond(more); !errors.Is(err, events.ErrHeaderSingleValue) {
				t.Errorf("%v", err)
			}
		})
	})
}

func errOf(_ any, err error) error { return err }

// What names and values may be made of.
func TestHeaderCharacters(t *testing.T) {
	w := newWorld(t, setup{})
	const others = "!#$%&'*+-.^_`|~"
	for c := range 256 {
		b := byte(c)
		err := w.try("a"+string([]byte{b})+"z", "x")
		legal := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte(others, b) >= 0
		if legal && err != nil || !legal && !errors.Is(err, events.ErrInvalidToken) {
			t.Errorf("a name with %q: %v", b, err)
		}
		covers(t, "rule.headers.name-charset")
		err = w.try("name", "a"+string([]byte{b})+"z")
		legal = b == '\t' || b >= ' ' && b != 0x7f
		if legal && err != nil || !legal && !errors.Is(err, events.ErrInvalidChar) {
			t.Errorf("a value with %q: %v", b, err)
		}
		covers(t, "rule.headers.value-leniency")
	}

	w = newWorld(t, setup{})
	w.serve(func(st *events.ServerStream, _ events.Headers) { st.End(nil) })
	r := newRaw(t, w.server, false)
	r.send(r.peer.Handshake(true).
		Headers(1, true, coretest.Request("GET", "/", field("a b", "x"))...).
		Headers(3, true, coretest.Request("GET", "/", field("Abc", "x"))...).
		Headers(5, true, coretest.Request("GET", "/", field("a", "x\ny"))...).
		Headers(7, true, field(":method", "GET"), field(":scheme", "http"), field(":path", "/")).
		Headers(9, true, coretest.Request("GET", "/", field("a", "x"))...))
	for _, id := range []int{1, 3, 5} {
		if !r.saw(fmt.Sprintf("RST_STREAM %d PROTOCOL_ERROR", id)) {
			t.Errorf("stream %d: %q", id, r.got.list())
		}
	}
	covers(t, "rule.headers.invalid-name-protocol-error")
	if !r.saw("RST_STREAM 7 PROTOCOL_ERROR") {
		t.Errorf("a request without :authority and host: %q", r.got.list())
	}
	covers(t, "rule.headers.authority-or-host")
	w.happened("server end", "server finish", "server close 0") // of stream 9
}
