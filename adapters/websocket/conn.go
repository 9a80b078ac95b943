package websocket

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

// MessageType is what a message is made of.
type MessageType uint8

// The types of messages (RFC 6455 §5.6).
const (
	Text   MessageType = 1 // UTF-8
	Binary MessageType = 2 // any bytes
)

// String returns "text" or "binary".
func (t MessageType) String() string {
	switch t {
	case Text:
		return "text"
	case Binary:
		return "binary"
	}
	return fmt.Sprintf("MessageType(%d)", uint8(t))
}

// Conn is a WebSocket. Its methods block, and may be called from any goroutine,
// several at a time; none may be called from a callback of package events.
//
// Somebody has to read, or to have called CloseRead: it is within Read that
// pings are answered, and that pongs and the peer's close are noticed.
//
// A Conn has to be closed, by Close or CloseNow, unless one of its methods said
// that it is over.
type Conn struct {
	t      transport
	opts   Options
	client bool
	proto  string
	// deflate is whether messages may be compressed.
	deflate bool

	// reading is held by who reads, writing by who writes a message, frame by
	// who writes a frame, in that order.
	reading, writing, frame lock
	in                      incoming // of who reads

	closing   atomic.Bool   // Close was called
	leaving   chan struct{} // closed then
	closeSent atomic.Bool   // set by who writes a frame

	mu    sync.Mutex
	err   error // why it is over
	why   error // why it will be, once the peer was told
	done  chan struct{}
	owed  owed
	pings map[uint64]chan struct{} // those that wait for their pong
	last  uint64                   // ping
}

// owed is what is to be sent as soon as it does not cut a frame in two. It is
// at most one of each: RFC 6455 §5.5.3: "If an endpoint receives a Ping frame
// and has not yet sent Pong frame(s) in response to previous Ping frame(s), the
// endpoint MAY elect to send a Pong frame for only the most recently processed
// Ping frame."
type owed struct {
	pong       []byte
	pongs, ask bool
}

func newConn(t transport, opts Options, client bool, proto string, deflate bool) *Conn {
	c := &Conn{t: t, opts: opts, client: client, proto: proto, deflate: deflate,
		reading: newLock(), writing: newLock(), frame: newLock(), leaving: make(chan struct{}), done: make(chan struct{})}
	c.in.init(c)
	return c
}

// Subprotocol returns the subprotocol that was agreed on, "" if there is none.
func (c *Conn) Subprotocol() string { return c.proto }

// Compressed reports whether it was agreed on that messages may be compressed.
func (c *Conn) Compressed() bool { return c.deflate }

// LocalAddr returns the address of this end of the connection that carries it.
func (c *Conn) LocalAddr() net.Addr { return c.t.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (c *Conn) RemoteAddr() net.Addr { return c.t.RemoteAddr() }

// Done returns a channel that is closed when the connection is over.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection is over, which is what its methods return from
// then on, or nil if it is not.
func (c *Conn) Err() error { return c.ended() }

// over notes why the connection ended, unless that is known.
func (c *Conn) over(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		if c.err = err; c.why != nil {
			c.err = c.why
		}
		close(c.done)
	}
}

// ended returns why the connection is over, nil if it is not.
func (c *Conn) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// end ends the connection at once, and returns why it ended.
func (c *Conn) end(err error) error {
	c.over(err)
	c.t.abort()
	return c.ended()
}

// long ago, as a deadline, ends what waits.
var longAgo = time.Unix(1, 0)

// Ping sends a ping and waits for the pong, or for that to a later one.
// Somebody has to read meanwhile. A ctx that is done while the ping is being
// written ends the connection.
//
// Errors: what ended the connection, and that of ctx.
func (c *Conn) Ping(ctx context.Context) error {
	pong := make(chan struct{})
	id, err := c.ping(ctx, pong)
	if err != nil {
		return err
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pings, id)
	}()
	select {
	case <-pong:
		return nil
	case <-c.done:
		return c.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ping sends a ping whose pong closes the channel. They have their numbers in
// the order in which they are sent.
func (c *Conn) ping(ctx context.Context, pong chan struct{}) (id uint64, err error) {
	if err := c.lockFrame(ctx); err != nil {
		return 0, err
	}
	defer c.unlockFrame()
	c.mu.Lock()
	c.last++
	id = c.last
	if c.pings == nil {
		c.pings = make(map[uint64]chan struct{})
	}
	c.pings[id] = pong
	c.mu.Unlock()
	if err := c.put(ctx, ws.Header{OpCode: ws.OpPing, Fin: true}, binary.BigEndian.AppendUint64(nil, id)); err != nil {
		return 0, err
	}
	return id, nil
}

// ponged wakes who waits for the pong. The peer may have left out those to
// pings before that one.
func (c *Conn) ponged(p []byte) {
	if len(p) != 8 {
		return
	}
	last := binary.BigEndian.Uint64(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, pong := range c.pings {
		if id <= last {
			delete(c.pings, id)
			close(pong)
		}
	}
}

// CloseRead is for who only writes: it reads in a goroutine of its own, so that
// pings and the peer's close are seen to. The context it returns is done, with
// the error as its cause, when the connection is over or ctx is done. A message
// from the peer ends the connection with StatusPolicyViolation.
func (c *Conn) CloseRead(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		_, _, err := c.read(ctx, true)
		cancel(err)
	}()
	return ctx
}
