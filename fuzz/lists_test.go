package fuzz

import (
	"strings"

	"weft/core"
)

// Header blocks to choose from. What a caller may not send is among them, too.

func fields(pairs ...string) []core.Field {
	list := make([]core.Field, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, core.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}

func request(method, path string, more ...string) []core.Field {
	return append(fields(":method", method, ":scheme", "https", ":authority", "example.com", ":path", path), fields(more...)...)
}

func crumbs(n int) (more []string) {
	for i := range n {
		more = append(more, "cookie", string(rune('a'+i%26))+"="+strings.Repeat("v", i))
	}
	return more
}

func many(n int) (more []string) {
	for i := range n {
		more = append(more, "x-"+strings.Repeat("y", i%40), strings.Repeat("z", i))
	}
	return more
}

var requests = [][]core.Field{
	request("GET", "/"),
	request("GET", "/style.css", "accept", "*/*", "user-agent", "fuzz"),
	request("POST", "/", "content-length", "5"),
	request("POST", "/upload", "content-type", "text/plain"),
	request("POST", "/", "content-length", "0"),
	request("PUT", "/big", "content-length", "70000"),
	request("HEAD", "/"),
	request("OPTIONS", "*"),
	fields(":method", "CONNECT", ":authority", "example.com:443"),
	request("CONNECT", "/chat", ":protocol", "websocket"),
	request("GET", "/", "priority", "u=1, i"),
	request("GET", "/", "priority", "u=7"),
	request("POST", "/", "priority", "u=0", "te", "trailers"),
	request("GET", "/", crumbs(7)...),
	request("GET", "/", many(100)...),
	request("GET", "/", "x-large", strings.Repeat("l", 5000)),
	request("GET", "/"+strings.Repeat("p", 20000), "x-large", strings.Repeat("0~", 10000)),
	append(request("GET", "/"), core.Field{Name: "authorization", Value: "secret", Sensitive: true}),
	fields(":method", "GET", ":scheme", "http", ":path", "/", "host", "example.com"),
	request("GET", "/", "host", "example.com:443", "accept-encoding", "gzip, deflate"),

	// Not to be sent:
	request("GET", "/", "connection", "close"),
	request("GET", "/", "X-Upper", "1"),
	request("GET", "/", "", "empty"),
	request("GET", "/", "x-nul", "a\x00b"),
	request("GET", "/", "x-space", " a"),
	request("GET", "/", ":path", "/again"),
	request("GET", "/", "te", "gzip"),
	request("GET", "/", "host", "example.org"),
	request("POST", "/", "content-length", "5", "content-length", "5"),
	request("POST", "/", "content-length", "-1"),
	request("GET", "no-slash"),
	request("GET", ""),
	fields(":method", "GET", ":scheme", "https", ":path", "/"),
	fields(":method", "GET", ":scheme", "https", ":authority", "user@example.com", ":path", "/"),
	fields(":method", "CONNECT", ":scheme", "https", ":authority", "example.com:443", ":path", "/"),
	fields(":status", "200"),
	nil,
	request("GET", "/", many(140)...),
	request("GET", "/", "x-huge", strings.Repeat("h", 70000)),
	request("GET", "/", many(1200)...),
}

var responses = [][]core.Field{
	fields(":status", "200"),
	fields(":status", "200", "content-type", "text/plain", "content-length", "14"),
	fields(":status", "200", "content-length", "0"),
	fields(":status", "404", "content-type", "text/html"),
	fields(":status", "204"),
	fields(":status", "304", "content-length", "10"),
	fields(":status", "200", "priority", "u=2"),
	fields(":status", "200", "set-cookie", "a=b", "set-cookie", "c="+strings.Repeat("d", 30)),
	append(fields(":status", "200"), fields(many(60)...)...),
	fields(":status", "500", "x-large", strings.Repeat("0~", 20000)),
	fields(":status", "103", "link", "</style.css>; rel=preload"),
	fields(":status", "100"),
	fields(":status", "199", "x-large", strings.Repeat("i", 3000)),

	// Not to be sent:
	fields(":status", "101"),
	fields(":status", "20"),
	fields(":status", "600"),
	fields(":status", "103", "content-length", "5"),
	fields(":status", "204", "content-length", "5"),
	fields(":status", "200", "te", "trailers"),
	fields(":status", "200", "transfer-encoding", "chunked"),
	fields(":status", "200", ":path", "/"),
	fields("content-type", "text/plain"),
	nil,
}

var trailers = [][]core.Field{
	fields("x-checksum", "1234"),
	nil,
	fields("grpc-status", "0", "grpc-message", ""),
	append(fields("x-large", strings.Repeat("t", 17000)), core.Field{Name: "x-secret", Value: "s", Sensitive: true}),

	// Not to be sent:
	fields(":status", "200"),
	fields("content-length", "5"),
	fields("X-Upper", "1"),
}
