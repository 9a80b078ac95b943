package fuzz

import (
	"errors"

	"weft/core"
	"weft/core/frame"
)

func (e *end) open(list []core.Field, end bool, p *core.Priority) *model {
	before := e.c.Info()
	var id core.StreamID
	var err error
	if p == nil {
		id, err = e.c.Open(*e.now, list, end)
	} else {
		id, err = e.c.OpenPriority(*e.now, list, end, *p)
	}
	e.tracef("Open %d %.60v end=%v: %v", id, list, end, err)
	if err != nil {
		e.same(before, "Open", err)
		e.wantsOpen = e.wantsOpen || errors.Is(err, core.ErrStreamLimit)
		return nil
	}
	e.spent(before)
	if !e.client || id != before.NextStream || e.streams[id] != nil {
		e.fatalf("Open made stream %d", id)
	}
	if limit := e.c.PeerSettings().MaxConcurrentStreams; int64(before.OpenLocal) >= int64(limit) {
		e.fatalf("Open made stream %d beside %d others, the limit is %d", id, before.OpenLocal, limit)
	}
	e.checkList(list)
	s := e.add(&model{id: id, counted: true, sentFinal: true, gotLength: -1, sentLength: lengthOf(list), early: !e.gotPeer})
	s.ours = true
	switch valueOf(list, ":method") {
	case "HEAD":
		s.head = true
	case "CONNECT":
		s.connect, s.sentLength = true, -1
	}
	e.sent.expectHeaders(s, list, 0)
	if end {
		s.sendEnd()
	}
	return s
}

// checkList checks that the peer accepts a list that was accepted to be sent.
// Less than 4096 bytes are not believed in.
func (e *end) checkList(list []core.Field) {
	size := 0
	for _, f := range list {
		size += f.Size()
	}
	if limit := e.c.PeerSettings().MaxHeaderListSize; int64(size) > max(int64(limit), 4096) {
		e.fatalf("a header list of %d bytes was sent, the peer accepts %d", size, limit)
	}
}

func (e *end) headers(s *model, list []core.Field, end bool) {
	before := e.c.Info()
	err := e.c.Headers(*e.now, s.id, list, end)
	e.tracef("Headers %d %.60v end=%v: %v", s.id, list, end, err)
	if err != nil {
		e.same(before, "Headers", err)
		e.wantsOpen = e.wantsOpen || errors.Is(err, core.ErrStreamLimit)
		return
	}
	e.spent(before)
	if s.closed() || s.sentEnd || !s.ours && s.push {
		e.fatalf("Headers on stream %d, which is not ours to speak on", s.id)
	}
	e.checkList(list)
	e.sent.expectHeaders(s, list, 0)
	if s.sentFinal { // trailers
		if !end || s.sentLength > 0 {
			e.fatalf("trailers on stream %d with %d bytes to go, end %v", s.id, s.sentLength, end)
		}
		s.sendEnd()
		e.done(s)
		return
	}
	if s.promised && !end {
		if limit := e.c.PeerSettings().MaxConcurrentStreams; int64(before.OpenLocal) >= int64(limit) {
			e.fatalf("push %d began beside %d others, the limit is %d", s.id, before.OpenLocal, limit)
		}
	}
	s.begin()
	status := valueOf(list, ":status")
	if status[0] == '1' {
		return
	}
	s.sentFinal = true
	s.sentLength = lengthOf(list)
	switch {
	case s.connect && status[0] == '2':
		s.sentLength = -1
	case s.head || status == "204" || status == "304":
		s.sentLength = bodyless
	}
	if end {
		if s.sentLength > 0 {
			e.fatalf("stream %d ended %d bytes too early", s.id, s.sentLength)
		}
		s.sendEnd()
		e.done(s)
	}
}

// send sends n bytes of the stream's pattern and perhaps the end.
func (e *end) send(s *model, n int, end bool) (taken int) {
	before := e.c.Info()
	st, _ := e.c.Stream(s.id)
	taken, err := e.c.Send(*e.now, s.id, pattern(e.client, uint32(s.id), s.accepted, n), end)
	e.tracef("Send %d took %d of %d end=%v: %v", s.id, taken, n, end, err)
	if err != nil {
		if taken != 0 {
			e.fatalf("Send on %d took %d: %v", s.id, taken, err)
		}
		e.same(before, "Send", err)
		return 0
	}
	if !s.maySend() {
		e.fatalf("Send on stream %d, which may not send", s.id)
	}
	after := e.c.Info()
	after.Waiting = e.c.OutputPending()
	last := end && taken == n
	grown := after.Waiting - before.Waiting
	wire := grown - frame.HeaderLen // DATA with its padding
	if taken == 0 && !last {
		if grown != 0 {
			e.fatalf("Send on %d took nothing, but %d bytes came out", s.id, grown)
		}
		wire = 0
	}
	switch {
	case taken < 0 || taken > n,
		s.sentLength >= 0 && int64(taken) > s.sentLength,
		s.sentLength == bodyless && taken > 0,
		taken > 0 && int64(wire) > min(before.SendWindow, st.SendWindow, int64(e.c.PeerSettings().MaxFrameSize)),
		taken > 0 && after.Waiting > e.c.Limits().MaxOutput+headSlack,
		wire < taken || wire > taken+headSlack:
		e.fatalf("Send on %d took %d of %d as %d bytes, with windows of %d and %d, %d to go, %d of output waiting",
			s.id, taken, n, wire, before.SendWindow, st.SendWindow, s.sentLength, after.Waiting)
	}
	if last && s.sentLength > int64(taken) {
		e.fatalf("stream %d ended %d bytes too early", s.id, s.sentLength-int64(taken))
	}
	if now, ok := e.c.Stream(s.id); ok && now.SendWindow != st.SendWindow-int64(wire) {
		e.fatalf("Send on %d took %d bytes of window, left %d of %d", s.id, wire, now.SendWindow, st.SendWindow)
	}
	if after.SendWindow != before.SendWindow-int64(wire) {
		e.fatalf("Send on %d took %d bytes of window, left %d of %d", s.id, wire, after.SendWindow, before.SendWindow)
	}
	if s.sentLength > 0 {
		s.sentLength -= int64(taken)
	}
	s.accepted += int64(taken)
	if taken == 0 {
		e.forced += grown // a mere end asks for no room
	}
	switch {
	case last:
		s.sendEnd()
		e.lastEnd, e.endAt = s, after.Waiting
		e.done(s)
	case taken < n:
		s.short, s.wanted, s.wantsEnd = true, n-taken, end
	}
	return taken
}

func (e *end) writable(ev *core.Writable) {
	s := e.streams[ev.Stream]
	if s == nil || !s.maySend() || !s.short || ev.N <= 0 {
		e.fatalf("%v: nobody waits", ev)
	}
	s.short = false
	st, _ := e.c.Stream(ev.Stream)
	if int64(ev.N) > min(st.SendWindow, e.c.Info().SendWindow) {
		e.fatalf("%v: with windows of %d and %d", ev, st.SendWindow, e.c.Info().SendWindow)
	}
	if !e.writes {
		return
	}
	n := s.wanted
	if got := e.send(s, n, s.wantsEnd); got != min(n, ev.N) && (ev.N >= 256 || got != 0) {
		e.fatalf("%v: Send took %d of %d", ev, got, n)
	}
}

func (e *end) consume(s *model, n int) {
	before := e.c.Info()
	err := e.c.Consume(s.id, n)
	e.tracef("Consume %d %d: %v", s.id, n, err)
	if err != nil {
		e.same(before, "Consume", err)
		if int64(n) <= s.arrived-s.consumed && n >= 0 {
			e.fatalf("Consume %d on %d: %v", n, s.id, err)
		}
		return
	}
	e.spent(before)
	if s.closed() {
		return
	}
	if int64(n) > s.arrived-s.consumed || n < 0 {
		e.fatalf("Consume took %d of %d on %d", n, s.arrived-s.consumed, s.id)
	}
	s.consumed += int64(n)
}

func (e *end) resetStream(s *model, code core.ErrCode) {
	before := e.c.Info()
	err := e.c.Reset(*e.now, s.id, code)
	e.tracef("Reset %d %v: %v", s.id, code, err)
	if err != nil {
		e.same(before, "Reset", err)
		return
	}
	e.spent(before)
	if s.closed() {
		e.fatalf("Reset on %d, which has ended", s.id)
	}
	s.reset, s.code = true, code
	s.end()
	e.done(s)
}

func (e *end) push(parent *model, list []core.Field) *model {
	before := e.c.Info()
	early := e.lastEnd == parent && e.c.OutputPending() == e.endAt // the promise goes before that end
	id, err := e.c.Push(*e.now, parent.id, list)
	e.tracef("Push %d on %d %.60v: %v", id, parent.id, list, err)
	if err != nil {
		e.same(before, "Push", err)
		return nil
	}
	e.spent(before)
	if e.client || id != before.NextStream || (parent.closed() || parent.sentEnd) && !early || !e.c.PeerSettings().EnablePush {
		e.fatalf("Push on %d made stream %d", parent.id, id)
	}
	e.checkList(list)
	s := e.add(&model{id: id, ours: true, parent: parent.id, promised: true, push: true, gotFinal: true, gotEnd: true, sentLength: -1,
		head: valueOf(list, ":method") == "HEAD"})
	e.sent.expectHeaders(parent, list, id)
	if early {
		e.endAt = e.c.OutputPending() // the end is the last still
	}
	return s
}

func (e *end) ping(opaque [8]byte) {
	before := e.c.Info()
	if err := e.c.Ping(*e.now, opaque); err != nil {
		e.same(before, "Ping", err)
		return
	}
	e.spent(before)
	e.pinged = append(e.pinged, opaque)
}

func (e *end) updateSettings(list []core.Setting) {
	before := e.c.Info()
	err := e.c.UpdateSettings(*e.now, list)
	e.tracef("UpdateSettings %v: %v", list, err)
	if err != nil {
		e.same(before, "UpdateSettings", err)
		return
	}
	e.spent(before)
	e.settings++
}

// try runs a command of which only the error counts.
func (e *end) try(what string, command func() error) bool {
	before := e.c.Info()
	err := command()
	e.tracef("%s: %v", what, err)
	if err != nil {
		e.same(before, what, err)
		return false
	}
	if e.over {
		e.fatalf("%s on a closed connection", what)
	}
	e.spent(before)
	return true
}

func (e *end) hold(s *model) {
	if e.try("Hold", func() error { return e.c.Hold(s.id) }) {
		s.held, e.everHeld = true, true
	}
}

func (e *end) release(s *model) {
	before := e.c.Info()
	if err := e.c.Release(s.id); err != nil {
		e.same(before, "Release", err)
		if s.held {
			e.fatalf("Release on %d: %v", s.id, err)
		}
		return
	}
	if !s.held {
		e.fatalf("Release on %d, which was not held", s.id)
	}
	if s.closed() && !s.ours && s.counted {
		e.lingering--
	}
	s.held = false
}

func (e *end) shutdown() {
	before := e.c.Info()
	e.commanded = true
	e.tracef("Shutdown")
	e.c.Shutdown(*e.now)
	e.spent(before)
}

func (e *end) goAway(code core.ErrCode, last core.StreamID, debug []byte) {
	if e.try("GoAway", func() error { return e.c.GoAway(*e.now, code, last, debug) }) {
		e.commanded = true
	}
}

func (e *end) close(code core.ErrCode) {
	before := e.c.Info()
	e.commanded = true
	e.tracef("Close %v", code)
	e.c.Close(*e.now, code, []byte("enough"))
	e.spent(before)
}
