package verb

import (
	"slices"
	"sync"
)

// listeners are functions registered for an event of an App.
type listeners[F any] struct {
	mu   sync.Mutex
	list []*F
}

func (l *listeners[F]) on(f F) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &f
	l.list = append(slices.Clone(l.list), p)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.list = slices.DeleteFunc(slices.Clone(l.list), func(q *F) bool { return q == p })
	}
}

func (l *listeners[F]) any() bool { return len(l.now()) > 0 }

func (l *listeners[F]) now() []*F {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list
}

func (l *listeners[F]) each(call func(F)) {
	for _, f := range l.now() {
		call(*f)
	}
}
