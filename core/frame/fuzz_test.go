package frame_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weft/core/frame"
)

// appendParsed appends the frame of which h and v were parsed. It appends
// nothing for ORIGIN cut short and for types it does not know.
func appendParsed(dst []byte, h frame.Header, v any) []byte {
	pad := func(overhead int) int { return overhead - 1 } // also for 0: not padded
	end, ack, endHeaders := h.Flags.Has(frame.FlagEndStream), h.Flags.Has(frame.FlagAck), h.Flags.Has(frame.FlagEndHeaders)
	switch v := v.(type) {
	case frame.DataFrame:
		return frame.AppendData(dst, h.Stream, v.Data, end, pad(v.Overhead))
	case frame.HeadersFrame:
		var prio *frame.PriorityParam
		if v.HasPriority {
			prio = &v.Priority
		}
		return frame.AppendHeaders(dst, h.Stream, v.Fragment, h.Flags, prio, pad(v.Overhead))
	case frame.PriorityParam:
		return frame.AppendPriority(dst, h.Stream, v)
	case frame.ErrCode:
		return frame.AppendRSTStream(dst, h.Stream, v)
	case []frame.Setting:
		if ack {
			return frame.AppendSettingsAck(dst)
		}
		return frame.AppendSettings(dst, v)
	case frame.PushPromiseFrame:
		return frame.AppendPushPromise(dst, h.Stream, v.Promised, v.Fragment, endHeaders, pad(v.Overhead))
	case [8]byte:
		return frame.AppendPing(dst, ack, v)
	case frame.GoAwayFrame:
		return frame.AppendGoAway(dst, v)
	case uint32:
		return frame.AppendWindowUpdate(dst, h.Stream, v)
	case frame.AltSvcFrame:
		return frame.AppendAltSvc(dst, h.Stream, string(v.Origin), string(v.Value))
	case []string:
		return frame.AppendOrigin(dst, v...)
	case frame.PriorityUpdateFrame:
		return frame.AppendPriorityUpdate(dst, v.Stream, string(v.Value))
	case []byte:
		if h.Type == frame.TypeContinuation {
			return frame.AppendContinuation(dst, h.Stream, v, endHeaders)
		}
	}
	return dst
}

// FuzzParse: whatever was received, parsing does not panic or touch it, and
// when it succeeds, the frame appended again has the same length and parses to
// the same value.
func FuzzParse(f *testing.F) {
	add := func(s string) {
		b := wire(s)
		f.Add(b[3], b[4], uint32(frame.ParseHeader(b).Stream), b[frame.HeaderLen:])
	}
	for _, tt := range frames {
		add(tt.wire)
	}
	for _, tt := range received {
		add(tt.wire)
	}
	f.Fuzz(func(t *testing.T, typ, flags byte, stream uint32, p []byte) {
		b := frame.AppendHeader(nil, frame.Header{
			Length: uint32(len(p)), Type: frame.Type(typ), Flags: frame.Flags(flags), Stream: frame.StreamID(stream)})
		b = append(b, p...)
		before := bytes.Clone(b)
		h, v, err := parse(b)
		if !bytes.Equal(before, b) {
			t.Errorf("parsing changed the payload\n from %x\n to   %x", before, b)
		}
		_ = h.String()
		if err != nil {
			return
		}
		again := appendParsed(nil, h, v)
		if len(again) == 0 {
			return
		}
		if len(again) != len(b) {
			t.Fatalf("appended %d bytes, parsed %d", len(again), len(b))
		}
		_, v2, err := parse(again)
		if err != nil {
			t.Fatalf("what was appended does not parse: %v\n%x", err, again)
		}
		if diff := cmp.Diff(v, v2); diff != "" {
			t.Errorf("appended and parsed again (-before +after):\n%s", diff)
		}
	})
}

// FuzzRoundTrip: whatever value fits a frame, appended it parses back to
// itself, and what stood before it is kept.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint32(1), uint32(3), uint32(16), byte(5), -1, []byte("hello"), "world")
	f.Add(uint32(0), uint32(0), uint32(0), byte(0), 0, []byte{}, "")
	f.Add(uint32(1<<31-1), uint32(1<<31-1), uint32(1<<32-1), byte(0xff), 255, []byte{0}, "u=1, i")
	f.Fuzz(func(t *testing.T, a, b, n uint32, bits byte, pad int, p []byte, s string) {
		const before = "before"
		id, other := frame.StreamID(a)&frame.MaxStreamID, frame.StreamID(b)&frame.MaxStreamID
		if pad < -1 || pad > 255 {
			pad = int(uint8(pad))
		}
		s = s[:min(len(s), 1<<16-1)]
		flags := frame.Flags(bits) & (frame.FlagEndStream | frame.FlagEndHeaders)
		end, endHeaders := flags.Has(frame.FlagEndStream), flags.Has(frame.FlagEndHeaders)
		prio := frame.PriorityParam{Parent: other, Exclusive: bits&0x80 != 0, Weight: int(n%256) + 1}
		var ping [8]byte
		copy(ping[:], p)

		check := func(got []byte, want frame.Header, wantValue any) {
			t.Helper()
			if !bytes.HasPrefix(got, []byte(before)) {
				t.Fatalf("%v: what stood before it was changed", want)
			}
			got = got[len(before):]
			want.Length = uint32(len(got) - frame.HeaderLen)
			h, v, err := parse(got)
			if err != nil {
				t.Fatalf("%v: %v", want, err)
			}
			if diff := cmp.Diff(want, h); diff != "" {
				t.Errorf("%v: header (-want +got):\n%s", want, diff)
			}
			if diff := cmp.Diff(wantValue, v); diff != "" {
				t.Errorf("%v: value (-want +got):\n%s", want, diff)
			}
		}
		only := func(f frame.Flags) frame.Flags { return flags & f }
		padded := func(f frame.Flags) frame.Flags {
			if pad >= 0 {
				f |= frame.FlagPadded
			}
			return f
		}
		overhead := pad + 1
		dst := []byte(before)

		check(frame.AppendData(dst, id, p, end, pad),
			frame.Header{Type: frame.TypeData, Flags: padded(only(frame.FlagEndStream)), Stream: id},
			frame.DataFrame{Data: p, Overhead: overhead})
		check(frame.AppendHeaders(dst, id, p, flags, nil, pad),
			frame.Header{Type: frame.TypeHeaders, Flags: padded(flags), Stream: id},
			frame.HeadersFrame{Fragment: p, Overhead: overhead})
		check(frame.AppendHeaders(dst, id, p, flags, &prio, pad),
			frame.Header{Type: frame.TypeHeaders, Flags: padded(flags) | frame.FlagPriority, Stream: id},
			frame.HeadersFrame{Fragment: p, HasPriority: true, Priority: prio, Overhead: overhead})
		check(frame.AppendPriority(dst, id, prio),
			frame.Header{Type: frame.TypePriority, Stream: id}, prio)
		check(frame.AppendRSTStream(dst, id, frame.ErrCode(n)),
			frame.Header{Type: frame.TypeRSTStream, Stream: id}, frame.ErrCode(n))
		settings := []frame.Setting{{frame.SettingID(a), b}, {frame.SettingID(b), n}}
		check(frame.AppendSettings(dst, settings),
			frame.Header{Type: frame.TypeSettings}, settings)
		check(frame.AppendPushPromise(dst, id, other, p, endHeaders, pad),
			frame.Header{Type: frame.TypePushPromise, Flags: padded(only(frame.FlagEndHeaders)), Stream: id},
			frame.PushPromiseFrame{Promised: other, Fragment: p, Overhead: overhead})
		check(frame.AppendPing(dst, end, ping),
			frame.Header{Type: frame.TypePing, Flags: only(frame.FlagAck)}, ping)
		goAway := frame.GoAwayFrame{LastStream: other, Code: frame.ErrCode(n), Debug: p}
		check(frame.AppendGoAway(dst, goAway), frame.Header{Type: frame.TypeGoAway}, goAway)
		check(frame.AppendWindowUpdate(dst, id, n>>1),
			frame.Header{Type: frame.TypeWindowUpdate, Stream: id}, n>>1)
		check(frame.AppendContinuation(dst, id, p, endHeaders),
			frame.Header{Type: frame.TypeContinuation, Flags: only(frame.FlagEndHeaders), Stream: id}, p)
		check(frame.AppendAltSvc(dst, id, s, string(p)),
			frame.Header{Type: frame.TypeAltSvc, Stream: id}, frame.AltSvcFrame{Origin: []byte(s), Value: p})
		check(frame.AppendOrigin(dst, s, "", s),
			frame.Header{Type: frame.TypeOrigin}, []string{s, "", s})
		check(frame.AppendPriorityUpdate(dst, id, s),
			frame.Header{Type: frame.TypePriorityUpdate}, frame.PriorityUpdateFrame{Stream: id, Value: []byte(s)})
	})
}
