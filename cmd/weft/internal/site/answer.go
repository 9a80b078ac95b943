package site

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// content is something that can be served: a file or the built-in page.
type content interface {
	io.ReaderAt
	size() int64
	etag() string
	modified() time.Time // zero: not known
	contentType() string
	// body returns n > 0 bytes from offset on. It takes over the content.
	body(offset, n int64) io.ReadCloser
	Close() error
}

// cacheControl lets caches keep a response and makes them ask before each use:
// the files of a directory change without notice.
const cacheControl = "no-cache"

// answerWith answers a request with content c, in the order of RFC 9110
// §13.2.2: preconditions, then the range, then all of it. It takes over c.
func answerWith(req *Request, c content) Response {
	v := validators{etag: c.etag(), modified: lastModified(req.Now, c.modified())}
	switch checkPreconditions(req, &v) {
	case 412:
		c.Close()
		return failure(req, 412)
	case 304:
		c.Close()
		r := Response{Status: 304}
		r.describe(&v)
		return r
	}

	size := c.size()
	offset, n, status := int64(0), size, 200
	// RFC 9110 §14.2: "A server MUST ignore a Range header field received
	// with a request method that is unrecognized or for which range handling
	// is not defined. For this specification, GET is the only method for which
	// range handling is defined."
	if value := req.header("range"); value != "" && req.Method == "GET" && isCurrent(req, &v) {
		switch span, ok := parseRange(value, size); {
		case ok && span.n == 0:
			c.Close()
			return failure(req, 416, Field{"content-range", fmt.Sprintf("bytes */%d", size)})
		case ok:
			offset, n, status = span.offset, span.n, 206
		}
	}

	r := Response{Status: status}
	r.add("content-type", c.contentType())
	r.add("content-length", strconv.FormatInt(n, 10))
	if status == 206 {
		r.add("content-range", fmt.Sprintf("bytes %d-%d/%d", offset, offset+n-1, size))
	}
	r.add("accept-ranges", "bytes")
	r.describe(&v)
	if req.Method == "HEAD" || n == 0 {
		c.Close()
	} else {
		r.Body, r.Size = c.body(offset, n), n
	}
	return r
}

// describe adds the fields that a 200 and the 304 in its place have in common.
func (r *Response) describe(v *validators) {
	r.add("etag", v.etag)
	if v.modified != (time.Time{}) {
		r.add("last-modified", v.modified.UTC().Format(http.TimeFormat))
	}
	r.add("cache-control", cacheControl)
}

// lastModified returns a modification time in whole seconds, as a header field
// tells it, or the zero Time for one that should not be told.
func lastModified(now, t time.Time) time.Time {
	// A time of 0 is how archives and file systems say that they don't know.
	if t.IsZero() || t.Unix() <= 0 {
		return time.Time{}
	}
	// RFC 9110 §8.8.2.1: "An origin server with a clock MUST NOT generate a
	// Last-Modified date that is later than the server's time of message
	// origination".
	if t.After(now) {
		return time.Time{}
	}
	return t.Truncate(time.Second)
}

// textBody returns a body that is already in memory.
func textBody(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
