package events

import (
	"io"
	"math"
)

// part reads part of a file: from offset on, at most left bytes, -1 for all.
// Where the file permits, it leaves the file's own position alone, so that
// several parts can be read at a time. It never closes the file.
type part struct {
	r      io.Reader
	offset int64
	left   int64
	sought bool
}

// seeks reports whether the part can be read at all.
func (p *part) seeks() bool {
	if _, ok := p.r.(io.ReaderAt); ok || p.offset == 0 {
		return true
	}
	_, ok := p.r.(io.Seeker)
	return ok
}

func (p *part) Read(b []byte) (n int, err error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	if p.left > 0 {
		b = b[:min(int64(len(b)), p.left)]
	}
	if at, ok := p.r.(io.ReaderAt); ok {
		// What can be named by no int64 is behind the end of any file.
		b = b[:min(int64(len(b)), math.MaxInt64-p.offset)]
		n, err = at.ReadAt(b, p.offset)
		p.offset += int64(n)
	} else {
		if err := p.seek(); err != nil {
			return 0, err
		}
		n, err = p.r.Read(b)
	}
	if p.left > 0 {
		p.left -= int64(n)
	}
	return n, err
}

// seek moves a file that can be read at its own position only.
func (p *part) seek() error {
	if p.sought {
		return nil
	}
	p.sought = true
	s, ok := p.r.(io.Seeker)
	if !ok {
		if p.offset > 0 {
			return ErrSendFileNoSeek
		}
		return nil
	}
	_, err := s.Seek(p.offset, io.SeekStart)
	return err
}

// owned is a reader with what is to be closed after it.
type owned struct {
	io.Reader
	io.Closer
}
