package events_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
)

// promptPair is a blockingPair whose handlers have returned in time for so long
// that the next may run in the turn that brings them. Paths that begin with
// /prompt are not f's.
func promptPair(t *testing.T, f func(*events.Request, *events.Response)) *events.ClientSession {
	t.Helper()
	_, client := promptServer(t, events.ServerOptions{}, f)
	return client
}

// promptServer is promptPair with the server.
func promptServer(t *testing.T, opts events.ServerOptions, f func(*events.Request, *events.Response)) (*events.Server, *events.ClientSession) {
	t.Helper()
	srv, client := servedPair(t, opts, events.InGoroutine(func(req *events.Request, res *events.Response) {
		if strings.HasPrefix(req.URL(), "/prompt") {
			res.EndString(req.URL())
			return
		}
		f(req, res)
	}))
	askPrompt(t, client, 50)
	return srv, client
}

func askPrompt(t *testing.T, client *events.ClientSession, n int) {
	t.Helper()
	conns := askTogether(t, client, n, func(i int) events.Headers { return events.H(":path", fmt.Sprint("/prompt", i)) }, true)
	for i, conn := range conns {
		if got, err := io.ReadAll(conn); err != nil || string(got) != fmt.Sprint("/prompt", i) {
			t.Errorf("%q, %v", got, err)
		}
		conn.Close()
	}
}

func paths(list ...string) func(i int) events.Headers {
	return func(i int) events.Headers { return events.H(":path", list[i]) }
}

// Handlers that return in time all run in the goroutine that has the turn.
func TestLeadShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stacks := make(map[string]bool) // of one session: never at the same time
		client := promptPair(t, func(req *events.Request, res *events.Response) {
			stack := string(stackHere())
			stacks[strings.Fields(stack)[1]] = true
			if !strings.Contains(stack, "endTurn") {
				t.Error("a handler runs outside the turn")
			}
			res.EndString("x")
		})
		for range 3 {
			for _, conn := range askTogether(t, client, 20, func(int) events.Headers { return events.Headers{} }, true) {
				if got, err := io.ReadAll(conn); err != nil || string(got) != "x" {
					t.Errorf("%q, %v", got, err)
				}
				conn.Close()
			}
		}
		if len(stacks) > 3 {
			t.Errorf("three turns had %d goroutines", len(stacks))
		}
	})
}

func stackHere() []byte {
	b := make([]byte, 16<<10)
	return b[:runtime.Stack(b, false)]
}

// A handler that blocks loses the turn: what came after it is served, and what
// ended before it is sent; it goes on beside them, and may wait for the same
// connection.
func TestLeadBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan bool)
		client := promptPair(t, func(req *events.Request, res *events.Response) {
			<-leave
			res.SetHeader("late", "yes")
			res.EndString(req.URL())
		})
		list := []string{"/prompt0", "/prompt1", "/block", "/prompt3", "/block", "/prompt5"}
		conns := askTogether(t, client, len(list), paths(list...), true)
		began := time.Now()
		for i, conn := range conns {
			if list[i] == "/block" {
				continue
			}
			if got, err := io.ReadAll(conn); err != nil || string(got) != list[i] {
				t.Errorf("%q, %v", got, err)
			}
			conn.Close()
		}
		if took := time.Since(began); took > time.Millisecond {
			t.Errorf("the others took %v", took)
		}
		askPrompt(t, client, 10)
		close(leave)
		for i, conn := range conns {
			if list[i] != "/block" {
				continue
			}
			h, err := conn.Response()
			if err != nil || h.Get("late") != "yes" {
				t.Errorf("%v, %v", h, err)
			}
			if got, err := io.ReadAll(conn); err != nil || string(got) != list[i] {
				t.Errorf("%q, %v", got, err)
			}
			conn.Close()
		}
		askPrompt(t, client, 200) // and in time again
	})
}

// A client that resets the request of a handler that has lost the turn is heard,
// and the handler is told.
func TestLeadCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan error, 1)
		client := promptPair(t, func(req *events.Request, res *events.Response) {
			<-req.Context().Done()
			_, err := res.Write([]byte("x"))
			got <- err
		})
		conn := askTogether(t, client, 1, paths("/wait"), true)[0]
		<-time.After(time.Millisecond)
		conn.Close()
		if err := <-got; !errors.Is(err, events.ErrInvalidStream) {
			t.Errorf("%v", err)
		}
		askPrompt(t, client, 10)
	})
}

// Who waits for the client to take what it writes gives the turn away without
// the clock.
func TestLeadWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := strings.Repeat("0123456789", 30_000)
		client := promptPair(t, func(req *events.Request, res *events.Response) {
			if n, err := res.Blocking().WriteString(text); n != len(text) || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
		began := time.Now()
		for _, conn := range askTogether(t, client, 5, func(int) events.Headers { return events.Headers{} }, true) {
			if got, err := io.ReadAll(conn); err != nil || string(got) != text {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			conn.Close()
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("took %v", took)
		}
	})
}

// A handler that panics, ends its goroutine or leaves its response open harms
// nobody else, whether or not it has lost the turn.
func TestLeadBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := promptPair(t, func(req *events.Request, res *events.Response) {
			path := req.URL()
			if late, ok := strings.CutPrefix(path, "/late"); ok {
				<-time.After(time.Second)
				path = late
			}
			switch path {
			case "/panic":
				panic("oh")
			case "/exit":
				runtime.Goexit()
			}
			res.SetHeader("open", "yes")
		})
		for _, late := range []string{"", "/late"} {
			askPrompt(t, client, 150) // in time again
			list := []string{"/prompt0", late + "/panic", "/prompt2", late + "/exit", late + "/open", "/prompt5"}
			want := []string{"200", "500", "200", "200", "200 yes", "200"}
			for i, conn := range askTogether(t, client, len(list), paths(list...), true) {
				h, err := conn.Response()
				if got := strings.TrimSpace(fmt.Sprint(h.Status(), " ", h.Get("open"))); got != want[i] {
					t.Errorf("%s: %q, %v", list[i], got, err)
				}
				if _, err := io.ReadAll(conn); err != nil {
					t.Errorf("%s: %v", list[i], err)
				}
				conn.Close()
			}
		}
		askPrompt(t, client, 10)
	})
}

// A handler that is over before it begins does not begin in a turn, either.
func TestLeadOverBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve := events.InGoroutine(func(req *events.Request, res *events.Response) {
			if req.URL() == "/over" {
				t.Error("a handler began")
			}
			res.EndString(req.URL())
		})
		_, client := servedPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			if serve(req, res); req.URL() == "/over" {
				res.Destroy(nil)
			}
		})
		askPrompt(t, client, 50)
		list := []string{"/prompt0", "/over", "/prompt2"}
		for i, conn := range askTogether(t, client, len(list), paths(list...), true) {
			got, err := io.ReadAll(conn)
			if over := list[i] == "/over"; over != (err != nil) || !over && string(got) != list[i] {
				t.Errorf("%s: %q, %v", list[i], got, err)
			}
			conn.Close()
		}
	})
}

// What a handler does to its session or its server, in their turn, happens to
// all of the session; and it ends.
func TestLeadEndsItsSession(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(srv *events.Server, session *events.ServerSession)
		cut  bool // the others get no answer
	}{
		{"close", func(_ *events.Server, s *events.ServerSession) { s.Close() }, false},
		{"close the server", func(srv *events.Server, s *events.ServerSession) { srv.Close(); s.Close() }, false},
		{"destroy", func(_ *events.Server, s *events.ServerSession) { s.Destroy(nil, core.NoError) }, true},
		{"destroy with an error", func(_ *events.Server, s *events.ServerSession) { s.Destroy(errors.New("no"), core.NoError) }, true},
		{"destroy all", func(srv *events.Server, _ *events.ServerSession) { srv.DestroyAll() }, true},
		{"wait for itself", func(srv *events.Server, _ *events.ServerSession) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			if err := srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Shutdown in a handler: %v", err)
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var srv *events.Server
				var client *events.ClientSession
				srv, client = promptServer(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
					st, _ := req.Stream()
					c.do(srv, st.Session())
					res.EndString(req.URL())
				})
				closed := make(chan bool)
				client.OnClose(func() { close(closed) })
				list := []string{"/prompt0", "/ends", "/prompt2"}
				for i, conn := range askTogether(t, client, len(list), paths(list...), true) {
					got, err := io.ReadAll(conn)
					if list[i] != "/ends" && !c.cut && (err != nil || string(got) != list[i]) {
						t.Errorf("%s: %q, %v", list[i], got, err)
					}
					conn.Close()
				}
				<-closed
			})
		})
	}
}

// A handler that has lost the turn keeps its request's place until it returns: a
// client that resets what blocks has no more of it running than it may have open.
func TestLeadKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 50
		leave := make(chan bool)
		var running atomic.Int64
		opts := events.ServerOptions{}
		opts.Settings.MaxConcurrentStreams = events.Set(uint32(places))
		_, client := promptServer(t, opts, func(req *events.Request, res *events.Response) {
			running.Add(1)
			<-leave
			running.Add(-1)
		})
		for range 3 {
			conns := askTogether(t, client, places, func(int) events.Headers { return events.H(":path", "/block") }, true)
			<-time.After(10 * time.Millisecond)
			for _, conn := range conns {
				conn.Close()
			}
			<-time.After(10 * time.Millisecond)
			if n := running.Load(); n != places {
				t.Fatalf("%d handlers run", n)
			}
		}
		close(leave)
		synctest.Wait()
		if n := running.Load(); n != 0 {
			t.Errorf("%d handlers still run", n)
		}
		askPrompt(t, client, 10)
	})
}
