//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package gnet

import (
	"context"
	"net"
	"os"
	"syscall"

	engine "github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// A loop that has more to do than it should do at once comes back to it after a
// look at its sockets. gnet has nothing for that: what it is given to execute
// while it executes something goes before that look, so that work that never ends
// would have the loop for itself. Therefore each loop has a bell, a pair of
// sockets of which gnet reads one, and rings it itself.

// addLoop gives the loop of gnet's that has the fewest connections, hence none,
// what goes with it.
func (l *Loops) addLoop() error {
	heard, bell, err := socketPair()
	if err != nil {
		return systemError("socketpair", err)
	}
	f := os.NewFile(uintptr(heard), "")
	nc, err := net.FileConn(f) // with a descriptor of its own
	f.Close()
	own := &loop{loops: l, armed: never, detached: make(map[*conn]struct{}), bell: bell}
	if err == nil {
		_, err = l.client.EnrollContext(nc, own)
	}
	if err == nil && own.el == nil {
		err = errNotTaken
	}
	if err != nil {
		unix.Close(bell)
	}
	return err
}

// socketPair returns the ends of a connection of the process with itself.
func socketPair() (a, b int, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = unix.SetNonblock(fds[1], true)
	}
	return fds[0], fds[1], err
}

// opened is called when gnet has the bell.
func (l *loop) opened(el engine.EventLoop) {
	l.loops.mu.Lock()
	defer l.loops.mu.Unlock()
	if l.loops.each[el] == nil {
		l.el = el
		l.loops.each[el] = l
	}
}

var ring = []byte{0}

// again has c looked at after the loop has looked at its sockets. Only the
// loop's goroutine calls it.
func (l *loop) again(c *conn) {
	if c.flags.Or(posted)&posted != 0 {
		return
	}
	l.mu.Lock()
	l.woken = append(l.woken, c)
	l.mu.Unlock()
	if !l.rung {
		l.rung = true
		unix.Write(l.bell, ring) // there is room: what was written before has been read
	}
}

// heard is called when the bell was rung.
func (l *loop) heard() {
	l.rung = false
	l.Run(context.Background())
}
