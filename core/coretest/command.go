package coretest

import (
	"fmt"
	"reflect"
	"strings"

	"weft/core"
)

func fmtValue(v reflect.Value) string { return fmt.Sprint(v.Interface()) }

// do runs one line below "do": a command of the endpoint's own user. What the
// command refuses is printed.
func (s *session) do(l *line) error {
	c, now := s.conn, s.now
	var err error
	switch l.verb {
	case "open":
		end, prio := l.flag("END_STREAM"), l.priority()
		fields := l.fields()
		if prio != nil {
			_, err = c.OpenPriority(now, fields, end, *prio)
		} else {
			_, err = c.Open(now, fields, end)
		}
	case "headers":
		id, end := l.id(), l.flag("END_STREAM")
		err = c.Headers(now, id, l.fields(), end)
	case "send":
		id, end := l.id(), l.flag("END_STREAM")
		p, n := l.data(), 0
		n, err = c.Send(now, id, p, end)
		if err == nil && n < len(p) {
			s.print("sent %d of %d", n, len(p))
		}
	case "body":
		id, end := l.id(), l.flag("END_STREAM")
		s.bodies[id] = &body{l.data(), end}
		err = s.sendBody(id)
	case "consume":
		id := l.id()
		err = c.Consume(id, l.number(l.take("the number of bytes")))
	case "reset":
		err = c.Reset(now, l.id(), l.code())
	case "hold":
		err = c.Hold(l.id())
	case "release":
		err = c.Release(l.id())
	case "push":
		id := l.id()
		_, err = c.Push(now, id, l.fields())
	case "settings":
		err = c.UpdateSettings(now, l.settings())
	case "ping":
		err = c.Ping(now, l.opaque())
	case "shutdown":
		c.Shutdown(now)
	case "goaway":
		last := core.StreamID(l.optionNumber("last", 0))
		err = c.GoAway(now, l.code(), last, s.debug(l))
	case "close":
		c.Close(now, l.code(), s.debug(l))
	case "prioritize":
		id, silent, prio := l.id(), l.flag("silent"), l.priority()
		if prio == nil {
			prio = new(core.Priority)
			l.fail("prio= is missing")
		}
		err = c.Prioritize(id, *prio, silent)
	case "priority_update":
		err = c.UpdatePriority(now, l.id(), l.str("the value"))
	case "altsvc":
		err = c.AltSvc(l.id(), l.str("the origin"), l.str("the value"))
	case "origin":
		var list []string
		for len(l.rest) > 0 {
			list = append(list, l.str("an origin"))
		}
		err = c.Origin(list...)
	case "frame":
		t, flags := l.optionNumber("type", 0), l.optionNumber("flags", 0)
		id := core.StreamID(l.optionNumber("stream", 0))
		err = c.WriteFrame(uint8(t), uint8(flags), id, l.data())
	case "window":
		err = c.SetConnWindow(l.number(l.take("the size")))
	case "wrote":
		c.Wrote(now, l.number(l.take("the number of bytes")))
	default:
		l.fail("no such command")
	}
	if err != nil {
		s.print("error: %v", err)
	}
	return l.done()
}

func (s *session) debug(l *line) []byte {
	if len(l.rest) == 0 {
		return nil
	}
	return []byte(l.str("debug data"))
}

// body is what a "body" line still has to send: its stream is served whenever
// it is Writable.
type body struct {
	left []byte
	end  bool
}

func (s *session) sendBody(id core.StreamID) error {
	b := s.bodies[id]
	if b == nil {
		return nil
	}
	n, err := s.conn.Send(s.now, id, b.left, b.end)
	b.left = b.left[n:]
	if len(b.left) == 0 || err != nil {
		delete(s.bodies, id)
	}
	return err
}

// getter runs one of the lines that only look: info, stream, settings, fault,
// deadline.
func (s *session) getter(l *line) error {
	switch l.verb {
	case "info":
		s.print("%s", l.show(s.conn.Info()))
	case "stream":
		id := l.id()
		info, ok := s.conn.Stream(id)
		if !ok {
			s.print("%v", s.conn.StreamState(id))
			break
		}
		if len(l.rest) == 0 {
			l.rest = []string{"State", "SendWindow", "RecvWindow"}
		}
		s.print("%s", strings.ReplaceAll(l.show(info), "State=", ""))
	case "settings":
		of := s.conn.PeerSettings()
		if l.flag("local") {
			of = s.conn.LocalSettings()
		} else if !l.flag("peer") {
			l.fail("of whom, local or peer?")
		}
		s.print("%s", l.show(of))
	case "deadline":
		at, why := s.conn.NextDeadline()
		if why == core.TimerNone {
			s.print("none")
		} else {
			s.print("%v in %v", why, at.Sub(s.now))
		}
	case "paused":
		s.print("%v", s.conn.ReadPaused())
	case "unprocessed":
		s.print("%v", s.conn.Unprocessed(l.id()))
	}
	return l.done()
}
