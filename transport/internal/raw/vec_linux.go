package raw

import (
	"syscall"
	"unsafe"
)

// maxRuns is how many runs one writev takes; the kernel's own limit is 1024.
const maxRuns = 64

// Vec is a list of runs of bytes to be written one after another.
type Vec struct{ iov []syscall.Iovec }

// Grow makes room for n runs.
func (v *Vec) Grow(n int) { v.iov = make([]syscall.Iovec, 0, n) }

// Add adds a run, which stays the caller's and must not change until it was
// written.
func (v *Vec) Add(p []byte) { v.add(unsafe.SliceData(p), len(p)) }

// AddString is Add for the bytes of a string.
func (v *Vec) AddString(p string) { v.add(unsafe.StringData(p), len(p)) }

func (v *Vec) add(base *byte, n int) {
	if n > 0 {
		entry := syscall.Iovec{Base: base}
		entry.SetLen(n)
		v.iov = append(v.iov, entry)
	}
}

// Empty reports whether all was written.
func (v *Vec) Empty() bool { return len(v.iov) == 0 }

// write writes what the socket takes of the first runs.
func (v *Vec) write(fd int) (int, error) {
	list := v.iov[:min(len(v.iov), maxRuns)]
	n, _, e := syscall.Syscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)))
	if e != 0 {
		return 0, errno(e)
	}
	v.wrote(uint64(n))
	return int(n), nil
}

// wrote takes n bytes off the front.
func (v *Vec) wrote(n uint64) {
	i := 0
	for i < len(v.iov) && n >= uint64(v.iov[i].Len) {
		n -= uint64(v.iov[i].Len)
		v.iov[i].Base = nil
		i++
	}
	if v.iov = v.iov[i:]; len(v.iov) == 0 {
		v.iov = nil
		return
	}
	first := &v.iov[0]
	first.Base = (*byte)(unsafe.Add(unsafe.Pointer(first.Base), n))
	first.SetLen(int(uint64(first.Len) - n))
}
