package main

import (
	"context"
	"net"
	"strconv"
	"time"

	"weft/adapters/gnet"
	"weft/core"
	"weft/transport"
)

// serveCore gives a core.Conn of each connection to the loops.
func serveCore(ctx context.Context, l net.Listener, loops *gnet.Loops) error {
	cfg := core.Config{
		Settings:       []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: maxStreams}},
		Transport:      core.TransportCleartext,
		ReportedWrites: true,
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		c, err := core.NewServer(time.Now(), cfg)
		if err != nil {
			return err
		}
		s := &session{conn: c}
		opts := transport.Options{HoldFirstWrite: transport.DefaultHold}
		if err := loops.Pump(ctx, conn, transport.Drive(c, s.handle), opts, func(error) {}); err != nil {
			conn.Close()
		}
	}
}

// session answers the requests of one connection.
type session struct {
	conn    *core.Conn
	bodies  map[core.StreamID][]byte // what is left to send
	uploads map[core.StreamID]int    // bytes received
}

var (
	coreHello = []core.Field{
		{Name: ":status", Value: "200"},
		{Name: "content-type", Value: "text/plain"},
		{Name: "content-length", Value: helloLength},
	}
	coreLarge = []core.Field{
		{Name: ":status", Value: "200"},
		{Name: "content-type", Value: "application/octet-stream"},
		{Name: "content-length", Value: largeLength},
	}
	coreText     = coreHello[:2]
	coreNotFound = []core.Field{{Name: ":status", Value: "404"}}
)

func (s *session) handle(now time.Time, ev core.Event) {
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
		case ev.Path == "/":
			s.respond(now, ev.Stream, coreHello, hello)
		case ev.Path == "/1m":
			s.respond(now, ev.Stream, coreLarge, large)
		default:
			s.conn.Headers(now, ev.Stream, coreNotFound, true)
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

func (s *session) uploaded(now time.Time, id core.StreamID) {
	if n, ok := s.uploads[id]; ok {
		delete(s.uploads, id)
		s.respond(now, id, coreText, strconv.AppendInt(nil, int64(n), 10))
	}
}

func (s *session) respond(now time.Time, id core.StreamID, fields []core.Field, body []byte) {
	if s.conn.Headers(now, id, fields, false) == nil {
		s.send(now, id, body)
	}
}

// send sends as much of body as can go and keeps the rest for Writable.
func (s *session) send(now time.Time, id core.StreamID, body []byte) {
	n, err := s.conn.Send(now, id, body, true)
	switch {
	case err != nil || n == len(body):
		delete(s.bodies, id)
		return
	case s.bodies == nil:
		s.bodies = make(map[core.StreamID][]byte)
	}
	s.bodies[id] = body[n:]
}
