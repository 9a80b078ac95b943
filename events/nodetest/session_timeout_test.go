package nodetest

import (
	"context"
	"crypto/tls"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
	"weft/transport/mem"
)

// Timeouts of sessions, of servers, and of streams.
func TestNode_timeouts(t *testing.T) {
	t.Run("timeouts.1", func(t *testing.T) {
		w := newWorld(t, setup{})
		set := func(who string, of interface {
			SetTimeout(time.Duration, func()) error
			OnTimeout(func()) events.Listener
		}) {
			of.OnTimeout(func() { w.note("%s timeout", who) })
			if err := of.SetTimeout(time.Millisecond, func() { w.note("%s called", who) }); err != nil {
				t.Error(err)
			}
		}
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			set("stream", &st.Stream)
			st.OnTimeout(func() {
				st.Respond(events.Headers{})
				st.EndString("hello world")
			}).Once()
		})
		set("session", &w.client.Session)
		w.link.RunFor(time.Second)
		if n := count(w.log, "session called"); n != 1 {
			t.Errorf("the session's function was called %d times: %q", n, w.log)
		}
		w.get(func(st *events.ClientStream) { set("request", &st.Stream) })
		w.link.RunFor(time.Second)
		for _, line := range []string{"stream called", "request called"} {
			if n := count(w.log, line); n != 1 {
				t.Errorf("%q %d times: %q", line, n, w.log)
			}
		}
		for _, line := range []string{"stream timeout", "request timeout", "session timeout",
			"client response 200 flags=4", "client data hello world", "client end"} {
			if !w.saw(line) {
				t.Errorf("%q is missing: %q", line, w.log)
			}
		}
		if w.client.Destroyed() || w.server.Destroyed() {
			t.Error("a timeout ended a session")
		}
	})
	t.Run("timeout-large-write", func(t *testing.T) {
		// 3,000,000 bytes at 1 MB a second, with pauses of 400 ms: something
		// moves in each 500 ms.
		w := newWorld(t, setup{link: mem.Options{Bandwidth: 1_000_000}})
		never := func(who string) func() { return func() { t.Errorf("%s timeout", who) } }
		w.server.OnTimeout(never("session"))
		w.server.SetTimeout(500*time.Millisecond, nil)
		w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
			st.Respond(events.Headers{})
			st.Write(make([]byte, 3_000_000))
			st.SetTimeout(500*time.Millisecond, never("stream"))
			st.End(nil)
		})
		got := 0
		w.get(func(st *events.ClientStream) {
			next := 500_000
			st.OnData(func(p []byte) {
				if got += len(p); got >= next {
					next += 500_000
					st.Pause()
					w.link.After(400*time.Millisecond, st.Resume)
				}
			})
		})
		w.link.Run(func() bool { return w.saw("client end") })
		if got != 3_000_000 || w.link.Elapsed() < 3*time.Second {
			t.Errorf("%d bytes in %v", got, w.link.Elapsed())
		}
		w.server.SetTimeout(0, nil)
		w.settle()
	})
	t.Run("session-timeout", func(t *testing.T) {
		// Requests start the session's time again; the server's is read when a
		// session begins.
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		srv.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { st.EndString("hello") })
		w := &world{t: t}
		srv.OnTimeout(func(*events.ServerSession) { w.note("timeout") })
		link := func() *mem.Link {
			server, err := srv.NewSession(mem.Epoch)
			if err != nil {
				t.Fatal(err)
			}
			client, err := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{})
			if err != nil {
				t.Fatal(err)
			}
			link := mem.NewLink(client, server, mem.Options{Latency: 10 * time.Millisecond})
			for range 20 {
				if _, err := client.Request(context.Background(), events.H()); err != nil {
					t.Error(err)
				}
				link.RunFor(50 * time.Millisecond)
			}
			return link
		}
		ran(t)
		if srv.Timeout() != 0 {
			t.Errorf("at first the timeout is %v", srv.Timeout())
		}
		old := link()
		srv.SetTimeout(200*time.Millisecond, nil)
		old.RunFor(time.Hour)
		w.happened() // the session was there before
		busy := link()
		w.happened() // each request comes within 200 ms of the last
		busy.RunFor(150 * time.Millisecond)
		w.happened()
		busy.RunFor(time.Hour)
		w.happened("timeout")
	})
	t.Run("server-startup.2", func(t *testing.T) {
		srv, err := events.CreateServer(events.ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t}
		var session *events.ServerSession
		srv.OnTimeout(func(s *events.ServerSession) { w.note("server timeout %v", s == session) })
		srv.SetTimeout(time.Second, func(s *events.ServerSession) { w.note("callback %v", s == session) })
		if session, err = srv.NewSession(mem.Epoch); err != nil {
			t.Fatal(err)
		}
		session.OnTimeout(func() { w.note("session timeout") })
		r := newRaw(t, session, false)
		r.link.RunFor(990 * time.Millisecond)
		w.happened()
		r.link.RunFor(2 * time.Second)
		w.happened("server timeout true", "callback true", "session timeout")
		covers(t, "session.event.timeout")
	})
	t.Run("server-startup.3", func(t *testing.T) {
		cert := devCert(t)
		ran(t)
		synctest.Test(t, func(t *testing.T) {
			srv, err := events.CreateSecureServer(events.SecureServerOptions{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
			if err != nil {
				t.Fatal(err)
			}
			fired := make(chan string, 9)
			srv.OnTimeout(func(*events.ServerSession) { fired <- "timeout" })
			srv.SetTimeout(time.Second, func(s *events.ServerSession) {
				fired <- "callback"
				s.Destroy(nil, events.NoError)
			})
			near, far := mem.Pipe()
			client := tls.Client(near, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
			begun := make(chan time.Time, 1)
			go func() {
				if err := client.Handshake(); err != nil {
					t.Error(err)
				}
				begun <- time.Now()
				for p := make([]byte, 1024); err == nil; { // what it is told, it ignores
					_, err = client.Read(p)
				}
				client.Close()
			}()
			if _, err := srv.ServeConn(far); err != nil {
				t.Fatal(err)
			}
			start := <-begun
			if a, b := <-fired, <-fired; a != "timeout" || b != "callback" {
				t.Errorf("%s, %s", a, b)
			}
			// The SETTINGS go out at first, and count as activity.
			if after := time.Since(start); after < time.Second || after > 2*time.Second {
				t.Errorf("after %v", after)
			}
			srv.Close()
			srv.Wait()
			if len(fired) > 0 {
				t.Errorf("and then %s", <-fired)
			}
		})
	})
}

// A session's timeout comes when nothing was sent and received for so long,
// with nothing else, and once for each silence.
func TestSessionTimeout(t *testing.T) {
	w := newWorld(t, setup{})
	w.settle()
	var start time.Time
	after := func(who string) func() {
		return func() { w.note("%s after %v", who, w.link.Now().Sub(start)) }
	}
	do := func(f func() error) {
		t.Helper()
		start = w.link.Now()
		w.server.Do(func() {
			if err := f(); err != nil {
				t.Error(err)
			}
		})
	}
	ping := func() {
		start = w.link.Now()
		w.client.Ping(func(error, time.Duration, [8]byte) {}) // arrives 10 ms later
	}
	w.server.OnTimeout(after("timeout"))
	do(func() error { return w.server.SetTimeout(time.Second, after("called")) })
	w.link.RunFor(900 * time.Millisecond)
	ping()
	w.link.RunFor(time.Hour)
	w.happened("timeout after 1.01s", "called after 1.01s")
	covers(t, "session.method.setTimeout")
	ping()
	w.link.RunFor(time.Hour)
	w.happened("timeout after 1.01s")

	// 0 turns it off.
	do(func() error { return w.server.SetTimeout(0, nil) })
	w.link.RunFor(time.Hour)
	ping()
	w.link.RunFor(time.Hour)
	w.happened()
	fails(t, "a negative time", w.server.SetTimeout(-time.Second, nil), events.ErrOutOfRange,
		`ERR_OUT_OF_RANGE: The value of "msecs" is out of range. It must be >= 0. Received -1000`)

	// The socket's is the session's.
	do(func() error { return w.server.Socket().SetTimeout(2*time.Second, nil) })
	w.link.RunFor(time.Hour)
	w.happened("timeout after 2s")
	covers(t, "rule.session-socket.setTimeout")
}
