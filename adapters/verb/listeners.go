package verb

import (
	"slices"
	"sync"
	"sync/atomic"
)

// listeners are functions registered for an event of an App.
type listeners[F any] struct {
	mu   sync.Mutex // of changes
	list atomic.Pointer[[]*F]
}

func (l *listeners[F]) on(f F) (remove func()) {
	p := &f
	l.change(func(list []*F) []*F { return append(list, p) })
	return func() {
		l.change(func(list []*F) []*F { return slices.DeleteFunc(list, func(q *F) bool { return q == p }) })
	}
}

// change changes a copy of the list.
func (l *listeners[F]) change(f func([]*F) []*F) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := f(slices.Clone(l.now()))
	l.list.Store(&list)
}

func (l *listeners[F]) any() bool { return len(l.now()) > 0 }

func (l *listeners[F]) now() []*F {
	if list := l.list.Load(); list != nil {
		return *list
	}
	return nil
}

func (l *listeners[F]) each(call func(F)) {
	for _, f := range l.now() {
		call(*f)
	}
}
