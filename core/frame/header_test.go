package frame_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"weft/core/frame"
)

func TestHeader(t *testing.T) {
	tests := []struct {
		name string
		wire string
		want frame.Header
		str  string
	}{
		{"zero", "000000 00 00 00000000", frame.Header{}, "DATA stream=0 len=0"},
		{"each field", "010203 01 05 04050607",
			frame.Header{Length: 0x010203, Type: frame.TypeHeaders, Flags: 5, Stream: 0x04050607},
			"HEADERS stream=67438087 len=66051 END_STREAM|END_HEADERS"},
		{"all ones but the reserved bit", "ffffff ff ff 7fffffff",
			frame.Header{Length: frame.MaxFrameSizeLimit, Type: 0xff, Flags: 0xff, Stream: frame.MaxStreamID},
			"UNKNOWN(0xff) stream=2147483647 len=16777215 0xff"},
		{"padded", "000001 00 09 00000001",
			frame.Header{Length: 1, Flags: 9, Stream: 1}, "DATA stream=1 len=1 END_STREAM|PADDED"},
		{"the same bit is ACK elsewhere", "000000 04 01 00000000",
			frame.Header{Type: frame.TypeSettings, Flags: 1}, "SETTINGS stream=0 len=0 ACK"},
		{"flags without meaning", "000000 06 21 00000000",
			frame.Header{Type: frame.TypePing, Flags: 0x21}, "PING stream=0 len=0 ACK|0x20"},
		{"priority", "000005 01 20 00000003",
			frame.Header{Length: 5, Type: frame.TypeHeaders, Flags: 0x20, Stream: 3}, "HEADERS stream=3 len=5 PRIORITY"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := wire(tt.wire)
			if diff := cmp.Diff(tt.want, frame.ParseHeader(b)); diff != "" {
				t.Errorf("ParseHeader (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(b, frame.AppendHeader(nil, tt.want)); diff != "" {
				t.Errorf("AppendHeader (-want +got):\n%s", diff)
			}
			got := make([]byte, frame.HeaderLen)
			frame.PutHeader(got, tt.want)
			if diff := cmp.Diff(b, got); diff != "" {
				t.Errorf("PutHeader (-want +got):\n%s", diff)
			}
			if got := tt.want.String(); got != tt.str {
				t.Errorf("String() = %q, want %q", got, tt.str)
			}
		})
	}
}

// RFC 9113 §4.1: the reserved bit "MUST be ignored when receiving".
func TestHeaderReservedBit(t *testing.T) {
	if got := frame.ParseHeader(wire("000000 00 00 80000001")).Stream; got != 1 {
		t.Errorf("Stream = %d, want 1", got)
	}
	if got := frame.ParseHeader(wire("000000 00 00 ffffffff")).Stream; got != frame.MaxStreamID {
		t.Errorf("Stream = %d, want %d", got, frame.MaxStreamID)
	}
}

func TestFlagsHas(t *testing.T) {
	f := frame.FlagEndStream | frame.FlagEndHeaders
	if !f.Has(frame.FlagEndStream) || !f.Has(f) || !f.Has(0) {
		t.Errorf("%#x lacks a flag that is set", f)
	}
	if f.Has(frame.FlagPadded) || f.Has(frame.FlagEndStream|frame.FlagPadded) {
		t.Errorf("%#x has a flag that is not set", f)
	}
}

func TestStrings(t *testing.T) {
	tests := []struct {
		v    interface{ String() string }
		want string
	}{
		{frame.TypeData, "DATA"},
		{frame.TypeHeaders, "HEADERS"},
		{frame.TypePriority, "PRIORITY"},
		{frame.TypeRSTStream, "RST_STREAM"},
		{frame.TypeSettings, "SETTINGS"},
		{frame.TypePushPromise, "PUSH_PROMISE"},
		{frame.TypePing, "PING"},
		{frame.TypeGoAway, "GOAWAY"},
		{frame.TypeWindowUpdate, "WINDOW_UPDATE"},
		{frame.TypeContinuation, "CONTINUATION"},
		{frame.TypeAltSvc, "ALTSVC"},
		{frame.TypeOrigin, "ORIGIN"},
		{frame.TypePriorityUpdate, "PRIORITY_UPDATE"},
		{frame.Type(0xb), "UNKNOWN(0xb)"},
		{frame.Type(0xfe), "UNKNOWN(0xfe)"},

		{frame.NoError, "NO_ERROR"},
		{frame.ErrCode(1), "PROTOCOL_ERROR"},
		{frame.ErrCode(2), "INTERNAL_ERROR"},
		{frame.ErrCode(3), "FLOW_CONTROL_ERROR"},
		{frame.ErrCode(4), "SETTINGS_TIMEOUT"},
		{frame.ErrCode(5), "STREAM_CLOSED"},
		{frame.ErrCode(6), "FRAME_SIZE_ERROR"},
		{frame.ErrCode(7), "REFUSED_STREAM"},
		{frame.ErrCode(8), "CANCEL"},
		{frame.ErrCode(9), "COMPRESSION_ERROR"},
		{frame.ErrCode(10), "CONNECT_ERROR"},
		{frame.ErrCode(11), "ENHANCE_YOUR_CALM"},
		{frame.ErrCode(12), "INADEQUATE_SECURITY"},
		{frame.ErrCode(13), "HTTP_1_1_REQUIRED"},
		{frame.ErrCode(14), "UNKNOWN_ERROR(0xe)"},
		{frame.ErrCode(0x1f), "UNKNOWN_ERROR(0x1f)"},
		{frame.ErrCode(1<<32 - 1), "UNKNOWN_ERROR(0xffffffff)"},

		{frame.SettingID(0), "0x0"},
		{frame.SettingID(1), "HEADER_TABLE_SIZE"},
		{frame.SettingID(2), "ENABLE_PUSH"},
		{frame.SettingID(3), "MAX_CONCURRENT_STREAMS"},
		{frame.SettingID(4), "INITIAL_WINDOW_SIZE"},
		{frame.SettingID(5), "MAX_FRAME_SIZE"},
		{frame.SettingID(6), "MAX_HEADER_LIST_SIZE"},
		{frame.SettingID(7), "0x7"},
		{frame.SettingID(8), "ENABLE_CONNECT_PROTOCOL"},
		{frame.SettingID(9), "NO_RFC7540_PRIORITIES"},
		{frame.SettingID(0xf000), "0xf000"},
		{frame.Setting{ID: frame.SettingMaxConcurrentStreams, Value: 100}, "MAX_CONCURRENT_STREAMS=100"},
	}
	for _, tt := range tests {
		if got := tt.v.String(); got != tt.want {
			t.Errorf("%T: %q, want %q", tt.v, got, tt.want)
		}
	}
}
