package main

import (
	"strconv"
	"strings"

	"weft/core"
	"weft/events"
)

// What every contender answers.
var (
	hello = "Hello, World!\n"
	large = strings.Repeat("\x00", 1<<20)
)

// An answer is the response to one path: its body is body, over and over until
// size bytes were sent.
type answer struct {
	fields  []core.Field
	headers events.Headers // the same, for package events
	body    string
	size    int64
}

// part returns the next piece of the body when left bytes are to be sent.
func (a *answer) part(left int64) string {
	at := (a.size - left) % int64(len(a.body))
	return a.body[at:min(int64(len(a.body)), at+left)]
}

// answers are found by the path without its query. /file is not among them: it
// is the file -file names.
var answers = map[string]*answer{
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

func newAnswer(contentType, body string, size int64, more ...core.Field) *answer {
	fields := append([]core.Field{
		{Name: ":status", Value: "200"},
		{Name: "content-type", Value: contentType},
		{Name: "content-length", Value: strconv.FormatInt(size, 10)},
	}, more...)
	var pairs []string
	for _, f := range fields[1:] {
		pairs = append(pairs, f.Name, f.Value)
	}
	return &answer{fields: fields, headers: events.Status(200, pairs...), body: body, size: size}
}

var root = answers["/"]

// lookup finds the answer for a request's path, which may have a query; nil if
// there is none.
func lookup(path string) *answer {
	if path == "/" {
		return root
	}
	if at := strings.IndexByte(path, '?'); at >= 0 {
		path = path[:at]
	}
	return answers[path]
}
