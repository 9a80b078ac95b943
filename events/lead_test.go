package events_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/events"
)

// promptPair is a blockingPair whose handlers have returned in time for so long
// that the next may run in the turn that brings them. Paths that begin with
// /prompt are not f's.
func promptPair(t *testing.T, f func(*events.Request, *events.Response)) *events.ClientSession {
	t.Helper()
	client := blockingPair(t, events.ServerOptions{SessionOptions: events.SessionOptions{Logger: slog.New(slog.DiscardHandler)}}, func(req *events.Request, res *events.Response) {
		if strings.HasPrefix(req.URL(), "/prompt") {
			res.EndString(req.URL())
			return
		}
		f(req, res)
	})
	askPrompt(t, client, 50)
	return client
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
