package events_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

// Every method from many goroutines while sessions come and go: nothing races,
// nothing hangs.
func TestStress(t *testing.T) { stress(t, nil, nil) }

// The same while everything is watched: what is told of it adds up.
func TestStressWatched(t *testing.T) { stress(t, newTally(), newTally()) }

func stress(t *testing.T, serving, asking *tally) {
	quiet := slog.New(slog.DiscardHandler)
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: serving.watch(events.SessionOptions{
		Settings: events.Settings{MaxConcurrentStreams: events.Set(uint32(20))},
		Logger:   quiet,
		// One Settings too many ends a session, and then there would be
		// nothing to see.
		SessionLimits: events.SessionLimits{MaxOutstandingSettings: 1000},
	})})
	if err != nil {
		t.Fatal(err)
	}
	var others sync.WaitGroup
	srv.OnSession(func(ss *events.ServerSession) {
		others.Go(func() { abuseSession(&ss.Session) })
	})
	srv.OnStream(func(st *events.ServerStream, h events.Headers, _ events.Flags) {
		switch h.Path() {
		case "/echo":
			goEcho(st, h)
		case "/push":
			if push, err := st.PushStream(events.Headers{}); err == nil {
				push.EndString("pushed")
			}
			st.EndString("page")
		case "/abuse":
			others.Go(func() {
				abuseStream(&st.Stream)
				st.Hold()
				st.AdditionalHeaders(events.Status(103))
				st.Respond(events.Headers{}, events.RespondOptions{WaitForTrailers: true})
				st.PushAllowed()
				st.Release()
				st.Destroy(nil)
			})
		case "/panic":
			panic("as asked")
		default:
			st.SendFrom(io.LimitReader(zeros{}, 100000), 100000)
		}
	})
	l := mem.Listen()
	go srv.Serve(l)

	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	for range rounds {
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() {
				stressClient(t, l, asking.watch(events.SessionOptions{Logger: quiet, SessionLimits: events.SessionLimits{MaxOutstandingSettings: 1000}}), &others)
			})
		}
		clients.Wait()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	others.Wait()
	serving.check(t, rounds*4)
	asking.check(t, rounds*4)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func stressClient(t *testing.T, l *mem.Listener, opts events.SessionOptions, others *sync.WaitGroup) {
	client, err := events.Connect(context.Background(), "http://example.org", events.ConnectOptions{
		SessionOptions:   opts,
		CreateConnection: func(ctx context.Context) (net.Conn, error) { return l.Dial(ctx) },
	})
	if err != nil {
		t.Error(err)
		return
	}
	if rand.IntN(2) == 0 {
		client.OnStream(func(st *events.ClientStream, _ events.Headers, _ events.Flags) { st.Resume() })
	}
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			path := []string{"/echo", "/push", "/abuse", "/panic", "/file"}[i%5]
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			st, err := client.Request(ctx, events.H(":path", path, ":method", "POST"))
			if err != nil {
				return
			}
			switch rand.IntN(4) {
			case 0:
				abuseStream(&st.Stream)
				st.Destroy(errors.New("enough"))
			case 1:
				time.AfterFunc(time.Duration(rand.IntN(1000))*time.Microsecond, cancel)
				fallthrough
			default:
				d := st.Blocking()
				go func() {
					d.Write(make([]byte, 70000))
					d.CloseWrite()
				}()
				d.Response()
				io.Copy(io.Discard, d)
				d.Close()
			}
		})
	}
	others.Go(func() { abuseSession(&client.Session) })
	all.Wait()
	switch rand.IntN(3) {
	case 0:
		client.Close()
	case 1:
		client.Destroy(errors.New("enough"), core.NoError)
	default:
		client.Do(func() { client.Destroy(nil, core.Cancel) })
	}
	client.Wait()
}

func abuseSession(s *events.Session) {
	for range 20 {
		s.Ping(func(error, time.Duration, [8]byte) {})
		s.Settings(events.Settings{InitialWindowSize: events.Set(uint32(65535 + rand.IntN(1000)))}, nil)
		s.SetLocalWindowSize(1 << 20)
		s.LocalSettings()
		s.RemoteSettings()
		s.PendingSettingsAck()
		s.StreamCount()
		s.Closed()
		s.Destroyed()
		s.Connecting()
		s.OnPing(func([8]byte) {}).Remove()
		s.OnClose(func() {}).Once()
		s.Do(func() {})
		s.LocalAddr()
	}
}

func abuseStream(st *events.Stream) {
	st.OnData(func([]byte) { st.Pause() })
	st.OnEnd(func() { st.End(nil) }).Once()
	st.OnDrain(func() {}).Remove()
	st.OnError(func(error) {})
	for range 10 {
		st.WriteString("some data")
		st.Pause()
		st.Resume()
		st.ID()
		st.RSTCode()
		st.BufferSize()
		st.SentHeaders()
		st.Complete()
		st.Aborted()
		st.Destroyed()
		st.SendTrailers(events.Headers{})
	}
	st.EndString("end")
	st.Close(core.NoError)
}
