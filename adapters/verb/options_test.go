package verb

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weft/adapters/http1"
	"weft/core"
	"weft/events"
	"weft/transport/mem"
)

func TestOptionsMerge(t *testing.T) {
	app := CreateServer(HTTP2)
	app.WithOptions(Options{
		Port: events.Set(8443), Host: "a",
		HTTP2: HTTP2Options{
			MaxSettings: 5, AllowHTTP1: events.Set(true),
			Settings: events.Settings{
				MaxFrameSize: events.Set[uint32](20000), EnablePush: events.Set(false),
				CustomSettings: map[uint16]uint32{100: 1, 101: 1},
			},
		},
	})
	app.WithOptions(Options{
		Port: events.Set(0),
		HTTP2: HTTP2Options{
			AllowHTTP1: events.Set(false),
			Settings: events.Settings{
				HeaderTableSize: events.Set[uint32](8192), CustomSettings: map[uint16]uint32{101: 2},
			},
		},
	})
	got := app.Settings()
	want := Options{
		Port: events.Set(0), Host: "a",
		HTTP2: HTTP2Options{
			MaxSettings: 5, AllowHTTP1: events.Set(false),
			Settings: events.Settings{
				MaxFrameSize: events.Set[uint32](20000), EnablePush: events.Set(false),
				HeaderTableSize: events.Set[uint32](8192), CustomSettings: map[uint16]uint32{100: 1, 101: 2},
			},
		},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(events.Opt[int]{}, events.Opt[bool]{}, events.Opt[uint32]{}, events.Opt[int64]{}, events.Opt[time.Duration]{})); d != "" {
		t.Error(d)
	}
	covers(t, "verb.app.withOptions")
	if n := got.HTTP2.Settings.MaxConcurrentStreams.Or(100); n != 100 {
		t.Error("a limit that nobody set:", n)
	}
	covers(t, "verb.app.settings")
	got.HTTP2.Settings.CustomSettings[100] = 9
	if app.Settings().HTTP2.Settings.CustomSettings[100] != 1 {
		t.Error("Settings gives the app's own map away")
	}
}

// Each option is seen by the client, or in the session.
func TestSettingsAnnounced(t *testing.T) {
	app := newApp()
	app.WithOptions(Options{HTTP2: HTTP2Options{Settings: events.Settings{
		HeaderTableSize: events.Set[uint32](8192), MaxConcurrentStreams: events.Set[uint32](7),
		InitialWindowSize: events.Set[uint32](70000), MaxFrameSize: events.Set[uint32](17000), MaxHeaderListSize: events.Set[uint32](9000),
	}}})
	app.Get("/", says("ok"))
	c := dial(t, app)
	c.get("/").is(t, 200, "ok")
	s := c.RemoteSettings()
	for row, pair := range map[string][2]uint32{
		"headerTableSize":      {s.HeaderTableSize.Or(0), 8192},
		"maxConcurrentStreams": {s.MaxConcurrentStreams.Or(0), 7},
		"initialWindowSize":    {s.InitialWindowSize.Or(0), 70000},
		"maxFrameSize":         {s.MaxFrameSize.Or(0), 17000},
		"maxHeaderListSize":    {s.MaxHeaderListSize.Or(0), 9000},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %d announced, want %d", row, pair[0], pair[1])
		}
		covers(t, "verb.option.http2.settings."+row)
	}
	covers(t, "verb.option.http2", "verb.option.http2.settings")
}

// The options of package events get there as they are.
func TestSessionOptions(t *testing.T) {
	o := HTTP2Options{
		MaxSessionMemory: 50, MaxDeflateDynamicTableSize: events.Set[uint32](1), MaxSettings: 2, MaxHeaderListPairs: 30,
		MaxOutstandingPings: 4, MaxSendHeaderBlockLength: 5000, PaddingStrategy: events.PaddingStrategyMax,
		PeerMaxConcurrentStreams: events.Set[uint32](6),
	}
	s := o.session()
	for row, same := range map[string]bool{
		"maxSessionMemory":           s.MaxSessionMemory == 50,
		"maxDeflateDynamicTableSize": s.MaxDeflateDynamicTableSize.Or(0) == 1,
		"maxSettings":                s.MaxSettings == 2,
		"maxHeaderListPairs":         s.MaxHeaderListPairs == 30,
		"maxOutstandingPings":        s.MaxOutstandingPings == 4,
		"maxSendHeaderBlockLength":   s.MaxSendHeaderBlockLength == 5000,
		"paddingStrategy":            s.PaddingStrategy == events.PaddingStrategyMax,
		"peerMaxConcurrentStreams":   s.PeerMaxConcurrentStreams.Or(0) == 6,
	} {
		if !same {
			t.Error(row, "is lost")
		}
		covers(t, "verb.option.http2."+row)
	}
	both := newApp().WithOptions(Options{HTTP2: HTTP2Options{Timeouts: core.Timeouts{Idle: time.Minute, Stall: time.Hour}}}).
		WithOptions(Options{HTTP2: HTTP2Options{Timeouts: core.Timeouts{Stall: time.Second}}})
	server, err := both.Server()
	if err != nil {
		t.Fatal(err)
	}
	session, err := server.NewSession(mem.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	if in := session.Timeouts(); in.Idle != time.Minute || in.Stall != time.Second || in.BodyIdle != core.Never {
		t.Errorf("in force are %+v", in)
	}
	if _, err := newApp().WithOptions(Options{HTTP2: HTTP2Options{Timeouts: core.Timeouts{Idle: -time.Second}}}).Server(); !errors.Is(err, events.ErrOutOfRange) {
		t.Error("a negative timeout:", err)
	}
	app := newApp().WithOptions(Options{HTTP2: HTTP2Options{MaxSettings: -1}})
	if _, err := app.Listen(0); err == nil {
		t.Error("options that are wrong are an error of Listen")
	}
	for want, o := range map[string]Options{
		"BodyLimit is -1, must be 0 or more":                       {BodyLimit: events.Set[int64](-1)},
		"Port is 65536, must be 0 to 65535":                        {Port: events.Set(65536)},
		"Port is -1, must be 0 to 65535":                           {Port: events.Set(-1)},
		"HTTP2.SessionTimeout is -1s, must be 0 or more":           {HTTP2: HTTP2Options{SessionTimeout: events.Set(-time.Second)}},
		"HTTP2.PushStreams.Timeout is -1s, must be 0 or more":      {HTTP2: HTTP2Options{PushStreams: PushStreamOptions{Timeout: events.Set(-time.Second)}}},
		"HTTP2.PushStreams.MaxConcurrent is -1, must be 0 or more": {HTTP2: HTTP2Options{PushStreams: PushStreamOptions{MaxConcurrent: events.Set(-1)}}},
	} {
		if _, err := newApp().WithOptions(o).Listen(); !errors.Is(err, events.ErrOutOfRange) || !strings.HasSuffix(err.Error(), "verb: "+want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := newApp().WithOptions(Options{Port: events.Set(65536)}).Server(); !errors.Is(err, events.ErrOutOfRange) {
		t.Error("a port that is wrong is an error of Server:", err)
	}
	few := HTTP2Options{HTTP1: http1.Options{MaxUpgraded: 7}}
	if _, err := newApp().WithOptions(Options{HTTP2: few}).Listen(0); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "AllowHTTP1") {
		t.Error("options of HTTP/1.1, which is not allowed:", err)
	}
	few.AllowHTTP1, few.HTTP1.MaxUpgraded = events.Set(true), -7
	if _, err := newApp().WithOptions(Options{HTTP2: few}).Listen(0); !errors.Is(err, events.ErrOutOfRange) || !strings.Contains(err.Error(), "MaxUpgraded") {
		t.Error("options of HTTP/1.1 that are wrong:", err)
	}
	app = newApp().WithOptions(Options{HTTP2: HTTP2Options{SessionTimeout: events.Set(5 * time.Minute)}})
	if srv, err := app.Server(); err != nil || srv.Timeout() != 5*time.Minute {
		t.Error("session timeout:", err)
	}
	covers(t, "verb.option.http2.sessionTimeout")
}

// Over TLS, on a port of its own, by both protocols.
func TestListen(t *testing.T) {
	probe := httptest.NewTLSServer(nil) // for its certificate
	identity := probe.TLS.Certificates[0]
	probe.Close()
	key, err := x509.MarshalPKCS8PrivateKey(identity.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	app := newApp()
	app.WithOptions(Options{
		Host: "localhost", Port: events.Set(1), // Listen's argument beats it
		TLS: TLSOptions{
			Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Certificate[0]}),
			Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		},
		HTTP2: HTTP2Options{AllowHTTP1: events.Set(true)},
	})
	app.Get("/", func(req *Request, res *Response) error {
		_, ok := req.Stream()
		return res.JSON([]any{req.HTTPVersion(), ok})
	})
	addr, err := app.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	covers(t, "verb.app.listen", "verb.option.port")
	for _, http2 := range []bool{true, false} {
		tr := &http.Transport{ForceAttemptHTTP2: http2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		resp, err := (&http.Client{Transport: tr}).Get("https://" + addr.String())
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		b.ReadFrom(resp.Body)
		want := `["2.0",true]`
		if !http2 {
			want = `["1.1",false]`
		}
		if b.String() != want || !bytes.Equal(resp.TLS.PeerCertificates[0].Raw, identity.Certificate[0]) {
			t.Errorf("%s, want %s", b.String(), want)
		}
		tr.CloseIdleConnections()
	}
	covers(t, "verb.option.tls", "verb.option.tls.cert", "verb.option.tls.key", "verb.option.http2.allowHTTP1", "verb.req.httpVersion", "verb.req.stream")
	if err := app.Close(); err != nil {
		t.Error(err)
	}
	if err := app.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := newApp().WithOptions(Options{TLS: TLSOptions{Cert: []byte("x")}}).Listen(0); !errors.Is(err, events.ErrInvalidArg) || !strings.Contains(err.Error(), "TLS.Key") {
		t.Error("half a certificate:", err)
	}
}

func TestSessionError(t *testing.T) {
	app := newApp()
	got := make(chan error, 1)
	app.OnSessionError(func(err error, s *events.ServerSession) { got <- err })
	app.Get("/", says("ok"))
	c := dial(t, app)
	c.get("/").is(t, 200, "ok")
	c.Destroy(nil, core.EnhanceYourCalm)
	if err := <-got; ErrorCode(err) != "ERR_HTTP2_GOAWAY_SESSION" || !errors.Is(err, events.ErrSessionError) {
		t.Error(err)
	}
	covers(t, "verb.app.event.sessionError")
}

func TestDebug(t *testing.T) {
	lines := make(chan string, 100)
	app := newApp().WithOptions(Options{HTTP2: HTTP2Options{
		Debug: events.Set(true),
		DebugLogger: func(level slog.Level, message string, data ...slog.Attr) {
			if level == slog.LevelDebug && len(data) == 1 {
				lines <- message
			}
		},
	}})
	app.Get("/", says("ok"))
	dial(t, app).get("/").is(t, 200, "ok")
	for !strings.Contains(<-lines, "SETTINGS") {
	}
	covers(t, "verb.option.http2.debug", "verb.option.http2.debugLogger")
}
