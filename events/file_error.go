package events

import (
	"errors"
	"io/fs"
	"syscall"
)

// systemErrors are the names that Node gives to what goes wrong with files.
var systemErrors = []struct {
	is         error
	code, text string
}{
	{syscall.ENOENT, "ENOENT", "no such file or directory"},
	{syscall.EACCES, "EACCES", "permission denied"},
	{syscall.EPERM, "EPERM", "operation not permitted"},
	{syscall.ENOTDIR, "ENOTDIR", "not a directory"},
	{syscall.EISDIR, "EISDIR", "illegal operation on a directory"},
	{syscall.EMFILE, "EMFILE", "too many open files"},
	{syscall.ENFILE, "ENFILE", "file table overflow"},
	{syscall.ELOOP, "ELOOP", "too many symbolic links encountered"},
	{syscall.ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
	{syscall.EIO, "EIO", "i/o error"},
	{syscall.EBADF, "EBADF", "bad file descriptor"},
	{syscall.EINVAL, "EINVAL", "invalid argument"},
	// What io/fs says in words of its own.
	{fs.ErrNotExist, "ENOENT", "no such file or directory"},
	{fs.ErrPermission, "EACCES", "permission denied"},
	{fs.ErrClosed, "EBADF", "bad file descriptor"},
	{fs.ErrInvalid, "EINVAL", "invalid argument"},
}

// fileError is the error for a file that can't be opened: its Code is the name
// of the system's error, "ENOENT", and its Cause what was returned.
func fileError(err error, name string) *Error {
	for _, s := range systemErrors {
		if errors.Is(err, s.is) {
			e := (&Error{Code: s.code}).with("%s, open '%s'", s.text, name)
			e.Cause, e.told = err, true
			return e
		}
	}
	return (&Error{Code: "ERR_SYSTEM_ERROR", Message: "A system error occurred"}).caused(err)
}
