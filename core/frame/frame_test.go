package frame_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weft/core/frame"
)

// wire is hexadecimal, with spaces for the reader.
func wire(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// parse parses b, one whole frame, and returns the header and what the
// function for its type makes of the payload.
func parse(b []byte) (h frame.Header, v any, err error) {
	h = frame.ParseHeader(b)
	v, err = parsePayload(h, b[frame.HeaderLen:])
	return h, v, err
}

func parsePayload(h frame.Header, p []byte) (v any, err error) {
	switch h.Type {
	case frame.TypeData:
		return frame.ParseData(h, p)
	case frame.TypeHeaders:
		return frame.ParseHeaders(h, p)
	case frame.TypePriority:
		return frame.ParsePriority(h, p)
	case frame.TypeRSTStream:
		return frame.ParseRSTStream(h, p)
	case frame.TypeSettings:
		var s []frame.Setting
		err := frame.CheckSettings(h, p)
		for i := range frame.NumSettings(p) {
			s = append(s, frame.SettingAt(p, i))
		}
		return s, err
	case frame.TypePushPromise:
		return frame.ParsePushPromise(h, p)
	case frame.TypePing:
		return frame.ParsePing(h, p)
	case frame.TypeGoAway:
		return frame.ParseGoAway(h, p)
	case frame.TypeWindowUpdate:
		return frame.ParseWindowUpdate(h, p)
	case frame.TypeAltSvc:
		return frame.ParseAltSvc(h, p)
	case frame.TypeOrigin:
		var s []string
		o, rest, ok := frame.NextOrigin(p)
		for ; ok; o, rest, ok = frame.NextOrigin(rest) {
			s = append(s, string(o))
		}
		if len(rest) != 0 {
			return s, frame.ErrSize // in these tests; NextOrigin itself has no errors
		}
		return s, nil
	case frame.TypePriorityUpdate:
		return frame.ParsePriorityUpdate(h, p)
	}
	return p, nil // CONTINUATION, and what nobody knows
}

var prio = frame.PriorityParam{Parent: 3, Exclusive: true, Weight: 256}

// frames are appended as they parse.
var frames = []struct {
	name   string
	wire   string
	append func(dst []byte) []byte
	want   any
}{{
	"DATA",
	"000002 00 00 00000001 6869",
	func(b []byte) []byte { return frame.AppendData(b, 1, []byte("hi"), false, -1) },
	frame.DataFrame{Data: []byte("hi")},
}, {
	"DATA empty, END_STREAM",
	"000000 00 01 7fffffff",
	func(b []byte) []byte { return frame.AppendData(b, frame.MaxStreamID, nil, true, -1) },
	frame.DataFrame{Data: []byte{}},
}, {
	"DATA padded",
	"000006 00 09 00000001 03 6869 000000",
	func(b []byte) []byte { return frame.AppendData(b, 1, []byte("hi"), true, 3) },
	frame.DataFrame{Data: []byte("hi"), Overhead: 4},
}, {
	"DATA padded with nothing",
	"000003 00 08 00000001 00 6869",
	func(b []byte) []byte { return frame.AppendData(b, 1, []byte("hi"), false, 0) },
	frame.DataFrame{Data: []byte("hi"), Overhead: 1},
}, {
	"DATA of padding only",
	"000003 00 08 00000001 02 0000",
	func(b []byte) []byte { return frame.AppendData(b, 1, nil, false, 2) },
	frame.DataFrame{Data: []byte{}, Overhead: 3},
}, {
	"DATA with all the padding there can be",
	"000100 00 08 00000001 ff" + strings.Repeat("00", 255),
	func(b []byte) []byte { return frame.AppendData(b, 1, nil, false, 255) },
	frame.DataFrame{Data: []byte{}, Overhead: 256},
}, {
	"HEADERS",
	"000001 01 05 00000001 82",
	func(b []byte) []byte {
		return frame.AppendHeaders(b, 1, []byte{0x82}, frame.FlagEndStream|frame.FlagEndHeaders, nil, -1)
	},
	frame.HeadersFrame{Fragment: []byte{0x82}},
}, {
	"HEADERS with priority",
	"000006 01 24 00000005 80000003 ff 82",
	func(b []byte) []byte {
		return frame.AppendHeaders(b, 5, []byte{0x82}, frame.FlagEndHeaders, &prio, -1)
	},
	frame.HeadersFrame{Fragment: []byte{0x82}, HasPriority: true, Priority: prio},
}, {
	"HEADERS with priority and padding",
	"000009 01 28 00000005 02 80000003 ff 82 0000",
	func(b []byte) []byte { return frame.AppendHeaders(b, 5, []byte{0x82}, 0, &prio, 2) },
	frame.HeadersFrame{Fragment: []byte{0x82}, HasPriority: true, Priority: prio, Overhead: 3},
}, {
	"HEADERS of priority and padding only",
	"000007 01 28 00000005 01 80000003 ff 00",
	func(b []byte) []byte { return frame.AppendHeaders(b, 5, nil, 0, &prio, 1) },
	frame.HeadersFrame{Fragment: []byte{}, HasPriority: true, Priority: prio, Overhead: 2},
}, {
	"PRIORITY",
	"000005 02 00 00000005 00000003 0f",
	func(b []byte) []byte {
		return frame.AppendPriority(b, 5, frame.PriorityParam{Parent: 3, Weight: 16})
	},
	frame.PriorityParam{Parent: 3, Weight: 16},
}, {
	"RST_STREAM",
	"000004 03 00 00000001 00000008",
	func(b []byte) []byte { return frame.AppendRSTStream(b, 1, frame.Cancel) },
	frame.Cancel,
}, {
	"SETTINGS",
	"00000c 04 00 00000000 0003 00000064 f000 ffffffff",
	func(b []byte) []byte {
		return frame.AppendSettings(b, []frame.Setting{
			{frame.SettingMaxConcurrentStreams, 100}, {0xf000, 1<<32 - 1}})
	},
	[]frame.Setting{{frame.SettingMaxConcurrentStreams, 100}, {0xf000, 1<<32 - 1}},
}, {
	"SETTINGS, none",
	"000000 04 00 00000000",
	func(b []byte) []byte { return frame.AppendSettings(b, nil) },
	[]frame.Setting(nil),
}, {
	"SETTINGS ACK",
	"000000 04 01 00000000",
	frame.AppendSettingsAck,
	[]frame.Setting(nil),
}, {
	"PUSH_PROMISE",
	"000005 05 04 00000001 00000002 82",
	func(b []byte) []byte { return frame.AppendPushPromise(b, 1, 2, []byte{0x82}, true, -1) },
	frame.PushPromiseFrame{Promised: 2, Fragment: []byte{0x82}},
}, {
	"PUSH_PROMISE padded",
	"000007 05 08 00000001 01 00000002 82 00",
	func(b []byte) []byte { return frame.AppendPushPromise(b, 1, 2, []byte{0x82}, false, 1) },
	frame.PushPromiseFrame{Promised: 2, Fragment: []byte{0x82}, Overhead: 2},
}, {
	"PING",
	"000008 06 00 00000000 0102030405060708",
	func(b []byte) []byte { return frame.AppendPing(b, false, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}) },
	[8]byte{1, 2, 3, 4, 5, 6, 7, 8},
}, {
	"PING ACK",
	"000008 06 01 00000000 0102030405060708",
	func(b []byte) []byte { return frame.AppendPing(b, true, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}) },
	[8]byte{1, 2, 3, 4, 5, 6, 7, 8},
}, {
	"GOAWAY",
	"00000b 07 00 00000000 7fffffff 0000000b 627965",
	func(b []byte) []byte {
		return frame.AppendGoAway(b, frame.GoAwayFrame{
			LastStream: frame.MaxStreamID, Code: frame.EnhanceYourCalm, Debug: []byte("bye")})
	},
	frame.GoAwayFrame{LastStream: frame.MaxStreamID, Code: frame.EnhanceYourCalm, Debug: []byte("bye")},
}, {
	"WINDOW_UPDATE",
	"000004 08 00 00000001 7fffffff",
	func(b []byte) []byte { return frame.AppendWindowUpdate(b, 1, 1<<31-1) },
	uint32(1<<31 - 1),
}, {
	"CONTINUATION",
	"000001 09 04 00000001 82",
	func(b []byte) []byte { return frame.AppendContinuation(b, 1, []byte{0x82}, true) },
	[]byte{0x82},
}, {
	"ALTSVC",
	"000012 0a 00 00000000 0003 612e62 68323d223a38303030 222c 6833",
	func(b []byte) []byte { return frame.AppendAltSvc(b, 0, "a.b", `h2=":8000",h3`) },
	frame.AltSvcFrame{Origin: []byte("a.b"), Value: []byte(`h2=":8000",h3`)},
}, {
	"ALTSVC on a stream",
	"000007 0a 00 00000001 0000 636c656172",
	func(b []byte) []byte { return frame.AppendAltSvc(b, 1, "", "clear") },
	frame.AltSvcFrame{Origin: []byte{}, Value: []byte("clear")},
}, {
	"ORIGIN",
	"000008 0c 00 00000000 0003 612e62 0001 63",
	func(b []byte) []byte { return frame.AppendOrigin(b, "a.b", "c") },
	[]string{"a.b", "c"},
}, {
	"ORIGIN, none",
	"000000 0c 00 00000000",
	func(b []byte) []byte { return frame.AppendOrigin(b) },
	[]string(nil),
}, {
	"PRIORITY_UPDATE",
	"000007 10 00 00000000 00000007 753d31",
	func(b []byte) []byte { return frame.AppendPriorityUpdate(b, 7, "u=1") },
	frame.PriorityUpdateFrame{Stream: 7, Value: []byte("u=1")},
}}

func TestFrames(t *testing.T) {
	for _, tt := range frames {
		t.Run(tt.name, func(t *testing.T) {
			b := wire(tt.wire)
			got := tt.append([]byte("before"))
			if diff := cmp.Diff(append([]byte("before"), b...), got); diff != "" {
				t.Errorf("appended (-want +got):\n%s", diff)
			}
			h, v, err := parse(b)
			if err != nil {
				t.Fatal(err)
			}
			if int(h.Length) != len(b)-frame.HeaderLen {
				t.Errorf("Length = %d, want %d", h.Length, len(b)-frame.HeaderLen)
			}
			if diff := cmp.Diff(tt.want, v); diff != "" {
				t.Errorf("parsed (-want +got):\n%s", diff)
			}
		})
	}
}

// received are payloads that our own Append functions do not produce.
var received = []struct {
	name string
	wire string
	want any
	err  error
}{
	{"DATA without pad length", "000000 00 08 00000001", frame.DataFrame{}, frame.ErrSize},
	{"DATA padding as long as the payload", "000003 00 08 00000001 03 0000", frame.DataFrame{}, frame.ErrPadding},
	{"DATA padding beyond the payload", "000001 00 08 00000001 ff", frame.DataFrame{}, frame.ErrPadding},
	{"DATA padding is not zero", "000003 00 08 00000001 01 61 ff", frame.DataFrame{Data: []byte("a"), Overhead: 2}, nil},
	{"DATA flags without meaning", "000001 00 f6 00000001 61", frame.DataFrame{Data: []byte("a")}, nil},

	{"HEADERS without pad length", "000000 01 08 00000001", frame.HeadersFrame{}, frame.ErrSize},
	{"HEADERS short of priority", "000004 01 20 00000001 00000000", frame.HeadersFrame{}, frame.ErrSize},
	{"HEADERS padded, short of priority", "000005 01 28 00000001 00 00000000", frame.HeadersFrame{}, frame.ErrSize},
	{"HEADERS padding beyond the fragment", "000002 01 08 00000001 02 00", frame.HeadersFrame{}, frame.ErrPadding},
	{"HEADERS padding reaches into priority", "000007 01 28 00000001 02 00000000 00 00", frame.HeadersFrame{}, frame.ErrPadding},

	{"PRIORITY too short", "000004 02 00 00000001 00000000", frame.PriorityParam{}, frame.ErrSize},
	{"PRIORITY too long", "000006 02 00 00000001 00000000 0000", frame.PriorityParam{}, frame.ErrSize},

	{"RST_STREAM too short", "000003 03 00 00000001 000000", frame.NoError, frame.ErrSize},
	{"RST_STREAM too long", "000005 03 00 00000001 0000000000", frame.NoError, frame.ErrSize},

	{"SETTINGS in part", "000007 04 00 00000000 0001 00000000 00", []frame.Setting{{frame.SettingHeaderTableSize, 0}}, frame.ErrSize},
	{"SETTINGS ACK with settings", "000006 04 01 00000000 0001 00000000", []frame.Setting{{frame.SettingHeaderTableSize, 0}}, frame.ErrSize},

	{"PUSH_PROMISE too short", "000003 05 00 00000001 000000", frame.PushPromiseFrame{}, frame.ErrSize},
	{"PUSH_PROMISE padded, too short", "000004 05 08 00000001 00 000000", frame.PushPromiseFrame{}, frame.ErrSize},
	{"PUSH_PROMISE padding reaches into the id", "000006 05 08 00000001 02 00000002 00", frame.PushPromiseFrame{}, frame.ErrPadding},
	{"PUSH_PROMISE reserved bit", "000004 05 00 00000001 80000002", frame.PushPromiseFrame{Promised: 2, Fragment: []byte{}}, nil},

	{"PING too short", "000007 06 00 00000000 00000000000000", [8]byte{}, frame.ErrSize},
	{"PING too long", "000009 06 00 00000000 000000000000000000", [8]byte{}, frame.ErrSize},

	{"GOAWAY too short", "000007 07 00 00000000 00000000 000000", frame.GoAwayFrame{}, frame.ErrSize},
	{"GOAWAY reserved bit", "000008 07 00 00000000 80000001 00000000", frame.GoAwayFrame{LastStream: 1, Debug: []byte{}}, nil},

	{"WINDOW_UPDATE too short", "000003 08 00 00000000 000001", uint32(0), frame.ErrSize},
	{"WINDOW_UPDATE too long", "000005 08 00 00000000 0000000001", uint32(0), frame.ErrSize},
	{"WINDOW_UPDATE reserved bit", "000004 08 00 00000000 80000001", uint32(1), nil},
	{"WINDOW_UPDATE of 0", "000004 08 00 00000000 80000000", uint32(0), nil},

	{"ALTSVC too short", "000001 0a 00 00000000 00", frame.AltSvcFrame{}, frame.ErrSize},
	{"ALTSVC origin beyond the payload", "000003 0a 00 00000000 0002 61", frame.AltSvcFrame{}, frame.ErrSize},

	{"ORIGIN ends in a length", "000004 0c 00 00000000 0001 61 00", []string{"a"}, frame.ErrSize},
	{"ORIGIN ends in an origin", "000006 0c 00 00000000 0001 61 0002 62", []string{"a"}, frame.ErrSize},

	{"PRIORITY_UPDATE too short", "000003 10 00 00000000 000000", frame.PriorityUpdateFrame{}, frame.ErrSize},
	{"PRIORITY_UPDATE reserved bit", "000004 10 00 00000000 80000001", frame.PriorityUpdateFrame{Stream: 1, Value: []byte{}}, nil},
}

func TestReceived(t *testing.T) {
	for _, tt := range received {
		t.Run(tt.name, func(t *testing.T) {
			b := wire(tt.wire)
			h, v, err := parse(b)
			if int(h.Length) != len(b)-frame.HeaderLen {
				t.Fatalf("the test is wrong: Length = %d for %d bytes", h.Length, len(b)-frame.HeaderLen)
			}
			if err != tt.err {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, v); diff != "" {
				t.Errorf("parsed (-want +got):\n%s", diff)
			}
		})
	}
}

// Arguments out of range lose the bits that do not fit.
func TestAppendOutOfRange(t *testing.T) {
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"stream id", frame.AppendRSTStream(nil, 1<<31|1, 0), "000004 03 00 00000001 00000000"},
		{"promised id", frame.AppendPushPromise(nil, 1, 1<<31|2, nil, false, -1), "000004 05 00 00000001 00000002"},
		{"parent", frame.AppendPriority(nil, 1, frame.PriorityParam{Parent: 1<<31 | 3, Weight: 257}), "000005 02 00 00000001 00000003 00"},
		{"last stream", frame.AppendGoAway(nil, frame.GoAwayFrame{LastStream: 1<<31 | 1}), "000008 07 00 00000000 00000001 00000000"},
		{"increment", frame.AppendWindowUpdate(nil, 0, 1<<31|5), "000004 08 00 00000000 00000005"},
		{"prioritized id", frame.AppendPriorityUpdate(nil, 1<<31|1, ""), "000004 10 00 00000000 00000001"},
		{"padding", frame.AppendData(nil, 1, nil, false, 256+1), "000002 00 08 00000001 01 00"},
		{"negative padding", frame.AppendData(nil, 1, nil, false, -2), "000000 00 00 00000001"},
		{"flags of HEADERS", frame.AppendHeaders(nil, 1, nil, 0xff, nil, -1), "000000 01 05 00000001"},
		{"length", frame.AppendHeader(nil, frame.Header{Length: 1<<24 | 1}), "000001 00 00 00000000"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(wire(tt.want), tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Parsing allocates nothing, and neither does appending where there is room.
func TestAllocs(t *testing.T) {
	check := func(name string, f func()) {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
	buf := make([]byte, 0, 1024)
	for _, tt := range frames {
		check("append "+tt.name, func() { tt.append(buf) })
	}
	for _, tt := range frames {
		b := wire(tt.wire)
		check("parse "+tt.name, func() { parseOnly(b) })
	}
	for _, tt := range received {
		b := wire(tt.wire)
		check("parse "+tt.name, func() { parseOnly(b) })
	}
}

// parseOnly is parse without the interface value, which would allocate.
func parseOnly(b []byte) {
	h, p := frame.ParseHeader(b), b[frame.HeaderLen:]
	switch h.Type {
	case frame.TypeData:
		frame.ParseData(h, p)
	case frame.TypeHeaders:
		frame.ParseHeaders(h, p)
	case frame.TypePriority:
		frame.ParsePriority(h, p)
	case frame.TypeRSTStream:
		frame.ParseRSTStream(h, p)
	case frame.TypeSettings:
		frame.CheckSettings(h, p)
		for i := range frame.NumSettings(p) {
			frame.SettingAt(p, i)
		}
	case frame.TypePushPromise:
		frame.ParsePushPromise(h, p)
	case frame.TypePing:
		frame.ParsePing(h, p)
	case frame.TypeGoAway:
		frame.ParseGoAway(h, p)
	case frame.TypeWindowUpdate:
		frame.ParseWindowUpdate(h, p)
	case frame.TypeAltSvc:
		frame.ParseAltSvc(h, p)
	case frame.TypeOrigin:
		for _, rest, ok := frame.NextOrigin(p); ok; _, rest, ok = frame.NextOrigin(rest) {
		}
	case frame.TypePriorityUpdate:
		frame.ParsePriorityUpdate(h, p)
	}
}

// What is parsed stays part of the payload: nothing is copied.
func TestBorrowed(t *testing.T) {
	b := wire("000006 00 08 00000001 03 6869 000000")
	f, err := frame.ParseData(frame.ParseHeader(b), b[frame.HeaderLen:])
	if err != nil {
		t.Fatal(err)
	}
	copy(b[frame.HeaderLen+1:], "HO")
	if !bytes.Equal(f.Data, []byte("HO")) {
		t.Errorf("Data = %q, want the bytes as they are in the payload now", f.Data)
	}
}
