//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"errors"
	"net"
	"os"
	"time"

	engine "github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"weft/transport"
)

// gnet reads from every connection it has, and closes those whose input has
// ended. A connection that is not to be read from for now, or whose output is
// not written yet, therefore leaves gnet, with a second descriptor of the same
// socket: it is detached. One that may be read from again is given back.

var errEnded = errors.New("weft/gnet: the event loops have ended")

// pauseOrRead parks a connection whose endpoint wants no input, and gives it
// back when it does again.
func (c *conn) pauseOrRead(now time.Time) {
	if c.stage == closed || c.eof {
		return
	}
	paused := !c.discard && c.ep.ReadPaused()
	switch {
	case paused && c.sock != nil && !c.parking:
		c.parking = true
		if !c.within { // else it is what we return that has gnet let go
			c.loop.el.Close(c.sock)
		}
	case !paused && c.parking:
		c.parking = false // it has not let go yet
	case !paused && c.sock == nil && !c.attaching:
		c.attach(now)
	}
}

// parked is called when gnet is about to close its descriptor, because the
// endpoint wants no input.
func (c *conn) parked() {
	c.parking = false
	c.sock = nil
	if c.detach() {
		c.pauseOrRead(c.now()) // much may have happened
	}
}

// detach makes a second descriptor the connection's. It reports false if there
// is none to be had, which ends the connection.
func (c *conn) detach() bool {
	fd, err := dup(int(c.fd))
	if err != nil {
		c.close(c.now(), &transport.CloseError{Kind: transport.CloseRead, Err: err})
		return false
	}
	c.loop.detached[c] = struct{}{}
	return c.moveTo(fd)
}

// moveTo makes fd the connection's descriptor. It reports false if that ended
// it.
func (c *conn) moveTo(fd int) bool {
	c.unwatch()
	c.fd = int32(fd)
	if !c.watching {
		return true
	}
	if err := c.watch(); err != nil {
		c.close(c.now(), &transport.CloseError{Kind: transport.CloseWrite, Err: systemError("poll", err)})
		return false
	}
	return true
}

// attach gives the connection back to gnet, which will call OnOpen.
func (c *conn) attach(now time.Time) {
	nc, err := netConn(int(c.fd))
	if err == nil {
		c.attaching = true
		var enrolled <-chan engine.RegisteredResult
		enrolled, err = c.loop.el.Enroll(engine.NewContext(c.group.ctx, c), nc)
		if err == nil {
			go func() {
				if r := <-enrolled; r.Err != nil {
					c.loop.fail(c, &transport.CloseError{Kind: transport.CloseRead, Err: r.Err})
				}
			}()
			return
		}
		nc.Close()
	}
	c.close(now, &transport.CloseError{Kind: transport.CloseRead, Err: err})
}

// attached is called when gnet has it, with a descriptor of its own.
func (c *conn) attached(sock engine.Conn) {
	c.attaching = false
	if c.stage == closed { // meanwhile
		return
	}
	own := c.fd
	delete(c.loop.detached, c)
	c.sock = sock
	if c.moveTo(sock.Fd()) {
		c.settle(c.now())
	}
	unix.Close(int(own))
}

// netConn returns a connection with a descriptor of its own.
func netConn(fd int) (net.Conn, error) {
	second, err := dup(fd)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(second), "")
	defer f.Close()
	return net.FileConn(f)
}

func dup(fd int) (int, error) {
	second, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return second, systemError("fcntl", err)
}
