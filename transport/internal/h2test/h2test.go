// Package h2test has the two endpoints that the transports' tests talk with.
package h2test

import (
	"fmt"
	"time"

	"weft/core"
	"weft/transport"
)

// Server answers every request: /N with N bytes, anything else with "ok".
// Request bodies are read and counted.
type Server struct {
	*transport.Driver
	Conn   *core.Conn
	Body   int64 // bytes of request bodies received
	Closed *core.ConnClosed
	left   map[core.StreamID]int
}

// NewServer makes a Server.
func NewServer(now time.Time, cfg core.Config) *Server {
	cfg.ReportedWrites = true
	conn, err := core.NewServer(now, cfg)
	if err != nil {
		panic(err)
	}
	s := &Server{Conn: conn, left: map[core.StreamID]int{}}
	s.Driver = transport.Drive(conn, s.handle)
	return s
}

var (
	zeros = make([]byte, 64<<10)
	ok200 = []core.Field{{Name: ":status", Value: "200"}}
)

func (s *Server) handle(now time.Time, ev core.Event) {
	switch ev := ev.(type) {
	case *core.HeadersReceived:
		n := 2
		fmt.Sscanf(ev.Path, "/%d", &n)
		if s.Conn.Headers(now, ev.Stream, ok200, n == 0) == nil && n > 0 {
			s.left[ev.Stream] = n
			s.send(now, ev.Stream)
		}
	case *core.DataReceived:
		s.Body += int64(len(ev.Data))
		s.Conn.Consume(ev.Stream, len(ev.Data))
	case *core.Writable:
		s.send(now, ev.Stream)
	case *core.StreamReset:
		delete(s.left, ev.Stream)
	case *core.ConnClosed:
		s.Closed = ev.Clone().(*core.ConnClosed)
	}
}

func (s *Server) send(now time.Time, id core.StreamID) {
	sendAll(now, s.Conn, id, s.left)
}

func sendAll(now time.Time, c *core.Conn, id core.StreamID, left map[core.StreamID]int) {
	for left[id] > 0 {
		p := zeros[:min(left[id], len(zeros))]
		n, err := c.Send(now, id, p, len(p) == left[id])
		left[id] -= n
		if err != nil || n < len(p) {
			return
		}
	}
	delete(left, id)
}

// Client sends requests and counts what comes back.
type Client struct {
	*transport.Driver
	Conn    *core.Conn
	Answers int   // responses complete
	Failed  int   // streams reset
	Body    int64 // bytes of response bodies
	Closed  *core.ConnClosed
	OnEvent func(core.Event) // if not nil, called for each event
	left    map[core.StreamID]int
	queue   []request
}

type request struct {
	path string
	body int
}

// NewClient makes a Client.
func NewClient(now time.Time, cfg core.Config) *Client {
	cfg.ReportedWrites = true
	conn, err := core.NewClient(now, cfg)
	if err != nil {
		panic(err)
	}
	c := &Client{Conn: conn, left: map[core.StreamID]int{}}
	c.Driver = transport.Drive(conn, c.handle)
	return c
}

// Request sends one, as soon as the server permits; a POST if body is not 0. It
// may be called from any goroutine, but not by OnEvent: see Next.
func (c *Client) Request(path string, body int) {
	c.Do(func(now time.Time, _ *core.Conn) { c.Next(now, path, body) })
}

// Next is Request for OnEvent.
func (c *Client) Next(now time.Time, path string, body int) {
	c.queue = append(c.queue, request{path, body})
	c.open(now)
}

func (c *Client) open(now time.Time) {
	for len(c.queue) > 0 {
		r := c.queue[0]
		method := "GET"
		if r.body > 0 {
			method = "POST"
		}
		id, err := c.Conn.Open(now, []core.Field{
			{Name: ":method", Value: method},
			{Name: ":scheme", Value: "http"},
			{Name: ":authority", Value: "localhost"},
			{Name: ":path", Value: r.path},
		}, r.body == 0)
		if err != nil {
			return
		}
		c.queue = c.queue[1:]
		if r.body > 0 {
			c.left[id] = r.body
			sendAll(now, c.Conn, id, c.left)
		}
	}
}

func (c *Client) handle(now time.Time, ev core.Event) {
	switch ev := ev.(type) {
	case *core.HeadersReceived:
		c.ended(now, ev.EndStream)
	case *core.DataReceived:
		c.Body += int64(len(ev.Data))
		c.Conn.Consume(ev.Stream, len(ev.Data))
		c.ended(now, ev.EndStream)
	case *core.Writable:
		sendAll(now, c.Conn, ev.Stream, c.left)
	case *core.StreamsAllowed:
		c.open(now)
	case *core.StreamReset:
		c.Failed++
		delete(c.left, ev.Stream)
	case *core.ConnClosed:
		c.Closed = ev.Clone().(*core.ConnClosed)
	}
	if c.OnEvent != nil {
		c.OnEvent(ev)
	}
}

func (c *Client) ended(now time.Time, end bool) {
	if end {
		c.Answers++
		c.open(now)
	}
}
