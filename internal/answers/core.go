package answers

import (
	"strconv"
	"time"

	"weft/core"
)

// Session answers the requests of one connection.
type Session struct {
	conn    *core.Conn
	bodies  map[core.StreamID]rest // what is left to send
	uploads map[core.StreamID]int  // bytes received
}

// rest is what is left of an answer's body.
type rest struct {
	answer *Answer
	left   int64
}

var (
	okText   = root.Fields[:2]
	notFound = []core.Field{{Name: ":status", Value: "404"}}
)

// NewSession returns what answers the requests of c.
func NewSession(c *core.Conn) *Session { return &Session{conn: c} }

// Handle takes the connection's events: it is what transport.Drive wants.
func (s *Session) Handle(now time.Time, ev core.Event) {
	switch ev := ev.(type) {
	case *core.HeadersReceived:
		switch {
		case ev.Kind == core.KindTrailers:
			s.uploaded(now, ev.Stream)
		case ev.Method == "POST":
			if s.uploads == nil {
				s.uploads = make(map[core.StreamID]int)
			}
			s.uploads[ev.Stream] = 0
			if ev.EndStream {
				s.uploaded(now, ev.Stream)
			}
		case ev.Method == "HEAD":
			fields := notFound
			if a := Lookup(ev.Path); a != nil {
				fields = a.Fields
			}
			s.conn.Headers(now, ev.Stream, fields, true)
		default:
			s.respond(now, ev.Stream, Lookup(ev.Path))
		}
	case *core.DataReceived:
		s.conn.Consume(ev.Stream, len(ev.Data))
		if n, ok := s.uploads[ev.Stream]; ok {
			s.uploads[ev.Stream] = n + len(ev.Data)
			if ev.EndStream {
				s.uploaded(now, ev.Stream)
			}
		}
	case *core.Writable:
		s.send(now, ev.Stream, s.bodies[ev.Stream])
	case *core.StreamReset:
		delete(s.bodies, ev.Stream)
		delete(s.uploads, ev.Stream)
	}
}

func (s *Session) uploaded(now time.Time, id core.StreamID) {
	n, ok := s.uploads[id]
	if ok {
		delete(s.uploads, id)
		body := strconv.Itoa(n)
		s.respond(now, id, &Answer{Fields: okText, Body: body, Size: int64(len(body))})
	}
}

// respond answers a request; a nil answer is 404.
func (s *Session) respond(now time.Time, id core.StreamID, a *Answer) {
	if a == nil {
		s.conn.Headers(now, id, notFound, true)
		return
	}
	if s.conn.Headers(now, id, a.Fields, false) == nil {
		s.send(now, id, rest{a, a.Size})
	}
}

// send sends as much of a body as can go and keeps the rest for Writable.
func (s *Session) send(now time.Time, id core.StreamID, r rest) {
	for r.left > 0 {
		p := r.answer.Part(r.left)
		n, err := s.conn.SendString(now, id, p, int64(len(p)) == r.left)
		if err != nil {
			break
		}
		r.left -= int64(n)
		if n < len(p) {
			if s.bodies == nil {
				s.bodies = make(map[core.StreamID]rest)
			}
			s.bodies[id] = r
			return
		}
	}
	if s.bodies != nil {
		delete(s.bodies, id)
	}
}
