// Package warm has the processor fetch memory that will be looked at soon. Where a
// thousand connections take turns, most of what a turn costs beside the kernel is to
// wait for what was pushed out of the cache since the connection's last one, a line
// at a time; asked for beforehand, the lines of many connections come side by side.
//
// Where it does not know how to ask, nothing happens.
package warm

import "unsafe"

// line is the size of a cache line, or less.
const line = 64

// Up has the processor fetch *p. It is not looked at, so that it may be changed
// meanwhile. p may be nil.
func Up[T any](p *T) {
	if p != nil {
		up(uintptr(unsafe.Pointer(p)), unsafe.Sizeof(*p))
	}
}

// Behind has it fetch size bytes of what *p begins with a pointer to, or so it is
// believed: if it is something else, nothing worse happens than that this is not
// fetched. *p, which is at least as large as a pointer, must not be changed
// meanwhile.
func Behind[T any](p *T, size uintptr) {
	if unsafe.Sizeof(*p) >= unsafe.Sizeof(uintptr(0)) {
		up(*(*uintptr)(unsafe.Pointer(p)), size)
	}
}

func up(at, size uintptr) {
	first := at &^ (line - 1)
	lines(first, (at+size-first+line-1)/line)
}
