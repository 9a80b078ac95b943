package verb

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"weft/core"
	"weft/core/frame"
	"weft/events"
)

// The hello route behind five middlewares and among a hundred routes, and the
// same answer by the Compatibility API alone. All is given to a session as
// bytes, a hundred requests at a time: no socket, and no client.

func helloApp(inline bool) *App {
	app := newApp().WithOptions(Options{
		Inline: events.Set(inline),
		HTTP2:  HTTP2Options{Settings: events.Settings{MaxConcurrentStreams: events.Set[uint32](1000)}},
	})
	for range 5 {
		app.Use(func(_ *Request, _ *Response, next Next) { next() })
	}
	for i := range 49 {
		app.Get(fmt.Sprint("/static/", i), says("static"))
		app.Get(fmt.Sprintf("/items%d/:id", i), says("item"))
	}
	hello := []byte("Hello, World!\n")
	app.Get("/", func(_ *Request, res *Response) error { return res.Header("content-type", "text/plain").Send(hello) })
	app.Get("/*", says("rest"))
	return app
}

func BenchmarkInline(b *testing.B)    { benchmarkApp(b, helloApp(true)) }
func BenchmarkGoroutine(b *testing.B) { benchmarkApp(b, helloApp(false)) }

func benchmarkApp(b *testing.B, app *App) {
	server, err := app.Server()
	if err != nil {
		b.Fatal(err)
	}
	benchmarkServer(b, server)
}

func BenchmarkCompat(b *testing.B) {
	opts := events.ServerOptions{}
	opts.Settings.MaxConcurrentStreams = events.Set[uint32](1000)
	server, err := events.CreateServer(opts)
	if err != nil {
		b.Fatal(err)
	}
	hello := []byte("Hello, World!\n")
	server.OnRequest(func(req *events.Request, res *events.Response) {
		if req.Method() == "GET" && req.URL() == "/" {
			res.SetHeader("content-type", "text/plain")
			res.SetHeader("content-length", "14")
			res.End(hello)
		}
	})
	benchmarkServer(b, server)
}

const perBatch = 100

func benchmarkServer(b *testing.B, server *events.Server) {
	batch := batches(b, server)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%perBatch == 0 {
			batch()
		}
	}
}

// What a request costs in objects beside what the Compatibility API does is what
// its middlewares call as next.
func TestHelloAllocates(t *testing.T) {
	server, err := helloApp(true).Server()
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, batches(t, server)) / perBatch; n > 1.7 {
		t.Errorf("a request takes %.2f allocations, want 1.5: half of two exchanges with a call each, and next", n)
	}
}

// batches returns a function that has the server answer perBatch requests.
func batches(b testing.TB, server *events.Server) func() {
	now := time.Now()
	s, err := server.NewSession(now)
	if err != nil {
		b.Fatal(err)
	}
	woken := make(chan bool, 1)
	s.OnWake(func() {
		select {
		case woken <- true:
		default:
		}
	})
	client, err := core.NewClient(now, core.Config{})
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	// serve hands in to the server, and waits for as many ends of streams.
	serve := func(in []byte, ends int) {
		s.Receive(now, in)
		all := out[:0]
		for {
			out = s.SwapOutput(nil)
			s.Wrote(now, len(out))
			all = append(all, out...)
			for p := out; len(p) >= frame.HeaderLen; {
				h := frame.ParseHeader(p)
				if h.Type == frame.TypeData && h.Flags&frame.FlagEndStream != 0 {
					ends--
				}
				p = p[frame.HeaderLen+int(h.Length):]
			}
			if s.Due() {
				s.Advance(now)
				continue
			}
			if ends <= 0 {
				break
			}
			<-woken
		}
		out = all
	}
	fields := []core.Field{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "localhost"},
		{Name: ":path", Value: "/"}, {Name: "user-agent", Value: "bench"},
	}
	var in []byte
	for range 3 { // SETTINGS and the compression tables are settled after two
		for range perBatch {
			if _, err := client.Open(now, fields, true); err != nil {
				b.Fatal(err)
			}
		}
		in = client.AppendOutput(in[:0])
		serve(in, perBatch)
		client.Receive(now, out)
		for client.Next() != nil {
		}
	}
	in = frame.AppendWindowUpdate(in[:0], 0, perBatch*14)
	first := len(in)
	for i := range perBatch {
		in = frame.AppendHeader(in, frame.Header{
			Length: 5, Type: frame.TypeHeaders, Flags: frame.FlagEndHeaders | frame.FlagEndStream,
			Stream: core.StreamID(6*perBatch + 1 + 2*i),
		})
		in = append(in, 0x82, 0x86, 0xbf, 0x84, 0xbe) // what the fields are by then
	}
	return func() {
		serve(in, perBatch)
		for at := first; at < len(in); at += frame.HeaderLen + 5 {
			id := in[at+5:]
			binary.BigEndian.PutUint32(id, binary.BigEndian.Uint32(id)+2*perBatch)
		}
	}
}
