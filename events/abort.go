package events

import (
	"context"
	"sync/atomic"
)

// A request ends when its context is done. On a connection of ours the context
// says so, in a goroutine of its own. A session on a loop of the caller's looks
// for itself, in its turns and when it is asked whether it is Due: what happens
// on a mem.Link must not depend on when a goroutine gets to run.

var errNoContext = ErrInvalidArgType.with(`The "ctx" argument must be a context.Context. Received nil`)

// aborts are the contexts of a session that looks at them itself.
type aborts struct {
	n    atomic.Int32 // len(list), for who has no lock
	list []abort
}

type abort struct {
	ctx context.Context
	st  *ClientStream
}

// watch ends the stream when the context is done.
func (st *ClientStream) watch(ctx context.Context) {
	s := st.s
	if !s.looped {
		st.extras().stop = context.AfterFunc(ctx, func() {
			s.lock()
			defer s.unlock()
			st.destroy(abortError(ctx))
		})
		return
	}
	s.aborts.list = append(s.aborts.list, abort{ctx, st})
	s.aborts.n.Store(int32(len(s.aborts.list)))
	// A loop that waits has to be woken all the same.
	wake := context.AfterFunc(ctx, func() {
		if f := s.wake.Load(); f != nil {
			(*f)()
		}
	})
	st.extras().stop = func() bool {
		s.aborts.drop(st)
		return wake()
	}
}

func (a *aborts) drop(st *ClientStream) {
	for i := range a.list {
		if a.list[i].st == st {
			a.list = append(a.list[:i], a.list[i+1:]...)
			a.n.Store(int32(len(a.list)))
			return
		}
	}
}

// abortDue reports whether a context is done. The session is not locked.
func (s *Session) abortDue() bool {
	if s.aborts.n.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doneContext() != nil
}

// doneContext returns one that is done, if there is one.
func (s *Session) doneContext() *abort {
	for i := range s.aborts.list {
		if s.aborts.list[i].ctx.Err() != nil {
			return &s.aborts.list[i]
		}
	}
	return nil
}

// abortDone ends the requests whose contexts are done. It is part of a turn, and
// reports whether there were any.
func (s *Session) abortDone() (some bool) {
	for {
		a := s.doneContext()
		if a == nil {
			return some
		}
		a.st.destroy(abortError(a.ctx)) // takes it from the list
		some = true
	}
}
