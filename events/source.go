package events

import (
	"errors"
	"io"

	"weft/core"
)

// source is what the body of a stream is read from, as its window opens.
type source struct {
	r    io.Reader
	left int64 // bytes still to come, -1 unknown
	busy bool  // being read
}

// SendFrom sends size bytes read from r as the rest of the body, and ends it;
// a size of -1 means up to io.EOF. r is read within turns, as the peer makes
// room, so that never more than 64 KiB of a stream wait in memory: it should
// be a file or something else that does not block. It is closed, if it can be,
// when it was read or the stream has ended.
//
// Should r fail or end early, the stream is reset with INTERNAL_ERROR, so that
// a truncated body never looks complete.
//
// Errors: ErrWriteAfterEnd, ErrInvalidStream; r is closed then too.
func (st *Stream) SendFrom(r io.Reader, size int64) error {
	st.s.lock()
	defer st.s.unlock()
	if err := st.writable(); err != nil {
		st.closeSource(&source{r: r})
		return err
	}
	st.source = &source{r: r, left: size}
	st.s.sources++
	st.set(isEnding)
	st.enqueue(pendSend)
	return nil
}

var errShort = errors.New("the source ended before the announced size")

// pull sends from the source until it or the room is used up.
func (st *Stream) pull() {
	s := st.s
	if !s.inTurn {
		st.enqueue(pendSend)
		return
	}
	src := st.source
	if src.busy {
		return
	}
	src.busy = true
	defer func() { src.busy = false }()
	for st.source == src && !st.blocked() {
		if src.left == 0 {
			st.dropSource()
			return
		}
		p := s.chunkFor(src)
		n, err := st.read(src.r, p)
		if st.source != src {
			return // it ended meanwhile
		}
		if src.left > 0 {
			src.left -= int64(n)
		}
		if err != nil && (err != io.EOF || src.left > 0) || n == 0 && err == nil {
			st.sourceFailed(err)
			return
		}
		last := err == io.EOF || src.left == 0
		if last {
			st.dropSource()
		}
		st.put(st.sendPieces(p[:n], last && !st.is(wantsTail)))
	}
}

// chunkFor returns where to read to: a part of what may wait in memory.
func (s *Session) chunkFor(src *source) []byte {
	n := min(maxSourcedStream, max(1, maxSourced/s.sources))
	if src.left > 0 {
		n = int(min(int64(n), src.left))
	}
	if cap(s.chunk) < n {
		s.chunk = make([]byte, n)
	}
	return s.chunk[:n]
}

// read reads without the lock; a panic is an error.
func (st *Stream) read(r io.Reader, p []byte) (n int, err error) {
	st.s.mu.Unlock()
	defer st.called()
	for range 100 {
		if n, err = r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

func (st *Stream) sourceFailed(err error) {
	st.dropSource()
	if err == nil || err == io.EOF {
		err = errShort
	}
	e := ErrStreamError.with("Stream closed with error code %s", codeName(core.InternalError))
	e.HTTP2, e.Cause = core.InternalError, err
	st.destroy(e)
}

// dropSource lets go of the source.
func (st *Stream) dropSource() {
	if st.source == nil {
		return
	}
	src := st.source
	st.source = nil
	if st.s.sources--; st.s.sources == 0 {
		st.s.chunk = nil
	}
	st.closeSource(src)
}

func (st *Stream) closeSource(src *source) {
	if c, ok := src.r.(io.Closer); ok {
		st.s.post(func() { c.Close() })
	}
}
