package events_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// blockingPair is a server whose handler may block, and a client of it.
func blockingPair(t *testing.T, opts events.ServerOptions, f func(*events.Request, *events.Response)) *events.ClientSession {
	t.Helper()
	_, client := servedPair(t, opts, events.InGoroutine(f))
	return client
}

// servedPair is a server with a listener for requests, and a client of it.
func servedPair(t *testing.T, opts events.ServerOptions, f func(*events.Request, *events.Response)) (*events.Server, *events.ClientSession) {
	t.Helper()
	opts.Logger = slog.New(slog.DiscardHandler)
	srv, err := events.CreateServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	srv.OnRequest(f)
	l := mem.Listen()
	go srv.Serve(l)
	client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
		SessionOptions:   events.SessionOptions{Logger: opts.Logger},
		CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Destroy(nil, core.NoError)
		srv.DestroyAll()
		srv.Wait()
		client.Wait()
	})
	return srv, client
}

func TestCompatEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			res.SetHeader("content-type", "x")
			body := req.Body()
			if _, err := io.Copy(res.Blocking(), body); err != nil {
				t.Error(err)
			}
			if got := req.Trailers().Get("sum"); got != "9" {
				t.Errorf("the trailers say %q", got)
			}
			res.SetTrailer("done", "yes")
		})
		st, _ := client.Request(t.Context(), events.H(":method", "POST"), events.RequestOptions{WaitForTrailers: true})
		conn := st.Blocking()
		want := bytes.Repeat([]byte("0123456789"), 100_000)
		go func() {
			conn.Write(want)
			conn.SendTrailers(events.H("sum", "9"))
		}()
		got, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		h, _ := conn.Response()
		if h.Get("content-type") != "x" || conn.Trailers().Get("done") != "yes" {
			t.Errorf("headers %v, trailers %v", h, conn.Trailers())
		}
		conn.Close()
	})
}

func TestCompatBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrote := 0
		opts := events.ServerOptions{}
		opts.HighWaterMark = 1000
		result := make(chan error, 2)
		client := blockingPair(t, opts, func(req *events.Request, res *events.Response) {
			w := res.Blocking()
			w.SetWriteDeadline(time.Now().Add(time.Second))
			var err error
			for err == nil {
				var n int
				n, err = w.Write(make([]byte, 1000))
				wrote += n
			}
			result <- err
			<-req.Context().Done() // the client goes
			w.SetWriteDeadline(time.Time{})
			_, err = w.Write(make([]byte, 1000))
			result <- err
		})
		st, _ := client.Request(t.Context(), events.Headers{})
		st.OnResponse(func(events.Headers, events.Flags) {}) // and reads nothing
		st.OnError(func(error) {})
		if err := <-result; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write: %v", err)
		}
		if wrote < 65535 || wrote > 65535+3000 {
			t.Errorf("%d bytes were taken", wrote)
		}
		st.Close(events.Cancel)
		if err := <-result; err == nil {
			t.Error("Write to a client that has gone succeeds")
		}
	})
}

func TestCompatCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, late := make(chan error, 1), make(chan bool)
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			body := req.Body()
			body.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := body.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Read: %v", err)
			}
			body.SetReadDeadline(time.Time{})
			close(late)
			_, err := io.ReadAll(body)
			got <- err
		})
		st, _ := client.Request(t.Context(), events.H(":method", "POST"))
		st.OnError(func(error) {})
		<-late
		st.WriteString("half of it")
		st.Close(events.NoError)
		if err := <-got; err == nil || err == io.EOF {
			t.Errorf("a request that was cut short looks complete: %v", err)
		}
	})
}

func TestCompatPanicInGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			res.SetHeader("x", "y")
			if req.URL() == "/late" {
				res.Blocking().WriteString("begun")
			}
			panic("oh")
		})
		st, _ := client.Request(t.Context(), events.Headers{})
		conn := st.Blocking()
		h, err := conn.Response()
		if err != nil || h.Status() != 500 || h.Has("x") {
			t.Errorf("%v, %v", h, err)
		}
		conn.Close()
		st, _ = client.Request(t.Context(), events.H(":path", "/late"))
		conn = st.Blocking()
		if _, err := io.ReadAll(conn); err == nil {
			t.Error("a response that was broken off looks complete")
		}
		conn.Close()
	})
}

// A client that resets its requests has no more handlers running than it may
// have streams open.
func TestCompatHandlersHoldTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := events.ServerOptions{}
		opts.Settings.MaxConcurrentStreams = events.Set[uint32](2)
		running, most := make(chan int, 1), 0
		running <- 0
		leave := make(chan bool)
		client := blockingPair(t, opts, func(req *events.Request, res *events.Response) {
			n := <-running + 1
			most = max(most, n)
			running <- n
			<-leave
			running <- <-running - 1
		})
		for range 10 {
			st, _ := client.Request(t.Context(), events.Headers{})
			st.OnError(func(error) {})
			synctest.Wait()
			st.Close(events.Cancel)
			synctest.Wait()
		}
		if most != 2 {
			t.Errorf("%d handlers ran", most)
		}
		close(leave)
		synctest.Wait()
	})
}

// Whoever closes the body unread has the client stop, once the response is
// there.
func TestCompatBodyUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := blockingPair(t, events.ServerOptions{}, func(req *events.Request, res *events.Response) {
			body := req.Body()
			body.Read(make([]byte, 10))
			body.Close()
			if _, err := body.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Read: %v", err)
			}
			res.SetStatusCode(413)
		})
		st, _ := client.Request(t.Context(), events.H(":method", "POST"))
		conn := st.Blocking()
		_, err := io.Copy(conn, strings.NewReader(strings.Repeat("x", 1<<20)))
		h, herr := conn.Response()
		if herr != nil || h.Status() != 413 {
			t.Errorf("%v, %v", h, herr)
		}
		if err == nil {
			t.Error("all of it was sent")
		}
		conn.Close()
	})
}
