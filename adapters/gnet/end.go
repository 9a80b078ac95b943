//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"time"

	"golang.org/x/sys/unix"

	"weft/transport"
)

// inputEnded is called when gnet is about to close the descriptor. The last
// turn follows, and if somebody is still there to take its output, that is
// written, to a descriptor of our own.
func (c *conn) inputEnded(why *transport.CloseError) {
	now := c.opts.Now()
	told := c.cause
	if told == nil {
		told = why
		if why.Kind != transport.CloseEOF || c.stage == running {
			c.cause = why
		}
	}
	c.held = false
	if !told.Orderly() {
		c.sock = nil
		c.close(now, told)
		return
	}
	c.finish(now)
	c.lastTurn(now, nil)
	if c.stage == lingering {
		c.sock = nil
		c.close(now, nil)
		return
	}
	c.within = true
	c.flush(now)
	c.within = false
	c.sock = nil
	if c.stage < closed && c.detach() {
		c.settle(now)
	}
}

// lastTurn tells the endpoint that no more input comes.
func (c *conn) lastTurn(now time.Time, cause error) {
	c.begin(false)
	c.eof, c.discard = true, true
	c.ep.ReceiveEOF(now, cause)
	c.inTurn.Store(false)
}

// close ends the connection now. The first cause counts.
func (c *conn) close(now time.Time, why *transport.CloseError) {
	if c.stage == closed {
		return
	}
	if c.cause == nil {
		c.cause = why
	}
	c.stage = closed
	c.unwatch()
	if !c.eof {
		var told error
		if !c.cause.Orderly() {
			told = c.cause
		}
		c.lastTurn(now, told)
	}
	c.out, c.off = nil, 0
	c.loop.disarm(c)
	c.group.leave(c)
	switch sock := c.sock; {
	case sock == nil:
		c.closeOwn()
	case !c.within:
		c.sock = nil // which is how OnClose knows
		c.loop.el.Close(sock)
	default:
		c.sock = nil
	}
	c.fd = -1
	c.ended(c.cause)
}

// closeOwn closes the descriptor that gnet does not know.
func (c *conn) closeOwn() {
	if _, ours := c.loop.detached[c]; ours {
		delete(c.loop.detached, c)
		unix.Close(c.fd)
	}
}
