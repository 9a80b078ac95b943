package nodetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
)

// atServer returns a request's header fields as the server's listener gets
// them, and what was sent on the stream instead if it gets none.
func atServer(t *testing.T, fields ...core.Field) (got events.Headers, answer []string) {
	t.Helper()
	w := newWorld(t, setup{})
	w.serve(func(_ *events.ServerStream, h events.Headers) { got = h })
	r := newRaw(t, w.server, false)
	r.send(r.peer.Handshake(true).Headers(1, true, fields...))
	if w.server.Destroyed() {
		t.Error("the session has ended")
	}
	return got, r.got.stream(1)
}

// atClient is atServer for a response.
func atClient(t *testing.T, fields ...core.Field) (got events.Headers, answer []string) {
	t.Helper()
	client, err := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client.Do(func() {
		st, err := client.Request(context.Background(), events.H())
		if err != nil {
			t.Error(err)
			return
		}
		st.OnError(func(error) {})
		st.OnResponse(func(h events.Headers, _ events.Flags) { got = h })
	})
	r := newRaw(t, client, true)
	r.send(r.peer.Handshake(false))
	r.send(r.peer.Headers(1, true, fields...))
	if client.Destroyed() {
		t.Error("the session has ended")
	}
	return got, r.got.stream(1)
}

func request(fields ...core.Field) []core.Field {
	return append(coretest.Request("GET", "/"), fields...)
}

func response(fields ...core.Field) []core.Field {
	return append([]core.Field{{Name: ":status", Value: "200"}}, fields...)
}

func twice(name string) []core.Field {
	return []core.Field{{Name: name, Value: "first"}, {Name: "x-between", Value: "1"}, {Name: name, Value: "second"}}
}

// Of a field that has one value, the first counts.
func TestDuplicatesDiscarded(t *testing.T) {
	for _, name := range strings.Fields(`
		age authorization access-control-allow-credentials access-control-max-age access-control-request-method
		content-encoding content-language content-location content-md5 content-range content-type date dnt etag expires
		from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards
		proxy-authorization range referer retry-after tk upgrade-insecure-requests user-agent x-content-type-options`) {
		t.Run(name, func(t *testing.T) {
			check := func(where string, h events.Headers) {
				if got := h.Get(name); got != "first" {
					t.Errorf("%s: %q", where, got)
				}
				if got := h.Values(name); !slices.Equal(got, []string{"first", "second"}) {
					t.Errorf("%s: all values are %q", where, got)
				}
			}
			if name != "host" { // of which a request has one: see TestDuplicatesMalformed
				h, _ := atServer(t, request(twice(name)...)...)
				check("at the server", h)
			}
			h, _ := atClient(t, response(twice(name)...)...)
			check("at the client", h)
			covers(t, "rule.headers.dup-discard."+name)
		})
	}
}

// Where an RFC calls a repetition malformed, the stream is reset; Get would
// keep the first value all the same.
func TestDuplicatesMalformed(t *testing.T) {
	again := func(fields []core.Field, i int) []core.Field {
		return slices.Insert(slices.Clone(fields), i+1, fields[i])
	}
	for i, f := range request() {
		_, answer := atServer(t, again(request(), i)...)
		if !slices.Equal(answer, []string{"RST_STREAM 1 PROTOCOL_ERROR"}) {
			t.Errorf("two fields %s: %q", f.Name, answer)
		}
	}
	if _, answer := atClient(t, again(response(), 0)...); !slices.Contains(answer, "RST_STREAM 1 PROTOCOL_ERROR") {
		t.Errorf("two fields :status: %q", answer)
	}
	for _, name := range []string{"host", "content-length"} {
		value := map[string]string{"host": "example.org", "content-length": "0"}[name]
		f := core.Field{Name: name, Value: value}
		if _, answer := atServer(t, request(f, f)...); !slices.Equal(answer, []string{"RST_STREAM 1 PROTOCOL_ERROR"}) {
			t.Errorf("two fields %s: %q", name, answer)
		}
	}
	for _, name := range []string{":status", ":method", ":authority", ":scheme", ":path", ":protocol", "content-length"} {
		if got := events.H(name, "1", name, "2").Get(name); got != "1" {
			t.Errorf("Get(%q) is %q", name, got)
		}
	}
}

// All other fields are joined, cookies in their own way.
func TestDuplicatesJoined(t *testing.T) {
	for _, name := range []string{"accept", "x-anything", "cache-control", "www-authenticate", "link", "constructor", "__proto__"} {
		h, _ := atServer(t, request(twice(name)...)...)
		if got := h.Get(name); got != "first, second" {
			t.Errorf("%s at the server: %q", name, got)
		}
		h, _ = atClient(t, response(twice(name)...)...)
		if got := h.Get(name); got != "first, second" {
			t.Errorf("%s at the client: %q", name, got)
		}
	}
	covers(t, "rule.headers.dup-other-joined")

	h, _ := atServer(t, request(twice("cookie")...)...)
	if got := h.Get("cookie"); got != "first; second" {
		t.Errorf("cookies: %q", got)
	}
	covers(t, "rule.headers.dup-cookie-joined")

	h, _ = atClient(t, response(core.Field{Name: "set-cookie", Value: "a, b"})...)
	if got := h.Values("set-cookie"); !slices.Equal(got, []string{"a, b"}) {
		t.Errorf("one cookie set: %q", got)
	}
	h, _ = atClient(t, response(twice("set-cookie")...)...)
	if got := h.Values("set-cookie"); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("two cookies set: %q", got)
	}
	covers(t, "rule.headers.dup-set-cookie-array")
}
