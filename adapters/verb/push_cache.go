package verb

import (
	"bytes"
	"cmp"
	"container/list"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"weft/events"
)

// PushCacheOptions bound a ServerPushCache. In each 0 means the default; what is
// negative is a panic of NewServerPushCache.
type PushCacheOptions struct {
	// Pages is how many pages are learned about, each kind of client by
	// itself; default 1000. One more takes the place of the one that was asked
	// for longest ago.
	Pages int
	// Resources is how many resources a page has at most, and a client is
	// offered; default 10.
	Resources int
	// Length is how many bytes the name of a page may have, and with it that
	// of the kind of client; default 1024. Nothing is learned about others.
	Length int
	// Requests is how often a resource has to be asked for from a page before
	// it is one of the page's; default 2.
	Requests int
	// Kind sorts clients by what they are called in user-agent: each kind gets
	// what was learned from its like. By default those that call themselves
	// mobile are a kind, and all others another.
	Kind func(userAgent string) string
}

// ServerPushCache knows which resources should be pushed for a page: those it
// is told, and those it has learned from clients that, having got the page, asked
// for them with the page as their referer.
//
// Clients only choose among resources that were provided: they can't have others
// be pushed something that the program has not meant for everybody. And only
// pages are learned about that GetResourcesForPage was called for. What they
// can make grow is bounded by PushCacheOptions.
//
// A client that got a resource by push does not ask for it any more. What was
// learned fades while the page is asked for, until clients have to ask for it
// again or, if the page has changed, for something else.
//
// All methods may be called from any goroutine.
type ServerPushCache struct {
	o PushCacheOptions

	mu       sync.Mutex
	provided map[string]*provided // by path
	told     map[string][]*provided
	pages    map[pageKey]*list.Element
	recent   list.List // of *page; the one asked for last comes first
}

// provided is a resource that may be pushed, as often as it is asked for.
type provided struct {
	path    string
	headers events.Headers
	open    func() (io.Reader, error)
}

type pageKey struct{ page, kind string }

// page is what was learned about a page.
type page struct {
	key   pageKey
	seen  []sighting // in the order of learning
	asked int        // how often, since it faded
}

type sighting struct {
	of    *provided
	count int
}

// NewServerPushCache makes a cache that knows nothing.
func NewServerPushCache(opts ...PushCacheOptions) *ServerPushCache {
	var o PushCacheOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	for _, x := range []struct {
		name     string
		n        *int
		standard int
	}{{"Pages", &o.Pages, 1000}, {"Resources", &o.Resources, 10}, {"Length", &o.Length, 1024}, {"Requests", &o.Requests, 2}} {
		if *x.n < 0 {
			panic(fmt.Sprintf("verb: %s of a push cache is %d, must be 0 for the default or positive", x.name, *x.n))
		}
		if *x.n == 0 {
			*x.n = x.standard
		}
	}
	if o.Kind == nil {
		o.Kind = func(userAgent string) string {
			if strings.Contains(userAgent, "Mobi") {
				return "mobile"
			}
			return ""
		}
	}
	return &ServerPushCache{
		o: o, provided: make(map[string]*provided), told: make(map[string][]*provided), pages: make(map[pageKey]*list.Element),
	}
}

// Provide makes a resource one that may be pushed, to anybody. open is called
// for each push, when the client takes it, and has to return a fresh reader that
// PushStream.SendFrom likes; if it is an io.Closer it is closed. Provided again,
// a path has the new headers and content.
func (c *ServerPushCache) Provide(path string, h events.Headers, open func() (io.Reader, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.provided[path]; p != nil {
		p.headers, p.open = h, open
		return
	}
	c.provided[path] = &provided{path, h, open}
}

// ProvideBytes is Provide for a content in memory, which must not be changed any
// more.
func (c *ServerPushCache) ProvideBytes(path, contentType string, content []byte) {
	h := events.H("content-type", contentType, "content-length", strconv.Itoa(len(content)))
	c.Provide(path, h, func() (io.Reader, error) { return bytes.NewReader(content), nil })
}

// ProvideFS is Provide for each regular file of fsys, under its name behind
// prefix, "/assets/" say. It is opened anew for each push. The content-type
// is that of its extension.
//
// Errors: those of reading folders. The files met before were provided then.
func (c *ServerPushCache) ProvideFS(prefix string, fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		contentType := mime.TypeByExtension(path.Ext(name))
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		escaped := (&url.URL{Path: name}).EscapedPath()
		c.Provide(prefix+escaped, events.H("content-type", contentType), func() (io.Reader, error) { return fsys.Open(name) })
		return nil
	})
}

// Tell says that a page needs resources, in that order, before what was learned
// about it, and whatever the client. It replaces what was told before. A path
// that was not provided is a panic.
func (c *ServerPushCache) Tell(page string, paths ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*provided
	for _, path := range paths {
		p := c.provided[path]
		if p == nil {
			panic("verb: a page needs what was not provided: " + path)
		}
		list = append(list, p)
	}
	c.told[page] = list
}

// GetResourcesForPage returns what should be pushed for a page to a client: what
// was told, and then what was asked for most often. The page is the path of its
// URL, without a query; userAgent is the client's field of that name. Contents are
// opened when they are first read.
//
//	res.PushResources(cache.GetResourcesForPage(req.Path(), req.Get("user-agent")))
func (c *ServerPushCache) GetResourcesForPage(page, userAgent string) []PushResource {
	kind := c.o.Kind(userAgent)
	c.mu.Lock()
	defer c.mu.Unlock()
	found := slices.Clone(c.told[page])
	if p := c.ask(pageKey{page, kind}); p != nil {
		often := slices.Clone(p.seen)
		slices.SortStableFunc(often, func(a, b sighting) int { return b.count - a.count })
		for _, s := range often {
			if s.count >= c.o.Requests && !slices.Contains(found, s.of) {
				found = append(found, s.of)
			}
		}
	}
	found = found[:min(len(found), c.o.Resources)]
	out := make([]PushResource, len(found))
	for i, p := range found {
		out[i] = PushResource{Path: p.path, Headers: p.headers, Content: &content{open: p.open}}
	}
	return out
}

// ask returns what is known of a page, and has it learned about from now on;
// nil if its name is too long.
func (c *ServerPushCache) ask(k pageKey) *page {
	if e := c.pages[k]; e != nil {
		c.recent.MoveToFront(e)
		p := e.Value.(*page)
		p.fade()
		return p
	}
	if len(k.page)+len(k.kind) > c.o.Length {
		return nil
	}
	if len(c.pages) >= c.o.Pages {
		last := c.recent.Remove(c.recent.Back()).(*page)
		delete(c.pages, last.key)
	}
	p := &page{key: pageKey{strings.Clone(k.page), strings.Clone(k.kind)}}
	c.pages[p.key] = c.recent.PushFront(p)
	return p
}

// Learn notes that a client with a page has asked for the resource at a path.
// What is not provided, and a page nobody has asked about, is passed over.
func (c *ServerPushCache) Learn(pagePath, userAgent, path string) {
	kind := c.o.Kind(userAgent)
	c.mu.Lock()
	defer c.mu.Unlock()
	of, e := c.provided[path], c.pages[pageKey{pagePath, kind}]
	if of == nil || e == nil || path == pagePath {
		return
	}
	p := e.Value.(*page)
	p.saw(of, c.o.Resources, c.o.Requests)
}

// fadeAfter is how often a page is asked for until its counts are halved. With
// counts up to 8 times what is needed, what is always pushed is asked for again
// about once in 400 pages.
const fadeAfter = 100

func (p *page) fade() {
	if p.asked++; p.asked < fadeAfter {
		return
	}
	p.asked = 0
	for i := range p.seen {
		p.seen[i].count /= 2
	}
	p.seen = slices.DeleteFunc(p.seen, func(s sighting) bool { return s.count == 0 })
}

// saw counts a resource. On a page that is full one that is new wears down the
// one that is asked for least: so that what is asked for once does not push out
// what is asked for always.
func (p *page) saw(of *provided, limit, enough int) {
	if i := slices.IndexFunc(p.seen, func(s sighting) bool { return s.of == of }); i >= 0 {
		p.seen[i].count = min(p.seen[i].count+1, 8*enough)
		return
	}
	if len(p.seen) >= limit {
		least := 0
		for i, s := range p.seen {
			if s.count < p.seen[least].count {
				least = i
			}
		}
		if p.seen[least].count--; p.seen[least].count > 0 {
			return
		}
		p.seen = slices.Delete(p.seen, least, least+1)
	}
	p.seen = append(p.seen, sighting{of, 1})
}

// Middleware makes a middleware that learns from the requests that pass it: GETs
// that are answered with 200 or 304, whose referer is a page of the same host.
// Following a link from one page to another is nothing to learn from.
func (c *ServerPushCache) Middleware() Middleware {
	return func(req *Request, res *Response, next Next) {
		next()
		status := res.StatusCode()
		if req.Method() != http.MethodGet || status != http.StatusOK && status != http.StatusNotModified {
			return
		}
		if dest := req.Get("sec-fetch-dest"); dest == "document" || dest == "iframe" {
			return
		}
		referer, err := url.Parse(req.Get("referer"))
		if err != nil || referer.Host == "" || referer.Host != req.Host() {
			return
		}
		c.Learn(cmp.Or(referer.EscapedPath(), "/"), req.Get("user-agent"), req.URL())
	}
}

// content is a resource's content, opened when it is first read.
type content struct {
	open func() (io.Reader, error)
	r    io.Reader
	err  error
}

func (c *content) Read(p []byte) (int, error) {
	if c.r == nil && c.err == nil {
		if c.r, c.err = c.open(); c.err != nil {
			c.r = nil
		}
	}
	if c.err != nil {
		return 0, c.err
	}
	return c.r.Read(p)
}

// Close closes what was opened.
func (c *content) Close() error {
	if c.err == nil {
		c.err = fs.ErrClosed
	}
	if closer, ok := c.r.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
