package events

import (
	"io/fs"
	"os"
	"strconv"
)

// FileOptions modify a response whose body is a file.
type FileOptions struct {
	// Offset is where in the file the body begins, in bytes; default 0. Behind
	// the end of the file the body is empty. Negative is an error.
	Offset int64
	// Length is how many bytes are sent at most, 0 included; unset: all up to
	// the end of the file. Negative is an error.
	Length Opt[int64]
	// StatCheck, if not nil, is called once the file is open and before
	// anything is sent. It may change h, the headers of the response, :status
	// included: with 204, 205 or 304 the response has no body. If it returns
	// false the file is not sent: it has responded itself, or will.
	StatCheck func(info fs.FileInfo, h *Headers) bool
	// OnError, if not nil, is called when the file can't be opened or is not
	// one that can be sent. Nothing was sent then, so that it may respond; it
	// has to end the stream in some way. It is also called, for information,
	// when reading fails later, and the stream is reset. Without OnError the
	// stream is destroyed with the error.
	OnError func(err error)
	// WaitForTrailers and NoDate are those of RespondOptions.
	WaitForTrailers, NoDate bool
}

// RespondWithFile responds with a regular file, or with the part of it that
// the options say. The field content-length is set to what is sent; the
// response to HEAD has it, too, and no body.
//
// The file is opened by the session's turn, after the method has returned, and
// what goes wrong then is for FileOptions.OnError: an error that matches
// ErrNotExist and fs.ErrNotExist if there is no such file, ErrSendFile if it is
// a directory or another thing that is no regular file, ErrSendFileNoSeek if it
// is a pipe and the options name a part of it. Opening never waits for the
// writer of a pipe. If the headers are refused, the stream is destroyed with the
// error. If the application responds in another way before the file is open,
// that stands and the file is not sent.
//
// The file is read within turns, as the peer makes room, never more than 64 KiB
// at once, and closed before the stream's close event. Should reading fail, or
// the file have become shorter, the stream is reset with INTERNAL_ERROR, so that
// a truncated body never looks complete.
//
// Errors: ErrInvalidStream, ErrHeadersSent, ErrStatusInvalid,
// ErrPayloadForbidden for status 204, 205 and 304, ErrOutOfRange,
// ErrInvalidArg for options given twice; nothing follows then.
func (st *ServerStream) RespondWithFile(path string, h Headers, opts ...FileOptions) error {
	return st.respondWithFile(path, h, opts, func() (fs.File, fs.FileInfo, error) { return openFile(path) })
}

// RespondWithFS is RespondWithFile for a file of fsys, whose methods are called
// within turns and should not block. In a file that is neither an io.ReaderAt
// nor an io.Seeker, an Offset is ErrSendFileNoSeek. A nil fsys is ErrInvalidArg.
func (st *ServerStream) RespondWithFS(fsys fs.FS, name string, h Headers, opts ...FileOptions) error {
	if fsys == nil {
		return ErrInvalidArg.with("The file system is nil")
	}
	return st.respondWithFile(name, h, opts, func() (fs.File, fs.FileInfo, error) { return openFS(fsys, name) })
}

func (st *ServerStream) respondWithFile(name string, h Headers, opts []FileOptions, open func() (fs.File, fs.FileInfo, error)) error {
	a := &fileAnswer{st: st, name: name, open: open, headers: h}
	var err error
	if a.opts, err = only(opts); err != nil {
		return err
	}
	st.s.lock()
	defer st.s.unlock()
	if err := st.mayAnswer(h, a.opts.Offset, a.opts.Length); err != nil {
		return err
	}
	st.later(a.run)
	return nil
}

// later has the turn respond by f, which is called with the lock. Until then a
// Duplex that is closed leaves the stream alone.
func (st *ServerStream) later(f func()) {
	st.extras().answers++
	st.s.post(func() {
		st.s.mu.Lock()
		defer st.s.mu.Unlock()
		st.extras().answers--
		if !st.answered() {
			f()
		}
		if st.extra().duplex != nil && st.extra().duplex.closed {
			st.extra().duplex.letGo()
		}
	})
}

// mayAnswer reports why a response with a body may not be made of these.
func (st *ServerStream) mayAnswer(h Headers, offset int64, length Opt[int64]) error {
	switch {
	case st.unusable():
		return ErrInvalidStream
	case st.is(sentHeaders):
		return ErrHeadersSent
	}
	status, err := statusOf(h)
	if err != nil {
		return err
	}
	if hasNoBody(status) {
		return ErrPayloadForbidden.with("Responses with %s status must not have a payload", status)
	}
	if offset < 0 {
		return ErrOutOfRange.with("Offset is %d, must be 0 or more", offset)
	}
	if n, set := length.Get(); set && n < 0 {
		return ErrOutOfRange.with("Length is %d, must be 0 or more", n)
	}
	return nil
}

// fileAnswer is a file on its way to become a response.
type fileAnswer struct {
	st      *ServerStream
	name    string
	open    func() (fs.File, fs.FileInfo, error)
	headers Headers
	opts    FileOptions

	file  fs.File // to be closed
	body  *part
	ready bool // to be sent
}

// run is what the turn does.
func (a *fileAnswer) run() {
	st := a.st
	var failed error
	st.outside(func() { failed = a.prepare() })
	if failed == nil && a.ready && !st.answered() {
		failed = a.send()
	}
	if a.file != nil {
		st.outside(func() { a.file.Close() })
	}
	if failed != nil {
		st.destroy(failed)
	}
}

// answered reports whether it is too late to respond.
func (st *ServerStream) answered() bool { return st.is(isDestroyed | isClosed | sentHeaders) }

// prepare opens the file and asks the application, without the lock. An error
// is what it was not told.
func (a *fileAnswer) prepare() error {
	info, err := a.find()
	switch {
	case err == nil:
		a.ready = a.opts.StatCheck == nil || a.opts.StatCheck(info, &a.headers)
	case a.opts.OnError != nil:
		a.opts.OnError(err)
	default:
		return err
	}
	return nil
}

// find opens the file and sees whether it can be sent.
func (a *fileAnswer) find() (fs.FileInfo, error) {
	f, info, err := a.open()
	if err != nil {
		return nil, fileError(err, a.name)
	}
	if f != nil {
		a.file = f
		err = a.check(info)
	} else {
		err = a.irregular(info)
	}
	if err != nil && f != nil {
		a.file = nil
		f.Close()
	}
	return info, err
}

func (a *fileAnswer) check(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return a.irregular(info)
	}
	length := max(0, info.Size()-a.opts.Offset)
	a.body = &part{r: a.file, offset: a.opts.Offset, left: min(length, a.opts.Length.Or(length))}
	if !a.body.seeks() {
		return ErrSendFileNoSeek
	}
	return nil
}

// irregular is the error for what is no regular file.
func (a *fileAnswer) irregular(info fs.FileInfo) error {
	_, bounded := a.opts.Length.Get()
	switch {
	case info.IsDir():
		return ErrSendFile
	case a.opts.Offset > 0 || bounded:
		return ErrSendFileNoSeek
	}
	return ErrSendFile.with("Only regular files can be sent")
}

// send sends the headers and has the file follow.
func (a *fileAnswer) send() error {
	st := a.st
	if status, _ := statusOf(a.headers); !hasNoBody(status) {
		a.headers.Set("content-length", strconv.FormatInt(a.body.left, 10))
	}
	if err := st.respond(a.headers, RespondOptions{WaitForTrailers: a.opts.WaitForTrailers, NoDate: a.opts.NoDate}); err != nil {
		return err
	}
	if st.is(isEnding) {
		return nil // no body
	}
	st.sendFrom(&source{r: owned{a.body, a.file}, left: a.body.left, failed: a.opts.OnError})
	a.file = nil
	return nil
}

// openFile opens a regular file. Of anything else it returns only what it is:
// opening a pipe or a device may do something to it.
func openFile(path string) (fs.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil, info, err
	}
	f, err := os.OpenFile(path, openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	return opened(f)
}

// openFS does so with a file of fsys, as far as that can tell beforehand.
func openFS(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	if s, ok := fsys.(fs.StatFS); ok {
		if info, err := s.Stat(name); err != nil || !info.Mode().IsRegular() {
			return nil, info, err
		}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return opened(f)
}

// opened asks again: another file may have taken the name meanwhile.
func opened(f fs.File) (fs.File, fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}
