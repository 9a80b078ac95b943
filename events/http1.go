package events

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"weft/core"
)

// An exchange by HTTP/1.1 is shown by the same Request and Response as one by
// HTTP/2, and they follow the same rules, because it is one underneath: a
// stream between two sessions in this process, of which the server's never
// meets a peer. Somebody who speaks HTTP/1.1 plays the client. Header fields of
// requests and responses, which are not the same in both versions, go past the
// sessions and are what they were; bodies, trailers, informational responses
// and ends go through.

// HTTP1Handler speaks HTTP/1.1 on the connections of servers that have it among
// their options. Package weft/adapters/http1 makes one; this package has none,
// and does not depend on net/http.
type HTTP1Handler interface {
	// NewHTTP1Server is called once for each server that is made. Its error,
	// an option out of range, say, is that of CreateServer.
	NewHTTP1Server(log *slog.Logger) (HTTP1Server, error)
}

// HTTP1Server speaks HTTP/1.1 for one server. Its methods are called by that
// server, from any goroutine.
type HTTP1Server interface {
	// ServeHTTP1 serves a connection, and returns when that has ended, or
	// belongs to somebody else.
	ServeHTTP1(c *HTTP1Conn)
	// Close has idle connections closed, at once, and the others after the
	// response they are busy with. It does not wait.
	Close()
	// Destroy closes all connections, those that were upgraded included.
	Destroy()
}

// HTTP1Conn is a connection on which HTTP/1.1 is spoken, as who speaks it sees
// it. It has one request at a time.
type HTTP1Conn struct {
	srv  *Server
	conn net.Conn
	// quiet is conn with the server's timeout, nil if that has none.
	quiet *quietConn

	once   sync.Once
	ss     *ServerSession // with its lock: request and answer
	cs     *ClientSession
	err    error
	wake   chan struct{}
	ending chan struct{}
	ended  chan struct{}

	request HTTP1Request
	answer  Headers
}

// HTTP1Request is the head of a request by HTTP/1.1.
type HTTP1Request struct {
	Method    string
	Target    string  // as it was sent: "/status?of=all"
	Authority string  // of the host field, or of the target
	Minor     int     // 1 of HTTP/1.1
	Fields    Headers // without pseudo-fields
	HasBody   bool
}

// Conn returns the connection.
func (c *HTTP1Conn) Conn() net.Conn {
	if c.quiet != nil {
		return c.quiet
	}
	return c.conn
}

// start makes the two sessions, with the first request: many connections are
// opened in advance and never get one.
func (c *HTTP1Conn) start() error {
	c.once.Do(func() {
		from := c.srv.sessionOptions()
		opts := SessionOptions{HighWaterMark: from.HighWaterMark, Logger: from.Logger,
			StrictSingleValueFields: from.StrictSingleValueFields}
		// What bounds the handlers of a client bounds those that go on behind
		// their responses.
		opts.Settings.MaxConcurrentStreams = from.Settings.MaxConcurrentStreams
		// The other end is ourselves: it neither attacks nor stalls, except that the
		// client behind it may be late with a body. (How much of a response it has taken
		// is not seen here: the kernel takes megabytes ahead.)
		opts.Limits.AbuseBudget = core.Unlimited
		opts.Timeouts = core.Timeouts{Preface: core.Never, SettingsAck: core.Never, Write: core.Never,
			BodyIdle: from.Timeouts.BodyIdle}
		now := c.srv.opts.Now()
		if c.ss, c.err = newServerSession(now, &opts, core.TransportUnknown, nil); c.err != nil {
			return
		}
		c.ss.owner, c.ss.http1 = c.srv, c
		c.ss.carriedBy(c.conn, core.TransportUnknown)
		near := opts
		near.Settings.EnablePush = Set(false)
		if c.cs, c.err = NewClientSession(now, "http://localhost", near); c.err != nil {
			return
		}
		c.ss.clock, c.cs.clock = c.srv.opts.Now, c.srv.opts.Now
		c.wake, c.ending, c.ended = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
		go c.link()
	})
	return c.err
}

// Begin announces a request to the server's listeners, and returns the stream
// by which its body is to be sent and the body of the response will come, by
// Blocking. The stream is reset if ctx is done. inform gets informational
// responses, within a turn and ahead of the final one, of whose headers only
// :status means anything: see Answer.
//
// Errors: those of ClientSession.Request, as when the server has ended the
// connection.
func (c *HTTP1Conn) Begin(ctx context.Context, r HTTP1Request, inform func(Headers)) (*ClientStream, error) {
	if err := c.start(); err != nil {
		return nil, err
	}
	c.ss.mu.Lock()
	c.request, c.answer = r, Headers{}
	c.ss.mu.Unlock()
	method := r.Method
	if method == "CONNECT" {
		method = "POST" // which has a body, and needs no authority
	}
	c.cs.lock()
	defer c.cs.unlock()
	st, err := c.cs.request(ctx, H(":method", method), RequestOptions{EndStream: Set(!r.HasBody), WaitForTrailers: r.HasBody})
	if err != nil {
		return nil, err
	}
	// All at once: what was held for a first listener would come after what
	// Blocking tells.
	st.listen(headersEvent, func(h Headers, _ Flags) { inform(h) })
	st.listen(errorEvent, func(error) {}) // it is what Read and Write return
	st.blocking()
	return st, nil
}

// Answer returns the headers of the response, :status first, once the stream
// has one.
func (c *HTTP1Conn) Answer() Headers {
	c.ss.mu.Lock()
	defer c.ss.mu.Unlock()
	return c.answer
}

// Upgrades reports whether a request that wants another protocol is for who
// listens for the upgrade event.
func (c *HTTP1Conn) Upgrades(r HTTP1Request) bool {
	should := c.srv.opts.ShouldUpgrade
	return c.srv.onUpgrade.any() && (should == nil || should(r))
}

// Upgrade gives the connection to who listens for the upgrade event, with what
// was read from it after the request. What the server has to do with it from
// then on is that HTTP1Server.Destroy closes it.
func (c *HTTP1Conn) Upgrade(r HTTP1Request, conn net.Conn, head []byte) {
	if c.quiet != nil {
		c.quiet.stop() // how long it may be silent is not the server's affair any more
	}
	if c.start() != nil {
		conn.Close()
		return
	}
	x := c.ss.makeExchange()
	x.init()
	c.ss.mu.Lock()
	x.byHTTP1(c.ss, &r)
	x.stream.set(gotEnd | noMoreIn | saidEnd | sentHeaders | isEnding | sentEnd | isClosed | isDestroyed |
		saidClose | isForgotten | offWire)
	c.ss.mu.Unlock()
	go func() {
		for _, f := range c.srv.onUpgrade.take() {
			if !c.srv.guard(func() { f(&x.res.req, conn, head) }) {
				conn.Close()
			}
		}
	}()
}

// end ends the sessions, and waits for the last callbacks.
func (c *HTTP1Conn) end() {
	if c.quiet != nil {
		c.quiet.stop()
	}
	if c.ending == nil {
		return
	}
	close(c.ending)
	<-c.ended
}

// byHTTP1 makes the exchange one by HTTP/1.1.
func (x *exchange) byHTTP1(ss *ServerSession, r *HTTP1Request) {
	scheme := "http"
	if ss.encrypted {
		scheme = "https"
	}
	list := make([]Field, 0, r.Fields.Len()+4)
	list = append(list, Field{Name: ":method", Value: r.Method}, Field{Name: ":scheme", Value: scheme},
		Field{Name: ":authority", Value: r.Authority}, Field{Name: ":path", Value: r.Target})
	list = append(list, r.Fields.list...)
	x.stream.s = &ss.Session
	x.stream.keepHeaders(Headers{list})
	x.res.req.change(func(e *requestExtra) { e.minor = uint8(r.Minor) })
}

// http1 returns the connection by HTTP/1.1 the stream is of, nil by HTTP/2.
func (st *ServerStream) http1() *HTTP1Conn { return st.s.server.http1 }

// headHTTP1 is head for a response by HTTP/1.1: all but the status goes past the
// session.
func (r *Response) headHTTP1(end bool) error {
	st, s := r.req.st, r.req.st.s
	status := statusText(r.code())
	end = end || st.is(isHead) || hasNoBody(status)
	fields := append([]Field(nil), r.put(status)...)
	if err := s.conn.Headers(s.time(), st.id, fields[:1], end); err != nil {
		return refused(err, fields[:1])
	}
	st.http1().answer = Headers{fields}
	st.responded(Headers{fields}, end, false)
	if end {
		r.set(resBodiless)
	}
	r.giveDraft()
	return nil
}
