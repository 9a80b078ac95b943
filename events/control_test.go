package events_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"weft/core"
	"weft/events"
)

func TestPing(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnPing(func(payload [8]byte) { p.note("server ping %s", payload[:]) })
	ok, err := p.client.Ping(func(err error, rtt time.Duration, payload [8]byte) {
		p.note("client pong %v %v %s", err, rtt, payload[:])
	}, [8]byte([]byte("12345678")))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	p.settle()
	p.happened("server ping 12345678", "client pong <nil> 20ms 12345678")
	for i := range 11 {
		ok, _ := p.client.Ping(func(err error, _ time.Duration, _ [8]byte) { p.note("%v", errors.Is(err, events.ErrPingCancel)) })
		if want := i < 10; ok != want {
			t.Errorf("ping %d: %v", i, ok)
		}
	}
	p.client.Destroy(nil, core.NoError)
	p.settle()
	canceled := 0
	for _, line := range p.log {
		if line == "true" {
			canceled++
		}
	}
	if canceled != 11 {
		t.Errorf("%d of 11 pings were canceled", canceled)
	}
}

// A PING that waits for a connection that never comes is canceled, too.
func TestPingBeforeConnect(t *testing.T) {
	refused := make(chan struct{})
	client, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		SessionOptions:   events.SessionOptions{Logger: slog.New(slog.DiscardHandler)},
		CreateConnection: func(context.Context) (net.Conn, error) { <-refused; return nil, errors.New("refused") },
	})
	if err != nil {
		t.Fatal(err)
	}
	canceled := 0
	for range 3 {
		ok, err := client.Ping(func(err error, _ time.Duration, payload [8]byte) {
			if errors.Is(err, events.ErrPingCancel) && payload[0] == 7 {
				canceled++
			}
		}, [8]byte{7})
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	close(refused)
	client.Wait()
	if canceled != 3 {
		t.Errorf("%d of 3 pings were canceled", canceled)
	}
}

func TestSettings(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnRemoteSettings(func(s events.Settings) { p.note("server sees %d", s.InitialWindowSize.Or(0)) })
	p.client.OnLocalSettings(func(s events.Settings) { p.note("client has %d", s.InitialWindowSize.Or(0)) })
	p.settle()
	if err := p.client.Settings(events.Settings{InitialWindowSize: events.Set(uint32(12345))}, func(err error, s events.Settings, rtt time.Duration) {
		p.note("callback %v %d %v", err, s.InitialWindowSize.Or(0), rtt)
	}); err != nil {
		t.Fatal(err)
	}
	if !p.client.PendingSettingsAck() {
		t.Error("no acknowledgement pending")
	}
	p.settle()
	p.happened("server sees 65535", "client has 65535", "server sees 12345", "callback <nil> 12345 20ms", "client has 12345")
	if p.client.PendingSettingsAck() {
		t.Error("an acknowledgement pending")
	}
	for _, bad := range []events.Settings{
		{InitialWindowSize: events.Set(uint32(1 << 31))},
		{MaxFrameSize: events.Set(uint32(16383))},
		{MaxFrameSize: events.Set(uint32(1 << 24))},
	} {
		if err := p.client.Settings(bad, nil); !errors.Is(err, events.ErrInvalidSettingValue) {
			t.Errorf("%+v: %v", bad, err)
		}
		if _, err := events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Settings: bad}}); !errors.Is(err, events.ErrInvalidSettingValue) {
			t.Errorf("CreateServer(%+v): %v", bad, err)
		}
	}
}

// The first SETTINGS is empty unless something is asked for.
func TestFirstSettings(t *testing.T) {
	s, err := events.NewServerSession(time.Unix(0, 0), events.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.SwapOutput(nil); fmt.Sprintf("%x", got) != "000000040000000000" {
		t.Errorf("%x", got)
	}
}

func TestGoaway(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Session().Goaway(core.NoError, 0, []byte{1, 2, 3})
		st.EndString("still")
	})
	p.client.OnGoaway(func(code core.ErrCode, last events.StreamID, opaque []byte) {
		p.note("client goaway %v %d %v", code, last, opaque)
	})
	p.request(events.Headers{})
	p.settle()
	p.happened("client ready 1", "client goaway NO_ERROR 1 [1 2 3]",
		"client response 200 flags=4", "client data still", "client end", "client close NO_ERROR")
}

// A GOAWAY with an error ends every stream with it.
func TestGoawayError(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		st.Session().Goaway(core.EnhanceYourCalm, 0, nil)
	})
	var got *events.Error
	p.client.OnError(func(err error) { errors.As(err, &got) })
	st := p.request(events.Headers{})
	p.settle()
	if got == nil || got.HTTP2 != core.EnhanceYourCalm || !got.ByPeer || got.LastStream != 1 || !errors.Is(got, events.ErrSessionError) {
		t.Errorf("session error %+v", got)
	}
	if code, _ := st.RSTCode(); code != core.EnhanceYourCalm {
		t.Errorf("the stream closed with %v", code)
	}
}
