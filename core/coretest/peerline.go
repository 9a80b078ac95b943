package coretest

import (
	"encoding/hex"
	"strings"

	"weft/core"
	"weft/core/frame"
)

// line makes what one line below "peer" says.
func (p *Peer) line(l *line) error {
	switch l.verb {
	case "PREFACE":
		p.Preface()
	case "SETTINGS":
		if l.flag("ACK") {
			p.SettingsAck()
		} else {
			p.Settings(l.settings()...)
		}
	case "HEADERS":
		p.headersLine(l)
	case "CONTINUATION":
		p.continuationLine(l)
	case "PUSH_PROMISE":
		p.pushLine(l)
	case "DATA":
		id, end, pad := l.id(), l.flag("END_STREAM"), l.optionNumber("pad", -1)
		p.out = frame.AppendData(p.out, id, l.data(), end, pad)
	case "RST_STREAM":
		p.Reset(l.id(), l.code())
	case "WINDOW_UPDATE":
		id := l.id()
		p.WindowUpdate(id, uint32(l.number(strings.TrimPrefix(l.take("the increment"), "+"))))
	case "PING":
		ack := l.flag("ACK")
		p.Ping(ack, l.opaque())
	case "GOAWAY":
		last := core.StreamID(l.optionNumber("last", 0))
		code, debug := l.code(), ""
		if len(l.rest) > 0 {
			debug = l.str("debug data")
		}
		p.GoAway(last, code, debug)
	case "PRIORITY":
		id := l.id()
		if prio := l.priority(); prio != nil {
			p.Priority(id, *prio)
		} else {
			l.fail("prio= is missing")
		}
	case "ALTSVC":
		p.out = frame.AppendAltSvc(p.out, l.id(), l.str("the origin"), l.str("the value"))
	case "ORIGIN":
		var list []string
		for len(l.rest) > 0 {
			list = append(list, written(l.str("an origin"), l.turn))
		}
		p.out = frame.AppendOrigin(p.out, list...)
	case "PRIORITY_UPDATE":
		p.out = frame.AppendPriorityUpdate(p.out, l.id(), l.str("the value"))
	case "TABLE":
		p.Table(l.number(l.take("the size")))
	case "frame":
		t, flags := l.optionNumber("type", 0), l.optionNumber("flags", 0)
		id, length := l.optionNumber("stream", 0), l.optionNumber("length", -1)
		at := len(p.out)
		p.Frame(frame.Type(t), frame.Flags(flags), core.StreamID(id), l.data())
		if length >= 0 { // a length that is not the payload's
			frame.PutHeader(p.out[at:], frame.Header{
				Length: uint32(length), Type: frame.Type(t), Flags: frame.Flags(flags), Stream: core.StreamID(id),
			})
		}
		if uint(id) > uint(core.MaxStreamID) { // the reserved bit, which AppendHeader clears
			p.out[at+5] |= 0x80
		}
	case "raw":
		p.Raw(l.data()...)
	default:
		l.fail("no such line for a peer")
	}
	return l.done()
}

// block encodes what is left of the line: fields, and hex= for representations
// spelled out.
func (p *Peer) block(l *line) []byte {
	var all []byte
	for first := true; len(l.rest) > 0 && l.err == nil; first = false {
		if h, ok := strings.CutPrefix(l.rest[0], "hex="); ok {
			raw, err := hex.DecodeString(h)
			if err != nil {
				l.fail("hex=%s: %v", h, err)
			}
			all = append(all, raw...)
			l.rest = l.rest[1:]
			continue
		}
		all = append(all, p.Block(l.part(first)...)...)
	}
	return all
}

// headersLine makes HEADERS. first=n leaves all but n bytes of the block to
// CONTINUATION lines; cut=n,m makes them at these offsets.
func (p *Peer) headersLine(l *line) {
	id, flags := l.id(), frame.FlagEndHeaders
	if l.flag("END_STREAM") {
		flags |= frame.FlagEndStream
	}
	if l.flag("NO_END_HEADERS") {
		flags &^= frame.FlagEndHeaders
	}
	pad, prio := l.optionNumber("pad", -1), l.priority()
	first := l.optionNumber("first", -1)
	cuts, cut := l.option("cut")
	b := p.block(l)
	switch {
	case first > len(b):
		l.fail("the block has only %d bytes", len(b))
	case first >= 0:
		p.out = frame.AppendHeaders(p.out, id, b[:first], flags&^frame.FlagEndHeaders, prio, pad)
		p.rest = b[first:]
	case cut:
		p.cutBlock(l, id, b, cuts, flags, prio, pad)
	default:
		p.out = frame.AppendHeaders(p.out, id, b, flags, prio, pad)
	}
}

func (p *Peer) cutBlock(l *line, id core.StreamID, b []byte, cuts string, flags frame.Flags, prio *core.Priority, pad int) {
	from := 0
	for i, at := range strings.Split(cuts, ",") {
		to := l.number(at)
		if to < from || to > len(b) {
			l.fail("cannot cut %d bytes at %s", len(b), cuts)
			return
		}
		if i == 0 {
			p.out = frame.AppendHeaders(p.out, id, b[:to], flags&^frame.FlagEndHeaders, prio, pad)
		} else {
			p.out = frame.AppendContinuation(p.out, id, b[from:to], false)
		}
		from = to
	}
	p.out = frame.AppendContinuation(p.out, id, b[from:], true)
}

// continuationLine makes CONTINUATION of what HEADERS first=n left, or of
// hex=, or of nothing. size=n takes only so much.
func (p *Peer) continuationLine(l *line) {
	id, end := l.id(), l.flag("END_HEADERS")
	fill := l.optionNumber("size", -1)
	b := p.block(l)
	if len(b) == 0 && fill != 0 {
		n := len(p.rest)
		if fill > 0 {
			n = min(n, fill)
		}
		b, p.rest = p.rest[:n], p.rest[n:]
	}
	p.out = frame.AppendContinuation(p.out, id, b, end)
}

func (p *Peer) pushLine(l *line) {
	id, promised := l.id(), l.id()
	end := !l.flag("NO_END_HEADERS")
	pad, first := l.optionNumber("pad", -1), l.optionNumber("first", -1)
	b := p.block(l)
	if first >= 0 {
		b, p.rest, end = b[:first], b[first:], false
	}
	p.out = frame.AppendPushPromise(p.out, id, promised, b, end, pad)
}
