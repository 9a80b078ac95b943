package coretest

import (
	"errors"
	"fmt"

	"weft/core"
	"weft/core/frame"
)

// sent checks one frame of the endpoint's.
func (v *Validator) sent(f Frame) error {
	switch f.Type {
	case frame.TypeSettings:
		if f.Flags.Has(frame.FlagAck) {
			return v.acknowledged()
		}
		return nil
	case frame.TypePing:
		if !f.Flags.Has(frame.FlagAck) {
			return nil
		}
		if len(v.pings) == 0 || v.pings[0] != [8]byte(f.Payload) {
			return errors.New("answers no PING, or not in order")
		}
		v.pings = v.pings[1:]
		return nil
	case frame.TypeGoAway:
		g, err := frame.ParseGoAway(f.Header, f.Payload)
		if err != nil || g.LastStream > v.lastAway {
			return fmt.Errorf("raises the last stream from %d", v.lastAway)
		}
		v.lastAway = g.LastStream
		return nil
	case frame.TypePriority, frame.TypePriorityUpdate, frame.TypeAltSvc, frame.TypeOrigin:
		return nil
	}
	if f.Type > frame.TypeContinuation {
		return nil
	}
	if f.Stream == 0 {
		if f.Type != frame.TypeWindowUpdate {
			return errors.New("is on stream 0")
		}
		return checkIncrement(f)
	}
	s := v.streams[f.Stream]
	if s == nil {
		return v.sentOpening(f)
	}
	return v.sentOn(s, f)
}

func checkIncrement(f Frame) error {
	if inc, err := frame.ParseWindowUpdate(f.Header, f.Payload); err != nil || inc == 0 {
		return errors.New("has no increment")
	}
	return nil
}

// sentOpening checks a frame on a stream nobody has used: a request.
func (v *Validator) sentOpening(f Frame) error {
	if f.Type != frame.TypeHeaders || !v.client || !v.ours(f.Stream) {
		return errors.New("is on an idle stream")
	}
	if f.Stream <= v.lastOurs {
		return fmt.Errorf("is not above %d", v.lastOurs)
	}
	if v.openOurs() >= int64(v.maxOpen) {
		return fmt.Errorf("is one stream more than %d", v.maxOpen)
	}
	v.lastOurs = f.Stream
	v.streams[f.Stream] = &watched{
		window: v.window, headers: true, opened: true, ended: f.Flags.Has(frame.FlagEndStream),
	}
	return nil
}

func (v *Validator) openOurs() (n int64) {
	for id, s := range v.streams {
		if v.ours(id) && s.opened && !s.closed() {
			n++
		}
	}
	return n
}

func (s *watched) closed() bool { return s.reset || s.peerReset > 0 || s.ended && s.peerEnded > 0 }

// sentOn checks a frame on a stream that is known.
func (v *Validator) sentOn(s *watched, f Frame) error {
	if f.Type == frame.TypeRSTStream {
		if s.reset {
			return errors.New("is the second RST_STREAM")
		}
		s.reset = true
		return nil
	}
	switch {
	case s.reset:
		return errors.New("comes behind our RST_STREAM")
	case s.peerReset > 0 && s.peerReset < v.feeds:
		return errors.New("comes behind the peer's RST_STREAM")
	case s.ended && (f.Type != frame.TypeWindowUpdate || s.peerEnded > 0 && s.peerEnded < v.feeds):
		return errors.New("comes behind our END_STREAM")
	}
	switch f.Type {
	case frame.TypeHeaders:
		return v.sentHeaders(s, f)
	case frame.TypeData:
		n := int64(f.Length)
		switch {
		case !s.headers:
			return errors.New("comes before the headers")
		case n == 0 && !f.Flags.Has(frame.FlagEndStream):
			return errors.New("says nothing")
		case n > 0 && (n > s.window || n > v.conn):
			return fmt.Errorf("is longer than the windows, %d and %d", s.window, v.conn)
		}
		s.window -= n
		v.conn -= n
		s.ended = f.Flags.Has(frame.FlagEndStream)
		return nil
	case frame.TypeWindowUpdate:
		if s.promised {
			return errors.New("is on a stream only we send on")
		}
		return checkIncrement(f)
	case frame.TypePushPromise:
		return v.sentPush(f)
	}
	return errors.New("is not permitted here")
}

func (v *Validator) sentHeaders(s *watched, f Frame) error {
	status := ""
	if len(f.Fields) > 0 && f.Fields[0].Name == ":status" {
		status = f.Fields[0].Value
	}
	end := f.Flags.Has(frame.FlagEndStream)
	switch {
	case s.headers && (!end || status != ""):
		return errors.New("is neither trailers nor the first")
	case !s.headers && status == "":
		return errors.New("is no response")
	case !s.headers && status[0] == '1' && end:
		return errors.New("ends the stream with an interim response")
	case !s.headers && status[0] != '1':
		s.headers = true
	}
	if s.promised && !s.opened {
		if v.openOurs() >= int64(v.maxOpen) {
			return fmt.Errorf("begins one push more than %d", v.maxOpen)
		}
		s.opened = true
	}
	s.ended = end
	return nil
}

func (v *Validator) sentPush(f Frame) error {
	p, err := frame.ParsePushPromise(frame.Header{}, f.Payload)
	switch {
	case err != nil || v.client || !v.push || v.ours(f.Stream):
		return errors.New("is not permitted")
	case !v.ours(p.Promised) || p.Promised <= v.lastOurs:
		return fmt.Errorf("promises %d", p.Promised)
	}
	v.lastOurs = p.Promised
	v.streams[p.Promised] = &watched{window: v.window, promised: true, peerEnded: max(v.feeds, 1)}
	return nil
}

// cutter cuts bytes into frames without judging them.
type cutter struct {
	magic bool
	buf   []byte
	lost  bool
}

func (c *cutter) cut(p []byte, yield func(frame.Header, []byte)) {
	if c.lost {
		return
	}
	c.buf = append(c.buf, p...)
	if c.magic {
		n := min(len(c.buf), len(core.Preface))
		if c.lost = string(c.buf[:n]) != core.Preface[:n]; c.lost || n < len(core.Preface) {
			return
		}
		c.buf, c.magic = c.buf[n:], false
	}
	for len(c.buf) >= frame.HeaderLen {
		h := frame.ParseHeader(c.buf)
		total := frame.HeaderLen + int(h.Length)
		if len(c.buf) < total {
			return
		}
		yield(h, c.buf[frame.HeaderLen:total])
		c.buf = c.buf[total:]
	}
}
