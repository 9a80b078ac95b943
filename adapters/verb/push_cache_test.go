package verb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"weft/events"
)

// offered is what a cache has for a page, as paths.
func offered(c *ServerPushCache, page, userAgent string) string {
	var list []string
	for _, r := range c.GetResourcesForPage(page, userAgent) {
		list = append(list, r.Path)
	}
	return strings.Join(list, " ")
}

// cacheOf returns a cache in which paths of a single letter are provided.
func cacheOf(o PushCacheOptions, letters string) *ServerPushCache {
	c := NewServerPushCache(o)
	for _, l := range letters {
		c.ProvideBytes("/"+string(l), "text/plain", []byte{byte(l)})
	}
	return c
}

// wants fails the test if a page has others than want.
func (c *ServerPushCache) wants(t *testing.T, page, userAgent, want string) {
	t.Helper()
	if got := offered(c, page, userAgent); got != want {
		t.Errorf("%s has %q, want %q", page, got, want)
	}
}

// A page's clients ask for resources, and the next one gets them pushed.
func TestServerPushCache(t *testing.T) {
	cache := NewServerPushCache()
	if err := cache.ProvideFS("/assets/", fstest.MapFS{
		"style.css":  {Data: []byte("p{}")},
		"big file":   {Data: []byte("big")},
		"dir/of/a.x": {Data: []byte("x")},
		"link":       {Data: []byte("style.css"), Mode: fs.ModeSymlink},
	}); err != nil {
		t.Fatal(err)
	}
	if len(cache.provided) != 3 {
		t.Error("what is no regular file is provided:", cache.provided)
	}
	app := newApp()
	app.Use(cache.Middleware())
	app.Get("/", func(req *Request, res *Response) error {
		res.PushResources(cache.GetResourcesForPage(req.Path(), req.Get("user-agent")))
		return res.HTML("page")
	})
	app.Get("/assets/*", func(req *Request, res *Response) error {
		if req.Get("if-none-match") != "" {
			return res.Status(304).Send(nil)
		}
		return res.Text(req.Path())
	})
	onLink(t, app, events.SessionOptions{}, func(l *linked) {
		page := []string{"response / 200", `end / "page" NO_ERROR`}
		same(t, l.get("/"), page...)
		referer := []string{"referer", "http://example.org/"}
		l.get("/assets/style.css", referer...)
		same(t, l.get("/"), page...) // once is no habit
		l.get("/assets/style.css", append(referer, "if-none-match", "x")...)
		l.get("/assets/big%20file", referer...)
		l.get("/assets/big%20file", append(referer, "sec-fetch-dest", "image")...)
		for range 2 { // none of these is learned from
			l.get("/assets/dir/of/a.x", "referer", "http://example.com/")
			l.get("/assets/dir/of/a.x", "referer", "/")
			l.get("/assets/dir/of/a.x", "referer", "http://%zz/")
			l.get("/assets/dir/of/a.x", append(referer, "sec-fetch-dest", "document")...)
			l.get("/assets/dir/of/a.x", append(referer, "user-agent", "Mobile")...)
			l.get("/assets/dir/of/a.x", append(referer, ":method", "HEAD")...)
			l.get("/assets/dir/of/a.x?q", referer...)
			l.get("/none", referer...)
		}
		same(t, l.get("/"),
			"promise GET /assets/style.css", "push /assets/style.css 200 text/css; charset=utf-8",
			"promise GET /assets/big%20file", "push /assets/big%20file 200 application/octet-stream",
			page[0], page[1],
			`end /assets/style.css "p{}" NO_ERROR`, `end /assets/big%20file "big" NO_ERROR`)
		covers(t, "verb.class.ServerPushCache", "verb.pushCache.getResourcesForPage", "verb.pushResource.content")
		same(t, l.get("/", "user-agent", "Mobile"), page...)
	})
}

func TestPushCacheTell(t *testing.T) {
	c := cacheOf(PushCacheOptions{Resources: 3, Requests: 1}, "abcd")
	c.Tell("/p", "/b", "/a")
	c.wants(t, "/p", "", "/b /a")
	c.wants(t, "/p", "Mobile", "/b /a")
	for _, path := range []string{"/a", "/c", "/d", "/d"} {
		c.Learn("/p", "", path)
	}
	c.wants(t, "/p", "", "/b /a /d") // /d more often than /c, and no more than 3
	c.Tell("/p")
	c.wants(t, "/p", "", "/d /a /c")
	c.ProvideBytes("/d", "new/type", []byte("new"))
	r := c.GetResourcesForPage("/p", "")[0]
	if b, err := io.ReadAll(r.Content); string(b) != "new" || err != nil || r.Headers.Get("content-type") != "new/type" || r.Headers.Get("content-length") != "3" {
		t.Errorf("%q %v %v", b, err, r.Headers)
	}
	for name, f := range map[string]func(){
		"an unknown resource": func() { c.Tell("/p", "/none") },
		"a negative bound":    func() { NewServerPushCache(PushCacheOptions{Pages: -1}) },
	} {
		if guard(f) == nil {
			t.Error(name, "is no panic")
		}
	}
}

// What clients say does not make a cache grow, nor push what was not provided.
func TestPushCacheBounds(t *testing.T) {
	c := cacheOf(PushCacheOptions{Pages: 3, Resources: 2, Length: 20, Requests: 1}, "abcdefgh")
	learn := func(page string, letters string) {
		for _, l := range letters {
			c.Learn(page, "", "/"+string(l))
		}
	}
	offered(c, "/0", "")
	for i := range 100 {
		learn(fmt.Sprint("/", i), "a") // nobody has asked about most of them
	}
	if len(c.pages) != 1 {
		t.Error("pages that nobody asks about:", len(c.pages))
	}
	for i := range 10 {
		page := fmt.Sprint("/", i)
		offered(c, "/0", "") // it stays, for it is asked for
		offered(c, page, "")
		learn(page, "a")
		c.Learn(page, "", "/not-provided")
		c.Learn(page, "", page)
		c.wants(t, page, "", "/a")
	}
	if len(c.pages) != 3 || c.recent.Len() != 3 {
		t.Error("pages:", len(c.pages), c.recent.Len())
	}
	c.wants(t, "/0", "", "/a")
	c.wants(t, "/1", "", "") // was forgotten, and comes anew

	offered(c, "/h", "")
	learn("/h", "h")
	c.wants(t, "/h", "", "") // it is there already

	long := "/" + strings.Repeat("x", 20)
	offered(c, long, "")
	learn(long, "aa")
	c.wants(t, long, "", "")

	learn("/0", strings.Repeat("a", 1000)+"bbbb")
	learn("/0", "cdefgh") // each once: none of them drives the habits out for long
	c.wants(t, "/0", "", "/a /h")
	if n := c.pages[pageKey{"/0", ""}].Value.(*page).seen[0].count; n > 8 {
		t.Error("a count grows without a bound:", n)
	}
	for range 2 * fadeAfter { // and nobody asks for /a any more
		offered(c, "/0", "")
	}
	c.wants(t, "/0", "", "/a") // it takes a while to forget
	for range 2 * fadeAfter {
		offered(c, "/0", "")
	}
	c.wants(t, "/0", "", "")
	learn("/0", strings.Repeat("cd", 100))
	c.wants(t, "/0", "", "/c /d")
}

func TestPushCacheContent(t *testing.T) {
	gone := errors.New("gone")
	opened, inner := 0, &closer{Reader: strings.NewReader("x")}
	c := NewServerPushCache(PushCacheOptions{Kind: func(string) string { return "all" }})
	c.Provide("/a", events.Headers{}, func() (io.Reader, error) { opened++; return inner, nil })
	c.Provide("/b", events.Headers{}, func() (io.Reader, error) { opened++; return nil, gone })
	c.Tell("/", "/a", "/b")
	list := c.GetResourcesForPage("/", "any")
	a, b := list[0].Content, list[1].Content
	if opened != 0 {
		t.Error("opened before it was read")
	}
	if s, err := io.ReadAll(a); string(s) != "x" || err != nil {
		t.Error(s, err)
	}
	a.(io.Closer).Close()
	if _, err := a.Read(nil); !inner.closed || !errors.Is(err, fs.ErrClosed) {
		t.Error("closing:", inner.closed, err)
	}
	for range 2 {
		if _, err := b.Read(nil); err != gone {
			t.Error(err)
		}
	}
	if opened != 2 {
		t.Error("opened", opened, "times")
	}
	unread := c.GetResourcesForPage("/", "")[0].Content
	unread.(io.Closer).Close()
	if _, err := unread.Read(nil); err == nil || opened != 2 {
		t.Error("was opened after Close")
	}
}
