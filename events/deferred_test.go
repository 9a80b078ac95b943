package events_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/core/frame"
	"weft/events"
	"weft/transport/mem"
)

// Respond that waits for its body leaves no trace: whatever comes in between,
// the same is sent and answered as by a session that is watched, where it never
// waits.
func TestDeferred(t *testing.T) {
	large := strings.Repeat("0123456789", 5000)
	var held *events.ServerStream
	for _, c := range []struct {
		name string
		act  func(st *events.ServerStream) string
		own  bool // it ends the response itself, if anything does
	}{
		{name: "nothing", act: func(*events.ServerStream) string { return "" }},
		{name: "HeadersSent", act: func(st *events.ServerStream) string {
			return fmt.Sprint(st.HeadersSent(), st.SentHeaders().Len(), st.Respond(events.Status(404)))
		}},
		{name: "State", act: func(st *events.ServerStream) string {
			return fmt.Sprintf("%+v %+v", st.State(), st.Session().State())
		}},
		{name: "output", act: func(st *events.ServerStream) string {
			return fmt.Sprintf("%x", st.Session().SwapOutput(nil))
		}},
		{name: "AdditionalHeaders", act: func(st *events.ServerStream) string {
			return fmt.Sprint(st.AdditionalHeaders(events.Status(103)))
		}},
		{name: "Goaway", act: func(st *events.ServerStream) string {
			return fmt.Sprint(st.Session().Goaway(core.NoError, 0, nil))
		}},
		{name: "Ping", act: func(st *events.ServerStream) string {
			return fmt.Sprint(st.Session().Ping(func(error, time.Duration, [8]byte) {}, [8]byte{1}))
		}},
		{name: "Altsvc", act: func(st *events.ServerStream) string {
			return fmt.Sprint(st.Session().AltsvcStream(`h2=":8000"`, st.ID()))
		}},
		{name: "Push", act: func(st *events.ServerStream) string {
			push, err := st.PushStream(events.H(":path", "/pushed"))
			if err == nil {
				err = errors.Join(push.Respond(okHello), push.EndString("pushed"))
			}
			return fmt.Sprint(err)
		}},
		{name: "another one responds with others", act: func(*events.ServerStream) string {
			return fmt.Sprint(held.Respond(events.Status(404, "x-new", "1")), held.End(nil))
		}},
		{name: "another one responds with the same", act: func(*events.ServerStream) string {
			return fmt.Sprint(held.Respond(okHello), held.EndString("held"))
		}},
		{name: "another one is reset", act: func(*events.ServerStream) string {
			held.Close(core.Cancel)
			return ""
		}},
		{name: "listeners", act: func(st *events.ServerStream) string {
			st.OnClose(func() {})
			return fmt.Sprint(st.Readable(), st.Writable(), st.Closed())
		}},
		{name: "Write", act: func(st *events.ServerStream) string { return fmt.Sprint(st.WriteString("more, and ")) }},
		{name: "another goroutine", own: true, act: func(st *events.ServerStream) string {
			done := make(chan error)
			go func() { done <- st.EndString("hello") }()
			return fmt.Sprint(<-done)
		}},
		{name: "Close", act: func(st *events.ServerStream) string { st.Close(core.Cancel); return "" }},
		{name: "Destroy", act: func(st *events.ServerStream) string { st.Destroy(errors.New("mine")); return "" }},
		{name: "panic", act: func(*events.ServerStream) string { panic("oh") }},
		{name: "session.Close", act: func(st *events.ServerStream) string { st.Session().Close(); return "" }},
		{name: "session.Destroy", act: func(st *events.ServerStream) string {
			st.Session().Destroy(nil, core.InternalError)
			return ""
		}},
		{name: "no end", own: true, act: func(*events.ServerStream) string { return "" }},
		{name: "an empty end", own: true, act: func(st *events.ServerStream) string { return fmt.Sprint(st.End(nil)) }},
		{name: "a long end", own: true, act: func(st *events.ServerStream) string { return fmt.Sprint(st.EndString(large)) }},
		{name: "SendFrom", own: true, act: func(st *events.ServerStream) string {
			return fmt.Sprint(st.SendFrom(strings.NewReader(large), -1))
		}},
		{name: "Do", own: true, act: func(st *events.ServerStream) string {
			st.Session().Do(func() { st.EndString("hello") })
			return ""
		}},
		{name: "trailers", act: func(st *events.ServerStream) string {
			return fmt.Sprint(st.SendTrailers(events.H("x", "y")))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(watched bool) string {
				var log strings.Builder
				opts := events.SessionOptions{Logger: slog.New(slog.DiscardHandler)}
				if watched {
					opts.Performance = events.NewPerformanceObserver(func(*events.EntryList) {})
				}
				s, err := events.NewServerSession(mem.Epoch, opts)
				if err != nil {
					t.Fatal(err)
				}
				s.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
					if h.Path() == "/held" {
						held = st
						return
					}
					if err := st.Respond(okHello); err != nil {
						fmt.Fprintln(&log, "Respond:", err)
					}
					if h.Path() == "/act" {
						fmt.Fprintln(&log, c.act(st))
						if c.own {
							return
						}
					}
					fmt.Fprintln(&log, st.EndString("hello"), st.State())
					st.OnClose(func() {
						code, _ := st.RSTCode()
						fmt.Fprintln(&log, "close", st.ID(), code)
					})
				})
				asked := askServer(t, s, []string{"/", "/held"}, []string{"/"}, []string{"/", "/act", "/"}, []string{"/"})
				fmt.Fprintf(&log, "%d open\n%x\n", s.StreamCount(), asked)
				return log.String()
			}
			if got, want := run(false), run(true); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

var okHello = events.Status(200, "content-type", "text/plain")

// So it is in the Compatibility API.
func TestEndAsBefore(t *testing.T) {
	large := strings.Repeat("0123456789", 5000)
	for _, c := range []struct {
		name string
		act  func(req *events.Request, res *events.Response)
	}{
		{"the same", func(_ *events.Request, res *events.Response) { res.EndString("hello") }},
		{"another body", func(_ *events.Request, res *events.Response) { res.EndString(large) }},
		{"no body", func(_ *events.Request, res *events.Response) { res.End(nil) }},
		{"in pieces", func(_ *events.Request, res *events.Response) {
			res.WriteString("hel")
			res.EndString("lo")
		}},
		{"corked", func(_ *events.Request, res *events.Response) {
			res.Cork()
			res.WriteString("hel")
			res.EndString("lo")
		}},
		{"another field", func(_ *events.Request, res *events.Response) {
			res.SetHeader("x", "y")
			res.EndString("hello")
		}},
		{"another status", func(_ *events.Request, res *events.Response) {
			res.SetStatusCode(404)
			res.EndString("hello")
		}},
		{"a status without body", func(_ *events.Request, res *events.Response) {
			res.SetStatusCode(204)
			res.EndString("hello")
		}},
		{"without date", func(_ *events.Request, res *events.Response) {
			res.SetSendDate(false)
			res.EndString("hello")
		}},
		{"trailers", func(_ *events.Request, res *events.Response) {
			res.AddTrailers(events.H("x", "y"))
			res.EndString("hello")
		}},
		{"listeners", func(req *events.Request, res *events.Response) {
			req.OnEnd(func() {})
			res.EndString("hello")
		}},
		{"context", func(req *events.Request, res *events.Response) {
			ctx := req.Context()
			res.EndString("hello")
			if ctx.Err() == nil {
				t.Error("the context has not ended")
			}
		}},
		{"twice", func(_ *events.Request, res *events.Response) {
			res.EndString("hello")
			if err := res.EndString("hello"); !errors.Is(err, events.ErrWriteAfterEnd) {
				t.Error(err)
			}
		}},
		{"after Destroy", func(_ *events.Request, res *events.Response) {
			res.Destroy(nil)
			res.EndString("hello")
		}},
		{"panic", func(_ *events.Request, res *events.Response) {
			res.EndString("hello")
			panic("oh")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(watched bool) string {
				var log strings.Builder
				opts := events.ServerOptions{SessionOptions: events.SessionOptions{
					Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return mem.Epoch },
				}}
				if watched {
					opts.Performance = events.NewPerformanceObserver(func(*events.EntryList) {})
				}
				srv, err := events.CreateServer(opts)
				if err != nil {
					t.Fatal(err)
				}
				srv.OnRequest(func(req *events.Request, res *events.Response) {
					res.SetHeader("content-type", "text/plain")
					switch req.URL() {
					case "/act":
						c.act(req, res)
					case "/finish":
						res.OnFinish(func() { fmt.Fprintln(&log, "finish") })
						res.OnClose(func() { fmt.Fprintln(&log, "close") })
						fallthrough
					default:
						fmt.Fprintln(&log, res.EndString("hello"), res.HeadersSent(), res.WritableEnded(), res.WritableFinished(), res.GetHeaderNames())
					}
				})
				s, err := srv.NewSession(mem.Epoch)
				if err != nil {
					t.Fatal(err)
				}
				asked := askServer(t, s, []string{"/"}, []string{"/"}, []string{"/", "/act", "/finish", "/"}, []string{"/"})
				fmt.Fprintf(&log, "%d open\n%x\n", s.StreamCount(), asked)
				return log.String()
			}
			if got, want := run(false), run(true); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Headers are not deferred beyond the callback, whichever it is: what the client
// sent next is answered after them.
func TestDeferredNoLonger(t *testing.T) {
	for _, compat := range []bool{false, true} {
		srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Now: func() time.Time { return mem.Epoch }}})
		if err != nil {
			t.Fatal(err)
		}
		respond := func(st *events.ServerStream) {
			if err := st.Respond(okHello); err != nil {
				t.Error(err)
			}
		}
		if compat {
			srv.OnRequest(func(_ *events.Request, res *events.Response) {
				st, _ := res.Stream()
				respond(st)
			})
		} else {
			srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { respond(st) })
		}
		s, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		askServer(t, s, []string{"/"}, []string{"/"}) // the second has the block of the third
		var in []byte
		in = frame.AppendHeaders(in, 5, []byte{0x82, 0x86, 0x84, 0x41, 1, 'a'}, frame.FlagEndHeaders|frame.FlagEndStream, nil, -1)
		in = frame.AppendPing(in, false, [8]byte{1})
		s.Receive(mem.Epoch, in)
		out := s.SwapOutput(nil)
		if h := frame.ParseHeader(out); h.Type != frame.TypeHeaders || h.Stream != 5 {
			t.Errorf("compat %v: first comes %v", compat, h)
		}
	}
}

// askServer makes requests of a session, those of a list within one turn, and
// returns all that the session has sent.
func askServer(t *testing.T, s *events.ServerSession, turns ...[]string) (out []byte) {
	t.Helper()
	client, err := core.NewClient(mem.Epoch, core.Config{Settings: []core.Setting{{ID: core.SettingEnablePush, Value: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, paths := range turns {
		for _, path := range paths {
			fields := []core.Field{
				{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "localhost"}, {Name: ":path", Value: path},
			}
			if _, err := client.Open(mem.Epoch, fields, true); err != nil {
				continue // the server is leaving
			}
		}
		for range 3 { // until all is said
			s.Receive(mem.Epoch, client.AppendOutput(nil))
			piece := s.SwapOutput(nil)
			s.Wrote(mem.Epoch, len(piece))
			out = append(out, piece...)
			client.Receive(mem.Epoch, piece)
			for ev := client.Next(); ev != nil; ev = client.Next() {
				if d, ok := ev.(*core.DataReceived); ok {
					client.Consume(d.Stream, len(d.Data))
				}
			}
		}
	}
	return out
}

// A goroutine that was waiting for its stream, and sends trailers of which the
// compression tables have not heard, sends the deferred headers first, too. That
// it wakes up just then is a matter of luck, hence the rounds.
func TestDeferredBeforeWhoWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Now: func() time.Time { return mem.Epoch }}})
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan error)
		srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
			if h.Path() == "/waits" {
				st.Respond(okHello, events.RespondOptions{WaitForTrailers: true})
				d := st.Blocking()
				go func() {
					if _, err := d.Write(make([]byte, 2000)); err != nil {
						t.Error(err)
					}
					sent <- d.SendTrailers(events.H("x-sum", fmt.Sprint(st.ID())))
					d.Close()
				}()
				return
			}
			if err := st.Respond(okHello); err != nil {
				t.Error(err)
			}
			if h.Path() == "/last" {
				if err := <-sent; err != nil {
					t.Error(err)
				}
			}
			if err := st.EndString("hello"); err != nil {
				t.Error(err)
			}
		})
		s, err := srv.NewSession(mem.Epoch)
		if err != nil {
			t.Fatal(err)
		}
		client, err := core.NewClient(mem.Epoch, core.Config{Settings: []core.Setting{
			{ID: core.SettingEnablePush, Value: 0}, {ID: core.SettingInitialWindowSize, Value: 1000},
		}})
		if err != nil {
			t.Fatal(err)
		}
		said := make(map[core.StreamID]string)
		exchange := func() {
			for range 3 {
				if in := client.AppendOutput(nil); len(in) > 0 {
					s.Receive(mem.Epoch, in)
				}
				synctest.Wait()
				out := s.SwapOutput(nil)
				s.Wrote(mem.Epoch, len(out))
				client.Receive(mem.Epoch, out)
				for ev := client.Next(); ev != nil; ev = client.Next() {
					switch ev := ev.(type) {
					case *core.HeadersReceived:
						said[ev.Stream] += fmt.Sprint(" headers ", ev.EndStream)
					case *core.DataReceived:
						said[ev.Stream] += fmt.Sprint(" data ", len(ev.Data), ev.EndStream)
					case *core.StreamReset:
						said[ev.Stream] += " reset"
					}
				}
			}
		}
		ask := func(path string) core.StreamID {
			id, err := client.Open(mem.Epoch, []core.Field{
				{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "localhost"}, {Name: ":path", Value: path},
			}, true)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		for range 200 {
			slow := ask("/waits")
			for range 2 {
				exchange()
				ask("/")
			}
			exchange()
			client.Consume(slow, 1000)
			s.Receive(mem.Epoch, client.AppendOutput(nil))
			last := ask("/last")
			exchange()
			if got, want := said[last], " headers false data 5 true"; got != want {
				t.Fatalf("stream %d: got %q, want %q", last, got, want)
			}
			if got, want := said[slow], " headers false data 1000 false data 1000 false headers true"; got != want {
				t.Fatalf("stream %d: got %q, want %q", slow, got, want)
			}
		}
	})
}
