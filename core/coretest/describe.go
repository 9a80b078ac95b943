package coretest

import (
	"fmt"
	"strconv"
	"strings"

	"weft/core"
	"weft/core/frame"
)

func itoa(n int) string { return strconv.Itoa(n) }

// String is the frame as the scripts print it, close to how a script writes
// one of the peer's.
func (f Frame) String() string {
	if f.Text != "" {
		return f.Text
	}
	var b strings.Builder
	b.WriteString(f.Type.String())
	switch f.Type {
	case frame.TypeSettings, frame.TypePing, frame.TypeGoAway, frame.TypeOrigin, frame.TypePriorityUpdate:
	default:
		fmt.Fprintf(&b, " %d", f.Stream)
	}
	if len(f.Sizes) > 1 {
		fmt.Fprintf(&b, " in %d frames", len(f.Sizes))
	}
	f.describe(&b)
	if f.Pad >= 0 {
		fmt.Fprintf(&b, " pad=%d", f.Pad)
	}
	if f.Flags.Has(frame.FlagEndStream) && (f.Type == frame.TypeData || f.Type == frame.TypeHeaders) {
		b.WriteString(" END_STREAM")
	}
	return b.String()
}

func (f Frame) describe(b *strings.Builder) {
	h, p := f.Header, f.Payload
	switch f.Type {
	case frame.TypeData:
		fmt.Fprintf(b, " %d", len(p))
		if n := len(p); n > 0 && n <= 24 {
			fmt.Fprintf(b, " %q", p)
		}
	case frame.TypeHeaders:
		if f.Flags.Has(frame.FlagPriority) {
			v, _ := frame.ParsePriority(h, p[:5])
			describePriority(b, v)
		}
		describeFields(b, f.Fields)
	case frame.TypePushPromise:
		v, _ := frame.ParsePushPromise(frame.Header{}, p)
		fmt.Fprintf(b, " promised=%d", v.Promised)
		describeFields(b, f.Fields)
	case frame.TypePriority:
		v, _ := frame.ParsePriority(h, p)
		describePriority(b, v)
	case frame.TypeRSTStream:
		v, _ := frame.ParseRSTStream(h, p)
		fmt.Fprintf(b, " %v", v)
	case frame.TypeSettings:
		if h.Flags.Has(frame.FlagAck) {
			b.WriteString(" ACK")
		}
		for i := range frame.NumSettings(p) {
			fmt.Fprintf(b, " %v", frame.SettingAt(p, i))
		}
	case frame.TypePing:
		if h.Flags.Has(frame.FlagAck) {
			b.WriteString(" ACK")
		}
		fmt.Fprintf(b, " %x", p)
	case frame.TypeGoAway:
		v, _ := frame.ParseGoAway(h, p)
		fmt.Fprintf(b, " last=%d %v", v.LastStream, v.Code)
		if len(v.Debug) > 0 {
			fmt.Fprintf(b, " %q", v.Debug)
		}
	case frame.TypeWindowUpdate:
		v, _ := frame.ParseWindowUpdate(h, p)
		fmt.Fprintf(b, " +%d", v)
	case frame.TypeAltSvc:
		v, _ := frame.ParseAltSvc(h, p)
		fmt.Fprintf(b, " %q %q", v.Origin, v.Value)
	case frame.TypeOrigin:
		for o, rest, ok := frame.NextOrigin(p); ok; o, rest, ok = frame.NextOrigin(rest) {
			fmt.Fprintf(b, " %q", o)
		}
	case frame.TypePriorityUpdate:
		v, _ := frame.ParsePriorityUpdate(h, p)
		fmt.Fprintf(b, " %d %q", v.Stream, v.Value)
	default:
		fmt.Fprintf(b, " flags=0x%02x %q", uint8(h.Flags), p)
	}
}

func describePriority(b *strings.Builder, p core.Priority) {
	fmt.Fprintf(b, " prio=%d,%d", p.Parent, p.Weight)
	if p.Exclusive {
		b.WriteString(",excl")
	}
}

func describeFields(b *strings.Builder, fields []core.Field) {
	for _, f := range fields {
		value := f.Value
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
			value = strconv.Quote(value)
		}
		fmt.Fprintf(b, " %s=%s", f.Name, value)
		if f.Sensitive {
			b.WriteByte('!')
		}
	}
}
