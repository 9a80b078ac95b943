package events_test

import (
	"fmt"
	"testing"

	"weft/events"
)

// A server that serves nothing but CONNECT needs a listener for nothing else,
// and leaves all other requests to those of the Core API.
func TestCompatConnectAlone(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	client, link := linkTo(t, srv)
	ask := func(h events.Headers) (answer string) {
		client.Do(func() {
			st, err := client.Request(t.Context(), h)
			if err != nil {
				t.Error(err)
				return
			}
			st.OnResponse(func(h events.Headers, _ events.Flags) { answer = fmt.Sprint(h.Status(), " ") })
			st.OnHeaders(func(h events.Headers, _ events.Flags) { answer += fmt.Sprint(h.Status(), " before ") })
			st.OnData(func(p []byte) { answer += string(p) })
			st.OnError(func(err error) { answer += err.Error() })
		})
		link.Settle()
		return answer
	}
	const refused = "ERR_HTTP2_STREAM_ERROR: Stream closed with error code NGHTTP2_REFUSED_STREAM"
	get, connect := events.H(), events.H(":method", "CONNECT", ":authority", "a:1")
	expecting := []events.Headers{events.H("expect", "100-continue"), events.H("expect", "much")}

	l := srv.OnConnect(func(req *events.Request, res *events.Response) {
		res.WriteHead(200)
		res.EndString("to " + req.Authority())
	})
	if got := ask(connect); got != "200 to a:1" {
		t.Errorf("CONNECT: %s", got)
	}
	for _, h := range append(expecting, get) {
		if got := ask(h); got != refused {
			t.Errorf("%v, which nobody serves: %s", h, got)
		}
	}
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		if h.Method() != "CONNECT" {
			st.EndString("a stream")
		}
	})
	for _, h := range append(expecting, get) {
		if got := ask(h); got != "200 a stream" {
			t.Errorf("%v: %s", h, got)
		}
	}
	if got := ask(connect); got != "200 to a:1" {
		t.Errorf("CONNECT, with a listener for streams: %s", got)
	}
	l.Remove()
	srv.OnRequest(func(req *events.Request, res *events.Response) {})
	if got := ask(events.H(":method", "CONNECT", ":authority", "b:1")); got != "" {
		t.Errorf("CONNECT, left to streams: %s", got)
	}
}

// Both kinds of requests may come in one turn, in any order: each has an object
// of its own.
func TestCompatConnectAmongStreams(t *testing.T) {
	srv, err := events.CreateServer(events.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	srv.OnConnect(func(req *events.Request, res *events.Response) { res.EndString("to " + req.Authority()) })
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		if h.Method() != "CONNECT" {
			st.EndString("stream " + h.Path())
		}
	})
	for order := range 1 << 8 { // of those for which objects are made several at a time
		client, link := linkTo(t, srv)
		link.Settle()
		got := make([]string, 20)
		client.Do(func() {
			for i := range got {
				h := events.H(":path", fmt.Sprint("/", i))
				if order>>(max(0, i-8)%8)&1 == 1 {
					h = events.H(":method", "CONNECT", ":authority", fmt.Sprint("a:", i))
				}
				st, err := client.Request(t.Context(), h)
				if err != nil {
					t.Error(err)
					return
				}
				st.OnData(func(p []byte) { got[i] += string(p) })
				st.OnError(func(err error) { got[i] += err.Error() })
			}
		})
		link.Settle()
		for i, s := range got {
			if s != fmt.Sprint("stream /", i) && s != fmt.Sprint("to a:", i) {
				t.Fatalf("order %b: request %d was answered %q", order, i, s)
			}
		}
	}
}
