package transport

import (
	"context"
	"sync"
)

// A context that many connections have in common is watched once for all of
// them: a context.AfterFunc for each would cost 200 bytes.
var watched struct {
	mu sync.Mutex
	by map[<-chan struct{}]*watch
}

// watch is the pumps that a context cancels, linked.
type watch struct {
	ctx   context.Context
	first *pump
	stop  func() bool
}

// watch has the pump closed when ctx is done.
func (p *pump) watch(ctx context.Context) {
	done := ctx.Done()
	if done == nil {
		return
	}
	watched.mu.Lock()
	defer watched.mu.Unlock()
	w := watched.by[done]
	if w == nil {
		w = &watch{ctx: ctx}
		if watched.by == nil {
			watched.by = make(map[<-chan struct{}]*watch)
		}
		watched.by[done] = w
		w.stop = context.AfterFunc(ctx, w.cancel)
	}
	p.watched, p.watchNext = w, w.first
	if w.first != nil {
		w.first.watchPrev = p
	}
	w.first = p
}

// unwatch ends that.
func (p *pump) unwatch() {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	w := p.watched
	if w == nil {
		return
	}
	if p.watchPrev == nil {
		w.first = p.watchNext
	} else {
		p.watchPrev.watchNext = p.watchNext
	}
	if p.watchNext != nil {
		p.watchNext.watchPrev = p.watchPrev
	}
	p.watched, p.watchPrev, p.watchNext = nil, nil, nil
	if w.first == nil && w.stop() {
		delete(watched.by, w.ctx.Done())
	}
}

// cancel closes all pumps of a context that is done.
func (w *watch) cancel() {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	delete(watched.by, w.ctx.Done())
	why := &CloseError{CloseCanceled, context.Cause(w.ctx)}
	for w.first != nil {
		p := w.first
		w.first = p.watchNext
		p.watched, p.watchPrev, p.watchNext = nil, nil, nil
		if p.enter() {
			// Each in a goroutine: Close is the user's, and may take its time.
			go func() {
				defer p.leave()
				p.close(why)
			}()
		}
	}
}
