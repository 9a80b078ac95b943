package events

import "sync"

// Sink is what a stream can be piped into: another stream, or anything like
// one. Write reports whether there is room for more, or else says so by drain.
type Sink interface {
	// Write takes p, which is its until it returns, and reports whether more may
	// follow at once. With an error the pipe ends.
	Write(p []byte) (ready bool, err error)
	// End is called once, behind the last piece, with nothing.
	End(p []byte) error
	// OnDrain has f called when more may follow.
	OnDrain(f func()) Listener
}

// Pipe sends all that is received on the stream to dst, no faster than dst
// takes it, and ends dst when the peer's message ends. dst may be of any
// session, or the stream itself. It does not wait.
//
// A stream that is cut short does not end dst: if dst has a method
// Destroy(error), as streams have, that is called. If dst takes no more, or has
// a method OnClose and says so by that, the stream is closed with CANCEL. A nil dst is
// a mistake in the program: Pipe panics.
func (st *Stream) Pipe(dst Sink) {
	if dst == nil {
		panic(ErrInvalidArgType.with(`The "destination" argument of Pipe must be a Sink. Received nil`))
	}
	p := &pipe{from: st, to: dst}
	p.keep(dst.OnDrain(st.Resume))
	if d, ok := dst.(interface{ OnClose(func()) Listener }); ok {
		// It may be that no Write will tell: the stream may be waiting for drain.
		d.OnClose(p.refused)
	}
	st.OnEnd(p.end)
	st.OnClose(p.close)
	p.keep(st.OnData(p.data))
}

// pipe is a stream on its way into a Sink. Its functions run in the turns of
// two sessions.
type pipe struct {
	from *Stream
	to   Sink

	mu        sync.Mutex
	listeners []Listener // to remove when it is over
	over      bool
	ended     bool // all has come, and was said to end
}

// keep has a listener removed when the pipe is over.
func (p *pipe) keep(l Listener) {
	p.mu.Lock()
	over := p.over
	p.listeners = append(p.listeners, l)
	p.mu.Unlock()
	if over {
		l.Remove()
	}
}

// stop ends the pipe, and reports whether all has come.
func (p *pipe) stop() (ended bool) {
	p.mu.Lock()
	list := p.listeners
	p.listeners, p.over = nil, true
	ended = p.ended
	p.mu.Unlock()
	for _, l := range list {
		l.Remove()
	}
	return ended
}

func (p *pipe) data(b []byte) {
	switch ready, err := p.to.Write(b); {
	case err != nil:
		p.stop()
		p.from.Close(Cancel)
	case !ready:
		p.from.Pause()
	}
}

func (p *pipe) end() {
	if !p.from.Complete() {
		return
	}
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.to.End(nil)
}

// refused is for when the Sink takes no more.
func (p *pipe) refused() {
	if !p.stop() {
		p.from.Close(Cancel)
	}
}

// close is for when the stream has ended.
func (p *pipe) close() {
	if d, ok := p.to.(interface{ Destroy(error) }); !p.stop() && ok {
		d.Destroy(p.from.reason())
	}
}

// reason is why a stream was cut short.
func (st *Stream) reason() error {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if x := st.extra(); x.err != nil {
		return x.err
	}
	return streamError(st.code, st.extra().why)
}
