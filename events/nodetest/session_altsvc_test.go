package nodetest

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"weft/core"
	"weft/events"
)

// Alternative services: what a server's session sends, and its client tells.
func TestAltsvc(t *testing.T) {
	w := newWorld(t, setup{})
	w.serve(nil)
	w.client.OnAltsvc(func(alt, origin string, id events.StreamID) { w.note("altsvc %q %q %d", alt, origin, id) })
	w.get()
	w.settle()
	w.log = nil
	for _, c := range []struct{ row, alt, origin, want string }{
		{"session.method.altsvc", `h2=":8000"`, "https://example.org:80", `altsvc "h2=\":8000\"" "https://example.org:80" 0`},
		{"rule.altsvc.origin-from-url", `h2=":8000"`, "https://EXAMPLE.org:443/some/path?query#part", `altsvc "h2=\":8000\"" "https://example.org" 0`},
		{"rule.altsvc.origin-object", "h2", "https://example.org:8443", `altsvc "h2" "https://example.org:8443" 0`},
		{"rule.altsvc.clear", "clear", "https://example.org", `altsvc "clear" "https://example.org" 0`},
		{"rule.altsvc.alt-syntax", `h3-29="alt.example.org:8443"; ma=60, h2=":81"`, "https://example.org",
			`altsvc "h3-29=\"alt.example.org:8443\"; ma=60, h2=\":81\"" "https://example.org" 0`},
		{"rule.altsvc.no-validation", "this is = no grammar;;", "https://example.org", `altsvc "this is = no grammar;;" "https://example.org" 0`},
	} {
		if err := w.server.Altsvc(c.alt, c.origin); err != nil {
			t.Errorf("%s: %v", c.row, err)
		}
		w.settle()
		w.happened(c.want)
		covers(t, c.row)
	}
	covers(t, "session.event.altsvc")

	// Of a stream: its origin is not in the frame.
	if err := w.server.AltsvcStream(`h2=":9000"`, 1); err != nil {
		t.Error(err)
	}
	w.settle()
	w.happened(`altsvc "h2=\":9000\"" "" 1`)
	covers(t, "rule.altsvc.stream-scope")

	w.fromServer.clear()
	for _, alt := range []string{"h2=\"\u2603\"", "h2\n", "\x01"} {
		fails(t, "alt "+alt, w.server.Altsvc(alt, "https://example.org"), events.ErrInvalidChar,
			"ERR_INVALID_CHAR: Invalid character in alt: it must be ASCII without control characters")
	}
	fails(t, "an origin beyond ASCII", w.server.Altsvc("h2", "https://ex\u00e4mple.org"), events.ErrAltsvcInvalidOrigin,
		"ERR_HTTP2_ALTSVC_INVALID_ORIGIN: HTTP/2 ALTSVC frames require a valid origin")
	covers(t, "rule.altsvc.ascii-only")
	for origin, code := range map[string]*events.Error{
		"no url": events.ErrInvalidURL, "": events.ErrInvalidURL, "abc:": events.ErrAltsvcInvalidOrigin, "file:///x": events.ErrAltsvcInvalidOrigin,
		"https://:80": events.ErrAltsvcInvalidOrigin, "https://example.org:65536": events.ErrInvalidURL,
	} {
		is(t, "origin "+origin, w.server.Altsvc("h2", origin), code)
	}
	fails(t, "a long alt", w.server.Altsvc(strings.Repeat("a", 16384), "https://example.org"), events.ErrAltsvcLength,
		"ERR_HTTP2_ALTSVC_LENGTH: HTTP/2 ALTSVC frames are limited to 16382 bytes")
	is(t, "stream 0", w.server.AltsvcStream("h2", 0), events.ErrOutOfRange)
	is(t, "beyond the ids", w.server.AltsvcStream("h2", 1<<31), events.ErrOutOfRange)
	is(t, "a stream that nobody opened", w.server.AltsvcStream("h2", 77), events.ErrInvalidStream)
	w.server.Destroy(nil, events.NoError)
	is(t, "of a dead session", w.server.Altsvc("h2", "no url"), events.ErrInvalidSession)
	is(t, "of a dead session", w.server.AltsvcStream("h2", 0), events.ErrInvalidSession)
	w.settle()
	for _, frame := range w.fromServer.list() {
		if strings.HasPrefix(frame, "ALTSVC") {
			t.Errorf("sent: %s", frame)
		}
	}
}

// Origins: over TLS, the client takes those its server names into its set.
func TestOrigin(t *testing.T) {
	encrypted := setup{base: "https://example.org", server: events.ServerOptions{
		SessionOptions: events.SessionOptions{Transport: core.TransportEncrypted},
	}}
	w := newWorld(t, encrypted)
	w.client.OnOrigin(func(list []string) { w.note("origin %q of %q", list, w.client.OriginSet()) })
	w.settle()
	if err := w.server.Origin("https://example.com/path?query", "https://EXAMPLE.net:08443", "https://example.org:443"); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.happened(`origin ["https://example.com" "https://example.net:8443" "https://example.org"]` +
		` of ["https://example.org" "https://example.com" "https://example.net:8443"]`)
	covers(t, "session.event.origin")
	if !slices.ContainsFunc(w.fromServer.list(), func(s string) bool {
		return strings.HasPrefix(s, "ORIGIN") && containsAll(s, "https://example.com", "https://example.net:8443", "https://example.org") &&
			!strings.Contains(s, "path")
	}) {
		t.Errorf("sent: %q", w.fromServer.list())
	}
	covers(t, "session.method.origin")
	w.fromServer.clear()
	for url, code := range map[string]*events.Error{"no url": events.ErrInvalidURL, "abc:": events.ErrInvalidOrigin} {
		is(t, "origin "+url, w.server.Origin("https://example.com", url), code)
	}
	fails(t, "long origins", w.server.Origin(slices.Repeat([]string{"https://example.com"}, 1000)...), events.ErrOriginLength,
		"ERR_HTTP2_ORIGIN_LENGTH: HTTP/2 ORIGIN frames are limited to 16382 bytes")
	w.server.Destroy(nil, events.NoError)
	is(t, "of a dead session", w.server.Origin("no url"), events.ErrInvalidSession)
	w.settle()
	w.happened()
	for _, frame := range w.fromServer.list() {
		if strings.HasPrefix(frame, "ORIGIN") {
			t.Errorf("sent: %s", frame)
		}
	}
	covers(t, "rule.origin.origin-from-url")

	// In cleartext it means nothing.
	w = newWorld(t, setup{})
	w.client.OnOrigin(func(list []string) { t.Errorf("origin %q in cleartext", list) })
	w.settle()
	w.server.Origin("https://example.com")
	w.settle()
	if !slices.ContainsFunc(w.fromServer.list(), func(s string) bool { return strings.HasPrefix(s, "ORIGIN") }) {
		t.Errorf("sent: %q", w.fromServer.list())
	}
	if w.client.OriginSet() != nil || w.client.Destroyed() {
		t.Errorf("origins %q, destroyed %v", w.client.OriginSet(), w.client.Destroyed())
	}
	covers(t, "rule.origin-event.tls-only")
}

// A secure server's origins are named to each client at once.
func TestOriginsOption(t *testing.T) {
	cert := devCert(t)
	synctest.Test(t, func(t *testing.T) {
		told := make(chan []string, 1)
		srv, client := overTLS(t, cert, "https://example.org", events.SecureServerOptions{
			Origins: []string{"https://example.com/path", "https://example.net:8443"},
		}, func(cs *events.ClientSession) {
			cs.OnOrigin(func([]string) { told <- cs.OriginSet() })
		})
		if got := <-told; !slices.Equal(got, []string{"https://example.org", "https://example.com", "https://example.net:8443"}) {
			t.Errorf("the client knows %q", got)
		}
		covers(t, "rule.origin.origins-option")
		_, err := events.CreateSecureServer(events.SecureServerOptions{Origins: []string{"https://example.com", "abc:"}})
		is(t, "an origin that is none", err, events.ErrInvalidOrigin)
		covers(t, "createSecureServer.option.origins")
		client.Close()
		client.Wait()
		srv.Close()
		srv.Wait()
	})
	_, err := events.CreateSecureServer(events.SecureServerOptions{TLS: &tls.Config{}, Origins: []string{"no url"}})
	is(t, "an origin that is none", err, events.ErrInvalidURL)
}
