package verb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"weft/events"
)

// public is a folder of files to send, in a folder with one that is not.
func public(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"secret.txt": "secret", "public/a.txt": "0123456789", "public/empty.css": "", "public/.env": "key",
		"public/.git/config": "x", "public/page": "<!doctype html><p>", "public/big.bin": strings.Repeat("x", 3<<20),
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "secret.txt"), filepath.Join(dir, "public", "link.txt")); err != nil {
		t.Log("no symbolic links here:", err)
	}
	return filepath.Join(dir, "public")
}

const fileTime = "Sun, 09 Sep 2001 01:46:40 GMT"

// fileApp sends the files of a folder in several ways.
func fileApp(t *testing.T, dir string) *App {
	app := newApp()
	app.Get("/plain/*path", func(req *Request, res *Response) error {
		return res.Header("x-own", "1").SendFile(filepath.Join(dir, "a.txt"))
	})
	app.Get("/files/*path", func(req *Request, res *Response) error {
		return res.SendFile(req.Param("path"), FileOptions{Root: dir, MaxAge: time.Hour})
	})
	app.Get("/dots/*path", func(req *Request, res *Response) error {
		return res.SendFile(req.Param("path"), FileOptions{Root: dir, Dotfiles: true})
	})
	app.Get("/fs/*path", func(req *Request, res *Response) error {
		return res.SendFile(req.Param("path"), FileOptions{Root: "in", FS: fstest.MapFS{
			"in/f.txt": {Data: []byte("of a file system")}, "out.txt": {Data: []byte("secret")},
		}})
	})
	app.Get("/naive/*path", func(req *Request, res *Response) error {
		return res.SendFile(dir + "/" + req.Param("path"))
	})
	app.Get("/missing", func(_ *Request, res *Response) error {
		return res.Status(404).SendFile("page", FileOptions{Root: dir})
	})
	app.UseError(func(err error, req *Request, res *Response, next Next) {
		var e *Error
		if errors.As(err, &e) && errors.Is(err, fs.ErrNotExist) {
			res.Header("x-error", fmt.Sprint(e.Status))
		}
		next(err)
	})
	return app
}

func TestSendFile(t *testing.T) {
	dir := public(t)
	c := dial(t, fileApp(t, dir))
	a := c.get("/plain/x")
	a.is(t, 200, "0123456789")
	for name, want := range map[string]string{
		"content-type": "text/plain; charset=utf-8", "content-length": "10", "accept-ranges": "bytes",
		"last-modified": fileTime, "etag": `W/"a-de0b6b3a7640000"`, "x-own": "1",
	} {
		if got := a.headers.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	covers(t, "verb.res.sendFile")
	if a := c.do("HEAD", "/files/a.txt", ""); a.status != 200 || a.body != "" || a.headers.Get("content-length") != "10" ||
		a.headers.Get("cache-control") != "public, max-age=3600" {
		t.Error("HEAD:", a)
	}
	c.get("/files/empty.css").is(t, 200, "")
	if a := c.get("/files/page"); a.headers.Get("content-type") != "text/html; charset=utf-8" {
		t.Error("a name without an extension:", a.headers)
	}
	if a := c.get("/files/big.bin"); a.err != nil || len(a.body) != 3<<20 {
		t.Error("a file larger than windows:", len(a.body), a.err)
	}
	c.get("/fs/f.txt").is(t, 200, "of a file system")
	c.get("/missing", "range", "bytes=0-1").is(t, 404, "<!doctype html><p>")
}

func TestSendFileInPart(t *testing.T) {
	c := dial(t, fileApp(t, public(t)))
	for _, x := range []struct {
		field, value, body string
		status             int
	}{
		{"range", "bytes=2-4", "234", 206},
		{"range", "bytes=-2", "89", 206},
		{"range", "Bytes=2-4", "234", 206},
		{"range", "bytes=4-2", "invalid range", 416},
		{"range", "lines=1-2", "0123456789", 200},
		{"range", "bytes=20-", "invalid range: failed to overlap", 416},
		{"if-none-match", `W/"a-de0b6b3a7640000"`, "", 304},
		{"if-none-match", `"other"`, "0123456789", 200},
		{"if-modified-since", fileTime, "", 304},
		{"if-unmodified-since", "Sat, 08 Sep 2001 01:46:40 GMT", "", 412},
		{"if-match", `"other"`, "", 412},
	} {
		a := c.get("/files/a.txt", x.field, x.value)
		a.is(t, x.status, x.body)
		if x.status == 206 && !strings.HasSuffix(a.headers.Get("content-range"), "/10") {
			t.Error(x, a.headers)
		}
	}
	a := c.get("/files/a.txt", "range", "bytes=0-1,5-6")
	if a.status != 206 || !strings.HasPrefix(a.headers.Get("content-type"), "multipart/byteranges") ||
		!strings.Contains(a.body, "\r\n01\r\n") || !strings.Contains(a.body, "\r\n56\r\n") {
		t.Error("two ranges:", a)
	}
	if a := c.get("/files/big.bin", "range", "bytes=0-9", "if-range", fileTime); a.status != 206 || a.body != "xxxxxxxxxx" {
		t.Error("if-range:", a.status, len(a.body))
	}
}

// Nothing outside the root, nothing hidden, nothing that is no file.
func TestSendFileRefused(t *testing.T) {
	c := dial(t, fileApp(t, public(t)))
	for _, path := range []string{
		"/files/none.txt", "/files/", "/files/..%2fsecret.txt", "/files/%2e%2e/secret.txt", "/files/link.txt",
		"/files/.env", "/files/.git/config", "/files/.git", "/files/a.txt/b", "/files/a%00.txt", "/files/" + strings.Repeat("a", 300),
		"/fs/../out.txt", "/fs/none", "/naive/.env", "/naive/none",
	} {
		c.get(path).is(t, 404, "Not Found")
	}
	c.get("/naive/..%2fsecret.txt").is(t, 403, "Forbidden")
	c.get("/dots/.env").is(t, 200, "key")
	if a := c.get("/files/none.txt"); a.headers.Get("x-error") != "" {
		t.Error("fields of an error middleware that passes on don't count:", a.headers)
	}
	app := fileApp(t, "/nonexistent")
	seen := make(chan error, 1)
	app.UseError(func(err error, _ *Request, res *Response, next Next) { seen <- err; next(err) })
	dial(t, app).get("/plain/x").is(t, 404, "Not Found")
	var e *Error
	if err := <-seen; !errors.As(err, &e) || e.Status != 404 || !errors.Is(err, fs.ErrNotExist) {
		t.Error("what error middlewares get:", err)
	}
	dial(t, app).get("/files/a").is(t, 500, "Internal Server Error") // the root is the server's own business
	<-seen
}

// By HTTP/1.1, and by net/http, files are the same.
func TestSendFileHTTP1(t *testing.T) {
	app := fileApp(t, public(t)).WithOptions(Options{Host: "localhost", HTTP2: HTTP2Options{AllowHTTP1: events.Set(true)}})
	addr, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	srv, _ := app.Server()
	defer srv.DestroyAll()
	plain := httptest.NewServer(app)
	defer plain.Close()
	for _, base := range []string{"http://" + addr.String(), plain.URL} {
		for rng, want := range map[string]string{"": "200 0123456789", "bytes=1-2": "206 12"} {
			req, _ := http.NewRequest("GET", base+"/files/a.txt", nil)
			if rng != "" {
				req.Header.Set("Range", rng)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if got := fmt.Sprint(resp.StatusCode, " ", string(b)); got != want || err != nil || resp.Header.Get("Last-Modified") != fileTime {
				t.Errorf("%s %q: %q %v %v, want %q", base, rng, got, err, resp.Header, want)
			}
		}
		if resp, err := http.Get(base + "/files/big.bin"); err != nil {
			t.Error(err)
		} else if b, err := io.ReadAll(resp.Body); len(b) != 3<<20 || err != nil {
			t.Error(base, len(b), err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
