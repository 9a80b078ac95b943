package core

import (
	"fmt"
	"strings"
)

func (e *HeadersReceived) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HeadersReceived %d", e.Stream)
	if e.Kind != KindRequest {
		fmt.Fprintf(&b, " %v", e.Kind)
	}
	e.Pseudo.describe(&b)
	describeFields(&b, e.Fields)
	describeEnd(&b, e.EndStream)
	return b.String()
}

func (e *PushPromiseReceived) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "PushPromiseReceived %d promised=%d", e.Stream, e.Promised)
	e.Pseudo.describe(&b)
	describeFields(&b, e.Fields)
	return b.String()
}

func (p *Pseudo) describe(b *strings.Builder) {
	if p.Status != 0 {
		fmt.Fprintf(b, " %d", p.Status)
	}
	for _, s := range []string{p.Method, p.Path, p.Protocol} {
		if s != "" {
			b.WriteByte(' ')
			b.WriteString(s)
		}
	}
}

func describeFields(b *strings.Builder, fields []Field) {
	for _, f := range fields {
		if strings.HasPrefix(f.Name, ":") {
			continue
		}
		fmt.Fprintf(b, " %s=%s", f.Name, quoteIfNeeded(f.Value))
		if f.Sensitive {
			b.WriteByte('!')
		}
	}
}

func describeEnd(b *strings.Builder, end bool) {
	if end {
		b.WriteString(" end")
	}
}

func quoteIfNeeded(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }) {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// dataShown is how many bytes of a DATA frame its String shows.
const dataShown = 24

func (e *DataReceived) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "DataReceived %d %d", e.Stream, len(e.Data))
	if n := len(e.Data); n > 0 && n <= dataShown {
		fmt.Fprintf(&b, " %q", e.Data)
	}
	describeEnd(&b, e.EndStream)
	return b.String()
}

func whoAndWhy(byPeer bool, f Fault) string {
	s := " local"
	if byPeer {
		s = " peer"
	}
	if f != FaultNone {
		s += " " + f.String()
	}
	return s
}

func (e *StreamReset) String() string {
	s := fmt.Sprintf("StreamReset %d %v", e.Stream, e.Code) + whoAndWhy(e.ByPeer, e.Fault)
	if e.Unprocessed {
		s += " unprocessed"
	}
	return s
}

func (e *Writable) String() string { return fmt.Sprintf("Writable %d %d", e.Stream, e.N) }

func (e *StreamsAllowed) String() string { return fmt.Sprintf("StreamsAllowed %d", e.N) }

func (e *SettingsReceived) String() string {
	return "SettingsReceived" + describeSettings(e.Settings)
}

func (e *SettingsAcked) String() string { return "SettingsAcked" + describeSettings(e.Settings) }

func describeSettings(list []Setting) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, " %v", s)
	}
	return b.String()
}

func (e *PingReceived) String() string { return fmt.Sprintf("PingReceived %x", e.Opaque) }

func (e *PingAcked) String() string { return fmt.Sprintf("PingAcked %x %v", e.Opaque, e.RTT) }

func (e *PingUnsolicited) String() string { return fmt.Sprintf("PingUnsolicited %x", e.Opaque) }

func (e *GoAwayReceived) String() string {
	s := fmt.Sprintf("GoAwayReceived last=%d %v", e.LastStream, e.Code)
	if len(e.Debug) > 0 {
		s += fmt.Sprintf(" %q", e.Debug)
	}
	return s
}

func (e *PriorityUpdateReceived) String() string {
	s := fmt.Sprintf("PriorityUpdateReceived %d u=%d", e.Stream, e.Urgency)
	if e.Incremental {
		s += " i"
	}
	return s
}

func (e *AltSvcReceived) String() string {
	return fmt.Sprintf("AltSvcReceived %d %q %q", e.Stream, e.Origin, e.Value)
}

func (e *OriginReceived) String() string {
	return "OriginReceived " + strings.Join(e.Origins, " ")
}

func (e *FrameReceived) String() string {
	return fmt.Sprintf("FrameReceived type=0x%02x flags=0x%02x stream=%d %d", e.Type, e.Flags, e.Stream, len(e.Payload))
}

func (e *ShutdownStarted) String() string { return "ShutdownStarted" + whoAndWhy(false, e.Fault) }

func (e *ConnClosed) String() string {
	return fmt.Sprintf("ConnClosed %v", e.Code) + whoAndWhy(e.ByPeer, e.Fault)
}
