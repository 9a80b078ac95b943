package events_test

import (
	"encoding/binary"
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
	"weft/events"
	"weft/transport/mem"
)

// BenchmarkServer is the work of the server alone: batches of 100 requests,
// handed to its session as bytes.
func BenchmarkServer(b *testing.B) {
	now := time.Now() // with a monotonic reading, as a server has it: that is cheaper
	s, err := events.NewServerSession(now, events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(1000))},
	})
	if err != nil {
		b.Fatal(err)
	}
	ok := events.Status(200, "content-type", "text/plain", "content-length", "14")
	hello := []byte("Hello, World!\n")
	s.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Respond(ok)
		st.End(hello)
	})
	benchmarkRequests(b, now, func(in []byte, out []byte) []byte {
		s.Receive(now, in)
		out = s.SwapOutput(out[:0])
		if len(out) > 0 {
			s.Wrote(now, len(out))
		}
		return out
	})
}

// BenchmarkCompat is the same with Request and Response.
func BenchmarkCompat(b *testing.B) {
	now := time.Now() // with a monotonic reading, as a server has it: that is cheaper
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(1000))},
		Now:      func() time.Time { return now },
	}})
	if err != nil {
		b.Fatal(err)
	}
	hello := []byte("Hello, World!\n")
	srv.OnRequest(func(req *events.Request, res *events.Response) {
		if req.Method() == "GET" && req.URL() == "/" {
			res.SetHeader("content-type", "text/plain")
			res.SetHeader("content-length", "14")
			res.End(hello)
		}
	})
	s, err := srv.NewSession(now)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkRequests(b, now, func(in []byte, out []byte) []byte {
		s.Receive(now, in)
		out = s.SwapOutput(out[:0])
		if len(out) > 0 {
			s.Wrote(now, len(out))
		}
		return out
	})
}

// BenchmarkCore is the same without package events.
func BenchmarkCore(b *testing.B) {
	now := time.Now() // with a monotonic reading, as a server has it: that is cheaper
	c, err := core.NewServer(now, core.Config{
		Settings:       []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: 1000}},
		ReportedWrites: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	ok := []core.Field{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/plain"}, {Name: "content-length", Value: "14"}}
	hello := []byte("Hello, World!\n")
	benchmarkRequests(b, now, func(in []byte, out []byte) []byte {
		c.Receive(now, in)
		for ev := c.Next(); ev != nil; ev = c.Next() {
			if h, yes := ev.(*core.HeadersReceived); yes {
				c.Headers(now, h.Stream, ok, false)
				c.Send(now, h.Stream, hello, true)
			}
		}
		out = c.SwapOutput(out[:0])
		if len(out) > 0 {
			c.Wrote(now, len(out))
		}
		return out
	})
}

func benchmarkRequests(b *testing.B, now time.Time, turn func(in, out []byte) []byte) {
	batch := newBatches(b, now, turn)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n%100 == 0 {
			batch()
		}
		n++
	}
}

// newBatches returns a function that hands a server a batch of 100 requests,
// fully indexed, and of ever higher stream ids.
func newBatches(t testing.TB, now time.Time, turn func(in, out []byte) []byte) func() {
	client, err := core.NewClient(now, core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	fields := []core.Field{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "localhost"},
		{Name: ":path", Value: "/"}, {Name: "user-agent", Value: "bench"},
	}
	var in, out []byte
	for range 3 { // SETTINGS and the tables are settled after two
		for range 100 {
			if _, err := client.Open(now, fields, true); err != nil {
				t.Fatal(err)
			}
		}
		in = client.AppendOutput(in[:0])
		out = turn(in, out)
		client.Receive(now, out)
		for client.Next() != nil {
		}
	}
	in = frame.AppendWindowUpdate(in[:0], 0, 1400)
	first := len(in)
	for i := range 100 {
		in = frame.AppendHeader(in, frame.Header{
			Length: 5, Type: frame.TypeHeaders, Flags: frame.FlagEndHeaders | frame.FlagEndStream, Stream: core.StreamID(601 + 2*i),
		})
		in = append(in, 0x82, 0x86, 0xbf, 0x84, 0xbe) // what they are by then
	}
	return func() {
		out = turn(in, out)
		for at := first; at < len(in); at += frame.HeaderLen + 5 {
			id := binary.BigEndian.Uint32(in[at+5:])
			binary.BigEndian.PutUint32(in[at+5:], id+200)
		}
	}
}

// A request and its response cost the stream's object, and nothing else of
// ours; and in a turn of many requests several objects are made at once.
func TestAllocations(t *testing.T) {
	const requests, want = 300 + 11*100, 32
	hello := []byte("Hello, World!\n")
	served := 0
	check := func(t *testing.T, s *events.ServerSession) {
		served = 0
		batch := newBatches(t, mem.Epoch, func(in, out []byte) []byte {
			s.Receive(mem.Epoch, in)
			out = s.SwapOutput(out[:0])
			s.Wrote(mem.Epoch, len(out))
			return out
		})
		n := testing.AllocsPerRun(10, batch)
		if served != requests {
			t.Fatalf("%d requests were served", served)
		}
		if n > want {
			t.Errorf("%v allocations for 100 requests of one turn, want at most %d", n, want)
		}
	}
	t.Run("Stream", func(t *testing.T) {
		s, err := events.NewServerSession(mem.Epoch, events.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ok := events.Status(200, "content-type", "text/plain", "content-length", "14")
		s.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			if h.Path() == "/" {
				served++
			}
			st.Respond(ok)
			st.End(hello)
		})
		check(t, s)
	})
	t.Run("Response", func(t *testing.T) {
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnRequest(func(req *events.Request, res *events.Response) {
			if req.URL() == "/" {
				served++
			}
			res.SetHeader("content-type", "text/plain")
			res.SetHeader("content-length", "14")
			res.End(hello)
		})
		s, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		check(t, s)
	})
}
