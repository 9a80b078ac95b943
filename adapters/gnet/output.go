//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"time"

	"golang.org/x/sys/unix"

	"weft/transport"
)

// maxRounds is how often in a row one connection writes and asks for more,
// before the others of its loop have their turn.
const maxRounds = 8

// While a connection has its loop it handles what gnet has read, and what is heard
// between two writes. A frame has 9 bytes or more, so this is no more than 1,024
// of them, however many were sent at once.
const (
	maxRead  = 8 << 10 // a power of two: gnet would make it one
	maxHeard = 9*1024 - maxRead
)

func (c *conn) canWrite() bool { return !c.held && !c.watching && c.stage < lingering }

// flush writes until there is nothing more to write or the socket is full. Not
// gnet writes but we: it would keep whatever the socket does not take, and not
// say how much that is, nor when it is gone.
func (c *conn) flush(now time.Time) {
	left := maxHeard
	over := false // before output was taken
	for round := 1; c.canWrite(); round++ {
		if round > 1 {
			now = c.now()
		}
		old := c.off < len(c.out)
		if !old {
			c.out, c.off = c.ep.SwapOutput(nil), 0
		}
		n := len(c.out) - c.off
		if !c.write(now) {
			return
		}
		switch {
		case old: // there may be newer output
		case c.eof || c.ep.Done():
			if n == 0 && over {
				c.finishOutput(now)
				return
			}
			over = true
		case !c.wantsTurn(n):
			return
		case round >= maxRounds:
			c.owed = true
			return // settle posts it
		default:
			left -= c.hear(left)
			if !c.ep.Done() {
				c.advance(c.now(), true)
			}
		}
	}
}

// hear is a turn for input that has come meanwhile: it may be about what is more
// urgent than what is being written. It takes most bytes or less, and returns how
// many. The end of input, and errors, are left to gnet.
func (c *conn) hear(most int) int {
	if most == 0 || c.sock == nil || c.parking || c.discard || c.ep.ReadPaused() {
		return 0
	}
	p := c.loop.input()[:most]
	n, _ := unix.Read(int(c.fd), p)
	if n <= 0 {
		return 0
	}
	c.begin(true)
	c.ep.Receive(c.now(), p[:n])
	c.lower(inTurn)
	return n
}

// wantsTurn reports whether an Advance should follow after n bytes were
// written.
func (c *conn) wantsTurn(n int) bool {
	if w, ok := c.ep.(transport.Waiter); ok {
		return w.Due()
	}
	return n > 0
}

// write writes the rest of out. It reports whether all of it is written.
func (c *conn) write(now time.Time) bool {
	for c.off < len(c.out) {
		n, err := unix.Write(int(c.fd), c.out[c.off:])
		if n > 0 {
			c.off += n
			if c.stage == finishing {
				c.until = momentOf(now)
			}
			c.ep.Wrote(now, n)
			continue
		}
		switch err {
		case unix.EINTR:
		case unix.EAGAIN:
			if err := c.watch(); err != nil {
				c.writeFailed(now, systemError("poll", err))
			}
			return false
		default:
			c.writeFailed(now, systemError("write", err))
			return false
		}
	}
	c.loop.keep(c.out)
	c.out, c.off = nil, 0
	return true
}

func (c *conn) watch() error {
	c.watching = true
	c.lower(writable)
	return c.loop.loops.writes.add(c)
}

func (c *conn) unwatch() {
	if c.watching {
		c.loop.loops.writes.drop(c)
	}
}

// finishOutput is called when the last byte has left: it says so to the peer,
// and waits for it to have read it.
func (c *conn) finishOutput(now time.Time) {
	unix.Shutdown(int(c.fd), unix.SHUT_WR) // an error of it shows in the read that follows
	c.noMoreOutput(now, &transport.CloseError{Kind: transport.CloseDone})
}

func (c *conn) writeFailed(now time.Time, err error) {
	c.noMoreOutput(now, brokenBy(err, transport.CloseWrite))
}

// noMoreOutput gives up the output for good. After a failed write the endpoint
// still gets input, for that may say why the peer left.
func (c *conn) noMoreOutput(now time.Time, why *transport.CloseError) {
	if c.cause == nil {
		c.cause = why
	}
	c.stage = lingering
	c.until = momentOf(now).after(c.linger)
	c.out, c.off, c.watching = nil, 0, false
	if c.eof || c.linger < 0 {
		c.close(now, why)
	}
}
