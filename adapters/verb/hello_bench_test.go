package verb

import (
	"context"
	"net"
	"testing"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// BenchmarkHello is the hello route over a connection in memory, its client
// included, a hundred requests at a time: by the Compatibility API alone, and
// behind five middlewares and among a hundred routes, inline and by default.
func BenchmarkHello(b *testing.B) {
	opts := events.ServerOptions{}
	opts.Settings.MaxConcurrentStreams = events.Set[uint32](1000)
	compat, err := events.CreateServer(opts)
	if err != nil {
		b.Fatal(err)
	}
	compat.OnRequest(func(_ *events.Request, res *events.Response) {
		res.SetHeader("content-type", "text/plain")
		res.SetHeader("content-length", "14")
		res.EndString("Hello, World!\n")
	})
	b.Run("api=compat", func(b *testing.B) { benchmarkHello(b, compat) })
	for name, inline := range map[string]bool{"api=verb-inline": true, "api=verb": false} {
		server, err := helloApp(inline).Server()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) { benchmarkHello(b, server) })
	}
}

func benchmarkHello(b *testing.B, server *events.Server) {
	l := mem.Listen()
	go server.Serve(l)
	defer l.Close()
	client, err := events.Connect(b.Context(), "http://localhost", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Destroy(nil, core.NoError)
	over := make(chan bool)
	h := events.H(":path", "/")
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%perBatch > 0 {
			continue
		}
		client.Do(func() {
			left := perBatch
			for range perBatch {
				st, err := client.Request(context.Background(), h)
				if err != nil {
					b.Error(err)
					return
				}
				st.Resume()
				st.OnClose(func() {
					if left--; left == 0 {
						over <- true
					}
				})
			}
		})
		<-over
	}
}
