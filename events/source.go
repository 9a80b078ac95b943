package events

import (
	"errors"
	"io"

	"weft/core"
)

// source is what the body of a stream is read from, as its window opens.
type source struct {
	r      io.Reader
	left   int64       // bytes still to come, -1 unknown
	busy   bool        // being read
	failed func(error) // is told why reading failed, if not nil
}

// SendFrom sends size bytes read from r as the rest of the body, and ends it;
// a size of -1 means up to io.EOF. r is read within turns, as the peer makes
// room, so that never more than 64 KiB of a stream wait in memory: it should
// be a file or something else that does not block. It is closed, if it can be,
// when it was read or the stream has ended, and before the stream's close
// event.
//
// Should r fail or end early, the stream is reset with INTERNAL_ERROR, so that
// a truncated body never looks complete.
//
// Errors: ErrWriteAfterEnd, ErrInvalidStream, ErrInvalidArg if r is nil,
// ErrOutOfRange for a size below -1; r is closed then too.
func (st *Stream) SendFrom(r io.Reader, size int64) error {
	st.s.lock()
	defer st.s.unlock()
	err := checkSource(r, size)
	if err == nil {
		err = st.writable()
	}
	if err != nil {
		st.closeSource(&source{r: r})
		return err
	}
	st.sendFrom(&source{r: r, left: size})
	return nil
}

func checkSource(r io.Reader, size int64) error {
	if r == nil {
		return ErrInvalidArg.with("The source is nil")
	}
	if size < -1 {
		return ErrOutOfRange.with("The size is %d, must be 0 or more, or -1 for all up to the end", size)
	}
	return nil
}

func (st *Stream) sendFrom(src *source) {
	st.extras().source = src
	st.s.sources++
	st.set(isEnding)
	st.enqueue(pendSend)
}

var (
	errShort = errors.New("the source ended before the announced size")
	// errNotYet is what a source returns that has nothing now. It enqueues
	// pendSend once it has.
	errNotYet = errors.New("nothing to read yet")
)

// pull sends from the source until it or the room is used up.
func (st *Stream) pull() {
	s := st.s
	if !s.inTurn {
		st.enqueue(pendSend)
		return
	}
	src := st.extra().source
	if src.busy {
		return
	}
	src.busy = true
	defer func() { src.busy = false }()
	for st.extra().source == src && !st.blocked() {
		if src.left == 0 {
			st.dropSource()
			return
		}
		p := st.chunkFor(src)
		if len(p) == 0 {
			st.setWaiting(true)
			return
		}
		n, err := st.read(src.r, p)
		if st.extra().source != src {
			return // it ended meanwhile
		}
		if err == errNotYet {
			return
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
		st.put(st.sendPieces(chunk{b: p[:n]}, last && !st.is(wantsTail)))
	}
}

// chunkFor returns where to read to. Of a source of known size no more is read
// than can be sent at once: nothing of it waits in memory. One that may turn out
// to be at its end, so that only this remains to be said, is read up to a frame
// ahead; all of them share what may wait.
func (st *Stream) chunkFor(src *source) []byte {
	s := st.s
	n := min(maxPiece, max(1, maxSourced/8/int(s.sources)))
	if src.left > 0 {
		n = int(min(maxSourcedStream, src.left, int64(s.conn.Room(s.time(), st.id))))
	}
	if s.spares == nil {
		s.spares = new(spares)
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
	failed := st.extra().source.failed
	st.dropSource()
	if err == nil || err == io.EOF {
		err = errShort
	}
	e := ErrStreamError.with("Stream closed with error code %s", codeName(core.InternalError))
	e.HTTP2, e.Cause = core.InternalError, err
	if failed != nil {
		st.outside(func() { failed(e) })
	}
	st.destroy(e)
}

// outside runs f in a turn, without the lock; a panic in it ends the stream.
func (st *Stream) outside(f func()) {
	st.s.mu.Unlock()
	defer st.called()
	f()
}

// dropSource lets go of the source.
func (st *Stream) dropSource() {
	if st.extra().source == nil {
		return
	}
	src := st.extra().source
	st.more.source = nil
	if st.s.sources--; st.s.sources == 0 && st.s.spares != nil {
		st.s.chunk = nil
	}
	st.closeSource(src)
}

func (st *Stream) closeSource(src *source) {
	if c, ok := src.r.(io.Closer); ok {
		x := st.extras()
		x.spent = append(x.spent, c)
		st.enqueue(pendSpent)
	}
}

// closeSpent closes sources that are done with.
func (st *Stream) closeSpent() {
	list := st.more.spent
	st.more.spent = nil
	st.outside(func() {
		for _, c := range list {
			c.Close()
		}
	})
}
