package events_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

func streams(limit uint32) events.SessionOptions {
	return events.SessionOptions{Settings: events.Settings{MaxConcurrentStreams: events.Set(limit)}}
}

// A request waits 30 s for the server's limit, and then fails as one that was not
// sent. Those behind it have their own time.
func TestPendingTimeout(t *testing.T) {
	p := newPair(t, pairOptions{server: streams(0)})
	early := p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { t.Error("it was sent") })
	p.link.RunFor(time.Second)
	ask := func(what string) {
		p.client.Do(func() {
			st, err := p.client.Request(context.Background(), events.Headers{})
			if err != nil {
				t.Fatal(err)
			}
			st.OnError(func(err error) {
				var e *events.Error
				if !errors.Is(err, events.ErrPendingTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &e) || !e.Retryable() {
					t.Errorf("%s: %v", what, err)
				}
				p.note("%s failed after %v", what, p.link.Elapsed())
			})
			st.OnClose(func() { p.note("%s closed", what) })
		})
	}
	ask("first")
	p.link.RunFor(10 * time.Second)
	ask("second")
	p.link.RunFor(time.Minute)
	p.happened("first failed after 31s", "first closed", "second failed after 41s", "second closed")

	// The connection is as good as before.
	p.server.Do(func() { p.server.Settings(events.Settings{MaxConcurrentStreams: events.Set[uint32](1)}, nil) })
	p.link.RunFor(time.Second)
	early.Remove()
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { p.note("asked") })
	p.log = nil
	ask("third")
	p.link.RunFor(time.Second)
	if len(p.log) != 1 || p.log[0] != "asked" {
		t.Errorf("then: %q", p.log)
	}
}

func TestPendingTimeoutOption(t *testing.T) {
	if _, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{PendingTimeout: -1}); !errors.Is(err, events.ErrOutOfRange) {
		t.Errorf("less than nothing: %v", err)
	}
	for option, want := range map[time.Duration]time.Duration{0: 30 * time.Second, time.Second: time.Second, core.Never: 0} {
		synctest.Test(t, func(t *testing.T) {
			srv, err := events.CreateServer(events.ServerOptions{SessionOptions: streams(1)})
			if err != nil {
				t.Fatal(err)
			}
			srv.OnStream(func(*events.ServerStream, events.Headers, events.Flags) {})
			client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
				PendingTimeout: option,
				SessionOptions: events.SessionOptions{SessionLimits: events.SessionLimits{PeerMaxConcurrentStreams: events.Set[uint32](1)}},
				CreateConnection: func(context.Context) (net.Conn, error) {
					<-time.After(5 * time.Second) // which does not count
					near, far := mem.Pipe()
					_, err := srv.ServeConn(far)
					return near, err
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			first := request(t, client, events.Headers{}) // which nobody answers
			d := request(t, client, events.Headers{})
			context.AfterFunc(ctx, func() { d.SetReadDeadline(time.Now()) })
			_, err = d.Response()
			if option == core.Never {
				if waited := time.Since(begun); !errors.Is(err, os.ErrDeadlineExceeded) || waited != time.Hour {
					t.Errorf("without a timeout: %v after %v", err, waited)
				}
			} else if waited := time.Since(begun) - 5*time.Second; !errors.Is(err, events.ErrPendingTimeout) || waited != want {
				t.Errorf("%v: %v after %v", option, err, waited)
			}
			d.Close()
			first.Close()
			client.Close()
			client.Wait()
			srv.DestroyAll()
			srv.Wait()
		})
	}
}

// A request that is closed while it waits for the server's limit is over at once,
// and the server never hears of it.
func TestPendingClosed(t *testing.T) {
	for _, c := range []struct {
		code core.ErrCode
		want []string
	}{
		{core.NoError, []string{"finish", "end", "close NO_ERROR"}},
		{core.Cancel, []string{"finish", "end", "close CANCEL"}},
		{core.InternalError, []string{"finish", "error", "close INTERNAL_ERROR"}},
	} {
		p := newPair(t, pairOptions{server: streams(0)})
		p.server.OnStream(func(*events.ServerStream, events.Headers, events.Flags) { t.Error("it was sent") })
		p.link.Settle()
		p.client.Do(func() {
			st, err := p.client.Request(context.Background(), events.Headers{})
			if err != nil {
				t.Fatal(err)
			}
			st.Resume()
			st.OnFinish(func() { p.note("finish") })
			st.OnEnd(func() { p.note("end") })
			st.OnError(func(error) { p.note("error") })
			st.OnClose(func() {
				code, _ := st.RSTCode()
				p.note("close %v", code)
			})
			st.Close(c.code)
		})
		p.link.Settle()
		p.happened(c.want...)
		if n := p.client.StreamCount(); n != 0 {
			t.Errorf("%v: %d streams are left", c.code, n)
		}
	}
}
