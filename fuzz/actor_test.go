package fuzz

import (
	"weft/core"
)

// What an application can do. The values are the bytes of the tape, modulo
// numActs.
const (
	actOpen = iota
	actOpenPriority
	actHeaders
	actNext // whatever comes next on a stream
	actSend
	actEnd
	actConsume
	actReset
	actPing
	actSettings
	actShutdown
	actPush
	actGoAway
	actClose
	actHold
	actRelease
	actPrioritize
	actUpdatePriority
	actAltSvc
	actOrigin
	actWriteFrame
	actConnWindow
	numActs
)

// act has the application do one thing. With tame it does nothing that would
// be the peer's good reason to end the connection.
func (e *end) act(t *tape, tame bool) {
	switch t.below(numActs) {
	case actOpen:
		e.open(e.request(t, tame), t.bool(), nil)
	case actOpenPriority:
		list, end := e.request(t, tame), t.bool()
		e.open(list, end, &core.Priority{Parent: e.anyStream(t), Exclusive: t.bool(), Weight: int(t.byte())})
	case actHeaders:
		if s := e.some(t); s != nil {
			list := pick(t, responses)
			if s.sentFinal {
				list = pick(t, trailers)
			}
			e.headers(s, list, t.bool())
		}
	case actNext:
		if s := e.some(t); s != nil {
			e.next(s, t)
		}
	case actSend:
		if s := e.some(t); s != nil {
			n := t.size()
			e.send(s, n, t.bool())
		}
	case actEnd:
		if s := e.some(t); s != nil {
			e.send(s, 0, true)
		}
	case actConsume:
		if s := e.some(t); s != nil {
			n := int(s.arrived - s.consumed)
			switch t.below(4) {
			case 0:
				n /= 2
			case 1:
				n = min(n, t.size())
			case 2:
				n = t.size() - 1 // also more than there is, and less than none
			}
			e.consume(s, n)
		}
	case actReset:
		if s := e.some(t); s != nil {
			e.resetStream(s, core.ErrCode(t.below(15)))
		}
	case actPing:
		e.ping(opaque(t))
	case actSettings:
		e.updateSettings(e.ownSettings(t))
	case actShutdown:
		e.shutdown()
	case actPush:
		if s := e.some(t); s != nil {
			e.push(s, e.request(t, tame))
		}
	case actGoAway:
		e.goAway(core.ErrCode(t.below(15)), e.anyStream(t), make([]byte, t.size()))
	case actClose:
		e.close(core.ErrCode(t.below(15)))
	case actHold:
		if s := e.some(t); s != nil {
			e.hold(s)
		}
	case actRelease:
		if s := e.some(t); s != nil {
			e.release(s)
		}
	case actPrioritize:
		id, silent := e.anyStream(t), t.bool()
		p := core.Priority{Parent: e.anyStream(t), Exclusive: t.bool(), Weight: int(t.byte())}
		e.try("Prioritize", func() error { return e.c.Prioritize(id, p, silent) })
	case actUpdatePriority:
		id, value := e.anyStream(t), pick(t, priorities)
		e.try("UpdatePriority", func() error { return e.c.UpdatePriority(*e.now, id, value) })
	case actAltSvc:
		id, origin := e.anyStream(t), pick(t, origins)
		e.try("AltSvc", func() error { return e.c.AltSvc(id, origin, "h2=\":443\"") })
	case actOrigin:
		a, b := pick(t, origins), pick(t, origins)
		e.try("Origin", func() error { return e.c.Origin(a, b) })
	case actWriteFrame:
		typ, flags, id, payload := 0xf0+t.byte()%8, t.byte(), e.anyStream(t), make([]byte, t.size())
		e.try("WriteFrame", func() error { return e.c.WriteFrame(typ, flags, id, payload) })
	case actConnWindow:
		size := int(int32(t.number()))
		if tame {
			size = max(size, 1000) // smaller ones are legal, but take for ever
		}
		e.try("SetConnWindow", func() error { return e.c.SetConnWindow(size) })
	}
}

// next does what an application would do next on a stream.
func (e *end) next(s *model, t *tape) {
	switch {
	case s.closed():
		if s.held {
			e.release(s)
		}
	case s.arrived > s.consumed && t.bool():
		e.consume(s, int(s.arrived-s.consumed))
	case s.ours == e.client && !s.sentFinal && !s.sentEnd && (!s.push || s.ours), !e.client && !s.sentFinal:
		list := responses[t.below(13)]
		n := lengthOf(list)
		e.headers(s, list, n <= 0 && t.bool())
	case s.short: // waits to be told
	case s.maySend():
		n := t.size()
		if s.sentLength >= 0 {
			n = int(min(int64(n), s.sentLength))
		} else if s.sentLength == bodyless {
			n = 0
		}
		e.send(s, n, s.sentLength < 0 && t.bool() || int64(n) == s.sentLength || n == 0)
	}
}

// some picks a stream that may be open, mostly a late one.
func (e *end) some(t *tape) *model {
	if len(e.order) == 0 {
		t.byte()
		return nil
	}
	return e.order[len(e.order)-1-t.below(len(e.order))]
}

// anyStream picks any id at all.
func (e *end) anyStream(t *tape) core.StreamID {
	x := t.byte()
	switch {
	case x < 0x80 && len(e.order) > 0:
		return e.order[int(x)%len(e.order)].id
	case x < 0xa0:
		return core.StreamID(x & 0x1f)
	case x < 0xb0:
		return e.c.Info().NextStream + core.StreamID(x-0xa0)
	}
	return core.StreamID(t.number())
}

func (e *end) request(t *tape, tame bool) []core.Field {
	list := pick(t, requests)
	size := 0
	for _, f := range list {
		size += f.Size()
	}
	if tame && (len(list) > 128 || size > 64<<10) {
		return requests[0] // more than a server of ours takes, which its client cannot know from the first
	}
	return list
}

func (e *end) ownSettings(t *tape) []core.Setting {
	list := make([]core.Setting, 0, 4)
	for range t.below(4) {
		list = append(list, setting(t))
	}
	if len(list) == 3 && t.byte() == 0xff {
		for id := range core.SettingID(t.size()) {
			list = append(list, core.Setting{ID: 0xf100 + id}) // as many as one likes
		}
	}
	return list
}
