package nodetest

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"

	"weft/events"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Settings as the payload of a SETTINGS frame, and back.
func TestPackedSettings(t *testing.T) {
	one, err := events.GetPackedSettings(events.Settings{EnablePush: events.Set(false)})
	if got := base64.StdEncoding.EncodeToString(one); got != "AAIAAAAA" || err != nil {
		t.Errorf("one entry: %s, %v", got, err)
	}
	covers(t, "rule.getPackedSettings.only-given")
	if none, err := events.GetPackedSettings(events.Settings{}); len(none) > 0 || err != nil {
		t.Errorf("no entry: %x, %v", none, err)
	}

	all := events.Settings{
		HeaderTableSize:       events.Set[uint32](100),
		EnablePush:            events.Set(true),
		MaxConcurrentStreams:  events.Set[uint32](200),
		InitialWindowSize:     events.Set[uint32](300),
		MaxFrameSize:          events.Set[uint32](20000),
		MaxHeaderListSize:     events.Set[uint32](400),
		MaxHeaderSize:         events.Set[uint32](400),
		EnableConnectProtocol: events.Set(true),
		CustomSettings:        map[uint16]uint32{0xff00: 1<<32 - 1, 9: 2},
	}
	packed, err := events.GetPackedSettings(all)
	const want = "000100000064" + "000200000001" + "0003000000c8" + "00040000012c" + "000500004e20" +
		"000600000190" + "000800000001" + "000900000002" + "ff00ffffffff"
	if got := hex.EncodeToString(packed); got != want || err != nil {
		t.Errorf("packed: %s, %v\nwant    %s", got, err, want)
	}
	covers(t, "http2.getPackedSettings")

	unpacked, err := events.GetUnpackedSettings(packed)
	if d := cmp.Diff(all, unpacked, allOpts); d != "" || err != nil {
		t.Errorf("unpacked: %v\n%s", err, d)
	}
	covers(t, "http2.getUnpackedSettings")
}

// allOpts compares settings whole.
var allOpts = cmp.Options{
	cmp.AllowUnexported(events.Opt[uint32]{}, events.Opt[bool]{}), cmpopts.EquateEmpty(),
}

func TestUnpackedSettings(t *testing.T) {
	for name, c := range map[string]struct {
		packed string
		want   events.Settings
		err    error
	}{
		"nothing":              {"", events.Settings{}, nil},
		"the last value":       {"000100000001" + "000100000002", events.Settings{HeaderTableSize: events.Set[uint32](2)}, nil},
		"a number that is not": {"000000000001" + "000100000002", events.Settings{HeaderTableSize: events.Set[uint32](2)}, nil},
		"half an entry":        {"000100", events.Settings{}, events.ErrPackedSettings},
		"an entry and a bit":   {"00010000000100", events.Settings{}, events.ErrPackedSettings},
		"push 2":               {"000200000002", events.Settings{}, events.ErrInvalidSettingValue},
		"a window too large":   {"000480000000", events.Settings{}, events.ErrInvalidSettingValue},
		"a frame too small":    {"000500003fff", events.Settings{}, events.ErrInvalidSettingValue},
		"eleven custom ones": {"100100000000" + "100200000000" + "100300000000" + "100400000000" + "100500000000" + "100600000000" +
			"100700000000" + "100800000000" + "100900000000" + "100a00000000" + "100b00000000", events.Settings{}, events.ErrTooManyCustom},
	} {
		t.Run(name, func(t *testing.T) {
			packed, err := hex.DecodeString(c.packed)
			if err != nil {
				t.Fatal(err)
			}
			got, err := events.GetUnpackedSettings(packed)
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if d := cmp.Diff(c.want, got, allOpts); d != "" {
				t.Error(d)
			}
		})
	}
}

// The defaults are made anew for each caller, and one kind of settings goes
// through all functions.
func TestDefaultSettings(t *testing.T) {
	s := events.GetDefaultSettings()
	s.MaxFrameSize = events.Set[uint32](20000)
	s.CustomSettings = map[uint16]uint32{1000: 1}
	if d := events.GetDefaultSettings(); d.MaxFrameSize.Or(0) != 16384 || len(d.CustomSettings) > 0 {
		t.Errorf("somebody else's change is in the defaults: %v", d)
	}
	covers(t, "http2.getDefaultSettings")

	w := newWorld(t, setup{
		server: events.ServerOptions{SessionOptions: events.SessionOptions{Settings: s}},
		client: events.SessionOptions{RemoteCustomSettings: []uint16{1000}},
	})
	w.settle()
	// A server never says that it takes pushes: RFC 9113 §6.5.2.
	const sent = "SETTINGS HEADER_TABLE_SIZE=4096 MAX_CONCURRENT_STREAMS=4294967295 INITIAL_WINDOW_SIZE=65535 " +
		"MAX_FRAME_SIZE=20000 MAX_HEADER_LIST_SIZE=65535 ENABLE_CONNECT_PROTOCOL=0 0x3e8=1"
	if !w.fromServer.has(sent) {
		t.Errorf("sent: %q", w.fromServer.list())
	}
	for who, got := range map[string]events.Settings{
		"LocalSettings": w.server.LocalSettings(), "RemoteSettings": w.client.RemoteSettings(),
	} {
		if d := cmp.Diff(s, got, allOpts); d != "" {
			t.Errorf("%s: %s", who, d)
		}
	}
	if err := w.client.Settings(w.client.RemoteSettings(), nil); err != nil {
		t.Errorf("the settings of one end announced by the other: %v", err)
	}
	if _, err := events.GetPackedSettings(w.client.RemoteSettings()); err != nil {
		t.Error(err)
	}
	w.settle()
	if w.client.Destroyed() || w.server.Destroyed() {
		t.Error("a session has ended")
	}
	covers(t, "rule.settings.accepting-apis")
}
