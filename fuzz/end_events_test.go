package fuzz

import (
	"bytes"
	"slices"

	"weft/core"
	"weft/core/frame"
)

// event checks one event against the model, and keeps the model up.
func (e *end) event(ev core.Event) {
	if e.over {
		e.fatalf("%v after ConnClosed", ev)
	}
	// An event can be kept.
	if kept := ev.Clone(); kept.String() != ev.String() {
		e.fatalf("a clone of %v is %v", ev, kept)
	}
	e.tracef("%v", ev)
	e.reports++
	switch ev := ev.(type) {
	case *core.HeadersReceived:
		e.gotHeaders(ev)
	case *core.DataReceived:
		e.gotData(ev)
	case *core.StreamReset:
		e.reports--
		e.gotReset(ev)
	case *core.Writable:
		e.reports--
		e.writable(ev)
	case *core.StreamsAllowed:
		e.reports--
		if ev.N <= 0 || !e.wantsOpen {
			e.fatalf("%v, but Open was not refused", ev)
		}
		e.wantsOpen = false
	case *core.PushPromiseReceived:
		e.gotPromise(ev)
	case *core.SettingsReceived:
		e.gotPeer = true
		e.sent.owe(ackSettings, [8]byte{})
		e.checkSettings(ev)
		if limit := e.c.Limits().MaxSettingsEntries; len(ev.Settings) > limit {
			e.fatalf("%v: %d settings, the limit is %d", ev, len(ev.Settings), limit)
		}
	case *core.SettingsAcked:
		e.settings--
		if e.settings < 0 || e.settings != e.c.PendingSettings() {
			e.fatalf("%v with %d sets pending, should be %d", ev, e.c.PendingSettings(), e.settings)
		}
		for _, v := range ev.Settings {
			if got := e.c.LocalSettings().InitialWindowSize; v.ID == core.SettingInitialWindowSize && got != v.Value {
				e.fatalf("%v, but LocalSettings has %d", ev, got)
			}
		}
	case *core.PingReceived:
		e.sent.owe(ackPing, ev.Opaque)
	case *core.PingAcked:
		i := slices.Index(e.pinged, ev.Opaque)
		if i < 0 {
			e.fatalf("%v, which was not sent", ev)
		}
		e.pinged = slices.Delete(e.pinged, i, i+1)
		if ev.RTT < 0 {
			e.fatalf("%v took %v", ev, ev.RTT)
		}
	case *core.PingUnsolicited:
		if slices.Contains(e.pinged, ev.Opaque) {
			e.fatalf("%v was asked for", ev)
		}
	case *core.GoAwayReceived:
		if ev.LastStream > e.lastAway || len(ev.Debug) > e.c.Limits().MaxDebugData {
			e.fatalf("%v after last=%d", ev, e.lastAway)
		}
		e.lastAway = ev.LastStream
	case *core.PriorityUpdateReceived:
		if e.client || ev.Urgency < 0 || ev.Urgency > 7 {
			e.fatalf("%v", ev)
		}
	case *core.AltSvcReceived:
		if !e.client {
			e.fatalf("%v", ev)
		}
	case *core.OriginReceived:
		e.origins += len(ev.Origins)
		if !e.client || len(ev.Origins) == 0 || e.origins > e.c.Limits().MaxOrigins {
			e.fatalf("%v, %d of %d origins", ev, e.origins, e.c.Limits().MaxOrigins)
		}
	case *core.FrameReceived:
		if !slices.Contains(e.cfg.FrameTypes, ev.Type) {
			e.fatalf("%v was not asked for", ev)
		}
	case *core.ShutdownStarted:
		e.reports--
		if ev.Fault == core.FaultNone {
			e.fatalf("%v for no reason", ev)
		}
	case *core.ConnClosed:
		e.reports--
		e.gotClosed(ev)
	default:
		e.fatalf("unknown event %T", ev)
	}
	if e.reports*frame.HeaderLen > e.input {
		e.fatalf("%d events of %d bytes", e.reports, e.input)
	}
}

func (e *end) gotHeaders(ev *core.HeadersReceived) {
	s := e.streams[ev.Stream]
	switch {
	case ev.Kind == core.KindRequest:
		if e.client || s != nil || e.isOurs(ev.Stream) || ev.Stream <= e.opened || ev.Stream > core.MaxStreamID {
			e.fatalf("%v: not the opening of a stream", ev)
		}
		e.opened = ev.Stream
		if open, limit := e.c.Info().OpenPeer-e.lingering, e.c.LocalSettings().MaxConcurrentStreams; int64(open) > int64(limit) {
			e.fatalf("%v: makes %d streams, the limit is %d", ev, open, limit)
		}
		s = e.add(&model{id: ev.Stream, counted: true, sentLength: -1, gotFinal: true})
		s.head, s.connect = ev.Method == "HEAD", ev.Method == "CONNECT"
		s.gotLength = ev.ContentLength
		if s.connect {
			s.gotLength = -1
		}
	case s == nil || s.closed() || s.gotEnd:
		e.fatalf("%v: the stream is not open", ev)
	case ev.Kind == core.KindTrailers:
		if !s.gotFinal || !ev.EndStream || s.connect && s.gotLength == -1 && !e.client {
			e.fatalf("%v: out of order", ev)
		}
	default:
		if !e.client || s.gotFinal || (ev.Kind == core.KindInterim) != (ev.Status < 200) {
			e.fatalf("%v: out of order", ev)
		}
		if !s.ours {
			s.begin()
		}
		if ev.Kind == core.KindInterim {
			if ev.EndStream {
				e.fatalf("%v: ends the stream", ev)
			}
			break
		}
		s.gotFinal = true
		s.gotLength = ev.ContentLength
		switch {
		case s.connect && ev.Status < 300:
			s.gotLength = -1
		case s.head || ev.Status == 204 || ev.Status == 304:
			s.gotLength = bodyless
		}
	}
	if why := malformed(ev.Kind, ev.Fields, ev.Pseudo); why != "" {
		e.fatalf("%v: %s", ev, why)
	}
	e.checkSize(ev, ev.Fields)
	if ev.EndStream {
		e.gotEnd(s, ev)
	}
	if ev.Kind == core.KindRequest && e.answers {
		e.headers(s, responses[int(ev.Stream/2)%4], s.gotEnd)
	}
}

// checkSize holds a header block against the limits.
func (e *end) checkSize(ev core.Event, list []core.Field) {
	size := 0
	for _, f := range list {
		size += f.Size()
	}
	if limits := e.c.Limits(); len(list) > limits.MaxHeaderFields || size > limits.MaxHeaderList {
		e.fatalf("%v: %d fields of %d bytes, limits are %d and %d", ev, len(list), size, limits.MaxHeaderFields, limits.MaxHeaderList)
	}
}

func (e *end) gotData(ev *core.DataReceived) {
	s := e.streams[ev.Stream]
	if s == nil || s.closed() || s.gotEnd || !s.gotFinal || len(ev.Data) == 0 && !ev.EndStream {
		e.fatalf("%v: not expected", ev)
	}
	if len(ev.Data) > int(e.c.LocalSettings().MaxFrameSize) {
		e.fatalf("%v: more than a frame of %d", ev, e.c.LocalSettings().MaxFrameSize)
	}
	if e.sent.verify && !bytes.Equal(ev.Data, pattern(!e.client, uint32(s.id), s.arrived, len(ev.Data))) {
		e.fatalf("%v: not the bytes that were sent, behind the first %d", ev, s.arrived)
	}
	s.arrived += int64(len(ev.Data))
	if s.gotLength >= 0 && s.arrived > s.gotLength || s.gotLength == bodyless && s.arrived > 0 {
		e.fatalf("%v: %d bytes of %d", ev, s.arrived, s.gotLength)
	}
	if ev.EndStream {
		e.gotEnd(s, ev)
	}
	if e.greedy {
		e.consume(s, len(ev.Data))
	}
}

func (e *end) gotEnd(s *model, ev core.Event) {
	s.gotEnd = true
	if s.gotLength >= 0 && s.arrived != s.gotLength {
		e.fatalf("%v: the end after %d of %d bytes", ev, s.arrived, s.gotLength)
	}
	e.done(s)
}

func (e *end) gotReset(ev *core.StreamReset) {
	s := e.streams[ev.Stream]
	switch {
	case s == nil:
		e.fatalf("%v: never heard of it", ev)
	case s.reported, s.reset, s.closed():
		e.fatalf("%v: it has ended already", ev)
	case ev.Unprocessed && !s.ours:
		e.fatalf("%v: it is not ours to send again", ev)
	case ev.Fault == core.FaultGoneAway && (!ev.Unprocessed || !e.c.Unprocessed(ev.Stream)):
		e.fatalf("%v: but Unprocessed is %v", ev, e.c.Unprocessed(ev.Stream))
	case !ev.ByPeer && ev.Fault == core.FaultNone && !e.commanded:
		e.fatalf("%v: nobody's fault", ev)
	}
	s.reported = true
	s.end()
	e.done(s)
	if e.onReset != nil {
		e.onReset(ev, s)
	}
}

func (e *end) gotPromise(ev *core.PushPromiseReceived) {
	parent := e.streams[ev.Stream]
	switch {
	case !e.client || !e.c.LocalSettings().EnablePush:
		e.fatalf("%v: not permitted", ev)
	case parent == nil || parent.closed() || parent.gotEnd || !parent.ours:
		e.fatalf("%v: on a stream that is not open", ev)
	case e.streams[ev.Promised] != nil || ev.Promised <= e.opened || e.isOurs(ev.Promised):
		e.fatalf("%v: not a new stream", ev)
	}
	if why := malformed(core.KindRequest, ev.Fields, ev.Pseudo); why != "" {
		e.fatalf("%v: %s", ev, why)
	}
	e.checkSize(ev, ev.Fields)
	e.opened = ev.Promised
	promises := e.reserved() + 1
	e.promises = max(e.promises, promises)
	e.overflow = e.overflow || promises >= e.c.Limits().MaxReserved
	if limit := e.c.Limits().MaxReserved; promises > limit {
		e.fatalf("%v: makes %d promises, the limit is %d", ev, promises, limit)
	}
	e.add(&model{id: ev.Promised, promised: true, push: true, sentFinal: true, sentEnd: true, gotLength: -1,
		head: ev.Method == "HEAD"})
}

func (e *end) gotClosed(ev *core.ConnClosed) {
	e.over = true
	e.closing = ev.Clone().(*core.ConnClosed)
	for _, s := range e.order {
		if !s.closed() {
			e.fatalf("%v, but stream %d was not reported", ev, s.id)
		}
	}
	if ev.ByPeer && !e.gotEOF {
		e.fatalf("%v: the peer has not ended its side", ev)
	}
	if ev.Fault == core.FaultNone && !e.commanded && !ev.ByPeer {
		e.fatalf("%v: nobody's fault", ev)
	}
	if e.onClosed != nil {
		e.onClosed(ev)
	}
}

// add notes a stream that began.
func (e *end) add(s *model) *model {
	s.client = e.client
	s.ours = e.isOurs(s.id)
	e.streams[s.id] = s
	e.order = append(e.order, s)
	return s
}

// done runs when a stream may have ended.
func (e *end) done(s *model) {
	if s.closed() && s.held && !s.ours && s.counted {
		e.lingering++
	}
}

// checkSettings compares a SETTINGS frame with what the connection goes by.
func (e *end) checkSettings(ev *core.SettingsReceived) {
	in := e.c.PeerSettings()
	last := make(map[core.SettingID]uint32)
	for _, v := range ev.Settings {
		last[v.ID] = v.Value
	}
	for id, v := range last {
		var got uint32
		switch id {
		case core.SettingHeaderTableSize:
			got = in.HeaderTableSize
		case core.SettingEnablePush:
			if in.EnablePush {
				got = 1
			}
		case core.SettingMaxConcurrentStreams:
			got = in.MaxConcurrentStreams
		case core.SettingInitialWindowSize:
			got = in.InitialWindowSize
		case core.SettingMaxFrameSize:
			got = in.MaxFrameSize
		case core.SettingMaxHeaderListSize:
			got = in.MaxHeaderListSize
		default:
			continue
		}
		if got != v {
			e.fatalf("%v, but PeerSettings has %v=%d", ev, id, got)
		}
	}
}
