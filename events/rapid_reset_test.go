package events_test

import (
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"
)

// A client that resets what it asks for at once is cut off, however the server
// runs its handlers: instant ones cost a client nothing but the two frames
// (CVE-2023-44487).
func TestRapidResetFlood(t *testing.T) {
	const (
		before = 200 // requests like any other, so that handlers are known to be quick
		pairs  = 20000
		most   = 1100
	)
	answer := func(res *events.Response) { res.EndString("x") }
	for name, register := range map[string]func(srv *events.Server, ran func()){
		"stream": func(srv *events.Server, ran func()) {
			srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
				ran()
				st.Respond(events.Status(200))
				st.EndString("x")
			})
		},
		"request": func(srv *events.Server, ran func()) {
			srv.OnRequest(func(_ *events.Request, res *events.Response) { ran(); answer(res) })
		},
		"goroutine": func(srv *events.Server, ran func()) {
			srv.OnRequest(events.InGoroutine(func(_ *events.Request, res *events.Response) { ran(); answer(res) }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Logger: slog.New(slog.DiscardHandler)}})
			if err != nil {
				t.Fatal(err)
			}
			var ran atomic.Int64
			register(srv, func() { ran.Add(1) })
			l := mem.Listen()
			go srv.Serve(l)
			defer srv.Wait()
			defer srv.DestroyAll()
			conn, err := l.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()

			answered := make(chan bool, before)
			over := readAnswers(conn, answered)
			peer := coretest.NewPeer().Handshake(true)
			id := core.StreamID(1)
			ask := func() {
				peer.Headers(id, true, core.Field{Name: ":method", Value: "GET"}, core.Field{Name: ":scheme", Value: "http"},
					core.Field{Name: ":authority", Value: "localhost"}, core.Field{Name: ":path", Value: "/"})
			}
			for range before {
				ask()
				if _, err := conn.Write(peer.Bytes()); err != nil {
					t.Fatal(err)
				}
				if !<-answered {
					t.Fatal("no answer")
				}
				id += 2
			}
			ran.Store(0)
			for range pairs / 100 {
				for range 100 {
					ask()
					peer.Reset(id, core.Cancel)
					id += 2
				}
				if _, err := conn.Write(peer.Bytes()); err != nil {
					break
				}
			}
			if code := <-over; code != core.EnhanceYourCalm {
				t.Errorf("the connection ended with %v", code)
			}
			if n := ran.Load(); n > most {
				t.Errorf("%d handlers ran", n)
			}
			t.Logf("%d handlers", ran.Load())
		})
	}
}

// readAnswers reads frames: each end of a stream is told to answered, and the
// code of a GOAWAY, or of none, when the connection has ended.
func readAnswers(conn net.Conn, answered chan<- bool) (over <-chan core.ErrCode) {
	code := make(chan core.ErrCode, 1)
	go func() {
		defer close(answered)
		var last core.ErrCode
		defer func() { code <- last }()
		head := make([]byte, 9)
		for {
			if _, err := io.ReadFull(conn, head); err != nil {
				return
			}
			p := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
			if _, err := io.ReadFull(conn, p); err != nil {
				return
			}
			switch typ, flags := head[3], head[4]; {
			case typ == 7 && len(p) >= 8:
				last = core.ErrCode(uint32(p[4])<<24 | uint32(p[5])<<16 | uint32(p[6])<<8 | uint32(p[7]))
			case typ == 0 && flags&1 != 0:
				select {
				case answered <- true:
				default: // of the flood, nobody asks
				}
			}
		}
	}()
	return code
}
