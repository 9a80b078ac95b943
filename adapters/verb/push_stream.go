package verb

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"weft/events"
)

// PushStream is the body of a pushed response. One goroutine may write to it
// while the response it belongs to is served, or after; it has to be ended, by
// End, EndString, PipeFrom or SendFrom, in the time that
// PushStreamOptions.Timeout says. Everything else may be called from any
// goroutine.
//
// All methods are harmless on a push that has failed: those that write return
// why.
type PushStream struct {
	path     string
	app      *App
	session  *events.ServerSession // nil: by HTTP/1.1 and its like
	st       *events.ServerStream  // nil: nothing was promised
	bodiless bool
	mistaken bool          // what Push was asked for makes no sense
	full     bool          // the last Write said to wait
	room     chan struct{} // has an element when there is room again
	done     chan struct{} // is closed when nothing is sent any more
	onError  listeners[func(error)]

	mu       sync.Mutex
	timer    *time.Timer
	err      error
	over     bool
	finished bool // everything was sent
	heard    bool // somebody knows of err
	settled  bool // nobody who served the request will ask any more
}

var _ io.Writer = (*PushStream)(nil)

// watch follows what becomes of the stream.
func (p *PushStream) watch(limit time.Duration) {
	st := p.st
	st.OnError(p.fail)
	st.OnFinish(func() {
		p.mu.Lock()
		p.finished = true
		p.mu.Unlock()
	})
	st.OnDrain(func() {
		select {
		case p.room <- struct{}{}:
		default: // nobody has looked yet
		}
	})
	st.OnClose(p.closed)
	if st.Destroyed() {
		p.closed() // its events may have been before
		return
	}
	if limit > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.over {
			return
		}
		p.timer = time.AfterFunc(limit, func() { p.breakOff(ErrPushTimeout, events.Cancel) })
	}
}

// closed is for when the stream has had its last event.
func (p *PushStream) closed() {
	code, _ := p.st.RSTCode()
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		return
	}
	p.over = true
	cut := code != events.NoError || p.st.Aborted() || !p.finished
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	if cut {
		// For package events it is no error if the peer has changed its mind.
		e := *events.ErrStreamCancel
		e.Message, e.HTTP2, e.ByPeer = "The push was cancelled", code, code == events.Cancel
		p.fail(&e)
	}
	close(p.done)
	p.app.pushes.give(p.session)
}

// fail notes why the push has failed; only the first reason counts.
func (p *PushStream) fail(err error) {
	p.mu.Lock()
	if p.err != nil {
		p.mu.Unlock()
		return
	}
	p.err = err
	list := p.onError.now()
	p.heard = len(list) > 0
	unheard := p.settled && !p.heard
	p.mu.Unlock()
	for _, f := range list {
		p.later(func() { (*f)(err) })
	}
	if unheard {
		p.log(err)
	}
}

// later runs a callback in a turn of the connection, if there is one. If it panics,
// that harms neither the response the push belongs to nor anybody else.
func (p *PushStream) later(f func()) {
	guarded := func() {
		if err := guard(f); err != nil {
			p.app.options().logger().Error("weft: a listener of a push panicked", "path", p.path, "error", err)
		}
	}
	if p.session != nil {
		p.session.Do(guarded)
	} else {
		go guarded()
	}
}

// settle is called when the request was served.
func (p *PushStream) settle() {
	p.mu.Lock()
	err := p.err
	unheard := err != nil && !p.heard
	p.settled = true
	p.mu.Unlock()
	if unheard {
		p.log(err)
	}
}

// log logs a failure that nobody has listened for. What a peer can bring about
// is for debugging: it must not be able to fill a log.
func (p *PushStream) log(err error) {
	level := slog.LevelWarn
	if !p.mistaken {
		level = slog.LevelDebug
	}
	p.app.options().logger().Log(context.Background(), level, "weft: a push failed", "path", p.path, "error", err)
}

// Path returns the path that was promised.
func (p *PushStream) Path() string { return p.path }

// Stream returns the stream that was promised, for its other events. ok is false
// if the push failed before there was one.
func (p *PushStream) Stream() (st *events.ServerStream, ok bool) { return p.st, p.st != nil }

// OnError registers f for the failure of the push: the client refused it or
// broke it off, it took too long, or there was never one. That may have happened
// before. It returns a function that undoes that. f is a callback of package
// events, and must not block; for a push that was never one it may run in a
// goroutine of its own. Failures without a listener are logged.
func (p *PushStream) OnError(f func(err error)) (remove func()) {
	p.mu.Lock()
	err := p.err
	remove = p.onError.on(f)
	p.heard = true
	p.mu.Unlock()
	if err != nil {
		p.later(func() { f(err) })
	}
	return remove
}

// Err returns why the push has failed, nil as long as it has not.
func (p *PushStream) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		p.heard = true
	}
	return p.err
}

// because returns why the push has failed or, if that is not known, err.
func (p *PushStream) because(err error) error {
	if err == nil {
		return nil
	}
	if why := p.Err(); why != nil {
		return why
	}
	return err
}

// pushPiece is how much of a Write is queued at once.
const pushPiece = 64 << 10

// Write writes to the body. It waits while the client takes nothing, in which
// time the response the push belongs to is not written: where that matters,
// write in another goroutine, or use End or SendFrom.
//
// It copies b. Errors: that of Err if the push has failed,
// events.ErrWriteAfterEnd after its end.
func (p *PushStream) Write(b []byte) (n int, err error) {
	switch {
	case p.st == nil:
		return 0, p.Err()
	case p.bodiless:
		return len(b), nil
	}
	for n < len(b) {
		if p.full {
			select {
			case <-p.room:
			case <-p.done:
			}
		}
		piece := b[n:min(len(b), n+pushPiece)]
		ready, err := p.st.Write(piece)
		if err != nil {
			return n, p.because(err)
		}
		p.full = !ready
		n += len(piece)
	}
	return n, nil
}

// End writes the last of the body and ends the push. It copies b, and does not
// wait. Ending again, with nothing, does nothing.
//
// Errors: those of Write.
func (p *PushStream) End(b []byte) error {
	switch {
	case p.st == nil:
		return p.Err()
	case p.bodiless:
		return nil
	}
	return p.because(p.st.End(b))
}

// EndString is End for a string.
func (p *PushStream) EndString(s string) error { return p.End([]byte(s)) }

// PipeFrom writes all that r has as the rest of the body, and ends the push. It
// waits as Write does, until all was handed over. An error of r is returned, and
// breaks the push off. r is not closed.
func (p *PushStream) PipeFrom(r io.Reader) error {
	if p.st == nil {
		return p.Err()
	}
	b := make([]byte, 32<<10)
	for {
		n, err := r.Read(b)
		if n > 0 {
			if _, err := p.Write(b[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return p.End(nil)
		case err != nil:
			p.Destroy(err)
			return err
		}
	}
}

// SendFrom is PipeFrom without waiting: r is read by the connection, as the
// client takes the body, and closed at the end if it is an io.Closer. It should
// be a file or something else that does not block. An error of r breaks the
// push off. See events.Stream.SendFrom.
func (p *PushStream) SendFrom(r io.Reader) error {
	if p.st == nil || p.bodiless {
		if c, ok := r.(io.Closer); ok {
			c.Close()
		}
		return p.End(nil)
	}
	return p.because(p.st.SendFrom(r, -1))
}

// Destroy breaks the push off, so that it does not look complete. err, if it is
// not nil, is its failure.
func (p *PushStream) Destroy(err error) {
	if err == nil {
		err = events.ErrStreamCancel
	}
	p.breakOff(err, events.InternalError)
}

func (p *PushStream) breakOff(err error, code events.ErrCode) {
	if p.st == nil || p.st.Closed() {
		return
	}
	p.fail(err)
	p.st.Close(code)
}
