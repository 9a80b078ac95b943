package transport

// Watched returns how many contexts are watched.
func Watched() int {
	watched.mu.Lock()
	defer watched.mu.Unlock()
	return len(watched.by)
}
