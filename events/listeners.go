package events

import (
	"sync"
	"sync/atomic"
)

// A Listener is one registration of a function for an event. It may be thrown
// away. To register nil is a mistake in the program: the method panics.
type Listener struct {
	mu *sync.Mutex
	at registry
	id uint32
}

// Remove ends the registration. The function is not called any more, unless
// it is being called already.
func (l Listener) Remove() {
	if l.mu == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at.remove(l.id)
}

// Once lets the function be called one time only.
//
//	stream.OnDrain(more).Once()
func (l Listener) Once() Listener {
	if l.mu == nil {
		return l
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at.once(l.id)
	return l
}

// mustListen panics if the function given to a method that registers one is nil:
// it could only panic when it is called, where nobody knows whose it is.
func mustListen(method string, none bool) {
	if none {
		panic(ErrInvalidArgType.with(`The "listener" argument of %s must be of type function. Received nil`, method))
	}
}

// mustCall does so for functions that are to be called once, or that make others.
func mustCall(what string, none bool) {
	if none {
		panic(ErrInvalidArgType.with(`The function given to %s is nil`, what))
	}
}

type registry interface {
	remove(id uint32)
	once(id uint32)
}

// event is the list of functions registered for one event, in their order.
// Nearly always there is at most one. The session's lock guards it.
type event[F any] struct {
	first entry[F]
	rest  *[]entry[F]
	last  uint32 // the id given last
}

type entry[F any] struct {
	f     F
	id    uint32 // 0: nobody
	once  bool
	fired bool
}

func (e *event[F]) add(f F) uint32 {
	e.last++
	n := entry[F]{f: f, id: e.last}
	switch {
	case e.rest != nil:
		*e.rest = append(*e.rest, n)
	case e.first.id == 0:
		e.first = n
	default:
		e.rest = &[]entry[F]{n}
	}
	return e.last
}

// any reports whether somebody listens.
func (e *event[F]) any() bool { return e.first.id != 0 || e.rest != nil }

// take appends the functions to call now.
func (e *event[F]) take(dst []F) []F {
	if e.first.id != 0 {
		dst = append(dst, e.first.f)
		e.first.fired = true
		if e.first.once {
			e.first = entry[F]{}
		}
	}
	if e.rest == nil {
		return dst
	}
	kept := (*e.rest)[:0]
	for _, n := range *e.rest {
		dst = append(dst, n.f)
		n.fired = true
		if !n.once {
			kept = append(kept, n)
		}
	}
	e.keep(kept)
	return dst
}

// all appends the functions without their being called.
func (e *event[F]) all(dst []F) []F {
	if e.first.id != 0 {
		dst = append(dst, e.first.f)
	}
	if e.rest != nil {
		for _, n := range *e.rest {
			dst = append(dst, n.f)
		}
	}
	return dst
}

// hasOnce reports whether a function is to be called one time only.
func (e *event[F]) hasOnce() bool {
	if e.first.once {
		return true
	}
	if e.rest != nil {
		for _, n := range *e.rest {
			if n.once {
				return true
			}
		}
	}
	return false
}

func (e *event[F]) keep(list []entry[F]) {
	*e.rest = list
	if len(list) == 0 {
		e.rest = nil
	}
}

func (e *event[F]) remove(id uint32) {
	if e.first.id == id {
		e.first = entry[F]{}
		return
	}
	if e.rest == nil {
		return
	}
	for i, n := range *e.rest {
		if n.id == id {
			e.keep(append((*e.rest)[:i:i], (*e.rest)[i+1:]...))
			return
		}
	}
}

func (e *event[F]) once(id uint32) {
	n := &e.first
	if n.id != id {
		if e.rest == nil {
			return
		}
		for i := range *e.rest {
			if (*e.rest)[i].id == id {
				n = &(*e.rest)[i]
			}
		}
		if n.id != id {
			return
		}
	}
	if n.once = true; n.fired {
		e.remove(id)
	}
}

// shared is an event of a server: many sessions read it at once, and it is
// rarely registered for.
type shared[F any] struct {
	mu   sync.Mutex
	list event[F]
	// all are the functions to call, if none of them is to be called once.
	all atomic.Pointer[[]F]
}

func (e *shared[F]) on(f F) Listener {
	e.mu.Lock()
	defer e.mu.Unlock()
	id := e.list.add(f)
	e.changed()
	return Listener{&e.mu, e, id}
}

func (e *shared[F]) remove(id uint32) {
	e.list.remove(id)
	e.changed()
}

func (e *shared[F]) once(id uint32) {
	e.list.once(id)
	e.changed()
}

func (e *shared[F]) changed() {
	if e.list.hasOnce() {
		e.all.Store(nil)
		return
	}
	all := e.list.all(nil)
	e.all.Store(&all)
}

// any reports whether somebody listens.
func (e *shared[F]) any() bool {
	if all := e.all.Load(); all != nil {
		return len(*all) > 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.list.any()
}

// take returns the functions to call now. The slice must not be changed.
func (e *shared[F]) take() []F {
	if all := e.all.Load(); all != nil {
		return *all
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	list := e.list.take(nil)
	e.changed()
	return list
}
