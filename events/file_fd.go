package events

import (
	"io"
	"io/fs"
	"strconv"
)

// Descriptor is anything open that can be read: an *os.File, or a file of an
// fs.FS. There is no Close in it: it stays the caller's.
type Descriptor interface {
	io.Reader
	Stat() (fs.FileInfo, error)
}

// FDOptions modify a response whose body is read from a descriptor.
type FDOptions struct {
	// Offset is where in a file the body begins, in bytes from the file's
	// start, whatever its own position; default 0. Negative is an error. In a
	// pipe only 0 makes sense: any other makes reading fail.
	Offset int64
	// Length is how many bytes are sent at most, 0 included; unset: all there
	// are. Negative is an error.
	Length Opt[int64]
	// StatCheck, if not nil, is called before anything is sent. It may change
	// h, the headers of the response, and which part of the file follows. If
	// it returns false nothing is sent: it has responded itself, or will.
	StatCheck func(info fs.FileInfo, h *Headers, part *FilePart) bool
	// WaitForTrailers and NoDate are those of RespondOptions.
	WaitForTrailers, NoDate bool
}

// FilePart is the part of a file that is to be sent.
type FilePart struct {
	Offset int64 // bytes from the start
	Length int64 // bytes at most, -1: up to the end
}

// RespondWithFD responds with what is read from an open descriptor: a file, a
// pipe, anything. What it is is not checked: that it can't be read is known when
// reading fails, after the headers were sent, and the stream is reset with
// INTERNAL_ERROR then. No content-length is added. If h has one, that much is
// sent, and should the descriptor end before, the stream is reset with
// INTERNAL_ERROR.
//
// f is never closed: the stream's close event is when the caller may. A regular
// file that is an io.ReaderAt, as an *os.File is, is read within turns, and may
// be used by several streams at once. Anything else must not be, and may be
// used again after the close event; it is read by a goroutine, which for a
// session that a loop of the caller's drives is ErrSendPipe. When the stream
// ends early, the goroutine is called back by f's SetReadDeadline, if it has
// one that works; otherwise it ends with its present Read, and what that
// returned is lost.
//
// Without StatCheck the headers are sent at once.
//
// Errors: ErrInvalidStream, ErrHeadersSent, ErrPayloadForbidden for status 204,
// 205 and 304, ErrOutOfRange, ErrSendPipe, ErrInvalidArg if f is nil or
// options are given twice, and those
// of Respond about fields.
func (st *ServerStream) RespondWithFD(f Descriptor, h Headers, opts ...FDOptions) error {
	if f == nil {
		return ErrInvalidArg.with("The descriptor is nil")
	}
	a := &fdAnswer{st: st, f: f, headers: h}
	var err error
	if a.opts, err = only(opts); err != nil {
		return err
	}
	a.part = FilePart{a.opts.Offset, a.opts.Length.Or(-1)}
	a.info, a.failed = f.Stat()
	st.s.lock()
	defer st.s.unlock()
	if err := st.mayAnswer(h, a.opts.Offset, a.opts.Length); err != nil {
		return err
	}
	if a.mayBlock() && st.s.carrier == nil {
		return ErrSendPipe
	}
	if a.opts.StatCheck == nil {
		return a.send()
	}
	st.later(a.run)
	return nil
}

// fdAnswer is a descriptor on its way to become a response.
type fdAnswer struct {
	st      *ServerStream
	f       Descriptor
	headers Headers
	opts    FDOptions
	part    FilePart
	info    fs.FileInfo
	failed  error // why there is no info
}

// mayBlock reports whether reading may have to wait for somebody.
func (a *fdAnswer) mayBlock() bool {
	return a.failed == nil && !a.info.Mode().IsRegular() && !a.info.IsDir()
}

// run is what the turn does, if StatCheck is to be asked.
func (a *fdAnswer) run() {
	st := a.st
	if a.failed != nil {
		st.destroy(fileError(a.failed, "descriptor"))
		return
	}
	ready := false
	st.outside(func() { ready = a.opts.StatCheck(a.info, &a.headers, &a.part) })
	if !ready || st.answered() {
		return
	}
	if a.part.Offset < 0 {
		st.destroy(ErrOutOfRange.with("Offset is %d, must be 0 or more", a.part.Offset))
		return
	}
	if err := a.send(); err != nil {
		st.destroy(err)
	}
}

// send sends the headers and has the body follow.
func (a *fdAnswer) send() error {
	st := a.st
	if err := st.respond(a.headers, RespondOptions{WaitForTrailers: a.opts.WaitForTrailers, NoDate: a.opts.NoDate}); err != nil {
		return err
	}
	if st.is(isEnding) {
		return nil // no body
	}
	src := &source{r: a.body(), left: -1}
	if n, err := strconv.ParseUint(a.headers.Get("content-length"), 10, 63); err == nil {
		src.left = int64(n)
	}
	st.sendFrom(src)
	return nil
}

// body returns what to read.
func (a *fdAnswer) body() io.Reader {
	body := &part{r: a.f, offset: a.part.Offset, left: max(a.part.Length, -1)}
	switch {
	case a.failed != nil:
		return unreadable{a.failed}
	case !a.mayBlock():
		return body
	case body.offset > 0:
		return unreadable{ErrSendFileNoSeek}
	}
	feed := newFeed(&a.st.Stream, a.f)
	body.r = feed
	return owned{body, feed}
}

// unreadable is what can't be read.
type unreadable struct{ err error }

func (u unreadable) Read([]byte) (int, error) { return 0, u.err }
