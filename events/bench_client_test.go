package events_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
	"weft/events"
)

// BenchmarkClient is the work of the client alone: 100 requests are under way,
// their responses come in one piece, and each makes the next request.
func BenchmarkClient(b *testing.B) {
	for _, bench := range []struct {
		name  string
		fresh bool
	}{{"same", false}, {"built", true}} {
		b.Run(bench.name, func(b *testing.B) {
			now := time.Now()
			c := newLoadedClient(b, now)
			c.fresh = bench.fresh
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if n%100 == 0 {
					c.batch()
				}
				n++
			}
			if c.answered < n {
				b.Fatalf("%d of %d requests were answered", c.answered, n)
			}
		})
	}
}

// loadedClient is a client session with 100 requests under way.
type loadedClient struct {
	s        *events.ClientSession
	now      time.Time
	fresh    bool // the headers are made anew for each request
	headers  events.Headers
	in, out  []byte
	id       core.StreamID // of the first request that has no answer
	answered int
	bytes    int
}

func newLoadedClient(t testing.TB, now time.Time) *loadedClient {
	s, err := events.NewClientSession(now, "http://localhost", events.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := &loadedClient{s: s, now: now, id: 1, headers: events.H(":path", "/", "user-agent", "bench")}
	c.in = frame.AppendSettings(nil, []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: 1000}})
	c.in = frame.AppendSettingsAck(c.in)
	c.turn()
	for range 100 {
		r := &loadedRequest{c: c}
		r.closed = r.close
		r.data = r.count
		s.Do(r.next)
	}
	s.Advance(now)
	c.turn()
	c.in = frame.AppendWindowUpdate(c.in[:0], 0, 1)
	block := []byte{
		0x88,                                                             // :status 200
		0x0f, 0x10, 10, 't', 'e', 'x', 't', '/', 'p', 'l', 'a', 'i', 'n', // content-type, not indexed
		0x0f, 0x0d, 2, '1', '4', // content-length
	}
	for range 100 {
		c.in = frame.AppendHeaders(c.in, 1, block, frame.FlagEndHeaders, nil, -1)
		c.in = frame.AppendData(c.in, 1, []byte("Hello, World!\n"), true, -1)
	}
	return c
}

// batch answers the 100 requests.
func (c *loadedClient) batch() {
	id := c.id
	for at, n := 13, 0; at < len(c.in); n++ {
		binary.BigEndian.PutUint32(c.in[at+5:], uint32(id))
		if c.in[at+3] == byte(frame.TypeData) {
			id += 2
		}
		at += frame.HeaderLen + int(c.in[at])<<16 + int(c.in[at+1])<<8 + int(c.in[at+2])
	}
	c.id = id
	c.turn()
}

func (c *loadedClient) turn() {
	c.s.Receive(c.now, c.in)
	c.out = c.s.SwapOutput(c.out[:0])
	if len(c.out) > 0 {
		c.s.Wrote(c.now, len(c.out))
	}
}

// loadedRequest is one of the 100.
type loadedRequest struct {
	c      *loadedClient
	st     *events.ClientStream
	data   func([]byte)
	closed func()
}

func (r *loadedRequest) next() {
	h := r.c.headers
	if r.c.fresh {
		h = events.H(":path", "/", "user-agent", "bench")
	}
	r.st, _ = r.c.s.Request(context.Background(), h)
	r.st.OnData(r.data)
	r.st.OnClose(r.closed)
}

func (r *loadedRequest) count(p []byte) { r.c.bytes += len(p) }

func (r *loadedRequest) close() {
	if h, ok := r.st.Response(); ok && h.Status() == 200 && r.st.Complete() {
		r.c.answered++
	}
	r.next()
}
