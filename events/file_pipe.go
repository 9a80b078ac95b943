package events

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// feed is a source that a goroutine reads, since reading may block. It reads
// only what was asked for, and nothing ahead: what the peer makes no room for
// stays in the pipe.
type feed struct {
	st *Stream
	r  io.Reader

	mu    sync.Mutex
	cond  sync.Cond // want, close or done has changed
	want  int       // so much was asked for and has not come
	got   []byte    // has come and was not taken
	err   error     // follows it
	over  bool      // the goroutine does not read any more
	close bool      // and need not
	done  bool      // it has ended
}

// maxFeed is how much a feed reads at once.
const maxFeed = 16 << 10

// newFeed returns a feed of the stream's. Close ends its goroutine.
func newFeed(st *Stream, r io.Reader) *feed {
	f := &feed{st: st, r: r}
	f.cond.L = &f.mu
	go f.run()
	return f
}

// Read never blocks: if nothing has come, it asks for as much as fits and
// returns errNotYet. The stream is told when something came.
func (f *feed) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.got) > 0 {
		n := copy(p, f.got)
		f.got = f.got[n:]
		return n, nil
	}
	if f.err != nil {
		return 0, f.err
	}
	if f.want == 0 {
		f.want = len(p)
		f.cond.Signal()
	}
	return 0, errNotYet
}

// run is the goroutine.
func (f *feed) run() {
	f.mu.Lock()
	defer f.mu.Unlock()
	buf := make([]byte, 512) // to see whether there is anything
	for f.err == nil {
		for f.want == 0 && !f.close {
			f.cond.Wait()
		}
		if f.close {
			break
		}
		n := min(f.want, maxFeed)
		f.mu.Unlock()
		if n > len(buf) {
			buf = make([]byte, n)
		}
		n, err := f.next(buf[:n])
		f.mu.Lock()
		f.got, f.err, f.want = buf[:n], err, 0
		f.over = err != nil
		f.mu.Unlock()
		f.tell()
		f.mu.Lock()
	}
	f.over = true
	if f.close {
		f.setDeadline(time.Time{}) // it is the caller's again
	}
	f.done = true
	f.cond.Broadcast()
}

// next reads something.
func (f *feed) next(p []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("panic while reading: %v", r)
		}
	}()
	for range 100 {
		if n, err = f.r.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// tell has the stream read.
func (f *feed) tell() {
	s := f.st.s
	s.lock()
	defer s.unlock()
	f.st.enqueue(pendSend)
}

// Close ends the goroutine, if need be out of a Read that waits. It may have
// looked at the deadline already, and not have read: a file is waited for, which
// is a matter of an instant, or it would take what its owner's next Read is to
// have.
func (f *feed) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.close = true
	f.cond.Broadcast()
	if f.over || !f.setDeadline(time.Unix(1, 0)) {
		return nil
	}
	if _, ok := f.r.(*os.File); ok {
		for !f.done {
			f.cond.Wait()
		}
	}
	return nil
}

// setDeadline reports whether there can be one.
func (f *feed) setDeadline(t time.Time) bool {
	d, ok := f.r.(interface{ SetReadDeadline(time.Time) error })
	return ok && d.SetReadDeadline(t) == nil
}
