package events_test

import (
	"context"
	"crypto/tls"
	"errors"
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

// What ends with its headers has no trailers.
func TestTrailersOfNothing(t *testing.T) {
	p := newPair(t, pairOptions{})
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		err := st.Respond(events.Headers{}, events.RespondOptions{EndStream: true, WaitForTrailers: true})
		if !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "WaitForTrailers") {
			t.Error("a response:", err)
		}
		if err := st.Respond(events.Headers{}, events.RespondOptions{EndStream: true}); err != nil {
			t.Error("after that:", err)
		}
	})
	for method, end := range map[string]events.Opt[bool]{"GET": {}, "HEAD": {}, "DELETE": events.Set(true), "POST": events.Set(true)} {
		_, err := p.client.Request(t.Context(), events.H(":method", method), events.RequestOptions{EndStream: end, WaitForTrailers: true})
		if !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "WaitForTrailers") {
			t.Errorf("%s: %v", method, err)
		}
	}
	st := p.request(events.H(":method", "GET"), events.RequestOptions{EndStream: events.Set(false), WaitForTrailers: true})
	p.settle()
	if h, ok := st.Response(); !ok || h.Status() != 200 {
		t.Error("no response")
	}
}

// A session of a secure server counts as encrypted on a loop, too, and tells the
// time that the options have.
func TestSecureSessionOnLoop(t *testing.T) {
	now := mem.Epoch
	srv, err := events.CreateSecureServer(events.SecureServerOptions{ServerOptions: events.ServerOptions{
		SessionOptions: events.SessionOptions{Now: func() time.Time { return now }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ss, err := srv.NewSession(now)
	if err != nil {
		t.Fatal(err)
	}
	if encrypted, known := ss.Encrypted(); !encrypted || !known {
		t.Error("it is cleartext")
	}
	client, err := events.NewClientSession(now, "https://example.org", events.SessionOptions{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	link := mem.NewLink(client, ss, mem.Options{})
	link.Settle()
	// Without Now it would be sent in the time of the last turn, and be late
	// at once.
	now = now.Add(time.Hour)
	settled := false
	if err := ss.Settings(events.Settings{}, func(err error, _ events.Settings, _ time.Duration) {
		settled = err == nil
	}); err != nil {
		t.Fatal(err)
	}
	if due := ss.NextDeadline(); due.Before(now) {
		t.Errorf("settings are late at %v, and sent at %v", due, now)
	}
	link.Settle()
	if !settled {
		t.Error("settings are not acknowledged")
	}
}

// secret is a connection that says that it has TLS.
type secret struct{ net.Conn }

func (secret) ConnectionState() tls.ConnectionState   { return tls.ConnectionState{} }
func (secret) HandshakeContext(context.Context) error { return nil }

// The option Transport speaks for connections of which nothing is known, and must
// not contradict the others.
func TestTransportOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		encrypted := events.SessionOptions{Transport: core.TransportEncrypted}
		srv, err := events.CreateServer(events.ServerOptions{SessionOptions: encrypted})
		if err != nil {
			t.Fatal(err)
		}
		near, far := mem.Pipe()
		client, err := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{
			SessionOptions:   encrypted,
			CreateConnection: func(context.Context) (net.Conn, error) { return near, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ss, err := srv.ServeConn(far)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*events.Session{"server": &ss.Session, "client": &client.Session} {
			if encrypted, known := s.Encrypted(); !encrypted || !known {
				t.Errorf("the %s is in the clear", name)
			}
		}
		client.Close()
		client.Wait()

		cleartext := events.SessionOptions{Transport: core.TransportCleartext}
		open, err := events.CreateServer(events.ServerOptions{SessionOptions: cleartext})
		if err != nil {
			t.Fatal(err)
		}
		near, far = mem.Pipe()
		if _, err := open.ServeConn(secret{far}); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "Transport") {
			t.Error("a server:", err)
		}
		if _, err := near.Read(make([]byte, 1)); err == nil {
			t.Error("its connection is open")
		}
		near, far = mem.Pipe()
		lost, err := events.Connect(t.Context(), "https://localhost", events.ConnectOptions{
			SessionOptions:   cleartext,
			CreateConnection: func(context.Context) (net.Conn, error) { return secret{near}, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		lost.OnError(func(error) {})
		if err := lost.Ready(t.Context()); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "Transport") {
			t.Error("a client:", err)
		}
		if _, err := far.Read(make([]byte, 1)); err == nil {
			t.Error("its connection is open")
		}
		srv.DestroyAll()
		srv.Wait()
	})
}

// A setting that nobody could announce is refused by whatever takes it, at once,
// and the error names it, its value and what it may be.
func TestRefusedSettings(t *testing.T) {
	quiet := events.SessionOptions{Logger: slog.New(slog.DiscardHandler)}
	// One that has not connected yet, and one that has.
	dialing := make(chan struct{})
	early, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		SessionOptions: quiet,
		CreateConnection: func(ctx context.Context) (net.Conn, error) {
			close(dialing)
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	<-dialing
	defer early.Destroy(nil, core.NoError)
	p := newPair(t, pairOptions{})
	p.settle()
	srv, err := events.CreateServer(events.ServerOptions{SessionOptions: quiet})
	if err != nil {
		t.Fatal(err)
	}
	custom := func(id uint16, v uint32) events.Settings {
		return events.Settings{CustomSettings: map[uint16]uint32{id: v}}
	}
	for _, c := range []struct {
		s                        events.Settings
		option, value, permitted string
		later                    bool // it would do in the first SETTINGS
	}{
		{custom(9, 5), "NO_RFC7540_PRIORITIES", "5", "0 or 1", false},
		{custom(9, 1), "NO_RFC7540_PRIORITIES", "true", "unchanged after the first", true},
		{custom(0, 5), "customSettings:id", "0", "1 to 65535", false},
		{events.Settings{MaxFrameSize: events.Set(uint32(16383))}, "maxFrameSize", "16383", "16384 to 16777215", false},
		{events.Settings{InitialWindowSize: events.Set(uint32(1 << 31))}, "initialWindowSize", "2147483648", "0 to 2147483647", false},
		{events.Settings{MaxHeaderSize: events.Set(uint32(1)), MaxHeaderListSize: events.Set(uint32(2))}, "maxHeaderSize", "1", "equal to maxHeaderListSize", false},
	} {
		errs := map[string]error{"Settings": p.client.Settings(c.s, nil), "early Settings": early.Settings(c.s, nil)}
		if !c.later {
			errs["UpdateSettings"] = srv.UpdateSettings(c.s)
			_, errs["CreateServer"] = events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Settings: c.s}})
			_, errs["GetPackedSettings"] = events.GetPackedSettings(c.s)
			if c.option == "NO_RFC7540_PRIORITIES" {
				delete(errs, "GetPackedSettings") // it packs any custom setting
			}
		}
		for where, err := range errs {
			var config *core.ConfigError
			if !errors.Is(err, events.ErrInvalidSettingValue) || !errors.As(err, &config) || config.Value != c.value {
				t.Errorf("%s of %s: %v", where, c.option, err)
				continue
			}
			for _, part := range []string{c.option, c.value, c.permitted} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s of %s: %v, which lacks %q", where, c.option, err, part)
				}
			}
		}
	}
	if early.Destroyed() || p.client.Destroyed() {
		t.Error("a session did not survive")
	}
	if _, err := srv.NewSession(mem.Epoch); err != nil {
		t.Error("the server has no sessions any more:", err)
	}
	var config *core.ConfigError
	_, err = events.NewServerSession(mem.Epoch, events.SessionOptions{RemoteCustomSettings: make([]uint16, 11)})
	if !errors.Is(err, events.ErrTooManyCustom) || !errors.As(err, &config) || config.Option != "RemoteCustomSettings" {
		t.Error(err)
	}
}

// What is withdrawn before there is a connection cannot be, as afterwards.
func TestEarlySettingsAddUp(t *testing.T) {
	client, err := events.Connect(t.Context(), "http://example.org", events.ConnectOptions{
		CreateConnection: func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Destroy(nil, core.NoError)
	for i, on := range []bool{true, false, true} {
		err := client.Settings(events.Settings{EnableConnectProtocol: events.Set(on)}, nil)
		if errors.Is(err, events.ErrInvalidSettingValue) == on {
			t.Errorf("%d: %v", i, err)
		}
	}
	for range 20 { // too many at once are no matter before they are sent
		if err := client.Settings(events.Settings{InitialWindowSize: events.Set(uint32(1))}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// Options come once: nothing that is given is passed over.
func TestOptionsTwice(t *testing.T) {
	p := newPair(t, pairOptions{})
	check := func(what string, err error) {
		if !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "2 times") {
			t.Errorf("%s: %v", what, err)
		}
	}
	p.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) {
		_, err := st.PushStream(events.H(), events.PushOptions{}, events.PushOptions{})
		check("PushStream", err)
		check("RespondWithFile", st.RespondWithFile("x", events.H(), events.FileOptions{}, events.FileOptions{}))
		check("RespondWithFS", st.RespondWithFS(os.DirFS("."), "x", events.H(), events.FileOptions{}, events.FileOptions{}))
		check("RespondWithFD", st.RespondWithFD(os.Stdin, events.H(), events.FDOptions{}, events.FDOptions{}))
		check("Respond", st.Respond(events.H(), events.RespondOptions{}, events.RespondOptions{}))
		p.note("responded %v", st.Respond(events.H()))
		st.End(nil)
	})
	_, err := p.client.Request(t.Context(), events.H(), events.RequestOptions{}, events.RequestOptions{})
	check("Request", err)
	_, err = p.client.Ping(func(error, time.Duration, [8]byte) { t.Error("a ping was called back") }, [8]byte{1}, [8]byte{2})
	check("Ping", err)
	p.request(events.H())
	p.settle()
	p.log = without(p.log, "client ")
	p.happened("responded <nil>")
}

func TestNilContext(t *testing.T) {
	var none context.Context
	p := newPair(t, pairOptions{})
	_, err := p.client.Request(none, events.H())
	if !errors.Is(err, events.ErrInvalidArgType) || p.client.StreamCount() != 0 {
		t.Error("Request:", err)
	}
	if err := p.client.Ready(none); !errors.Is(err, events.ErrInvalidArgType) {
		t.Error("Ready:", err)
	}
	if _, err := events.Connect(none, "http://localhost", events.ConnectOptions{}); !errors.Is(err, events.ErrInvalidArgType) {
		t.Error("Connect:", err)
	}
}

func TestUnknownTransport(t *testing.T) {
	opts := events.SessionOptions{Transport: core.TransportAny + 1}
	_, client := events.NewClientSession(mem.Epoch, "http://localhost", opts)
	_, server := events.NewServerSession(mem.Epoch, opts)
	_, connect := events.Connect(t.Context(), "http://localhost", events.ConnectOptions{SessionOptions: opts, CreateConnection: func(context.Context) (net.Conn, error) {
		return nil, errors.New("not to be called")
	}})
	for _, err := range []error{client, server, connect} {
		if !errors.Is(err, events.ErrOutOfRange) || !strings.Contains(err.Error(), "Transport is 4") {
			t.Error(err)
		}
	}
}
