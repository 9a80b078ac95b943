package peers

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A wire is what carries HTTP/2: TCP with prior knowledge, or TLS.
type wire struct {
	name, scheme string
	secure       bool
}

var wires = []wire{{"cleartext", "http", false}, {"tls", "https", true}}

// overWires runs f as a parallel subtest over each wire.
func overWires(t *testing.T, f func(t *testing.T, w wire)) {
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			f(t, w)
		})
	}
}

// A server is a running server, weft's or a peer's.
type server struct {
	*process // nil for one within the test
	wire
	t    testing.TB
	base string // its URL, without a slash at the end
	site *site  // nil if it serves something else
	// uploads is the directory a server that stores uploads puts them in.
	uploads string
}

// addr is where the server listens, as host:port.
func (s *server) addr() string { return strings.SplitN(s.base, "//", 2)[1] }

func (s *server) port() string {
	u, err := url.Parse(s.base)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Port()
}

var printedURL = regexp.MustCompile(`(https?://[^\s/]+)/?\s`)

// serve runs weft serve for the site, over w.
func serve(t testing.TB, w wire) *server {
	t.Helper()
	s := theSite(t)
	return weftServe(t, w, s, s.dir)
}

// serveBuiltin runs weft serve without a directory: with its own page, and an
// answer to POST and PUT that tells the SHA-256 of what was sent.
func serveBuiltin(t testing.TB, w wire) *server {
	t.Helper()
	return weftServe(t, w, nil)
}

func weftServe(t testing.TB, w wire, s *site, dir ...string) *server {
	t.Helper()
	args := []string{"serve", "--addr", "127.0.0.1:0"} // a port of its own choice
	if w.secure {
		pki := thePKI(t)
		args = append(args, "--cert", pki.cert, "--key", pki.key)
	} else {
		args = append(args, "--cleartext")
	}
	p := start(t, weft(t, append(args, dir...)...))
	base := p.line(printedURL)[1]
	return &server{process: p, wire: w, t: t, base: base, site: s}
}

// healthy fetches from the server on a new connection, with a client that is
// not under test. It is what must work after whatever went wrong before.
func (s *server) healthy(t testing.TB) {
	t.Helper()
	if s.process != nil && s.exited() {
		t.Fatalf("the server has ended: %s", s.cmd)
	}
	path := "/"
	if s.site != nil {
		path = "/1m.bin"
	}
	body, err := fetch(t, s.wire, s.base+path)
	if err != nil {
		t.Fatalf("a request on a new connection: %v", err)
	}
	if s.site != nil && hash(body) != s.site.sum {
		t.Fatalf("a request on a new connection: %d bytes with another hash", len(body))
	}
}
