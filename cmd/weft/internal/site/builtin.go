package site

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"time"
)

//go:embed page.html
var pageHTML string

// Builtin returns a site of one page, which says that weft is serving and how
// it was asked. The page loads nothing. Close has nothing to do.
func Builtin() *Site {
	sum := sha256.Sum256([]byte(pageHTML))
	p := page{strings.NewReader(pageHTML), fmt.Sprintf(`"%x"`, sum[:8])}
	return &Site{page: map[string]page{"": p, "index.html": p}}
}

func (s *Site) answerBuiltin(req *Request, t *target) Response {
	name := strings.Join(t.segments, "/")
	if name == "favicon.ico" && !t.dir {
		// Browsers that overlook the page's own icon ask for this one.
		r := Response{Status: 204}
		r.add("cache-control", "max-age=86400")
		return r
	}
	p, ok := s.page[name]
	if !ok || (t.dir && name != "") {
		return failure(req, 404)
	}
	return answerWith(req, p)
}

// A page is content held in memory.
type page struct {
	*strings.Reader // used by ReadAt and Size only: it is shared
	tag             string
}

func (p page) size() int64         { return p.Size() }
func (p page) etag() string        { return p.tag }
func (p page) modified() time.Time { return time.Time{} }
func (p page) contentType() string { return "text/html; charset=utf-8" }
func (p page) Close() error        { return nil }

func (p page) body(offset, n int64) io.ReadCloser {
	return io.NopCloser(io.NewSectionReader(p.Reader, offset, n))
}
