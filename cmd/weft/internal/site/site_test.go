package site

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	mtime = time.Date(2024, 3, 5, 6, 7, 8, 900, time.UTC)
	now   = mtime.Add(24 * time.Hour)
)

// testDir makes the directory most tests serve:
//
//	outside/secret.txt
//	site/a.txt  "0123456789"
//	site/empty.txt
//	site/dir/index.html, site/bare/x.txt, site/evil/index.html
//	site/sp ace.txt, site/a%b?#é/index.html
func testDir(t *testing.T) (dir string, s *Site) {
	t.Helper()
	base := t.TempDir()
	dir = filepath.Join(base, "site")
	for name, content := range map[string]string{
		"outside/secret.txt":         "secret",
		"site/a.txt":                 "0123456789",
		"site/empty.txt":             "",
		"site/dir/index.html":        "<p>dir",
		"site/bare/x.txt":            "x",
		"site/evil/index.html":       "<p>evil",
		"site/sp ace.txt":            "space",
		"site/a%b?#é/index.html":     "<p>odd",
		"site/odd/index.html/x.html": "",
	} {
		write(t, filepath.Join(base, name), content)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return dir, s
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, mtime, mtime); err != nil {
		t.Fatal(err)
	}
}

// ask answers a request whose header fields are "name: value" strings and reads
// the body. What must hold for every response is checked here.
func ask(t *testing.T, s *Site, method, path string, fields ...string) (Response, string) {
	t.Helper()
	r := s.Answer(Request{Method: method, Path: path, Now: now, Header: func(name string) string {
		for _, f := range fields {
			if n, v, _ := strings.Cut(f, ": "); n == name {
				return v
			}
		}
		return ""
	}})
	var body string
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("%s %s: reading the body: %v", method, path, err)
		}
		if err := r.Body.Close(); err != nil {
			t.Errorf("%s %s: closing the body: %v", method, path, err)
		}
		body = string(b)
	}
	if int64(len(body)) != r.Size {
		t.Errorf("%s %s: Size is %d, the body has %d bytes", method, path, r.Size, len(body))
	}
	if method == "HEAD" && r.Body != nil {
		t.Errorf("HEAD %s: has a body", path)
	}
	length := r.Field("content-length")
	if r.Status == 304 || r.Status == 204 {
		if length != "" || r.Body != nil {
			t.Errorf("%s %s: %d with content-length or body", method, path, r.Status)
		}
	} else if method != "HEAD" && length != strconv.Itoa(len(body)) {
		t.Errorf("%s %s: content-length is %q, the body has %d bytes", method, path, length, len(body))
	}
	for _, f := range r.Header {
		if f.Name != strings.ToLower(f.Name) || strings.ContainsAny(f.Value, "\r\n\x00") {
			t.Errorf("%s %s: field %q: %q can't be sent", method, path, f.Name, f.Value)
		}
	}
	return r, body
}

func TestPaths(t *testing.T) {
	_, s := testDir(t)
	for _, tt := range []struct {
		path     string
		status   int
		body     string // of a 200
		location string // of a 301
	}{
		{path: "/a.txt", status: 200, body: "0123456789"},
		{path: "/a.txt?q=1&r=/../..", status: 200, body: "0123456789"},
		{path: "//a.txt", status: 200, body: "0123456789"},
		{path: "/%61%2Etxt", status: 200, body: "0123456789"},
		{path: "/sp%20ace.txt", status: 200, body: "space"},
		{path: "/dir/", status: 200, body: "<p>dir"},
		{path: "/dir/index.html", status: 200, body: "<p>dir"},
		{path: "/a%25b%3F%23%C3%A9/", status: 200, body: "<p>odd"},
		{path: "/empty.txt", status: 200},

		{path: "/dir", status: 301, location: "/dir/"},
		{path: "/dir?a=b&c=%2f", status: 301, location: "/dir/?a=b&c=%2f"},
		{path: "/dir?a b\r\nset-cookie: x\x80", status: 301, location: "/dir/?a%20b%0D%0Aset-cookie:%20x%80"},
		{path: "/a%25b%3F%23%C3%A9", status: 301, location: "/a%25b%3F%23%C3%A9/"},
		{path: "//evil", status: 301, location: "/evil/"},
		{path: "///evil", status: 301, location: "/evil/"},
		{path: "//evil//", status: 200, body: "<p>evil"},
		{path: "/bare", status: 301, location: "/bare/"},

		{path: "/", status: 404}, // no index.html, and no listing
		{path: "/bare/", status: 404},
		{path: "/odd/", status: 404}, // its index.html is a directory
		{path: "/a.txt/", status: 404},
		{path: "/a.txt/b", status: 404},
		{path: "/none", status: 404},
		{path: "/" + strings.Repeat("n", 5000), status: 404},

		{path: "/../outside/secret.txt", status: 404},
		{path: "/dir/../../outside/secret.txt", status: 404},
		{path: "/dir/../a.txt", status: 404},
		{path: "/./a.txt", status: 404},
		{path: "/%2e%2e/outside/secret.txt", status: 404},
		{path: "/.%2E/outside/secret.txt", status: 404},
		{path: "/%2e%2e%2foutside%2fsecret.txt", status: 404},
		{path: "/..%2foutside/secret.txt", status: 404},
		{path: "/dir%2findex.html", status: 404},
		{path: "/%2fetc/passwd", status: 404},
		{path: `/..\outside\secret.txt`, status: 404},
		{path: "/..%5coutside%5csecret.txt", status: 404},
		{path: `/\evil`, status: 404},
		{path: "/%5c%5cevil/", status: 404},
		{path: "/%252e%252e/outside/secret.txt", status: 404}, // decoded once
		{path: "/%FF", status: 404},

		{path: "/a.txt%00", status: 400},
		{path: "/a.txt\x00.html", status: 400},
		{path: "/%00/..", status: 400},
		{path: "/%", status: 400},
		{path: "/%4", status: 400},
		{path: "/%zz", status: 400},
		{path: "", status: 400},
		{path: "*", status: 400},
		{path: "a.txt", status: 400},
		{path: "?q", status: 400},
		{path: "https://evil/a.txt", status: 400},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			r, body := ask(t, s, method, tt.path)
			if r.Status != tt.status || r.Field("location") != tt.location {
				t.Errorf("%s %q: %d to %q, want %d to %q", method, tt.path, r.Status, r.Field("location"), tt.status, tt.location)
			}
			if tt.status == 200 && method == "GET" && body != tt.body {
				t.Errorf("GET %q: body %q, want %q", tt.path, body, tt.body)
			}
			if strings.Contains(body, "secret") {
				t.Errorf("GET %q: the secret is out", tt.path)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	_, s := testDir(t)
	for _, s := range []*Site{s, Builtin()} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get", ""} {
			for _, path := range []string{"/a.txt", "/none", "*", ""} {
				r, _ := ask(t, s, method, path)
				if r.Status != 405 || r.Field("allow") != "GET, HEAD" {
					t.Errorf("%q %q: %d, allow %q", method, path, r.Status, r.Field("allow"))
				}
			}
		}
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	_, s := testDir(t)
	for _, s := range []*Site{s, Builtin()} {
		for _, path := range []string{"/", "/a.txt", "/empty.txt", "/dir", "/none", "/%", "/favicon.ico"} {
			get, _ := ask(t, s, "GET", path)
			head, _ := ask(t, s, "HEAD", path)
			if get.Status != head.Status || len(get.Header) != len(head.Header) {
				t.Fatalf("%s: GET %d %v, HEAD %d %v", path, get.Status, get.Header, head.Status, head.Header)
			}
			for i := range get.Header {
				if get.Header[i] != head.Header[i] {
					t.Errorf("%s: GET has %v, HEAD %v", path, get.Header[i], head.Header[i])
				}
			}
		}
	}
}

func TestFullResponse(t *testing.T) {
	_, s := testDir(t)
	r, _ := ask(t, s, "GET", "/a.txt")
	want := []Field{
		{"content-type", "text/plain; charset=utf-8"},
		{"content-length", "10"},
		{"accept-ranges", "bytes"},
		{"etag", `"a-17b9ce3ceb3a7384"`},
		{"last-modified", "Tue, 05 Mar 2024 06:07:08 GMT"},
		{"cache-control", "no-cache"},
	}
	want[3].Value = `"a-` + strconv.FormatInt(mtime.UnixNano(), 16) + `"`
	if len(r.Header) != len(want) {
		t.Fatalf("fields %v, want %v", r.Header, want)
	}
	for i := range want {
		if r.Header[i] != want[i] {
			t.Errorf("field %v, want %v", r.Header[i], want[i])
		}
	}
}

func TestLastModifiedIsNotInTheFuture(t *testing.T) {
	dir, s := testDir(t)
	for _, at := range []time.Time{now.Add(time.Hour), time.Unix(0, 0)} {
		if err := os.Chtimes(filepath.Join(dir, "a.txt"), at, at); err != nil {
			t.Fatal(err)
		}
		r, _ := ask(t, s, "GET", "/a.txt", "if-modified-since: Tue, 01 Jan 2030 00:00:00 GMT")
		if r.Status != 200 || r.Field("last-modified") != "" || r.Field("etag") == "" {
			t.Errorf("changed at %v: %d %v", at, r.Status, r.Header)
		}
	}
}

func TestBuiltin(t *testing.T) {
	s := Builtin()
	defer s.Close()
	for path, want := range map[string]int{
		"/": 200, "/?x": 200, "/index.html": 200, "/favicon.ico": 204,
		"/index.html/": 404, "/other": 404, "/..": 404, "/%00": 400,
	} {
		r, body := ask(t, s, "GET", path)
		if r.Status != want {
			t.Errorf("%s: %d, want %d", path, r.Status, want)
		}
		if want == 200 && !strings.Contains(body, "weft is serving") {
			t.Errorf("%s: body %q", path, body)
		}
	}
	r, _ := ask(t, s, "GET", "/")
	if r, _ := ask(t, s, "GET", "/", "if-none-match: "+r.Field("etag")); r.Status != 304 {
		t.Errorf("with its own entity-tag: %d", r.Status)
	}
	if r, body := ask(t, s, "GET", "/", "range: bytes=0-14"); r.Status != 206 || body != pageHTML[:15] {
		t.Errorf("a range: %d %q", r.Status, body)
	}
}

func TestConcurrentAnswers(t *testing.T) {
	_, files := testDir(t)
	builtin := Builtin()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, body := ask(t, files, "GET", "/a.txt", "range: bytes=-3"); body != "789" {
					t.Errorf("body %q", body)
				}
				if _, body := ask(t, builtin, "GET", "/"); body != pageHTML {
					t.Errorf("the page differs")
				}
			}
		})
	}
	wg.Wait()
}
