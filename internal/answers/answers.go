// Package answers is what the servers of the benchmarks have in common: what
// they say to which request, for the core and for package events.
package answers

import (
	"io"
	"strconv"
	"strings"

	"weft/core"
	"weft/events"
)

var (
	hello = "Hello, World!\n"
	large = strings.Repeat("\x00", 1<<20)
)

// An Answer is the response to one path: its body is Body, over and over until
// Size bytes were sent.
type Answer struct {
	Fields  []core.Field   // :status is the first
	Headers events.Headers // the same, for package events
	Body    string
	Size    int64
}

// Part returns the next piece of the body when left bytes are to be sent.
func (a *Answer) Part(left int64) string {
	at := (a.Size - left) % int64(len(a.Body))
	return a.Body[at:min(int64(len(a.Body)), at+left)]
}

// Whole returns the body if it is in one piece.
func (a *Answer) Whole() (body string, ok bool) {
	if a.Size > int64(len(a.Body)) {
		return "", false
	}
	return a.Body[:a.Size], true
}

// Reader returns the body as a stream.
func (a *Answer) Reader() io.Reader { return &reader{a, a.Size} }

type reader struct {
	a    *Answer
	left int64
}

func (r *reader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.a.Part(r.left))
	r.left -= int64(n)
	return n, nil
}

// All answers, by the path without its query. /file is not among them: it is a
// file that the server is told of.
var All = map[string]*Answer{
	"/":     newAnswer("text/plain", hello, int64(len(hello))),
	"/json": newAnswer("application/json", document, int64(len(document))),
	"/64k":  newAnswer("application/octet-stream", large, 64<<10),
	"/1m":   newAnswer("application/octet-stream", large, 1<<20),
	"/50m":  newAnswer("application/octet-stream", large, 50<<20),
	"/1g":   newAnswer("application/octet-stream", large, 1<<30),
	"/page": newAnswer("text/html; charset=utf-8", hello, int64(len(hello)),
		core.Field{Name: "cache-control", Value: "private, max-age=0"},
		core.Field{Name: "server", Value: "weft"},
		core.Field{Name: "vary", Value: "accept-encoding"},
		core.Field{Name: "x-content-type-options", Value: "nosniff"},
		core.Field{Name: "x-frame-options", Value: "SAMEORIGIN"},
		core.Field{Name: "strict-transport-security", Value: "max-age=31536000; includeSubDomains"},
		core.Field{Name: "referrer-policy", Value: "strict-origin-when-cross-origin"},
	),
}

// document is 1 KiB of JSON.
var document = func() string {
	const head, tail = `{"id":1,"name":"weft","text":"`, `"}`
	fill := strings.Repeat("all work and no play ", 64)
	return head + fill[:1024-len(head)-len(tail)] + tail
}()

func newAnswer(contentType, body string, size int64, more ...core.Field) *Answer {
	fields := append([]core.Field{
		{Name: ":status", Value: "200"},
		{Name: "content-type", Value: contentType},
		{Name: "content-length", Value: strconv.FormatInt(size, 10)},
	}, more...)
	var pairs []string
	for _, f := range fields[1:] {
		pairs = append(pairs, f.Name, f.Value)
	}
	return &Answer{Fields: fields, Headers: events.Status(200, pairs...), Body: body, Size: size}
}

var root = All["/"]

// Lookup finds the answer for a request's path, which may have a query; nil if
// there is none.
func Lookup(path string) *Answer {
	if path == "/" {
		return root
	}
	if at := strings.IndexByte(path, '?'); at >= 0 {
		path = path[:at]
	}
	return All[path]
}
