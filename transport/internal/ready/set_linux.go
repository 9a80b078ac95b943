package ready

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// Set is a set of sockets. Wait belongs to one goroutine at a time; the other
// methods may be called from any. Nothing may be called after Close.
type Set struct {
	fd   int
	bell int // an eventfd in the set
	file *os.File
	rc   syscall.RawConn

	waitFn func(uintptr) bool
	yield  bool // the next look is put off
	events [maxEvents]syscall.EpollEvent
	n      int // of them
}

const (
	maxEvents = 64 // that Wait returns

	edge     = 1 << 31 // EPOLLET
	interest = syscall.EPOLLIN | syscall.EPOLLRDHUP | edge
	last     = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR

	// ofBell is the slot of the bell's events, which are not reported.
	ofBell = -1

	sysEventfdFlags = syscall.O_NONBLOCK | syscall.O_CLOEXEC
)

// New returns a Set without sockets.
func New() (*Set, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	s := &Set{fd: fd}
	s.waitFn = s.look
	bell, _, no := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, sysEventfdFlags, 0)
	if no != 0 {
		syscall.Close(fd)
		return nil, os.NewSyscallError("eventfd2", no)
	}
	s.bell = int(bell)
	if err = s.Add(bell, ofBell, 0); err == nil {
		// A set can be waited for like anything else that can be read, so that
		// Go's poller looks after it.
		if err = syscall.SetNonblock(fd, true); err == nil {
			s.file = os.NewFile(uintptr(fd), "epoll")
			// The system bounds how much may be waited for. If that much is, Go's
			// poller has not taken the file, and only its deadlines say so.
			if err = s.file.SetReadDeadline(time.Time{}); err == nil {
				s.rc, err = s.file.SyscallConn()
			}
		}
	}
	if err != nil {
		syscall.Close(s.bell)
		if s.file != nil {
			s.file.Close()
		} else {
			syscall.Close(fd)
		}
		return nil, err
	}
	return s, nil
}

// Add takes a socket into the set. If there is something to read already, that
// is an event.
func (s *Set) Add(fd uintptr, slot, gen int32) error {
	ev := syscall.EpollEvent{Events: interest, Fd: slot, Pad: gen}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(s.fd, syscall.EPOLL_CTL_ADD, int(fd), &ev))
}

// Remove takes it out again. Events of it may be on their way.
func (s *Set) Remove(fd uintptr) {
	syscall.EpollCtl(s.fd, syscall.EPOLL_CTL_DEL, int(fd), &syscall.EpollEvent{})
}

// Ring ends a Wait, that which is going on or the next.
func (s *Set) Ring() {
	one := uint64(1)
	syscall.RawSyscall(syscall.SYS_WRITE, uintptr(s.bell), uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one))
}

// Wait waits until something happens, and appends the events to dst: possibly
// none. A socket is reported once for all that can be read then, and again only
// when more comes. With yield, everything else that waits in this process, for
// the network too, gets its turn before.
func (s *Set) Wait(dst []Event, yield bool) []Event {
	s.n, s.yield = 0, yield
	if err := s.rc.Read(s.waitFn); err != nil {
		panic(err) // it is not closed, and has no deadline
	}
	for _, ev := range s.events[:s.n] {
		if ev.Fd != ofBell {
			dst = append(dst, Event{ev.Fd, ev.Pad, ev.Events&last != 0})
		}
	}
	return dst
}

// look asks for events, and reports false to be called again when there is
// one. It does not wait, so the scheduler need not know.
func (s *Set) look(uintptr) bool {
	if s.yield {
		// Go's poller reports this set again only when something in it changes
		// from now on.
		s.yield = false
		s.Ring()
		return false
	}
	n, _, no := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(s.fd), uintptr(unsafe.Pointer(&s.events)), maxEvents, 0, 0, 0)
	switch no {
	case 0:
		s.n = int(n)
		return n > 0
	case syscall.EINTR:
		return true
	}
	// As with Go's own poller, that can only be a mistake of this process.
	panic(os.NewSyscallError("epoll_pwait", no))
}

// Close ends the set, which may not be waited for any more.
func (s *Set) Close() {
	s.file.Close()
	syscall.Close(s.bell)
}
