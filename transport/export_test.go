package transport

// Watched returns how many contexts are watched.
func Watched() int {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	return len(watched.by)
}

// Waiting returns for how many connections the loops wait, and how many loops
// there are.
func (ls *Loops) Waiting() (conns, loops int) {
	ls.Locked(func(waiting func() int) { conns, loops = waiting(), len(ls.loops) })
	return conns, loops
}

const WarmFrom = warmFrom

// Locked runs f with the loops locked. waiting returns for how many connections
// they wait.
func (ls *Loops) Locked(f func(waiting func() int)) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.loops {
		l.mu.Lock()
		defer l.mu.Unlock()
	}
	f(func() (n int) {
		for _, l := range ls.loops {
			for _, at := range l.places {
				if at.p != nil && at.p.seat.waiting.Load() {
					n++
				}
			}
		}
		return n
	})
}

// BeginEnd does what the last connection of a loop does, and between its two
// steps f, until the loop has heard of the first.
func (ls *Loops) BeginEnd(f func()) error {
	l, err := newLoop(ls)
	if err != nil {
		return err
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l.over.Store(true)
	l.set.Ring() // something else wakes the loop
	f()
	l.set.Ring()
	return nil
}
