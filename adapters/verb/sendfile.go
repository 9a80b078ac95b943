package verb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"weft/events"
)

// FileOptions are about a file that is sent.
type FileOptions struct {
	// Root is the folder the path is in. With it the path, which may come from
	// the client, can't name what is outside, not by symbolic links either.
	Root string
	// FS has the file instead of the system. Its files have to be io.Seekers,
	// as those of package embed and of os.DirFS are. Root is a folder in it.
	FS fs.FS
	// Dotfiles sends files of which the name, or that of a folder below Root,
	// begins with a dot. By default they are not found.
	Dotfiles bool
	// MaxAge is how long the client may use the file without asking again, in
	// whole seconds: the field cache-control, unless that is set. 0 sets none,
	// negative is events.ErrOutOfRange.
	MaxAge time.Duration
}

// SendFile sends a regular file and ends the response. The answer to a request
// with conditions or for ranges is what RFC 9110 §13 and §14 say: status 206,
// 304, 412 or 416. The fields last-modified, etag (a weak one, of size and
// time), accept-ranges and content-type, by the name's extension or the
// content, are set unless they are. With a status other than 200 the whole file
// is sent, whatever the request says.
//
// The file is read as the client makes room, never more than 64 KiB ahead, and
// not by the handler, which need not wait: SendFile returns before it is sent.
// Ranges in the plural, and files by net/http, are sent before it returns.
// Should the file turn out to be shorter, the response is broken off.
//
// Errors, of which nothing was sent: an *Error of status 404 if there is no such
// regular file, 403 if it must not be read or if the path has a segment ".." and
// there is no Root; those of Send.
func (r *Response) SendFile(name string, opts ...FileOptions) error {
	var o FileOptions
	if len(opts) > 0 {
		o = opts[0]
	}
	if r.failed() == nil && r.Sent() {
		r.fail(events.ErrHeadersSent)
	}
	if err := r.failed(); err != nil {
		return err
	}
	if o.MaxAge < 0 {
		return outOfRange("MaxAge", o.MaxAge, "0 or more")
	}
	f, info, err := o.open(name)
	if err != nil {
		return err
	}
	w := &fileWriter{writer: newWriter(r), file: f, status: r.StatusCode()}
	defer w.close()
	if w.h.Get("Cache-Control") == "" && o.MaxAge > 0 {
		w.h.Set("Cache-Control", "public, max-age="+strconv.FormatInt(int64(o.MaxAge/time.Second), 10))
	}
	if t := info.ModTime(); w.h.Get("Etag") == "" && !t.IsZero() {
		w.h.Set("Etag", fmt.Sprintf(`W/"%x-%x"`, info.Size(), t.UnixNano()))
	}
	http.ServeContent(w, r.request().forFile(w.status), info.Name(), info.ModTime(), f)
	if w.failed != nil {
		r.Destroy(w.failed) // what was sent must not look complete
		return w.failed
	}
	if w.file == nil { // it is on its way, and ends the response
		r.ended = true
		return nil
	}
	return w.finish()
}

// open opens a regular file.
func (o *FileOptions) open(name string) (io.ReadSeekCloser, fs.FileInfo, error) {
	name = filepath.ToSlash(name)
	rooted := o.FS != nil || o.Root != ""
	switch {
	case !rooted && hasSegment(name, func(s string) bool { return s == ".." }):
		return nil, nil, &Error{Status: http.StatusForbidden, Cause: errors.New("verb: a path with .. needs a root")}
	case rooted && !o.Dotfiles && hasSegment(path.Clean("/"+name), func(s string) bool { return s[0] == '.' }),
		!rooted && !o.Dotfiles && path.Base(name)[0] == '.':
		return nil, nil, notFound(fs.ErrNotExist)
	}
	stat, open, done, err := o.source()
	if err != nil {
		return nil, nil, err // no fault of the client's
	}
	defer done()
	if rooted {
		if name = path.Clean("/" + name)[1:]; name == "" {
			name = "."
		}
	}
	// Opening a pipe or a device may do something to it.
	info, err := stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	if err != nil {
		return nil, nil, fileError(err)
	}
	f, err := open(name)
	if err != nil {
		return nil, nil, fileError(err)
	}
	// Another file may have taken the name meanwhile.
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	s, seeks := f.(io.ReadSeekCloser)
	if err == nil && seeks {
		return s, info, nil
	}
	f.Close()
	if err != nil {
		return nil, nil, fileError(err)
	}
	return nil, nil, errors.New("verb: a file that is no io.Seeker can't be sent: " + name)
}

// source returns how files are looked at and opened, and what to call then.
func (o *FileOptions) source() (stat func(string) (fs.FileInfo, error), open func(string) (fs.File, error), done func() error, err error) {
	nothing := func() error { return nil }
	switch {
	case o.FS != nil:
		fsys := o.FS
		if o.Root != "" {
			if fsys, err = fs.Sub(fsys, o.Root); err != nil {
				return nil, nil, nil, err
			}
		}
		return func(name string) (fs.FileInfo, error) { return fs.Stat(fsys, name) }, fsys.Open, nothing, nil
	case o.Root != "":
		root, err := os.OpenRoot(o.Root)
		if err != nil {
			return nil, nil, nil, err
		}
		return root.Stat, func(name string) (fs.File, error) { return root.OpenFile(name, openFlags, 0) }, root.Close, nil
	}
	return os.Stat, func(name string) (fs.File, error) { return os.OpenFile(name, openFlags, 0) }, nothing, nil
}

func hasSegment(name string, is func(string) bool) bool {
	for s := range strings.SplitSeq(name, "/") {
		if s != "" && is(s) {
			return true
		}
	}
	return false
}

func notFound(cause error) error { return &Error{Status: http.StatusNotFound, Cause: cause} }

// fileError is the error for a file that can't be opened. What the system has
// no number for comes of names that make no sense, or lead out of a root.
func fileError(err error) error {
	var number syscall.Errno
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &Error{Status: http.StatusForbidden, Cause: err}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid), !errors.As(err, &number),
		number == syscall.EINVAL, number == syscall.ENOTDIR, number == syscall.ENAMETOOLONG, number == syscall.ELOOP:
		return notFound(err)
	}
	return err
}

// forFile returns what of the request matters for a file, as net/http has it.
func (r *Request) forFile(status int) *http.Request {
	out := &http.Request{Method: r.Method(), Header: make(http.Header)}
	if status != http.StatusOK {
		return out
	}
	for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"} {
		if v := r.Get(name); v != "" {
			out.Header[name] = []string{v}
		}
	}
	// RFC 9110 §14.2: "An origin server MUST ignore a Range header field that
	// contains a range unit it does not understand." §14.1 has their names be
	// case-insensitive, which net/http does not.
	if unit, set, ok := strings.Cut(r.Get("range"), "="); ok && strings.EqualFold(unit, "bytes") {
		out.Header["Range"] = []string{"bytes=" + set}
	} else {
		delete(out.Header, "Range")
	}
	return out
}

// fileWriter is what net/http writes a file to. One piece of it, or all, is not
// copied, but left to be read as it is sent.
type fileWriter struct {
	*writer
	file   io.ReadSeekCloser // nil once it is on its way
	status int               // in place of 200
	failed error
}

func (w *fileWriter) WriteHeader(code int) {
	if code == http.StatusOK {
		code = w.status
	}
	w.writer.WriteHeader(code)
}

func (w *fileWriter) Write(p []byte) (int, error) {
	n, err := w.writer.Write(p)
	if err != nil && w.failed == nil {
		w.failed = err
	}
	return n, err
}

// ReadFrom is what io.CopyN calls.
func (w *fileWriter) ReadFrom(src io.Reader) (int64, error) {
	if part, ok := src.(*io.LimitedReader); ok && part.R == io.Reader(w.file) {
		if w.failed = w.res.failed(); w.failed != nil {
			return 0, w.failed
		}
		f := w.file
		w.file = nil
		w.failed = w.res.carrier().sendFrom(f, part.N)
		return part.N, w.failed
	}
	n, err := io.Copy(struct{ io.Writer }{w}, src)
	if err != nil && w.failed == nil {
		w.failed = err
	}
	return n, err
}

func (w *fileWriter) close() {
	if w.file != nil {
		w.file.Close()
	}
}
