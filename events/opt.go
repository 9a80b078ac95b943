package events

// Opt is an option that may be left alone: its zero value is "not set", which
// is something else than set to zero.
type Opt[T any] struct {
	value T
	set   bool
}

// Set returns an option set to v.
func Set[T any](v T) Opt[T] { return Opt[T]{v, true} }

// Get returns the value, and whether it was set.
func (o Opt[T]) Get() (T, bool) { return o.value, o.set }

// Or returns the value, or def if it was not set.
func (o Opt[T]) Or(def T) T {
	if o.set {
		return o.value
	}
	return def
}
