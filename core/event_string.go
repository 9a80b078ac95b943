package core

import (
	"fmt"
	"strings"
)

// String describes the event in one line, for logs and tests.
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

// String describes the event in one line, for logs and tests.
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

// String describes the event in one line, for logs and tests.
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

// String describes the event in one line, for logs and tests.
func (e *StreamReset) String() string {
	s := fmt.Sprintf("StreamReset %d %v", e.Stream, e.Code) + whoAndWhy(e.ByPeer, e.Fault)
	if e.Unprocessed {
		s += " unprocessed"
	}
	return s
}

// String describes the event in one line, for logs and tests.
func (e *Writable) String() string { return fmt.Sprintf("Writable %d %d", e.Stream, e.N) }

// String describes the event in one line, for logs and tests.
func (e *StreamsAllowed) String() string { return fmt.Sprintf("StreamsAllowed %d", e.N) }

// String describes the event in one line, for logs and tests.
func (e *SettingsReceived) String() string {
	return "SettingsReceived" + describeSettings(e.Settings)
}

// String describes the event in one line, for logs and tests.
func (e *SettingsAcked) String() string { return "SettingsAcked" + describeSettings(e.Settings) }

func describeSettings(list []Setting) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, " %v", s)
	}
	return b.String()
}

// String describes the event in one line, for logs and tests.
func (e *PingReceived) String() string { return fmt.Sprintf("PingReceived %x", e.Opaque) }

// String describes the event in one line, for logs and tests.
func (e *PingAcked) String() string { return fmt.Sprintf("PingAcked %x %v", e.Opaque, e.RTT) }

// String describes the event in one line, for logs and tests.
func (e *PingUnsolicited) String() string { return fmt.Sprintf("PingUnsolicited %x", e.Opaque) }

// String describes the event in one line, for logs and tests.
func (e *GoAwayReceived) String() string {
	s := fmt.Sprintf("GoAwayReceived last=%d %v", e.LastStream, e.Code)
	if len(e.Debug) > 0 {
		s += fmt.Sprintf(" %q", e.Debug)
	}
	return s
}

// String describes the event in one line, for logs and tests.
func (e *PriorityUpdateReceived) String() string {
	s := fmt.Sprintf("PriorityUpdateReceived %d u=%d", e.Stream, e.Urgency)
	if e.Incremental {
		s += " i"
	}
	return s
}

// String describes the event in one line, for logs and tests.
func (e *AltSvcReceived) String() string {
	return fmt.Sprintf("AltSvcReceived %d %q %q", e.Stream, e.Origin, e.Value)
}

// String describes the event in one line, for logs and tests.
func (e *OriginReceived) String() string {
	return "OriginReceived " + strings.Join(e.Origins, " ")
}

// String describes the event in one line, for logs and tests.
func (e *FrameReceived) String() string {
	return fmt.Sprintf("FrameReceived type=0x%02x flags=0x%02x stream=%d %d", e.Type, e.Flags, e.Stream, len(e.Payload))
}

// String describes the event in one line, for logs and tests.
func (e *ShutdownStarted) String() string { return "ShutdownStarted" + whoAndWhy(false, e.Fault) }

// String describes the event in one line, for logs and tests.
func (e *ConnClosed) String() string {
	return fmt.Sprintf("ConnClosed %v", e.Code) + whoAndWhy(e.ByPeer, e.Fault)
}
