package site

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// answerFile finds the file of a target and answers with it.
func (s *Site) answerFile(req *Request, t *target) Response {
	name, ok := t.name()
	if !ok {
		return failure(req, 404)
	}
	info, err := s.root.Stat(name)
	switch {
	case err != nil:
		return failure(req, statusOf(err))
	case info.IsDir() && !t.dir:
		return redirect(req, t.location())
	case info.IsDir():
		name = filepath.Join(name, "index.html")
		if info, err = s.root.Stat(name); err != nil {
			return failure(req, statusOf(err))
		}
	case t.dir: // "/page.html/"
		return failure(req, 404)
	}
	if !info.Mode().IsRegular() {
		return failure(req, 404)
	}

	f, err := s.root.OpenFile(name, openFlags, 0)
	if err != nil {
		return failure(req, statusOf(err))
	}
	// Another file may have taken the name since: this is the one that counts.
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return failure(req, 404)
	}
	return answerWith(req, &fileContent{f, name, info})
}

// statusOf returns the status for a file that can't be opened.
func statusOf(err error) int {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return 403
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return 503
	case errors.Is(err, syscall.EIO):
		return 500
	}
	// There is no such file, it is not within the directory, its name is too
	// long, its links go in a circle: the differences are none of a client's
	// business.
	return 404
}

func redirect(req *Request, location string) Response {
	r := Response{Status: 301}
	r.add("location", location)
	r.add("content-length", "0")
	r.add("cache-control", cacheControl)
	return r
}

// fileContent is an open file as content.
type fileContent struct {
	*os.File
	name string
	info fs.FileInfo
}

func (c *fileContent) size() int64 { return c.info.Size() }

// etag returns an entity-tag made of size and time, which is as strong as the
// file system's clock is fine: two changes within one of its ticks that keep
// the size are not told apart.
func (c *fileContent) etag() string {
	return fmt.Sprintf(`"%x-%x"`, c.info.Size(), c.info.ModTime().UnixNano())
}

func (c *fileContent) modified() time.Time { return c.info.ModTime() }

func (c *fileContent) contentType() string {
	ext := strings.ToLower(filepath.Ext(c.name))
	if t, ok := contentTypes[ext]; ok {
		return t
	}
	return sniff(c)
}

// body returns n bytes of the file from offset on. It takes over the file.
func (c *fileContent) body(offset, n int64) io.ReadCloser {
	return &section{c.File, io.NewSectionReader(c.File, offset, n), n}
}

// A section reads part of a file, and closes the file when it is closed.
type section struct {
	file *os.File
	r    *io.SectionReader
	left int64 // bytes not yet read
}

func (s *section) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.left -= int64(n)
	if err == io.EOF && s.left > 0 {
		err = io.ErrUnexpectedEOF // the file became shorter
	}
	return n, err
}

func (s *section) Close() error { return s.file.Close() }
