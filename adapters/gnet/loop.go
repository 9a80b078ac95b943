//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"context"
	"sync"
	"time"

	engine "github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"weft/transport"
)

// loop is what goes with one of gnet's loops: everything about a connection
// happens on that loop's goroutine. Others hand it connections to look at.
type loop struct {
	loops *Loops
	el    engine.EventLoop

	mu    sync.Mutex
	woken []*conn // to be looked at
	asked bool    // Run is on its way

	failed map[*conn]*transport.CloseError // that gnet does not take back

	// What follows is used by the loop's goroutine only.
	spare     []*conn
	buffers   [][]byte
	in        []byte // what we read into ourselves
	deadlines deadlines
	timer     *time.Timer
	armed     moment             // when it fires
	bell      int                // a socket: what is written to it gnet tells us of
	rung      bool               // and has not told yet
	detached  map[*conn]struct{} // connections that gnet does not have
}

// post has c looked at, soon. It may be called from any goroutine, and does
// nothing if c is waiting for that already.
func (l *loop) post(c *conn) {
	if c.flags.Or(posted)&posted != 0 {
		return
	}
	l.mu.Lock()
	l.woken = append(l.woken, c)
	first := !l.asked
	l.asked = true
	l.mu.Unlock()
	if first {
		l.loops.execute(l.el, l)
	}
}

// tick is the timer: it has the loop look at its deadlines.
func (l *loop) tick() {
	l.mu.Lock()
	first := !l.asked
	l.asked = true
	l.mu.Unlock()
	if first {
		l.loops.execute(l.el, l)
	}
}

// fail has c closed. It may be called from any goroutine.
func (l *loop) fail(c *conn, why *transport.CloseError) {
	l.mu.Lock()
	if l.failed == nil {
		l.failed = make(map[*conn]*transport.CloseError)
	}
	l.failed[c] = why
	l.mu.Unlock()
	l.tick()
}

// Run is what gnet calls for post and tick, and heard for again.
func (l *loop) Run(context.Context) error {
	l.mu.Lock()
	list, failed := l.woken, l.failed
	l.woken, l.failed, l.spare, l.asked = l.spare, nil, nil, false
	l.mu.Unlock()
	for c, why := range failed {
		c.close(c.now(), why)
	}
	for i, c := range list {
		list[i] = nil
		c.lower(posted) // before it is looked at
		c.attend(c.now())
	}
	if cap(list) <= maxSpare {
		l.spare = list[:0]
	}
	l.expire()
	return nil
}

const (
	maxSpare    = 1024      // connections that a list keeps room for
	maxBuffers  = 4         // output buffers that wait for their next use
	newBuffer   = 16 << 10  // capacity of a fresh one
	largeBuffer = 512 << 10 // larger ones would stay for no reason
)

// buffer returns an empty output buffer.
func (l *loop) buffer() []byte {
	n := len(l.buffers)
	if n == 0 {
		return make([]byte, 0, newBuffer)
	}
	b := l.buffers[n-1]
	l.buffers[n-1] = nil
	l.buffers = l.buffers[:n-1]
	return b
}

// input returns what input may be read into, until somebody else reads.
func (l *loop) input() []byte {
	if l.in == nil {
		l.in = make([]byte, maxRead)
	}
	return l.in
}

// keep takes an output buffer back.
func (l *loop) keep(b []byte) {
	if cap(b) >= newBuffer && cap(b) <= largeBuffer && len(l.buffers) < maxBuffers {
		l.buffers = append(l.buffers, b[:0])
	}
}

// stop ends what gnet's loop has not ended. The loop does not run any more.
func (l *loop) stop() {
	for c := range l.detached {
		c.close(c.now(), &transport.CloseError{Kind: transport.CloseLocal, Err: errEnded})
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	unix.Close(l.bell)
}
