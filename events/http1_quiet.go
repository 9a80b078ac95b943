package events

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// quietConn is a connection by HTTP/1.1 of a server with a timeout. It notices
// when nothing was read or written for that long, which the sessions behind it
// can't: they see neither the head of a request nor what waits in buffers.
type quietConn struct {
	net.Conn
	after time.Duration
	fire  func() // called without a lock held by others, never after stop
	last  atomic.Int64
	fired atomic.Bool // only activity starts the time again

	mu    sync.Mutex
	timer *time.Timer
	over  bool
}

func newQuietConn(conn net.Conn, after time.Duration, fire func()) *quietConn {
	q := &quietConn{Conn: conn, after: after, fire: fire}
	q.last.Store(time.Now().UnixNano())
	q.mu.Lock()
	q.timer = time.AfterFunc(after, q.look)
	q.mu.Unlock()
	return q
}

// look sees whether the time has really passed.
func (q *quietConn) look() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over {
		return
	}
	if left := time.Until(time.Unix(0, q.last.Load()).Add(q.after)); left > 0 {
		q.timer.Reset(left)
		return
	}
	q.fired.Store(true)
	q.fire()
}

// active notes that something was read or written.
func (q *quietConn) active(n int) {
	if n <= 0 {
		return
	}
	q.last.Store(time.Now().UnixNano())
	if q.fired.CompareAndSwap(true, false) {
		q.mu.Lock()
		if !q.over {
			q.timer.Reset(q.after)
		}
		q.mu.Unlock()
	}
}

// stop ends the timeout for good. Nothing is called any more when it returns.
func (q *quietConn) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = true
	q.timer.Stop()
}

func (q *quietConn) Read(p []byte) (int, error) {
	n, err := q.Conn.Read(p)
	q.active(n)
	return n, err
}

func (q *quietConn) Write(p []byte) (int, error) {
	n, err := q.Conn.Write(p)
	q.active(n)
	return n, err
}

// CloseWrite ends the output, where the connection can do that.
func (q *quietConn) CloseWrite() error {
	if half, ok := q.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection under this one, as that of crypto/tls does.
func (q *quietConn) NetConn() net.Conn { return q.Conn }

// timedOut has the session emit the timeout event of its server.
func (c *HTTP1Conn) timedOut() {
	if c.start() != nil {
		c.conn.Close()
		return
	}
	c.ss.lock()
	defer c.ss.unlock()
	c.ss.byServer = true
	c.ss.post(c.ss.sayTimeout)
}
