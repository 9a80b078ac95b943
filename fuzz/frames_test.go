package fuzz

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weft/core/frame"
)

// parsed is a frame and what its payload says.
type parsed struct {
	Header frame.Header
	Value  any
}

// parseAll reads a whole sequence of frames. Frames that are wrong by
// themselves have their error as value.
func parseAll(b []byte) (list []parsed, rest []byte) {
	for len(b) >= frame.HeaderLen {
		h := frame.ParseHeader(b)
		total := frame.HeaderLen + int(h.Length)
		if len(b) < total {
			break
		}
		v, err := parseOne(h, b[frame.HeaderLen:total:total])
		if err != nil {
			v = err
		}
		list = append(list, parsed{h, v})
		b = b[total:]
	}
	return list, b
}

func parseOne(h frame.Header, p []byte) (v any, err error) {
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
		list := make([]frame.Setting, frame.NumSettings(p))
		for i := range list {
			list[i] = frame.SettingAt(p, i)
		}
		return list, frame.CheckSettings(h, p)
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
		var list []string
		o, rest, ok := frame.NextOrigin(p)
		for ; ok; o, rest, ok = frame.NextOrigin(rest) {
			list = append(list, string(o))
		}
		if len(rest) > 0 {
			return nil, frame.ErrSize
		}
		return list, nil
	case frame.TypePriorityUpdate:
		return frame.ParsePriorityUpdate(h, p)
	}
	return p, nil
}

// appendOne appends the frame that h and v were parsed from.
func appendOne(dst []byte, h frame.Header, v any) []byte {
	end, ack, endHeaders := h.Flags.Has(frame.FlagEndStream), h.Flags.Has(frame.FlagAck), h.Flags.Has(frame.FlagEndHeaders)
	switch v := v.(type) {
	case frame.DataFrame:
		return frame.AppendData(dst, h.Stream, v.Data, end, v.Overhead-1)
	case frame.HeadersFrame:
		var prio *frame.PriorityParam
		if v.HasPriority {
			prio = &v.Priority
		}
		return frame.AppendHeaders(dst, h.Stream, v.Fragment, h.Flags, prio, v.Overhead-1)
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
		return frame.AppendPushPromise(dst, h.Stream, v.Promised, v.Fragment, endHeaders, v.Overhead-1)
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
		return append(frame.AppendHeader(dst, h), v...)
	}
	return dst
}

// FuzzFrames: whatever bytes there are, the frames in them, appended one behind
// the other, parse back to the same frames; and what was appended once is, byte
// for byte, what is appended again. Bits without a meaning are all that is lost.
func FuzzFrames(f *testing.F) {
	f.Add(exchangeBytes()[24:])
	for typ := range 0x12 {
		for _, n := range []int{0, 1, 4, 5, 6, 8, 9, 40} {
			for _, flags := range []frame.Flags{0, 0xff, frame.FlagPadded, frame.FlagPriority} {
				b := frame.AppendHeader(nil, frame.Header{Length: uint32(n), Type: frame.Type(typ), Flags: flags, Stream: frame.MaxStreamID})
				f.Add(append(b, bytes.Repeat([]byte{byte(n)}, n)...))
			}
		}
	}
	for seed := range uint64(20) {
		p := newPeer(seed%2 == 0)
		program := tape{random(seed, 100)}
		for !program.done() && len(p.out) < 1<<12 {
			p.step(&program)
		}
		f.Add(p.out)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		list, rest := parseAll(b)
		if !bytes.Equal(kept, b) {
			t.Fatalf("parsing changed the bytes from %x to %x", kept, b)
		}
		total := len(rest)
		var once []byte
		var good []parsed
		for _, p := range list {
			_ = p.Header.String()
			total += frame.HeaderLen + int(p.Header.Length)
			if _, bad := p.Value.(error); bad {
				continue
			}
			before := len(once)
			once = appendOne(once, p.Header, p.Value)
			if got := len(once) - before; got != frame.HeaderLen+int(p.Header.Length) {
				t.Fatalf("%v: appended are %d bytes", p.Header, got)
			}
			good = append(good, p)
		}
		if total != len(b) {
			t.Fatalf("%d of %d bytes were read", total, len(b))
		}
		again, rest := parseAll(once)
		if len(rest) > 0 || len(again) != len(good) {
			t.Fatalf("%d frames became %d, with %x behind", len(good), len(again), rest)
		}
		var twice []byte
		for i, p := range again {
			if p.Header.Flags&^good[i].Header.Flags != 0 || p.Header.Type != good[i].Header.Type || p.Header.Length != good[i].Header.Length {
				t.Errorf("%v became %v", good[i].Header, p.Header)
			}
			if diff := cmp.Diff(good[i].Value, p.Value); diff != "" {
				t.Errorf("%v (-before +after):\n%s", p.Header, diff)
			}
			twice = appendOne(twice, p.Header, p.Value)
		}
		if !bytes.Equal(once, twice) {
			t.Errorf("appended once and twice:\n%x\n%x", once, twice)
		}
	})
}
