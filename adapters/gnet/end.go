//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"io"
	"time"

	"golang.org/x/sys/unix"

	"weft/transport"
)

// inputEnded is called when gnet is about to close the descriptor. The last
// turn follows, and if somebody is still there to take its output, that is
// written, to a descriptor of our own.
func (c *conn) inputEnded(why *transport.CloseError) {
	now := c.now()
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

// inputBroke is called when gnet is about to close the descriptor and takes it,
// unread, for the end of input, because the poller told of an error and of
// nothing to read. Linux says so of a reset that arrives while it is asked: a
// socket has its error a moment before it is closed and so readable. What was
// received before and the error are still there.
func (c *conn) inputBroke() {
	err := c.readRest()
	if c.stage < closed {
		c.parking = false // gnet lets go in any case
		c.inputEnded(closeError(err))
	}
}

// readRest has the endpoint take what input there is, and returns what ends it.
func (c *conn) readRest() error {
	c.within = true
	defer func() { c.within = false }()
	for c.stage < closed && !c.parking {
		p := c.loop.input()
		n, err := unix.Read(int(c.fd), p)
		switch {
		case n > 0:
			c.receive(p[:n])
		case err == nil:
			return io.EOF
		case err != unix.EINTR:
			return systemError("read", err)
		}
	}
	// The endpoint wants no more, and nobody is left to read what it would have
	// to write first.
	code, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return systemError("getsockopt", err)
	case code != 0:
		return systemError("read", unix.Errno(code))
	}
	return io.EOF
}

// lastTurn tells the endpoint that no more input comes.
func (c *conn) lastTurn(now time.Time, cause error) {
	c.begin(false)
	c.eof, c.discard = true, true
	c.ep.ReceiveEOF(now, cause)
	c.lower(inTurn)
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
		unix.Close(int(c.fd))
	}
}
