package raw

import (
	"syscall"
	"unsafe"
)

// shortCall is up to how many bytes a call to the kernel is made without the
// scheduler's knowledge. Sockets are non-blocking, so that a call only ever
// copies; and telling the scheduler of it, which then may have to take the
// processor back, costs as much as copying a few KB.
const shortCall = 16 << 10

// read is syscall.Read for a non-blocking socket.
func read(fd int, p []byte) (int, error) {
	n, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if e != 0 {
		return -1, errno(e)
	}
	return int(n), nil
}

// write is syscall.Write for a non-blocking socket.
func write(fd int, p []byte) (int, error) {
	if len(p) > shortCall {
		return syscall.Write(fd, p)
	}
	n, _, e := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if e != 0 {
		return -1, errno(e)
	}
	return int(n), nil
}

// errno spares the usual answers an allocation.
func errno(e syscall.Errno) error {
	switch e {
	case syscall.EAGAIN:
		return errAgain
	case syscall.EINTR:
		return errIntr
	}
	return e
}

var errAgain, errIntr error = syscall.EAGAIN, syscall.EINTR
