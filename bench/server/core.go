package main

import (
	"context"
	"net"
	"strconv"
	"time"

	"weft/core"
	"weft/transport"
	"weft/transport/tls"
)

// serveCore serves each connection with a core.Conn and nothing above it.
func serveCore(ctx context.Context, l net.Listener, secure bool) error {
	cfg := core.Config{
		Settings:       []core.Setting{{ID: core.SettingMaxConcurrentStreams, Value: uint32(maxStreams)}},
		Transport:      core.TransportCleartext,
		ReportedWrites: true,
	}
	if secure {
		cfg.Transport = core.TransportEncrypted
	}
	if window > 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingInitialWindowSize, Value: uint32(window)})
		cfg.ConnWindow = 4 * window
	}
	if table >= 0 {
		cfg.Settings = append(cfg.Settings, core.Setting{ID: core.SettingHeaderTableSize, Value: uint32(table)})
		cfg.EncoderTable = table
		if table == 0 {
			cfg.EncoderTable = core.NoTable
		}
	}
	opts := transport.Options{}
	if !secure {
		opts.HoldFirstWrite = transport.DefaultHold
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			c, err := core.NewServer(time.Now(), cfg)
			if err != nil {
				panic(err) // the configuration is ours
			}
			s := &session{conn: c}
			if h, ok := conn.(*tls.Conn); ok && h.HandshakeContext(ctx) != nil {
				conn.Close()
				return
			}
			transport.Start(ctx, conn, transport.Drive(c, s.handle), opts, nil)
		}()
	}
}

// session answers the requests of one connection.
type session struct {
	conn    *core.Conn
	bodies  map[core.StreamID]rest // what is left to send
	uploads map[core.StreamID]int  // bytes received
}

// rest is what is left of an answer's body.
type rest struct {
	answer *answer
	left   int64
}

var (
	okText   = root.fields[:2]
	notFound = []core.Field{{Name: ":status", Value: "404"}}
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
		default:
			s.respond(now, ev.Stream, lookup(ev.Path))
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
	n, ok := s.uploads[id]
	if ok {
		delete(s.uploads, id)
		body := strconv.Itoa(n)
		s.respond(now, id, &answer{fields: okText, body: body, size: int64(len(body))})
	}
}

// respond answers a request; a nil answer is 404.
func (s *session) respond(now time.Time, id core.StreamID, a *answer) {
	if a == nil {
		s.conn.Headers(now, id, notFound, true)
		return
	}
	if s.conn.Headers(now, id, a.fields, false) == nil {
		s.send(now, id, rest{a, a.size})
	}
}

// send sends as much of a body as can go and keeps the rest for Writable.
func (s *session) send(now time.Time, id core.StreamID, r rest) {
	for r.left > 0 {
		p := r.answer.part(r.left)
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
