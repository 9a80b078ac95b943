package coretest_test

import (
	"strings"
	"testing"

	"weft/core"
	"weft/core/coretest"
	"weft/core/frame"
)

// TestValidator: what an endpoint must not send is noticed.
func TestValidator(t *testing.T) {
	request := coretest.Request("GET", "/")
	ok := coretest.Response("200")
	for _, c := range []struct {
		name   string
		client bool
		got    func(p *coretest.Peer) // what the endpoint received
		sent   func(p *coretest.Peer) // and what it sends
		want   string                 // part of the complaint; "" for none
	}{
		{"nothing wrong", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...).Ping(false, [8]byte{1}) },
			func(p *coretest.Peer) {
				p.Settings().SettingsAck().Ping(true, [8]byte{1}).Headers(1, false, ok...).Data(1, []byte("x"), true)
			}, ""},
		{"no SETTINGS first", false, nil,
			func(p *coretest.Peer) { p.Ping(false, [8]byte{}) }, "before SETTINGS"},
		{"no magic string", true, nil,
			func(p *coretest.Peer) { p.Settings().Settings().Settings() }, "no client preface"},
		{"acknowledges nothing", false, nil,
			func(p *coretest.Peer) { p.Settings().SettingsAck() }, "acknowledges nothing"},
		{"answers no PING", false, nil,
			func(p *coretest.Peer) { p.Settings().Ping(true, [8]byte{}) }, "answers no PING"},
		{"idle stream", false, nil,
			func(p *coretest.Peer) { p.Settings().Headers(1, true, ok...) }, "idle stream"},
		{"reset of an idle stream", true, nil,
			func(p *coretest.Peer) { p.Preface().Settings().Reset(1, core.Cancel) }, "idle stream"},
		{"DATA first", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) { p.Settings().Data(1, []byte("x"), true) }, "before the headers"},
		{"after the end", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) { p.Settings().Headers(1, true, ok...).Data(1, []byte("x"), true) }, "END_STREAM"},
		{"after a reset", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) { p.Settings().Reset(1, core.Cancel).Headers(1, true, ok...) }, "RST_STREAM"},
		{"reset twice", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) { p.Settings().Reset(1, core.Cancel).Reset(1, core.Cancel) }, "second"},
		{"too much DATA", false,
			func(p *coretest.Peer) {
				p.Preface().Settings(core.Setting{ID: core.SettingInitialWindowSize, Value: 3}).Headers(1, true, request...)
			},
			func(p *coretest.Peer) {
				p.Settings().SettingsAck().Headers(1, false, ok...).Data(1, []byte("four"), true)
			},
			"longer than the windows"},
		{"not yet acknowledged", false,
			func(p *coretest.Peer) {
				p.Preface().Settings(core.Setting{ID: core.SettingInitialWindowSize, Value: 3}).Headers(1, true, request...)
			},
			func(p *coretest.Peer) { p.Settings().Headers(1, false, ok...).Data(1, []byte("four"), true) }, ""},
		{"frame too long", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) { p.Settings().Headers(1, false, ok...).Data(1, make([]byte, 16385), true) }, "longer than 16384"},
		{"block interrupted", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) {
				p.Settings().Frame(frame.TypeHeaders, 0, 1, p.Block(ok...)).Ping(false, [8]byte{})
			}, "breaks a header block"},
		{"table not reduced", false,
			func(p *coretest.Peer) {
				p.Preface().Settings(core.Setting{ID: core.SettingHeaderTableSize, Value: 0}).Headers(1, true, request...)
			},
			func(p *coretest.Peer) { p.Settings().SettingsAck().Headers(1, true, ok...) }, "does not begin with a table size"},
		{"push though disabled", false,
			func(p *coretest.Peer) {
				p.Preface().Settings(core.Setting{ID: core.SettingEnablePush, Value: 0}).Headers(1, true, request...)
			},
			func(p *coretest.Peer) { p.Settings().SettingsAck().PushPromise(1, 2, request...) }, "not permitted"},
		{"one stream too many", true,
			func(p *coretest.Peer) { p.Settings(core.Setting{ID: core.SettingMaxConcurrentStreams, Value: 1}) },
			func(p *coretest.Peer) {
				p.Preface().Settings().SettingsAck().Headers(1, true, request...).Headers(3, true, request...)
			}, "one stream more"},
		{"ids fall", true, nil,
			func(p *coretest.Peer) {
				p.Preface().Settings().Headers(3, true, request...).Headers(1, true, request...)
			},
			"not above 3"},
		{"last stream rises", false, nil,
			func(p *coretest.Peer) { p.Settings().GoAway(1, 0, "").GoAway(3, 0, "") }, "raises"},
		{"padding is not zero", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) {
				p.Settings().Headers(1, false, ok...).Frame(frame.TypeData, frame.FlagPadded, 1, []byte{1, 'x', 1})
			}, "not zero"},
		{"undefined flag", false, nil,
			func(p *coretest.Peer) { p.Settings().Frame(frame.TypePing, 0x40, 0, make([]byte, 8)) }, "undefined flags"},
		{"final response twice", false,
			func(p *coretest.Peer) { p.Handshake(true).Headers(1, true, request...) },
			func(p *coretest.Peer) { p.Settings().Headers(1, false, ok...).Headers(1, true, ok...) }, "neither trailers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := coretest.NewValidator(c.client)
			if c.got != nil {
				p := coretest.NewPeer()
				c.got(p)
				v.Received(p.Bytes())
			}
			p := coretest.NewPeer()
			c.sent(p)
			_, err := v.Sent(p.Bytes())
			switch {
			case c.want == "" && err != nil:
				t.Errorf("complains: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("says %v, want %q", err, c.want)
			}
		})
	}
}
