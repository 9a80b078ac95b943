package inspector

import (
	"fmt"
	"strings"

	"weft/core/frame"
)

// describe prints a frame, of whose payload p is what keepOf says.
func (d *direction) describe(h frame.Header, p []byte) {
	t := d.text
	t.begin("%v frame <length=%d, flags=0x%02x, stream_id=%d>", h.Type, h.Length, uint8(h.Flags), h.Stream)
	if names := flagNames(h); names != "" {
		t.line("; %s", names)
	}
	var err error
	switch {
	case h.Type == frame.TypeData:
		err = describeData(t, h, p)
	case !isKnown(h.Type):
		describeUnknown(t, h, p)
	case len(p) < int(h.Length):
		t.line("; too long to be shown")
		if isBlock(h.Type) {
			d.fields.lose("a field block was too long")
		}
	default:
		err = d.describePayload(h, p)
	}
	if err != nil {
		t.line("; malformed: %s", strings.TrimPrefix(err.Error(), "frame: "))
		if isBlock(h.Type) {
			d.fields.lose("a field block was malformed")
		}
	}
	t.end()
}

// describePayload prints the whole payload p of a frame of a known type.
func (d *direction) describePayload(h frame.Header, p []byte) error {
	switch h.Type {
	case frame.TypeHeaders:
		return d.describeHeaders(h, p)
	case frame.TypePushPromise:
		return d.describePushPromise(h, p)
	case frame.TypeContinuation:
		d.fields.next(h, p)
	case frame.TypePriority:
		return describePriority(d.text, h, p)
	case frame.TypeRSTStream:
		return describeRSTStream(d.text, h, p)
	case frame.TypeSettings:
		return describeSettings(d.text, h, p)
	case frame.TypePing:
		return describePing(d.text, h, p)
	case frame.TypeGoAway:
		return describeGoAway(d.text, h, p)
	case frame.TypeWindowUpdate:
		return describeWindowUpdate(d.text, h, p)
	case frame.TypeAltSvc:
		return describeAltSvc(d.text, h, p)
	case frame.TypeOrigin:
		return describeOrigin(d.text, p)
	case frame.TypePriorityUpdate:
		return describePriorityUpdate(d.text, h, p)
	}
	return nil
}

func describeData(t *text, h frame.Header, p []byte) error {
	if !h.Flags.Has(frame.FlagPadded) {
		return nil
	}
	if len(p) == 0 {
		return frame.ErrSize
	}
	t.line("(padlen=%d)", p[0])
	if uint32(p[0]) >= h.Length {
		return frame.ErrPadding
	}
	return nil
}

func (d *direction) describeHeaders(h frame.Header, p []byte) error {
	f, err := frame.ParseHeaders(h, p)
	if err != nil {
		return err
	}
	switch pad := f.Overhead - 1; {
	case f.HasPriority && pad >= 0:
		d.text.line("(padlen=%d, %s)", pad, priority(f.Priority))
	case f.HasPriority:
		d.text.line("(%s)", priority(f.Priority))
	case pad >= 0:
		d.text.line("(padlen=%d)", pad)
	}
	d.fields.first(h, f.Fragment)
	return nil
}

func (d *direction) describePushPromise(h frame.Header, p []byte) error {
	f, err := frame.ParsePushPromise(h, p)
	if err != nil {
		return err
	}
	if f.Overhead > 0 {
		d.text.line("(padlen=%d, promised_stream_id=%d)", f.Overhead-1, f.Promised)
	} else {
		d.text.line("(promised_stream_id=%d)", f.Promised)
	}
	d.fields.first(h, f.Fragment)
	return nil
}

func describePriority(t *text, h frame.Header, p []byte) error {
	f, err := frame.ParsePriority(h, p)
	if err == nil {
		t.line("(%s)", priority(f))
	}
	return err
}

func priority(p frame.PriorityParam) string {
	exclusive := 0
	if p.Exclusive {
		exclusive = 1
	}
	return fmt.Sprintf("dep_stream_id=%d, weight=%d, exclusive=%d", p.Parent, p.Weight, exclusive)
}

func describeRSTStream(t *text, h frame.Header, p []byte) error {
	code, err := frame.ParseRSTStream(h, p)
	if err == nil {
		t.line("(error_code=%s)", codeText(code))
	}
	return err
}

func describeSettings(t *text, h frame.Header, p []byte) error {
	if err := frame.CheckSettings(h, p); err != nil {
		return err
	}
	if !h.Flags.Has(frame.FlagAck) {
		t.line("(niv=%d)", frame.NumSettings(p))
	}
	for i := range frame.NumSettings(p) {
		s := frame.SettingAt(p, i)
		name := "UNKNOWN"
		if known := s.ID.String(); !strings.HasPrefix(known, "0x") {
			name = "SETTINGS_" + known
		}
		t.line("[%s(0x%02x):%d]", name, uint16(s.ID), s.Value)
	}
	return nil
}

func describePing(t *text, h frame.Header, p []byte) error {
	opaque, err := frame.ParsePing(h, p)
	if err == nil {
		t.line("(opaque_data=%x)", opaque)
	}
	return err
}

func describeGoAway(t *text, h frame.Header, p []byte) error {
	f, err := frame.ParseGoAway(h, p)
	if err == nil {
		t.line("(last_stream_id=%d, error_code=%s, opaque_data(%d)=%s)", f.LastStream, codeText(f.Code), len(f.Debug), quoted(f.Debug))
	}
	return err
}

// codeText returns "CANCEL(0x08)".
func codeText(c frame.ErrCode) string {
	name := c.String()
	if strings.HasSuffix(name, ")") { // it has its number already
		return name
	}
	return fmt.Sprintf("%s(0x%02x)", name, uint32(c))
}

func describeWindowUpdate(t *text, h frame.Header, p []byte) error {
	inc, err := frame.ParseWindowUpdate(h, p)
	if err == nil {
		t.line("(window_size_increment=%d)", inc)
	}
	return err
}

func describeAltSvc(t *text, h frame.Header, p []byte) error {
	f, err := frame.ParseAltSvc(h, p)
	if err == nil {
		t.line("(origin=%s, alt_svc=%s)", quoted(f.Origin), quoted(f.Value))
	}
	return err
}

func describeOrigin(t *text, p []byte) error {
	o, rest, ok := frame.NextOrigin(p)
	for ; ok; o, rest, ok = frame.NextOrigin(rest) {
		t.line("[%s]", quoted(o))
	}
	if len(rest) > 0 {
		return frame.ErrSize
	}
	return nil
}

func describePriorityUpdate(t *text, h frame.Header, p []byte) error {
	f, err := frame.ParsePriorityUpdate(h, p)
	if err == nil {
		t.line("(prioritized_stream_id=%d, priority=%s)", f.Stream, quoted(f.Value))
	}
	return err
}

func describeUnknown(t *text, h frame.Header, p []byte) {
	switch {
	case len(p) < int(h.Length):
		t.line("(payload=%x...)", p)
	case len(p) > 0:
		t.line("(payload=%x)", p)
	}
}

// isBlock reports whether frames of type t carry a part of a field block.
func isBlock(t frame.Type) bool {
	return t == frame.TypeHeaders || t == frame.TypePushPromise || t == frame.TypeContinuation
}

// isKnown reports whether describePayload knows the type.
func isKnown(t frame.Type) bool {
	return t <= frame.TypeAltSvc || t == frame.TypeOrigin || t == frame.TypePriorityUpdate
}

// flagNames returns "END_STREAM | END_HEADERS" for those flags that mean
// something in frames of the type, "" if there are none.
func flagNames(h frame.Header) string {
	var names []string
	add := func(f frame.Flags, name string) {
		if h.Flags.Has(f) {
			names = append(names, name)
		}
	}
	switch h.Type {
	case frame.TypeData, frame.TypeHeaders:
		add(frame.FlagEndStream, "END_STREAM")
	case frame.TypeSettings, frame.TypePing:
		add(frame.FlagAck, "ACK")
	}
	if isBlock(h.Type) {
		add(frame.FlagEndHeaders, "END_HEADERS")
	}
	if h.Type == frame.TypeData || h.Type == frame.TypeHeaders || h.Type == frame.TypePushPromise {
		add(frame.FlagPadded, "PADDED")
	}
	if h.Type == frame.TypeHeaders {
		add(frame.FlagPriority, "PRIORITY")
	}
	return strings.Join(names, " | ")
}
