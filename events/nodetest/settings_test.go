package nodetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weft/core"
	"weft/core/coretest"
	"weft/events"
	"weft/transport/mem"

	"github.com/google/go-cmp/cmp"
)

// show is a setting that may be unset, for comparing.
func show[T any](o events.Opt[T]) string {
	if v, ok := o.Get(); ok {
		return fmt.Sprint(v)
	}
	return "unset"
}

func keys(s events.Settings) map[string]string {
	return map[string]string{
		"headerTableSize":       show(s.HeaderTableSize),
		"enablePush":            show(s.EnablePush),
		"initialWindowSize":     show(s.InitialWindowSize),
		"maxFrameSize":          show(s.MaxFrameSize),
		"maxConcurrentStreams":  show(s.MaxConcurrentStreams),
		"maxHeaderListSize":     show(s.MaxHeaderListSize),
		"maxHeaderSize":         show(s.MaxHeaderSize),
		"enableConnectProtocol": show(s.EnableConnectProtocol),
	}
}

// settingEffects show that the settings of TestSettings count, in a world that
// has them.
var settingEffects = map[string]func(t *testing.T, w *world, r *raw){
	"headerTableSize": func(t *testing.T, w *world, _ *raw) {
		if c, s := w.client.State().DeflateDynamicTableSize, w.server.State().InflateDynamicTableSize; c != 100 || s != 100 {
			t.Errorf("the client compresses with a table of %d, the server has one of %d", c, s)
		}
	},
	"enablePush": func(t *testing.T, w *world, _ *raw) {
		w.serve(func(st *events.ServerStream, _ events.Headers) {
			if _, err := st.PushStream(events.H(":path", "/")); st.PushAllowed() || !errors.Is(err, events.ErrPushDisabled) {
				t.Errorf("pushes are allowed: %v; %v", st.PushAllowed(), err)
			}
			w.note("refused")
		})
		w.get()
		w.settle()
		w.sawAll("refused")
	},
	"initialWindowSize": func(t *testing.T, w *world, r *raw) {
		w.serve(func(st *events.ServerStream, _ events.Headers) { st.Pause() })
		st := w.post()
		st.WriteString("held back")
		w.settle()
		if sent := w.fromClient.stream(1); len(sent) != 1 || st.BufferSize() != 9 {
			t.Errorf("sent %q, %d bytes wait", sent, st.BufferSize())
		}
		// The server holds others to it, too.
		r.send(r.peer.Headers(1, false, coretest.Request("POST", "/")...).Data(1, []byte("x"), false))
		if !r.saw("RST_STREAM 1 FLOW_CONTROL_ERROR") {
			t.Errorf("one byte too many is answered by %q", r.got.list())
		}
	},
	"maxFrameSize": func(t *testing.T, w *world, r *raw) {
		r.send(r.peer.Headers(1, false, coretest.Request("POST", "/")...).Data(1, make([]byte, 40_000), true))
		if r.eof || slices.ContainsFunc(r.got.list(), func(s string) bool { return strings.HasPrefix(s, "GOAWAY") }) {
			t.Errorf("a long frame is answered by %q", r.got.list())
		}
	},
	"maxConcurrentStreams": func(t *testing.T, w *world, r *raw) {
		if st := w.get(); len(w.fromClient.stream(1)) > 0 || !st.Pending() {
			t.Errorf("the client sends %q", w.fromClient.stream(1))
		}
		r.send(r.peer.Headers(1, true, coretest.Request("GET", "/")...))
		if !r.saw("RST_STREAM 1 REFUSED_STREAM") {
			t.Errorf("a stream too many is answered by %q", r.got.list())
		}
	},
	"maxHeaderListSize": tooLongAList,
	"maxHeaderSize":     tooLongAList,
	"enableConnectProtocol": func(t *testing.T, w *world, _ *raw) {
		w.serve(func(st *events.ServerStream, h events.Headers) { w.note("protocol %s", h.Get(":protocol")) })
		w.request(events.H(":method", "CONNECT", ":protocol", "chat", ":path", "/"), events.RequestOptions{})
		w.settle()
		w.sawAll("protocol chat")
	},
}

// tooLongAList sends what is longer than 1001 bytes.
func tooLongAList(t *testing.T, _ *world, r *raw) {
	r.send(r.peer.Headers(1, true, coretest.Request("GET", "/", field("x", fmt.Sprintf("%1000d", 1)))...))
	if !slices.ContainsFunc(r.got.stream(1), func(s string) bool {
		return s == "HEADERS 1 :status=431 END_STREAM" || s == "RST_STREAM 1 ENHANCE_YOUR_CALM"
	}) {
		t.Errorf("a list too long is answered by %q", r.got.list())
	}
}

// Each setting has its default, is sent, is seen by both sides, and counts.
func TestSettings(t *testing.T) {
	u32, yes, no := events.Set[uint32], events.Set(true), events.Set(false)
	for _, c := range []struct {
		key, byDefault string
		client         bool // the client announces it
		settings       events.Settings
		wire, value    string
	}{
		{"headerTableSize", "4096", false, events.Settings{HeaderTableSize: u32(100)}, "HEADER_TABLE_SIZE=100", "100"},
		{"enablePush", "true", true, events.Settings{EnablePush: no}, "ENABLE_PUSH=0", "false"},
		{"initialWindowSize", "65535", false, events.Settings{InitialWindowSize: u32(0)}, "INITIAL_WINDOW_SIZE=0", "0"},
		{"maxFrameSize", "16384", false, events.Settings{MaxFrameSize: u32(16777215)}, "MAX_FRAME_SIZE=16777215", "16777215"},
		{"maxConcurrentStreams", "4294967295", false, events.Settings{MaxConcurrentStreams: u32(0)}, "MAX_CONCURRENT_STREAMS=0", "0"},
		{"maxHeaderListSize", "65535", false, events.Settings{MaxHeaderListSize: u32(1000)}, "MAX_HEADER_LIST_SIZE=1000", "1000"},
		{"maxHeaderSize", "65535", false, events.Settings{MaxHeaderSize: u32(1001)}, "MAX_HEADER_LIST_SIZE=1001", "1001"},
		{"enableConnectProtocol", "false", false, events.Settings{EnableConnectProtocol: yes}, "ENABLE_CONNECT_PROTOCOL=1", "true"},
	} {
		t.Run(c.key, func(t *testing.T) {
			if got := keys(events.GetDefaultSettings())[c.key]; got != c.byDefault {
				t.Errorf("the default is %s, want %s", got, c.byDefault)
			}
			var s setup
			if c.client {
				s.client.Settings = c.settings
			} else {
				s.server.Settings = c.settings
			}
			w := newWorld(t, s)
			w.settle()
			sent, local, remote := w.fromServer, &w.server.Session, &w.client.Session
			if c.client {
				sent, local, remote = w.fromClient, remote, local
			}
			if !sent.has("SETTINGS " + c.wire) {
				t.Errorf("sent: %q", sent.list())
			}
			if got := keys(local.LocalSettings())[c.key]; got != c.value {
				t.Errorf("locally it is %s, want %s", got, c.value)
			}
			if got := keys(remote.RemoteSettings())[c.key]; got != c.value {
				t.Errorf("for the peer it is %s, want %s", got, c.value)
			}
			fresh := newWorld(t, s)
			fresh.serve(nil)
			r := newRaw(t, fresh.server, false)
			r.send(r.peer.Handshake(true))
			settingEffects[c.key](t, w, r)
			covers(t, "settings."+c.key)
		})
	}
	t.Run("customSettings", func(t *testing.T) {
		custom := map[uint16]uint32{9999: 301, 10: 0}
		w := newWorld(t, setup{
			server: events.ServerOptions{SessionOptions: events.SessionOptions{Settings: events.Settings{CustomSettings: custom}}},
			client: events.SessionOptions{RemoteCustomSettings: []uint16{9999}},
		})
		w.settle()
		if !w.fromServer.has("SETTINGS 0xa=0 0x270f=301") {
			t.Errorf("sent: %q", w.fromServer.list())
		}
		if d := cmp.Diff(custom, w.server.LocalSettings().CustomSettings); d != "" {
			t.Error(d)
		}
		covers(t, "settings.customSettings")
		if d := cmp.Diff(map[uint16]uint32{9999: 301}, w.client.RemoteSettings().CustomSettings); d != "" {
			t.Error(d)
		}
		covers(t, "rule.settings.custom-receive-filter")
	})
}

// invalidSettings are settings that must not be sent, and what is said about them.
var invalidSettings = []struct {
	settings events.Settings
	message  string
}{
	{events.Settings{InitialWindowSize: events.Set[uint32](1 << 31)}, `Invalid value for setting "initialWindowSize": 2147483648`},
	{events.Settings{InitialWindowSize: events.Set[uint32](1<<32 - 1)}, `Invalid value for setting "initialWindowSize": 4294967295`},
	{events.Settings{MaxFrameSize: events.Set[uint32](1)}, `Invalid value for setting "maxFrameSize": 1`},
	{events.Settings{MaxFrameSize: events.Set[uint32](16383)}, `Invalid value for setting "maxFrameSize": 16383`},
	{events.Settings{MaxFrameSize: events.Set[uint32](1 << 24)}, `Invalid value for setting "maxFrameSize": 16777216`},
	{events.Settings{CustomSettings: map[uint16]uint32{0: 1}}, `Invalid value for setting "customSettings:id": 0`},
	{events.Settings{CustomSettings: map[uint16]uint32{2: 2}}, `Invalid value for setting "enablePush": 2`},
	{events.Settings{CustomSettings: map[uint16]uint32{4: 1 << 31}}, `Invalid value for setting "initialWindowSize": 2147483648`},
	{events.Settings{
		MaxHeaderListSize: events.Set[uint32](1), MaxHeaderSize: events.Set[uint32](2),
	}, `Invalid value for setting "maxHeaderSize": 2`},
}

// checkInvalid compares an error with what a row of invalidSettings says.
func checkInvalid(t *testing.T, where string, err error, message string) {
	t.Helper()
	var e *events.Error
	if !errors.Is(err, events.ErrInvalidSettingValue) || !errors.As(err, &e) || e.Message != message {
		t.Errorf("%s: %v, want %s: %s", where, err, events.ErrInvalidSettingValue.Code, message)
	}
}

func custom(n int) events.Settings {
	m := make(map[uint16]uint32)
	for i := range n {
		m[uint16(1000+i)] = 1
	}
	return events.Settings{CustomSettings: m}
}

// What cannot be announced is refused by each function that takes settings, and
// nothing is sent.
func TestInvalidSettings(t *testing.T) {
	w := newWorld(t, setup{})
	w.settle()
	w.fromClient.clear()
	for _, c := range invalidSettings {
		err := w.client.Settings(c.settings, nil)
		checkInvalid(t, "Settings", err, c.message)
		var e *events.Error
		if !errors.As(err, &e) || e.Code != "ERR_HTTP2_INVALID_SETTING_VALUE" {
			t.Errorf("the code of %v", err)
		}
		covers(t, "error.ERR_HTTP2_INVALID_SETTING_VALUE")
		_, err = events.GetPackedSettings(c.settings)
		checkInvalid(t, "GetPackedSettings", err, c.message)
		_, err = events.CreateServer(events.ServerOptions{SessionOptions: events.SessionOptions{Settings: c.settings}})
		checkInvalid(t, "CreateServer", err, c.message)
		_, err = events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{Settings: c.settings})
		checkInvalid(t, "NewClientSession", err, c.message)
		checkInvalid(t, "UpdateSettings", w.srv.UpdateSettings(c.settings), c.message)
		covers(t, "rule.server.updateSettings-errors")
	}
	w.settle()
	if got := w.fromClient.list(); len(got) > 0 {
		t.Errorf("sent: %q", got)
	}
	covers(t, "rule.settings.invalid-value-throws")

	if err := w.client.Settings(custom(11), nil); !errors.Is(err, events.ErrTooManyCustom) {
		t.Errorf("eleven custom settings: %v", err)
	}
	if err := w.client.Settings(custom(10), nil); err != nil {
		t.Errorf("ten custom settings: %v", err)
	}
	covers(t, "rule.settings.custom-limit")
	_, err := events.NewClientSession(mem.Epoch, "http://localhost", events.SessionOptions{RemoteCustomSettings: make([]uint16, 11)})
	if !errors.Is(err, events.ErrTooManyCustom) {
		t.Errorf("eleven custom settings of the peer's: %v", err)
	}
}

// Custom settings may be any number and have any value; one that has a name
// means what the name means.
func TestCustomSettings(t *testing.T) {
	announce := func(s events.Settings) (*world, string) {
		w := newWorld(t, setup{client: events.SessionOptions{Settings: s}})
		w.settle()
		return w, w.fromClient.list()[0]
	}
	_, sent := announce(events.Settings{CustomSettings: map[uint16]uint32{7: 1, 65535: 2, 4: 70000}})
	if sent != "SETTINGS INITIAL_WINDOW_SIZE=70000 0x7=1 0xffff=2" {
		t.Errorf("sent: %s", sent)
	}
	covers(t, "rule.settings.custom-id-range")

	_, sent = announce(events.Settings{CustomSettings: map[uint16]uint32{100: 0, 101: 1<<32 - 1}})
	if sent != "SETTINGS 0x64=0 0x65=4294967295" {
		t.Errorf("sent: %s", sent)
	}
	covers(t, "rule.settings.custom-value-range")

	w, sent := announce(events.Settings{
		InitialWindowSize: events.Set[uint32](80000), CustomSettings: map[uint16]uint32{4: 70000},
	})
	if sent != "SETTINGS INITIAL_WINDOW_SIZE=80000" {
		t.Errorf("sent: %s", sent)
	}
	if s := w.client.LocalSettings(); len(s.CustomSettings) > 0 || s.InitialWindowSize.Or(0) != 80000 {
		t.Errorf("local settings: %v", s)
	}
	covers(t, "rule.settings.custom-not-mixed")
}

// A setting nobody knows changes nothing.
func TestUnknownSettings(t *testing.T) {
	w := newWorld(t, setup{})
	r := newRaw(t, w.server, false)
	r.send(r.peer.Handshake(true))
	before := w.server.RemoteSettings()
	r.send(r.peer.Settings(core.Setting{ID: 0xf000, Value: 1}))
	if d := cmp.Diff(keys(before), keys(w.server.RemoteSettings())); d != "" {
		t.Error(d)
	}
	if custom := w.server.RemoteSettings().CustomSettings; len(custom) > 0 || w.server.Destroyed() {
		t.Errorf("custom settings: %v", custom)
	}
	covers(t, "rule.settings.extra-ignored")
}

// Settings are in force when they have been acknowledged, and several may be
// under way.
func TestSettingsInForce(t *testing.T) {
	w := newWorld(t, setup{})
	w.settle()
	w.client.OnLocalSettings(func(s events.Settings) {
		w.note("localSettings %s %s", show(s.InitialWindowSize), show(s.HeaderTableSize))
	})
	w.client.Do(func() {
		for _, s := range []events.Settings{
			{InitialWindowSize: events.Set[uint32](1000)}, {HeaderTableSize: events.Set[uint32](0)},
		} {
			if err := w.client.Settings(s, func(err error, now events.Settings, rtt time.Duration) {
				w.note("callback %v %s %s %v", err, show(now.InitialWindowSize), show(now.HeaderTableSize), rtt)
			}); err != nil {
				t.Error(err)
			}
		}
		w.note("pending %v %s", w.client.PendingSettingsAck(), show(w.client.LocalSettings().InitialWindowSize))
	})
	if !w.link.Run(func() bool { return w.saw("pending true 65535") }) {
		t.Errorf("before any answer: %q", w.log)
	}
	covers(t, "rule.settings.effective-after-ack")
	w.settle()
	w.happened("pending true 65535",
		"callback <nil> 1000 4096 20ms", "localSettings 1000 4096",
		"callback <nil> 1000 0 20ms", "localSettings 1000 0")
	covers(t, "rule.settings.multiple-pending")
	if w.client.PendingSettingsAck() {
		t.Error("still pending")
	}
}

// Extended CONNECT is never withdrawn (RFC 8441 §3).
func TestConnectProtocolStays(t *testing.T) {
	w := newWorld(t, setup{})
	w.settle()
	if err := w.server.Settings(events.Settings{EnableConnectProtocol: events.Set(true)}, nil); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.fromServer.clear()
	err := w.server.Settings(events.Settings{EnableConnectProtocol: events.Set(false)}, nil)
	checkInvalid(t, "Settings", err, `Invalid value for setting "enableConnectProtocol": 0, must be 1: it cannot be withdrawn (RFC 8441 §3)`)
	w.settle()
	if got := w.fromServer.list(); len(got) > 0 || !w.server.LocalSettings().EnableConnectProtocol.Or(false) {
		t.Errorf("sent %q, and it is %s", got, show(w.server.LocalSettings().EnableConnectProtocol))
	}
	covers(t, "rule.settings.connect-protocol-sticky")
}

// Announced limits are enforced, whatever the peer thinks of them.
func TestAnnouncedLimits(t *testing.T) {
	w := newWorld(t, setup{server: events.ServerOptions{SessionOptions: events.SessionOptions{Settings: events.Settings{
		MaxHeaderListSize: events.Set[uint32](300), MaxConcurrentStreams: events.Set[uint32](1),
	}}}})
	w.serve(nil)
	w.server.OnStream(func(st *events.ServerStream, _ events.Headers, _ events.Flags) { w.note("stream %d", st.ID()) })
	r := newRaw(t, w.server, false)
	long := append(coretest.Request("GET", "/"), core.Field{Name: "x", Value: fmt.Sprintf("%300d", 1)})
	r.send(r.peer.Handshake(true).Headers(1, true, long...))
	if len(w.of("stream")) > 0 || !slices.ContainsFunc(r.got.stream(1), func(s string) bool {
		return s == "HEADERS 1 :status=431 END_STREAM" || s == "RST_STREAM 1 ENHANCE_YOUR_CALM"
	}) {
		t.Errorf("a header list of over 300 bytes: %q, answered by %q", w.log, r.got.stream(1))
	}
	covers(t, "rule.settings.max-header-list-enforced")
	r.send(r.peer.Headers(3, true, coretest.Request("GET", "/")...).Headers(5, true, coretest.Request("GET", "/")...))
	if got := w.of("stream"); !slices.Equal(got, []string{"3"}) || !r.saw("RST_STREAM 5 REFUSED_STREAM") {
		t.Errorf("two streams where one is allowed: %q, answered by %q", got, r.got.list())
	}
	covers(t, "rule.settings.max-concurrent-strict")
}
