package core_test

import (
	"fmt"

	"weft/core"
	"weft/core/coretest"
)

// act gives one to three commands, and has the output taken.
func (a *actor) act() {
	for range 1 + a.w.rnd.IntN(3) {
		before := a.end.Conn.OutputPending()
		if err := a.command(); err != nil && a.end.Conn.OutputPending() != before {
			a.w.Fatalf("%s: refused with %v, and %d bytes came out", a.name, err, a.end.Conn.OutputPending()-before)
		}
	}
	a.end.Drain()
}

// pick chooses a stream that the actor knows, or one that it does not.
func (a *actor) pick() core.StreamID {
	if ids := a.ids(); len(ids) > 0 && a.w.rnd.IntN(20) > 0 {
		return ids[a.w.rnd.IntN(len(ids))]
	}
	return core.StreamID(a.w.rnd.IntN(12))
}

func (a *actor) command() error {
	c, now, rnd := a.end.Conn, a.w.pair.Now, a.w.rnd
	id := a.pick()
	switch rnd.IntN(14) {
	case 0, 1:
		if c.Client() {
			return a.open()
		}
		return a.respond(id)
	case 2:
		return a.respond(id)
	case 3, 4, 5:
		a.enqueue(id)
	case 6:
		if s := a.streams[id]; s != nil && s.unread > 0 {
			a.consume(id, s, 1+rnd.IntN(s.unread))
		}
	case 7:
		if rnd.IntN(3) > 0 {
			return nil
		}
		err := c.Reset(now, id, core.Cancel)
		if err == nil {
			a.stream(id).over()
		}
		return err
	case 8:
		return c.UpdateSettings(now, a.settings())
	case 9:
		return c.Ping(now, [8]byte{byte(rnd.IntN(256))})
	case 10:
		if c.Client() {
			return c.UpdatePriority(now, id|1, fmt.Sprintf("u=%d, i=?%d", rnd.IntN(8), rnd.IntN(2)))
		}
		promised, err := c.Push(now, id, coretest.Request("GET", "/"))
		if err == nil {
			a.stream(promised)
		}
		return err
	case 11:
		p := core.Priority{Parent: a.pick(), Weight: rnd.IntN(300), Exclusive: rnd.IntN(2) == 0}
		return c.Prioritize(id, p, rnd.IntN(2) == 0)
	case 12:
		return c.SetConnWindow(65535 + rnd.IntN(1<<20))
	case 13:
		if s := a.streams[id]; s != nil && !c.Client() {
			if s.held = !s.held; s.held {
				return c.Hold(id)
			}
			return c.Release(id)
		}
	}
	return nil
}

func (a *actor) open() error {
	rnd := a.w.rnd
	fields := coretest.Request([]string{"GET", "POST", "HEAD", "OPTIONS"}[rnd.IntN(4)], fmt.Sprintf("/%d", rnd.IntN(30)),
		core.Field{Name: "x-a", Value: fmt.Sprint(rnd.IntN(5))}, core.Field{Name: "cookie", Value: "a=b", Sensitive: true})
	p := core.Priority{Parent: a.pick(), Weight: 1 + rnd.IntN(256), Exclusive: rnd.IntN(2) == 0}
	var id core.StreamID
	var err error
	if rnd.IntN(2) == 0 {
		id, err = a.end.Conn.Open(a.w.pair.Now, fields, rnd.IntN(2) == 0)
	} else {
		id, err = a.end.Conn.OpenPriority(a.w.pair.Now, fields, rnd.IntN(2) == 0, p)
	}
	if err == nil {
		a.stream(id)
	}
	return err
}

// respond sends whatever header block may be next, or may not.
func (a *actor) respond(id core.StreamID) error {
	rnd, now := a.w.rnd, a.w.pair.Now
	s := a.streams[id]
	if s == nil {
		return a.end.Conn.Headers(now, id, coretest.Response("200"), true)
	}
	if s.headers {
		if len(s.queue) > 0 || s.end {
			return nil // what waits comes first
		}
		return a.end.Conn.Headers(now, id, []core.Field{{Name: "x-trailer", Value: "y"}}, true)
	}
	status := []string{"103", "200", "204", "404"}[rnd.IntN(4)]
	err := a.end.Conn.Headers(now, id, coretest.Response(status, core.Field{Name: "server", Value: "weft"}),
		status == "204" || status != "103" && rnd.IntN(3) == 0)
	if err == nil && status != "103" {
		s.headers = true
	}
	return err
}

// enqueue adds body bytes to a stream that may send them.
func (a *actor) enqueue(id core.StreamID) {
	s := a.streams[id]
	if s == nil || !s.headers || s.end {
		return
	}
	at := s.sent + len(s.queue)
	for i := range a.w.rnd.IntN(40000) {
		s.queue = append(s.queue, byte((at+i)%251))
	}
	s.end = a.w.rnd.IntN(3) == 0
	a.send(id)
}

func (a *actor) settings() []core.Setting {
	rnd := a.w.rnd
	var list []core.Setting
	add := func(id core.SettingID, value uint32) {
		if rnd.IntN(3) == 0 {
			list = append(list, core.Setting{ID: id, Value: value})
		}
	}
	add(core.SettingInitialWindowSize, rnd.Uint32N(200000))
	add(core.SettingHeaderTableSize, rnd.Uint32N(8192))
	add(core.SettingMaxFrameSize, 16384+rnd.Uint32N(50000))
	add(core.SettingMaxConcurrentStreams, rnd.Uint32N(30))
	if a.end.Conn.Client() {
		add(core.SettingEnablePush, rnd.Uint32N(2))
	}
	add(0xf000, rnd.Uint32())
	return list
}
