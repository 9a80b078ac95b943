package events_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
)

// askTogether makes n requests in one turn and returns their bodies' readers.
func askTogether(t *testing.T, client *events.ClientSession, n int, h func(i int) events.Headers, end bool) []*events.Duplex {
	t.Helper()
	var conns []*events.Duplex
	asked := make(chan bool)
	client.Do(func() {
		defer close(asked)
		for i := range n {
			st, err := client.Request(t.Context(), h(i), events.RequestOptions{EndStream: events.Set(end)})
			if err != nil {
				t.Error(err)
				return
			}
			conns = append(conns, st.Blocking())
		}
	})
	<-asked
	return conns
}

// Handlers that return at once share goroutines.
func TestCrewShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at atomic.Int64 // the most goroutines there were at once
		base := runtime.NumGoroutine()
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			if n := int64(runtime.NumGoroutine()); n > at.Load() {
				at.Store(n)
			}
			res.EndString(req.URL())
		})
		for range 3 {
			for i, conn := range askTogether(t, client, 50, func(i int) events.Headers { return events.H(":path", fmt.Sprint("/", i)) }, true) {
				if got, err := io.ReadAll(conn); err != nil || string(got) != fmt.Sprint("/", i) {
					t.Errorf("%q, %v", got, err)
				}
				conn.Close()
			}
		}
		if more := int(at.Load()) - base; more > 20 {
			t.Errorf("50 requests of one turn had %d goroutines at once", more)
		}
	})
}

// Handlers that block run side by side: what they delay is delayed by the clock's
// patience, and not by one another.
func TestCrewBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			<-time.After(time.Second)
			res.EndString("late")
		})
		for range 3 {
			began := time.Now()
			for _, conn := range askTogether(t, client, 50, func(int) events.Headers { return events.Headers{} }, true) {
				if got, err := io.ReadAll(conn); err != nil || string(got) != "late" {
					t.Errorf("%q, %v", got, err)
				}
				conn.Close()
			}
			if took := time.Since(began); took > time.Second+time.Millisecond {
				t.Errorf("50 handlers of a second each took %v", took)
			}
		}
	})
}

// The end of a response does not wait for a handler after it that blocks.
func TestCrewEndsBeforeOneThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan bool)
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			if req.URL() == "/5" {
				<-leave
			}
			res.EndString(req.URL())
		})
		conns := askTogether(t, client, 10, func(i int) events.Headers { return events.H(":path", fmt.Sprint("/", i)) }, true)
		began := time.Now()
		for i, conn := range conns {
			if i == 5 {
				continue
			}
			if got, err := io.ReadAll(conn); err != nil || string(got) != fmt.Sprint("/", i) {
				t.Errorf("%q, %v", got, err)
			}
		}
		if took := time.Since(began); took > time.Millisecond {
			t.Errorf("the others took %v", took)
		}
		close(leave)
		if got, err := io.ReadAll(conns[5]); err != nil || string(got) != "/5" {
			t.Errorf("%q, %v", got, err)
		}
		for _, conn := range conns {
			conn.Close()
		}
	})
}

// What waits for something outside the bubble stops the bubble's clock, but not
// a response that was ended before in a handler that has returned.
func TestCrewWaitsOutside(t *testing.T) {
	var outside sync.Mutex // no bubble knows of it
	outside.Lock()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan bool)
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			res.EndString("done")
			if req.URL() == "/last" {
				go func() {
					outside.Lock()
					close(over)
					outside.Unlock()
				}()
			}
		})
		for _, path := range []string{"/first", "/last"} { // which meets a connection where nothing else is said
			conn := askTogether(t, client, 1, func(int) events.Headers { return events.H(":path", path) }, true)[0]
			if got, err := io.ReadAll(conn); err != nil || string(got) != "done" {
				t.Errorf("%q, %v", got, err)
			}
			conn.Close()
		}
		outside.Unlock()
		<-over
	})
}

// Who waits for a body gives way without the clock.
func TestCrewBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			n, err := io.Copy(res.Blocking(), req.Body())
			if err != nil {
				t.Errorf("after %d: %v", n, err)
			}
		})
		began := time.Now()
		conns := askTogether(t, client, 20, func(int) events.Headers { return events.H(":method", "POST") }, false)
		for i, conn := range conns {
			go func() {
				io.WriteString(conn, strings.Repeat(fmt.Sprint(i%10), 100<<10))
				conn.CloseWrite()
			}()
		}
		for i, conn := range conns {
			if got, err := io.ReadAll(conn); err != nil || len(got) != 100<<10 || got[0] != byte('0'+i%10) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			conn.Close()
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// A request that was reset before its handler began does not have it run.
func TestCrewReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var began, ended atomic.Int64
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			began.Add(1)
			defer ended.Add(1)
			if req.URL() == "/waits" {
				<-req.Context().Done()
			}
			res.EndString("x")
		})
		reset := func(n int) {
			t.Helper()
			done := make(chan bool)
			client.Do(func() { // so that request and reset come in one read
				defer close(done)
				for range n {
					st, err := client.Request(t.Context(), events.Headers{})
					if err != nil {
						t.Error(err)
						return
					}
					st.OnError(func(error) {})
					st.Close(events.Cancel)
				}
			})
			<-done
			synctest.Wait()
		}
		reset(10) // no more than one read takes, however small it is
		if n := began.Load(); n != 0 {
			t.Errorf("%d handlers ran", n)
		}
		// With a goroutine each a handler may begin before its reset is read:
		// but none is left behind.
		conn := askTogether(t, client, 1, func(int) events.Headers { return events.H(":path", "/waits") }, true)[0]
		<-time.After(time.Millisecond)
		reset(10)
		conn.Close()
		synctest.Wait()
		if b, e := began.Load(), ended.Load(); b < 1 || b != e {
			t.Errorf("%d handlers ran, %d ended", b, e)
		}
	})
}

// A handler that ends its goroutine, and one that panics, leave the others be.
func TestCrewGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			switch req.URL() {
			case "/1", "/4":
				res.WriteString("begun")
				runtime.Goexit()
			case "/2":
				panic("on purpose")
			}
			res.EndString(req.URL())
		})
		want := []string{"/0", "begun", "", "/3", "begun", "/5"}
		for i, conn := range askTogether(t, client, len(want), func(i int) events.Headers { return events.H(":path", fmt.Sprint("/", i)) }, true) {
			if got, err := io.ReadAll(conn); err != nil || string(got) != want[i] {
				t.Errorf("%d: %q, %v", i, got, err)
			}
			conn.Close()
		}
	})
}

// A request may be given to such a handler at any time, not only in the turn that
// brings it: by who had to find out first who asks, for example.
func TestCrewGivenLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serve := events.InGoroutine(func(req *events.Request, res *events.Response) { res.EndString(req.URL()) })
		later := make(chan func(), 50)
		_, client := servedPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			later <- func() { serve(req, res) }
		})
		for range 2 {
			conns := askTogether(t, client, 25, func(i int) events.Headers { return events.H(":path", fmt.Sprint("/", i)) }, true)
			synctest.Wait() // nothing goes on, and nothing else will be said
			for range conns {
				(<-later)()
			}
			for i, conn := range conns {
				if got, err := io.ReadAll(conn); err != nil || string(got) != fmt.Sprint("/", i) {
					t.Errorf("%q, %v", got, err)
				}
				conn.Close()
			}
		}
	})
}
