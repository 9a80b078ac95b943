package core_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"

	"golang.org/x/net/http2/hpack"
)

// The benchmarks of this file are the core's speed targets. Each iteration is
// one request (or one frame); requests come in batches of batchSize, as one
// read from a socket would bring them. Each has a twin that does only what
// cannot be avoided, so that ratios can be read from one run:
//
//	go test ./core -run '^$' -bench . -benchmem
const batchSize = 100

var (
	epoch    = time.Unix(1_700_000_000, 0)
	body14   = []byte("Hello, World!\n")
	response = []core.Field{
		{Name: ":status", Value: "200"},
		{Name: "content-type", Value: "text/plain"},
		{Name: "content-length", Value: "14"},
	}
	request = []core.Field{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "localhost:8080"},
		{Name: ":path", Value: "/"},
		{Name: "user-agent", Value: "bench/1.0 and a few words more"},
	}
)

func mustServer(tb testing.TB, cfg core.Config) *core.Conn {
	tb.Helper()
	c, err := core.NewServer(epoch, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func mustClient(tb testing.TB, cfg core.Config) *core.Conn {
	tb.Helper()
	c, err := core.NewClient(epoch, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// manyStreams lets a benchmark open as many streams as it likes.
func manyStreams() core.Config {
	return core.Config{Settings: []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: 1 << 20}}}
}

// peerBlocks encodes requests the way a client would.
type peerBlocks struct {
	buf bytes.Buffer
	enc *hpack.Encoder
}

func newPeerBlocks() *peerBlocks {
	p := new(peerBlocks)
	p.enc = hpack.NewEncoder(&p.buf)
	return p
}

func (p *peerBlocks) encode(fields []core.Field) []byte {
	p.buf.Reset()
	for _, f := range fields {
		p.enc.WriteField(hpack.HeaderField(f))
	}
	return p.buf.Bytes()
}

// greet performs the handshake with a server, up to the first request, and
// fills its decoder's table with warm.
func greet(tb testing.TB, c *core.Conn, p *peerBlocks, warm ...[]core.Field) (next core.StreamID) {
	tb.Helper()
	in := append([]byte(core.Preface), frame.AppendSettings(nil, nil)...)
	in = frame.AppendSettingsAck(in)
	next = 1
	for _, fields := range warm {
		in = frame.AppendHeaders(in, next, p.encode(fields), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
		next += 2
	}
	c.Receive(epoch.Add(time.Millisecond), in) // the round trip takes 1 ms
	serve(tb, c, response, body14)
	c.AppendOutput(nil)
	return next
}

// serve answers every request that was received.
func serve(tb testing.TB, c *core.Conn, fields []core.Field, body []byte) (served int) {
	for ev := c.Next(); ev != nil; ev = c.Next() {
		switch ev := ev.(type) {
		case *core.HeadersReceived:
			if err := c.Headers(epoch, ev.Stream, fields, false); err != nil {
				tb.Fatal(err)
			}
			if n, err := c.Send(epoch, ev.Stream, body, true); err != nil || n != len(body) {
				tb.Fatal(n, err)
			}
			served++
		case *core.ConnClosed, *core.StreamReset:
			tb.Fatal(ev)
		}
	}
	return served
}

// grant keeps the windows of a server open.
func grant(in []byte, n int) []byte { return frame.AppendWindowUpdate(in, 0, uint32(n)) }

func BenchmarkServerSmall(b *testing.B) {
	c := mustServer(b, manyStreams())
	p := newPeerBlocks()
	next := greet(b, c, p, request, request, request)
	block := bytes.Clone(p.encode(request))
	if len(block) != len(request) {
		b.Fatalf("request is not fully indexed: %x", block)
	}
	in, out := make([]byte, 0, 64<<10), make([]byte, 0, 64<<10)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += batchSize {
		in = in[:0]
		for range batchSize {
			in = frame.AppendHeaders(in, next, block, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
			next += 2
		}
		in = grant(in, batchSize*len(body14))
		c.Receive(epoch, in)
		if n := serve(b, c, response, body14); n != batchSize {
			b.Fatal(n)
		}
		out = c.AppendOutput(out[:0])
	}
}

func BenchmarkHpackSmall(b *testing.B) {
	p := newPeerBlocks()
	blocks := make([][]byte, varied)
	for i := range blocks {
		blocks[i] = bytes.Clone(p.encode(request))
	}
	benchmarkHpack(b, blocks, response)
}

// benchmarkHpack decodes blocks and encodes fields with nothing around it.
func benchmarkHpack(b *testing.B, blocks [][]byte, fields []core.Field) {
	var dec *hpack.Decoder
	var enc *hpack.Encoder
	out := make([]hpack.HeaderField, len(fields))
	for i, f := range fields {
		out[i] = hpack.HeaderField(f)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if i%len(blocks) == 0 {
			b.StopTimer()
			dec = hpack.NewDecoder(4096, func(hpack.HeaderField) {})
			enc = hpack.NewEncoder(io.Discard)
			b.StartTimer()
		}
		dec.Write(blocks[i%len(blocks)])
		dec.Close()
		for _, f := range out {
			enc.WriteField(f)
		}
	}
}

// browserRequest has 12 fields, of which path and cookie change.
func browserRequest(i int) []core.Field {
	return []core.Field{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "https"},
		{Name: ":authority", Value: "www.example.org"},
		{Name: ":path", Value: "/articles/" + strconv.Itoa(100000+i) + "?page=2"},
		{Name: "user-agent", Value: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"},
		{Name: "accept", Value: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		{Name: "accept-language", Value: "en-GB,en;q=0.7"},
		{Name: "accept-encoding", Value: "gzip, deflate, br"},
		{Name: "referer", Value: "https://www.example.org/articles/"},
		{Name: "sec-fetch-mode", Value: "navigate"},
		{Name: "upgrade-insecure-requests", Value: "1"},
		{Name: "cookie", Value: "session=3f1b2c77a9d04; visit=" + strconv.Itoa(500000+i)},
	}
}

var browserResponse = []core.Field{
	{Name: ":status", Value: "200"},
	{Name: "content-type", Value: "text/html; charset=utf-8"},
	{Name: "content-length", Value: "14"},
	{Name: "cache-control", Value: "private, max-age=0"},
	{Name: "server", Value: "weft"},
	{Name: "vary", Value: "accept-encoding"},
	{Name: "x-content-type-options", Value: "nosniff"},
	{Name: "x-frame-options", Value: "SAMEORIGIN"},
	{Name: "strict-transport-security", Value: "max-age=31536000; includeSubDomains"},
	{Name: "referrer-policy", Value: "strict-origin-when-cross-origin"},
}

// varied is how many different browser requests there are; a connection serves
// them once, since the table they were encoded with goes on changing.
const varied = 20 * batchSize

func browserBlocks() (blocks [][]byte) {
	p := newPeerBlocks()
	for i := range varied {
		blocks = append(blocks, bytes.Clone(p.encode(browserRequest(i))))
	}
	return blocks
}

func BenchmarkServerFields(b *testing.B) {
	blocks := browserBlocks()
	var c *core.Conn
	var next core.StreamID
	in, out := make([]byte, 0, 64<<10), make([]byte, 0, 64<<10)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += batchSize {
		at := done % varied
		if at == 0 {
			b.StopTimer()
			c = mustServer(b, manyStreams())
			next = greet(b, c, newPeerBlocks())
			b.StartTimer()
		}
		in = in[:0]
		for i := range batchSize {
			in = frame.AppendHeaders(in, next, blocks[at+i], frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
			next += 2
		}
		in = grant(in, batchSize*len(body14))
		c.Receive(epoch, in)
		if n := serve(b, c, browserResponse, body14); n != batchSize {
			b.Fatal(n)
		}
		out = c.AppendOutput(out[:0])
	}
}

func BenchmarkHpackFields(b *testing.B) {
	benchmarkHpack(b, browserBlocks(), browserResponse)
}

func BenchmarkClientSmall(b *testing.B) {
	c := mustClient(b, core.Config{})
	p := newPeerBlocks()
	in := frame.AppendSettings(nil, []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: 1 << 20}})
	in = frame.AppendSettingsAck(in)
	c.Receive(epoch, in)
	for range c.Events {
	}
	p.encode(response)
	var warm []byte
	out := make([]byte, 0, 64<<10)
	roundTrip := func(n int, block []byte) {
		in = in[:0]
		for range n {
			id, err := c.Open(epoch, request, true)
			if err != nil {
				b.Fatal(err)
			}
			in = frame.AppendHeaders(in, id, block, frame.FlagEndHeaders, nil, -1)
			in = frame.AppendData(in, id, body14, true, -1)
		}
		out = c.AppendOutput(out[:0])
		c.Receive(epoch, in)
		got := 0
		for ev := c.Next(); ev != nil; ev = c.Next() {
			switch ev := ev.(type) {
			case *core.HeadersReceived:
			case *core.DataReceived:
				if ev.EndStream {
					got++
				}
			default:
				b.Fatal(ev)
			}
		}
		if got != n {
			b.Fatal(got)
		}
	}
	p = newPeerBlocks()
	warm = bytes.Clone(p.encode(response))
	roundTrip(1, warm)
	block := bytes.Clone(p.encode(response))
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += batchSize {
		roundTrip(batchSize, block)
	}
}

// DATA comes and goes in frames of 16 KiB, as many at a time as one read of
// the pump brings.
const (
	chunk     = 16 << 10
	perFlight = 4
)

func BenchmarkReceiveData(b *testing.B) {
	c := mustServer(b, core.Config{})
	p := newPeerBlocks()
	id := greet(b, c, p)
	post := append([]core.Field{{Name: ":method", Value: "POST"}}, request[1:]...)
	c.Receive(epoch, frame.AppendHeaders(nil, id, p.encode(post), frame.FlagEndHeaders, nil, -1))
	for range c.Events {
	}
	var in []byte
	for range perFlight {
		in = frame.AppendData(in, id, make([]byte, chunk), false, -1)
	}
	// The window has grown to where a whole flight fits.
	sink := make([]byte, perFlight*chunk)
	out := make([]byte, 0, 1<<10)
	flight := func(first int) {
		c.Receive(epoch, in[first*(frame.HeaderLen+chunk):])
		at := 0
		for ev := c.Next(); ev != nil; ev = c.Next() {
			d, ok := ev.(*core.DataReceived)
			if !ok {
				b.Fatal(ev)
			}
			at += copy(sink[at:], d.Data)
			if err := c.Consume(id, len(d.Data)); err != nil {
				b.Fatal(err)
			}
		}
		out = c.AppendOutput(out[:0])
	}
	for range 4 {
		flight(perFlight - 1)
	}
	b.SetBytes(chunk)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += perFlight {
		flight(0)
	}
}

func BenchmarkSendData(b *testing.B) {
	c := mustServer(b, core.Config{})
	p := newPeerBlocks()
	id := greet(b, c, p)
	c.Receive(epoch, frame.AppendHeaders(nil, id, p.encode(request), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1))
	for range c.Events {
	}
	if err := c.Headers(epoch, id, response[:2], false); err != nil {
		b.Fatal(err)
	}
	payload := make([]byte, perFlight*chunk)
	out := make([]byte, 0, len(payload)+64)
	c.SwapOutput(make([]byte, 0, len(payload)+64))
	in := frame.AppendWindowUpdate(nil, id, perFlight*chunk)
	in = frame.AppendWindowUpdate(in, 0, perFlight*chunk)
	c.Receive(epoch, in)
	for range c.Events {
	}
	b.SetBytes(chunk)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += perFlight {
		for i := range perFlight {
			if n, err := c.Send(epoch, id, payload[i*chunk:(i+1)*chunk], false); err != nil || n != chunk {
				b.Fatal(n, err)
			}
		}
		out = c.SwapOutput(out)
		c.Receive(epoch, in)
		for ev := c.Next(); ev != nil; ev = c.Next() {
			b.Fatal(ev)
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	src, dst := make([]byte, perFlight*chunk), make([]byte, perFlight*chunk)
	b.SetBytes(chunk)
	for i := 0; i < b.N; i++ {
		at := i % perFlight * chunk
		copy(dst[at:at+chunk], src[at:])
	}
}

// BenchmarkOpenClose opens and closes streams on a connection that has seen
// many before, or has many open.
func BenchmarkOpenClose(b *testing.B) {
	for _, k := range []struct{ before, beside int }{{0, 0}, {1_000_000, 0}, {0, 10_000}} {
		b.Run(fmt.Sprintf("after=%d/beside=%d", k.before, k.beside), func(b *testing.B) {
			c := mustServer(b, manyStreams())
			p := newPeerBlocks()
			next := greet(b, c, p, request)
			for range k.beside {
				c.Receive(epoch, frame.AppendHeaders(nil, next, p.encode(request), frame.FlagEndHeaders, nil, -1))
				for range c.Events { // none of them is answered
				}
				next += 2
			}
			block := bytes.Clone(p.encode(request))
			in, out := make([]byte, 0, 64<<10), make([]byte, 0, 64<<10)
			batch := func() {
				in = in[:0]
				for range batchSize {
					in = frame.AppendHeaders(in, next, block, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
					next += 2
				}
				in = grant(in, batchSize*len(body14))
				c.Receive(epoch, in)
				serve(b, c, response, body14)
				out = c.AppendOutput(out[:0])
			}
			for done := 0; done < k.before; done += batchSize {
				batch()
			}
			runtime.GC() // or what all that left is collected meanwhile
			b.ReportAllocs()
			b.ResetTimer()
			for done := 0; done < b.N; done += batchSize {
				batch()
			}
		})
	}
}

// BenchmarkPick gives one of many open streams its turn.
func BenchmarkPick(b *testing.B) {
	for _, open := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			c := mustServer(b, manyStreams())
			p := newPeerBlocks()
			id := greet(b, c, p)
			first := id
			var in []byte
			for range open {
				in = frame.AppendHeaders(in, id, p.encode(request), frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
				id += 2
			}
			c.Receive(epoch, in)
			for range c.Events {
			}
			// All but the first wait with their windows shut.
			in = frame.AppendSettings(nil, []core.Setting{{ID: core.SettingInitialWindowSize, Value: 0}})
			c.Receive(epoch, in)
			for range c.Events {
			}
			payload := []byte("x")
			for s := first; s < id; s += 2 {
				if err := c.Headers(epoch, s, response[:2], false); err != nil {
					b.Fatal(err)
				}
				if n, err := c.Send(epoch, s, payload, false); n != 0 || err != nil {
					b.Fatal(n, err)
				}
			}
			mid := first + core.StreamID(open/2*2)
			out := c.AppendOutput(nil)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				in = frame.AppendWindowUpdate(in[:0], mid, 1)
				in = frame.AppendWindowUpdate(in, 0, 1)
				c.Receive(epoch, in)
				ev := c.Next()
				w, ok := ev.(*core.Writable)
				if !ok || w.Stream != mid {
					b.Fatal(ev)
				}
				if n, err := c.Send(epoch, mid, payload, false); n != 1 || err != nil {
					b.Fatal(n, err)
				}
				for range c.Events {
				}
				if n, _ := c.Send(epoch, mid, payload, false); n != 0 {
					b.Fatal(n)
				}
				out = c.AppendOutput(out[:0])
			}
		})
	}
}

// TestFreshConnSize holds a fresh connection to 1280 bytes beside its HPACK tables.
func TestFreshConnSize(t *testing.T) {
	const n = 1000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	conns := make([]*core.Conn, n)
	before := heap()
	for i := range conns {
		conns[i] = mustServer(t, core.Config{})
	}
	each := int64(heap()-before) / n
	type tables struct {
		dec *hpack.Decoder
		enc *hpack.Encoder
	}
	bare := make([]tables, n)
	before = heap()
	for i := range bare {
		bare[i] = tables{hpack.NewDecoder(4096, nil), hpack.NewEncoder(io.Discard)}
	}
	hp := int64(heap()-before) / n
	t.Logf("a fresh Conn takes %d bytes, of which HPACK %d", each, hp)
	if each-hp > 1280 {
		t.Errorf("a fresh Conn takes %d bytes beside HPACK, want at most 1280", each-hp)
	}
	runtime.KeepAlive(conns)
	runtime.KeepAlive(bare)
}
