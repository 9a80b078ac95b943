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
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range ls.loops {
		l.mu.Lock()
		for _, at := range l.places {
			if at.p != nil && at.p.seat.waiting.Load() {
				conns++
			}
		}
		l.mu.Unlock()
	}
	return conns, len(ls.loops)
}

const WarmFrom = warmFrom
