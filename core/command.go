package core

import (
	"fmt"
	"time"

	"weft/core/frame"
)

// Open sends a request and opens a stream for it; client only. With end no
// body and no trailers follow. fields are copied; the pseudo-fields come
// first.
//
// Errors: ErrStreamLimit when the server's limit is reached (StreamsAllowed
// says when to try again), ErrGoingAway, ErrStreamsExhausted, ErrClosed,
// *FieldError, ErrHeaderListTooLarge, ErrConnectProtocol for :protocol before
// the server's ENABLE_CONNECT_PROTOCOL, ErrRole.
func (c *Conn) Open(now time.Time, fields []Field, end bool) (StreamID, error) {
	return c.open(now, fields, end, nil)
}

// SetNextStream makes id the next stream this side opens; Node's
// session.setNextStreamID. It may only go up: skipped ids count as used.
//
// Errors: a *ConfigError unless id is this side's, not yet used and at most
// MaxStreamID; ErrClosed.
func (c *Conn) SetNextStream(id StreamID) error {
	switch {
	case c.closed():
		return ErrClosed
	case id < c.nextID || id > MaxStreamID || !c.isOurs(id):
		parity := "even"
		if c.client {
			parity = "odd"
		}
		return &ConfigError{"NextStream", fmt.Sprint(id), fmt.Sprintf("%s, %d to %d", parity, c.nextID, MaxStreamID)}
	}
	c.nextID = id
	return nil
}

// OpenPriority is Open with the RFC 7540 priority in the HEADERS frame.
//
// Errors: those of Open, and a *ConfigError for a parent that is the stream
// itself or no stream id.
func (c *Conn) OpenPriority(now time.Time, fields []Field, end bool, p Priority) (StreamID, error) {
	if err := checkParent(c.nextID, p); err != nil {
		return 0, err
	}
	p.Weight = clampWeight(p.Weight)
	return c.open(now, fields, end, &p)
}

func (c *Conn) open(now time.Time, fields []Field, end bool, p *Priority) (StreamID, error) {
	c.tick(now)
	if err := c.mayOpen(); err != nil {
		return 0, err
	}
	var m message
	known, err := c.checkOutgoing(fields, KindRequest, &m)
	if err != nil {
		return 0, err
	}
	return c.openChecked(fields, end, p, &m, known)
}

// mayOpen reports what keeps this side from opening a stream, if anything.
func (c *Conn) mayOpen() error {
	switch {
	case c.closed():
		return ErrClosed
	case !c.client:
		return ErrRole
	case c.goneAway || c.shuttingDown():
		return ErrGoingAway
	case c.nextID > MaxStreamID:
		return ErrStreamsExhausted
	case uint32(c.openLocal) >= c.peer.maxStreams:
		c.wantOpen = true
		return ErrStreamLimit
	}
	return nil
}

// openChecked opens a stream with a request whose check came to m.
func (c *Conn) openChecked(fields []Field, end bool, p *Priority, m *message, known *encodedBlock) (StreamID, error) {
	if end && m.contentLength > 0 && !c.cfg.uncheckedLength {
		return 0, ErrBodyLength
	}
	id := c.nextID
	c.nextID += 2
	s := c.born(id)
	s.state = steps[StateIdle][sendHeaders.with(end)].next
	c.count(s)
	s.send = phaseBody
	s.sendLength = m.contentLength
	s.authority = m.pseudo.Authority
	switch m.pseudo.Method {
	case "HEAD":
		s.headOnly = true
	case "CONNECT":
		s.connect, s.send, s.sendLength = true, phaseTunnel, -1
	}
	if c.peer.noPriorities {
		p = nil // RFC 9218 §2.1.1: the server would not heed it
	}
	if p != nil {
		c.seat(p.Parent)
		c.plant().place(s, *p, c.cfg.MaxIdlePriorities)
	}
	if m.priority != "" {
		s.applySignal(parsePriorityField(m.priority))
	}
	if len(c.idleHints) > 0 {
		c.takeHint(s)
	}
	c.writeBlock(headerFrame{id: id, end: end, priority: p}, fields, KindRequest, m, known)
	if c.growth.target > s.recvSize {
		c.growStream(s)
	}
	return id, nil
}

// Headers sends a header block on an open stream. What it is follows from
// where the message stands: on a server an interim response (a :status below
// 200), the final response, or trailers; on a client trailers. Trailers need
// end.
//
// Errors: ErrNoStream, ErrStreamState, *FieldError, ErrBodyLength,
// ErrHeaderListTooLarge, ErrClosed. fields are copied.
func (c *Conn) Headers(now time.Time, id StreamID, fields []Field, end bool) error {
	c.tick(now)
	s, next, err := c.forHeaders(id, end)
	switch {
	case err != nil:
		return err
	case s.send == phaseBody:
		return c.sendTrailers(s, next, fields, end)
	}
	return c.sendResponse(s, next, fields, end)
}

// forHeaders finds the stream to send a header block on, and the state that
// leads to.
func (c *Conn) forHeaders(id StreamID, end bool) (s *stream, next State, err error) {
	if c.closed() {
		return nil, 0, ErrClosed
	}
	s = c.streams.find(id)
	if s == nil || s.state.closed() {
		return nil, 0, ErrNoStream
	}
	st := steps[s.state][sendHeaders.with(end)]
	if !st.legal() || s.send == phaseTunnel {
		return nil, 0, ErrStreamState
	}
	return s, st.next, nil
}

func (c *Conn) sendTrailers(s *stream, next State, fields []Field, end bool) error {
	switch {
	case !end:
		return ErrStreamState
	case s.sendLength > 0 && !c.cfg.uncheckedLength:
		return ErrBodyLength
	}
	var m message
	known, err := c.checkOutgoing(fields, KindTrailers, &m)
	if err != nil {
		return err
	}
	c.writeBlock(headerFrame{id: s.id, end: true}, fields, KindTrailers, &m, known)
	c.settle(s, next)
	return nil
}

func (c *Conn) sendResponse(s *stream, next State, fields []Field, end bool) error {
	if isInterim(fields) {
		return c.sendInterim(s, next, fields, end)
	}
	var m message
	known, err := c.checkOutgoing(fields, KindResponse, &m)
	if err != nil {
		return err
	}
	return c.sendFinal(s, next, fields, end, &m, known)
}

func (c *Conn) sendInterim(s *stream, next State, fields []Field, end bool) error {
	var m message
	known, err := c.checkOutgoing(fields, KindInterim, &m)
	switch {
	case err != nil:
		return err
	case end:
		return ErrStreamState
	}
	if s.state == StateReservedLocal {
		if !c.mayBegin() {
			return ErrStreamLimit
		}
		s.state = next
		c.count(s)
	}
	at := len(c.out)
	c.writeBlock(headerFrame{id: s.id}, fields, KindInterim, &m, known)
	c.forced += len(c.out) - at
	return nil
}

// sendFinal sends the header section of a final response.
func (c *Conn) sendFinal(s *stream, next State, fields []Field, end bool, m *message, known *encodedBlock) error {
	length := m.contentLength
	status := m.pseudo.Status
	tunnel := s.connect && status >= 200 && status < 300
	switch {
	case tunnel:
		if length >= 0 && !c.cfg.unchecked {
			return &FieldError{"content-length", "has no place in a 2xx response to CONNECT (RFC 9110 §8.6)"}
		}
		length = -1
	case s.headOnly || status == 204 || status == 304:
		length = noBody
	case status == 205 && !c.cfg.unchecked:
		// RFC 9110 §15.3.6: no content is generated.
		if length > 0 && !c.cfg.uncheckedLength {
			return ErrBodyLength
		}
		length = 0
	case end && length > 0 && !c.cfg.uncheckedLength:
		return ErrBodyLength
	}
	if s.state == StateReservedLocal {
		if !c.mayBegin() {
			return ErrStreamLimit
		}
		if !next.closed() {
			c.count(s)
		}
	}
	s.responded = true
	c.timed[listWait].remove(s)
	s.sendLength = length
	s.send = phaseBody
	if tunnel {
		s.send = phaseTunnel
	}
	if m.priority != "" {
		s.applySignal(parsePriorityField(m.priority).over(s))
	}
	at := len(c.out)
	c.writeBlock(headerFrame{id: s.id, end: end}, fields, KindResponse, m, known)
	c.forced += len(c.out) - at
	c.settle(s, next)
	return nil
}

// mayBegin reports whether the client's limit lets a promise be kept: it counts
// once its response begins (RFC 9113 §8.4.2).
func (c *Conn) mayBegin() bool {
	if uint32(c.openLocal) < c.peer.maxStreams {
		return true
	}
	c.wantOpen = true
	return false
}

// isInterim reports whether the fields are a 1xx response.
func isInterim(fields []Field) bool {
	for i := range fields {
		if fields[i].Name == ":status" {
			return len(fields[i].Value) == 3 && fields[i].Value[0] == '1'
		}
	}
	return false
}

// Reset ends a stream with RST_STREAM. Nothing more is reported on it. Output
// already serialised still goes out. ErrNoStream when it is idle or closed.
func (c *Conn) Reset(now time.Time, id StreamID, code ErrCode) error {
	c.tick(now)
	if c.closed() {
		return ErrClosed
	}
	s := c.streams.find(id)
	if s == nil || s.state.closed() {
		return ErrNoStream
	}
	c.out = frame.AppendRSTStream(c.out, id, code)
	c.settle(s, StateClosedByUs)
	return nil
}

// Hold keeps a stream's place under our concurrency limit, also after it is
// closed on the wire, until Release: whoever runs a handler for it calls Hold
// when the request comes and Release when the handler is done, so that a peer
// cannot have more running than it may have open (CVE-2023-44487).
//
// It does not count: a second Hold changes nothing, and one Release undoes both.
//
// Errors: ErrNoStream for a stream that is idle or over.
func (c *Conn) Hold(id StreamID) error {
	s := c.streams.find(id)
	if s == nil || s.state.closed() {
		return ErrNoStream
	}
	s.held = true
	return nil
}

// Release undoes Hold.
//
// Errors: ErrNoStream for a stream that is not held.
func (c *Conn) Release(id StreamID) error {
	s := c.streams.find(id)
	if s == nil || !s.held {
		return ErrNoStream
	}
	s.held = false
	if s.state.closed() && !s.report {
		c.forget(s)
	}
	return nil
}

// SetConnWindow sets the connection's receive window to size bytes, an
// absolute value from 0 to 2^31-1; Node's session.setLocalWindowSize. A
// smaller window than the present one takes effect as data comes in.
//
// Errors: a *ConfigError for a size out of range, ErrClosed.
func (c *Conn) SetConnWindow(size int) error {
	if size < 0 || size > maxWindow {
		return &ConfigError{"window size", formatInt(size), "0 to 2^31-1"}
	}
	if c.closed() {
		return ErrClosed
	}
	c.openWindow(int64(size))
	return nil
}

func (c *Conn) openWindow(size int64) {
	f := &c.inflow
	f.owed += size - f.size // less than 0: paid back by not returning that much
	grown := size > f.size
	f.size = size
	if inc := f.owed; grown && inc > 0 {
		f.owed = 0
		f.window += inc
		c.writeCredit(0, inc)
	}
}

// WriteFrame sends a frame of a type this package does not handle, for
// extensions. The payload is copied; it may be as long as the peer's
// MAX_FRAME_SIZE.
//
// Errors: a *ConfigError for a type that this package handles or a payload that
// is longer, ErrNoStream for an id above MaxStreamID, ErrClosed.
func (c *Conn) WriteFrame(frameType, flags uint8, id StreamID, payload []byte) error {
	switch {
	case c.closed():
		return ErrClosed
	case id > MaxStreamID:
		return ErrNoStream
	case knownFrame(frameType):
		return &ConfigError{"frame type", formatInt(int(frameType)), "a type this package does not handle itself"}
	case len(payload) > int(c.peer.maxFrameSize):
		return &ConfigError{"payload", formatInt(len(payload)) + " bytes", "at most the peer's MAX_FRAME_SIZE"}
	}
	c.out = frame.AppendHeader(c.out, frame.Header{
		Length: uint32(len(payload)), Type: frame.Type(frameType), Flags: frame.Flags(flags), Stream: id,
	})
	c.out = append(c.out, payload...)
	return nil
}
